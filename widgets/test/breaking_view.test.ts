// @vitest-environment jsdom
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import schema from "../schema/breaking.schema.json";
import { amplitudeText, FIRST, parseBreaking } from "../src/breaking_schema";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { SchemaError } from "../src/read";
import { NOTHING } from "../src/selection";
import { breaking } from "./fixtures";

class FakeModel implements HostModel {
  readonly sent: unknown[] = [];
  readonly saved: Record<string, unknown>[] = [];
  private readonly heard = new Map<string, Set<() => void>>();
  constructor(readonly values: Record<string, unknown>) {}
  get(key: string): unknown { return this.values[key]; }
  set(key: string, value: unknown): void { this.values[key] = value; this.fire(`change:${key}`); }
  save_changes(): void { this.saved.push({ ...(this.values["options"] as object) }); }
  send(content: unknown): void { this.sent.push(content); }
  on(event: string, f: () => void): void { this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.heard.get(event)?.delete(f); }
  fire(event: string): void { for (const f of this.heard.get(event) ?? []) f(); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
}

const OPTIONS = { pattern: "atom 1 z", amplitude: 0.1, kind: "piezoelectric" };
const model = (changes: object = {}): FakeModel => new FakeModel({
  kind: "breaking", status: "idle", message: "", details: "", progress: 0, options: OPTIONS, session: "s", ...NOTHING,
  data: { ...structuredClone(breaking), ...changes }, fallback_id: "",
});

let el: HTMLElement;
let stop: (() => void) | undefined;
const mount = (m: FakeModel = model()): FakeModel => { stop = view.render({ model: m, el }); return m; };
const find = <E extends Element = HTMLElement>(selector: string): E => {
  const node = el.querySelector<E>(selector);
  if (!node) throw new Error(`nothing matches ${selector}`);
  return node;
};
const slide = (step: number): void => {
  const slider = find<HTMLInputElement>(".cn-b-slider");
  slider.value = String(step);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
};
const choose = (selector: string, value: string): void => {
  const node = find<HTMLSelectElement>(selector);
  node.value = value;
  node.dispatchEvent(new Event("change", { bubbles: true }));
};
const reply = (m: FakeModel, changes: object): void => m.set("data", { ...(m.get("data") as object), ...changes });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame", "performance"] });
  vi.stubGlobal("ResizeObserver", undefined);
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => { stop?.(); stop = undefined; el.remove(); vi.useRealTimers(); vi.unstubAllGlobals(); });

describe("reading", () => {
  it("takes what Python writes, unchanged, and it fits the schema", () => {
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(schema, breaking), JSON.stringify(ajv.errors)).toBe(true);
    expect(parseBreaking(breaking)).toEqual(breaking);
  });

  it.each([
    ["a text as amplitude", { amplitude: "much" }],
    ["an unknown family", { family: "twist" }],
    ["a sketch whose lists differ", { sketch: { ...breaking.sketch, radii: [1] } }],
    ["a curve whose lists differ", { curve: { ...breaking.curve, leak: [] } }],
    ["a lost operation without a name", { lost: [{ text: "", distance: "" }] }],
    ["no word of what holds away from 0", { away: null }],
    ["a number for a group", { away: { ...breaking.away, group: 99 } }],
  ])("refuses %s", (_, changes) => {
    expect(() => parseBreaking({ ...structuredClone(breaking), ...changes })).toThrow(SchemaError);
  });

  it("writes amplitudes as people do", () => {
    expect(amplitudeText(-0.0123, "")).toBe("−1.23 %");
    expect(amplitudeText(0.3, "Å")).toBe("0.3 Å");
    expect(amplitudeText(-90, "°")).toBe("−90°");
  });
});

describe("the slider", () => {
  it("asks when the hand rests, once at a time, and for the latest when the answer has come", () => {
    const m = mount();
    for (const step of [60, 50, 40, 30]) { slide(step); vi.advanceTimersByTime(100); }
    expect(m.saved).toEqual([]);
    vi.advanceTimersByTime(30);
    expect(m.saved).toEqual([{ amplitude: expect.closeTo(0.045) }]);
    slide(70);
    vi.advanceTimersByTime(500);
    slide(80);
    expect(m.saved).toHaveLength(1);
    reply(m, { amplitude: 0.045 });
    vi.advanceTimersByTime(130);
    expect(m.saved.at(-1)).toEqual({ amplitude: expect.closeTo(0.12) });
    reply(m, { amplitude: 0.12 });
    vi.advanceTimersByTime(3000);
    expect(m.saved).toHaveLength(2);
  });

  it("does not wait for an answer that never comes", () => {
    const m = mount();
    slide(60);
    slide(20);
    vi.advanceTimersByTime(1600);
    expect(m.saved.at(-1)).toEqual({ amplitude: expect.closeTo(0.03) });
  });

  it("moves the sketch and the text without an answer", () => {
    mount();
    const before = find<SVGCircleElement>(".cn-b-atom:nth-of-type(1)").ownerSVGElement!.outerHTML;
    slide(200);
    expect(find(".cn-b-amplitude").textContent).toBe("0.3 Å");
    expect(find<SVGSVGElement>(".cn-b-sketch").outerHTML).not.toBe(before);
  });

  it("shows what is left of the symmetry without an answer", () => {
    mount();
    const shown = (): (string | null)[] => [find(".cn-b-group").textContent, ...[...el.querySelectorAll(".cn-b-name")].map((n) => n.textContent)];
    const away = shown();
    expect(away).toEqual(["Pm-3m (221) → P4mm (99)", ...breaking.away.lost.map((o) => o.name), ...breaking.away.opened]);
    slide(0);
    expect(shown()).toEqual(["Pm-3m (221)"]);
    expect(find(".cn-b-seen").hasAttribute("data-waiting")).toBe(true);
    slide(-70);
    expect(shown()).toEqual(away);
    expect(find("[data-kind]").dataset["shown"]).toBe("-0.105");
  });

  it("says again that a name is selected when the names return", () => {
    const m = mount();
    const name = breaking.lost[0]!.name;
    m.set("operations", [name]);
    slide(0);
    slide(10);
    expect(find(`[data-name="${name}"]`).getAttribute("aria-pressed")).toBe("true");
  });

  it("is not thrown back by an answer to an older place", () => {
    const m = mount();
    slide(60);
    slide(120);
    reply(m, { amplitude: 0.09 });
    expect(find<HTMLInputElement>(".cn-b-slider").value).toBe("120");
  });

  it("follows Python when no hand is on it", () => {
    const m = mount();
    reply(m, { amplitude: -0.3 });
    expect(find<HTMLInputElement>(".cn-b-slider").value).toBe("-200");
  });
});

describe("what is shown", () => {
  it("names groups, lost operations and opened components", () => {
    mount();
    expect(find(".cn-b-group").textContent).toBe("Pm-3m (221) → P4mm (99)");
    const names = [...el.querySelectorAll(".cn-b-name")].map((n) => n.textContent);
    expect(names).toEqual([...breaking.lost.map((o) => o.name), ...breaking.opened]);
    expect(find(".cn-live").textContent).toBe(breaking.summary);
  });

  it("selects a lost operation and a component by a click", () => {
    const m = mount();
    find(`[data-name="${breaking.lost[1]!.name}"]`).click();
    expect(m.get("operations")).toEqual([breaking.lost[1]!.name]);
    expect(find(`[data-name="${breaking.lost[1]!.name}"]`).getAttribute("aria-pressed")).toBe("true");
    find(`[data-name="${breaking.opened[0]!}"]`).click();
    expect(m.get("cells")).toEqual([breaking.opened[0]]);
  });

  it("goes to a point of the curve by a click and by the keyboard", () => {
    const m = mount();
    const points = el.querySelectorAll<HTMLButtonElement>(".cn-b-point");
    expect([...points].map((p) => p.tabIndex)).toEqual([0, -1, -1, -1, -1]);
    points[3]!.click();
    expect(m.saved.at(-1)).toEqual({ amplitude: 0.1 });
    reply(m, { amplitude: 0.1 });
    points[3]!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
    points[2]!.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(m.saved.at(-1)).toEqual({ amplitude: 0.01 });
  });

  it("marks the crossing of atoms and the band that is not detected", () => {
    mount();
    expect(el.querySelectorAll(".cn-b-cross")).toHaveLength(1);
    expect(Number(find(".cn-b-band").getAttribute("width"))).toBeGreaterThan(100);
  });

  it("has no chart without an answer, and no controls on a page without a kernel", () => {
    mount(model({ curve: null, facts: [], has_controls: false }));
    expect(el.querySelector(".cn-b-frame")).toBeNull();
    expect(el.querySelector(".cn-b-slider")).toBeNull();
  });
});

describe("choosing", () => {
  it.each(Object.entries(FIRST))("asks for the first distortion of %s with an amplitude that fits", (family, [name, largest]) => {
    const m = mount();
    choose(".cn-b-family", family);
    expect(m.saved.at(-1)).toEqual({ pattern: name, amplitude: expect.closeTo(0.2 * largest) });
  });

  it("asks for another tensor alone", () => {
    const m = mount();
    choose(".cn-b-kind", "elastic");
    expect(m.saved).toEqual([{ kind: "elastic" }]);
  });
});

describe("playback", () => {
  it("plays out and back, stops by itself at the beginning, and can be stopped", () => {
    const m = mount();
    const play = find<HTMLButtonElement>(".cn-b-play");
    play.click();
    expect(play.textContent).toBe("Stop");
    const seen: number[] = [];
    let asked = 0;
    for (let k = 0; k < 60; k += 1) {
      vi.advanceTimersByTime(120);
      seen.push(Number(find("[data-kind]").dataset["shown"]));
      if (m.saved.length > asked) reply(m, m.saved[asked++] as object);
    }
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(9);
    expect(Math.max(...seen)).toBeGreaterThan(0.29);
    expect(Math.min(...seen)).toBeLessThan(-0.29);
    expect(play.textContent).toBe("Play");
    expect(seen.at(-1)).toBe(0.1);
    play.click();
    play.click();
    expect(play.textContent).toBe("Play");
  });
});

it("ends everything it started", () => {
  const m = mount();
  slide(30);
  find<HTMLButtonElement>(".cn-b-play").click();
  stop?.();
  stop = undefined;
  expect(m.listeners).toBe(0);
  const n = m.saved.length;
  vi.advanceTimersByTime(3000);
  expect(m.saved).toHaveLength(n);
});
