// @vitest-environment jsdom
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import schema from "../schema/prediction.schema.json";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { CANCEL_AFTER_MS, PAUSE_MS } from "../src/prediction_controls";
import { parseOptions, parsePrediction, placeOf, symprecAt, symprecText } from "../src/prediction_schema";
import { SchemaError } from "../src/read";
import { NOTHING } from "../src/selection";
import { panel } from "./fixtures";

class FakeModel implements HostModel {
  readonly sent: unknown[] = [];
  readonly saved: Record<string, unknown>[] = [];
  isLost = false;
  private readonly heard = new Map<string, Set<() => void>>();
  constructor(readonly values: Record<string, unknown>) {}
  get(key: string): unknown { return this.values[key]; }
  set(key: string, value: unknown): void { this.values[key] = value; this.fire(`change:${key}`); }
  save_changes(): void { this.reach(); this.saved.push({ ...(this.values["options"] as object) }); }
  send(content: unknown): void { this.reach(); this.sent.push(content); }
  on(event: string, f: () => void): void { this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.heard.get(event)?.delete(f); }
  fire(event: string): void { for (const f of this.heard.get(event) ?? []) f(); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
  private reach(): void { if (this.isLost) throw new Error("no kernel"); }
}

const OPTIONS = { model: "both", symprec: "auto", idealize: true };
const model = (data: object = panel, options: object = OPTIONS): FakeModel => new FakeModel({
  kind: "prediction", status: "idle", message: "", details: "", progress: 0, options, session: "s", ...NOTHING,
  data: structuredClone(data), fallback_id: "",
});

let el: HTMLElement;
let stop: (() => void) | undefined;
const mount = (m: FakeModel = model()): FakeModel => { stop = view.render({ model: m, el }); return m; };
const find = <E extends HTMLElement = HTMLElement>(selector: string): E => {
  const node = el.querySelector<E>(selector);
  if (!node) throw new Error(`nothing matches ${selector}`);
  return node;
};
const slide = (exponent: number): void => {
  const slider = find<HTMLInputElement>(".cn-symprec");
  slider.value = String(exponent);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
};
const change = (selector: string, set: (e: HTMLInputElement & HTMLSelectElement) => void): void => {
  const node = find<HTMLInputElement & HTMLSelectElement>(selector);
  set(node);
  node.dispatchEvent(new Event("change", { bubbles: true }));
};
const run = (m: FakeModel, status: string): void => m.set("status", status);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("ResizeObserver", undefined);
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => { stop?.(); stop = undefined; el.remove(); vi.useRealTimers(); vi.unstubAllGlobals(); });

describe("reading", () => {
  it("takes what Python writes, unchanged, and it fits the schema", () => {
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(schema, panel), JSON.stringify(ajv.errors)).toBe(true);
    expect(parsePrediction(panel)).toEqual(panel);
  });

  it.each([
    ["no cards", (d: Record<string, unknown>) => { delete d["cards"]; }],
    ["a number as summary", (d: Record<string, unknown>) => { d["summary"] = 3; }],
    ["a card without a headline", (d: Record<string, unknown>) => { delete (d["cards"] as Record<string, unknown>[])[0]!["headline"]; }],
    ["an unknown severity", (d: Record<string, unknown>) => {
      ((d["cards"] as Record<string, unknown>[])[0]!["stamp"] as Record<string, unknown>)["severity"] = "fatal"; }],
  ])("refuses %s", (_, damage) => {
    const data = structuredClone(panel) as unknown as Record<string, unknown>;
    damage(data);
    expect(() => parsePrediction(data)).toThrow(SchemaError);
  });

  it.each([{}, { ...OPTIONS, symprec: 1 }, { ...OPTIONS, symprec: "1e-3" }, { ...OPTIONS, idealize: 1 }, { ...OPTIONS, model: 7 }])(
    "refuses the options %o", (options) => expect(() => parseOptions(options)).toThrow(SchemaError));

  it("places tolerances on a logarithmic slider and back", () => {
    for (let e = -5; e <= -1; e += 0.1) expect(placeOf(symprecAt(e))).toBeCloseTo(e, 1);
    expect(symprecAt(-5)).toBe(1e-5);
    expect(symprecAt(-1)).toBe(0.1);
    expect(symprecText(0.01)).toBe("0.01 Å");
    expect(symprecText(2.5e-5)).toBe("2.5e−5 Å");
  });
});

describe("cards", () => {
  it("show value, unit, uncertainty, stamp, and where the numbers come from", () => {
    const m = mount();
    expect(m.sent).toEqual([{ kind: "ready" }]);
    const [first, second] = el.querySelectorAll(".cn-card");
    expect(first?.textContent).toContain("2.360 ± 0.053");
    expect(first?.textContent).toContain("isotropic mean");
    expect(second?.textContent).toContain("C/m²");
    const stamp = find(".cn-stamp");
    for (const text of ["P3_221 (154)", "point group", "0.01 Å", "3.1e-7", "Guaranteed by construction", "Learned"]) {
      expect(stamp.textContent).toContain(text);
    }
    const origin = find(".cn-origin-facts").textContent;
    for (const text of ["0123456789ab", "733 crystals", "error on its test set", "cpu", "float32", "0.12 s"]) expect(origin).toContain(text);
    expect(find(".cn-hints").textContent).toContain("not of this crystal");
    expect(find(".cn-notices").textContent).toContain("few training crystals");
  });

  it("say severity with a mark, not with colour alone", () => {
    const data = structuredClone(panel);
    data.cards[0]!.stamp!.severity = "warning";
    mount(model(data));
    expect([...el.querySelectorAll(".cn-mark")].map((e) => e.textContent)).toEqual(["!", "✓"]);
  });

  it("treat every text as text", () => {
    const evil = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    const data = JSON.parse(JSON.stringify(panel), (key, value: unknown) =>
      typeof value === "string" && key !== "severity" ? evil : value) as object;
    const m = mount(model(data, { ...OPTIONS, model: evil }));
    m.set("message", evil);
    m.set("details", evil);
    expect(el.querySelectorAll("img, script")).toHaveLength(0);
    expect(find(".cn-card").textContent).toContain(evil);
    expect(find(".cn-details pre").textContent).toBe(evil);
  });

  it("are empty with a word about it where there is no prediction", () => {
    mount(model({ ...panel, cards: [], facts: [], notices: [] }));
    expect(find(".cn-empty").textContent).toContain("No prediction yet");
  });

  it("follow new data without touching the controls or piling up listeners", () => {
    const m = mount();
    const before = m.listeners;
    const slider = find(".cn-symprec");
    slider.focus();
    for (let k = 0; k < 5; k++) m.set("data", { ...structuredClone(panel), title: `crystal ${k}` });
    expect(m.listeners).toBe(before);
    expect(find(".cn-title").textContent).toContain("crystal 4");
    expect(document.activeElement).toBe(slider);
    expect(find(".cn-symprec")).toBe(slider);
  });
});

describe("controls", () => {
  it("are labelled and show the options", () => {
    mount(model(panel, { model: "gmtnet-dielectric", symprec: 1e-3, idealize: false }));
    for (const input of el.querySelectorAll<HTMLInputElement>("select, input")) expect(input.labels?.length).toBeGreaterThan(0);
    expect(find<HTMLSelectElement>(".cn-model").value).toBe("gmtnet-dielectric");
    expect(find<HTMLInputElement>(".cn-symprec").value).toBe("-3");
    expect(find(".cn-symprec").getAttribute("aria-valuetext")).toBe("0.001 Å");
    expect(find<HTMLInputElement>(".cn-auto").checked).toBe(false);
    expect(find<HTMLInputElement>(".cn-idealize").checked).toBe(false);
  });

  it("send one message for a thousand slider events, with the last value", () => {
    const m = mount();
    for (let k = 0; k < 1000; k++) {
      slide(-5 + (4 * k) / 999);
      vi.advanceTimersByTime(1);
    }
    expect(m.saved).toHaveLength(0);
    expect(find(".cn-symprec-text").textContent).toBe("0.1 Å");
    vi.advanceTimersByTime(PAUSE_MS);
    expect(m.saved).toEqual([{ model: "both", symprec: 0.1, idealize: true }]);
  });

  it("send model and switches at once", () => {
    const m = mount();
    change(".cn-model", (e) => { e.value = "gmtnet-dielectric"; });
    change(".cn-idealize", (e) => { e.checked = false; });
    expect(m.saved.at(-1)).toEqual({ model: "gmtnet-dielectric", symprec: "auto", idealize: false });
    slide(-2);
    change(".cn-auto", (e) => { e.checked = true; });
    expect(m.saved.at(-1)).toMatchObject({ symprec: "auto" });
    const n = m.saved.length;
    vi.advanceTimersByTime(1000); // the slider was overruled: nothing is left to send
    expect(m.saved).toHaveLength(n);
  });

  it("run on the button, or send what waits instead", () => {
    const m = mount();
    find(".cn-predict").click();
    expect(m.sent.at(-1)).toEqual({ kind: "run" });
    const n = m.sent.length;
    slide(-3);
    find(".cn-predict").click();
    expect(m.saved).toEqual([{ model: "both", symprec: 1e-3, idealize: true }]);
    expect(m.sent).toHaveLength(n);
  });

  it("follow options set in Python, but not under a hand that moves the slider", () => {
    const m = mount();
    m.set("options", { ...OPTIONS, symprec: 1e-4 });
    expect(find<HTMLInputElement>(".cn-symprec").value).toBe("-4");
    slide(-2);
    m.set("options", { ...OPTIONS, symprec: 1e-5 });
    expect(find<HTMLInputElement>(".cn-symprec").value).toBe("-2");
  });

  it("offer to cancel after a second", () => {
    const m = mount();
    const cancel = find<HTMLButtonElement>(".cn-cancel");
    run(m, "running");
    vi.advanceTimersByTime(CANCEL_AFTER_MS - 1);
    expect(cancel.hidden).toBe(true);
    vi.advanceTimersByTime(1);
    expect(cancel.hidden).toBe(false);
    cancel.focus();
    cancel.click();
    expect(m.sent.at(-1)).toEqual({ kind: "cancel" });
    run(m, "idle");
    expect(cancel.hidden).toBe(true);
    expect(document.activeElement).toBe(find(".cn-predict"));
    run(m, "running");
    run(m, "idle");
    vi.advanceTimersByTime(5000);
    expect(cancel.hidden).toBe(true);
  });

  it("keep their keys from the notebook", () => {
    mount();
    const heard: string[] = [];
    const listen = (event: Event): void => { heard.push((event as KeyboardEvent).key); };
    document.body.addEventListener("keydown", listen);
    for (const [selector, key] of [[".cn-symprec", "ArrowRight"], [".cn-model", "b"], [".cn-predict", "Enter"], [".cn-auto", " "]] as const) {
      find(selector).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    expect(heard).toEqual([]);
    find(".cn-predict").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", shiftKey: true, bubbles: true }));
    expect(heard).toEqual(["Enter"]);
    document.body.removeEventListener("keydown", listen);
  });

  it("are not there on a page without a kernel", () => {
    mount(model({ ...panel, has_controls: false }));
    expect(el.querySelectorAll("button, select, input")).toHaveLength(0);
  });
});

describe("status", () => {
  it("shows a bar while something runs, and says that the values are the previous ones", () => {
    const m = mount();
    expect(find(".cn-busy").hidden).toBe(true);
    run(m, "running");
    m.set("progress", 0.4);
    expect(find(".cn-busy").hidden).toBe(false);
    expect(find<HTMLProgressElement>("progress").value).toBe(0.4);
    expect(find(".cn-busy").textContent).toContain("40 %");
    expect(find(".cn-results").getAttribute("aria-busy")).toBe("true");
    expect(el.querySelectorAll(".cn-card")).toHaveLength(2);
    run(m, "idle");
    expect(find(".cn-busy").hidden).toBe(true);
  });

  it("has one live region, which tells of the end and of errors", () => {
    const m = mount();
    expect(el.querySelectorAll("[aria-live], [role=status], [role=alert]")).toHaveLength(1);
    const live = find(".cn-live[role=status]");
    expect(live.textContent).toBe(panel.summary);
    run(m, "running");
    expect(live.textContent).toBe("Predicting.");
    m.set("message", "[domain.element] never seen");
    run(m, "error");
    expect(live.textContent).toBe("[domain.element] never seen");
  });

  it("shows an error in one line with details on request; the controls stay", () => {
    const m = mount();
    m.set("message", "[domain.element] never trained on Pu.");
    m.set("details", "OutOfDomain domain.element\nAccepted: others");
    run(m, "error");
    expect(find(".cn-message").textContent).toBe("[domain.element] never trained on Pu.");
    expect(find<HTMLDetailsElement>(".cn-details").open).toBe(false);
    expect(find(".cn-details").hidden).toBe(false);
    expect(find<HTMLFieldSetElement>(".cn-controls").disabled).toBe(false);
    m.set("details", "");
    expect(find(".cn-details").hidden).toBe(true);
  });

  it.each(["a lost kernel", "a host that throws"])("disables the controls after %s, and stays readable", (how) => {
    const m = mount();
    if (how === "a lost kernel") m.fire("comm_live_update");
    else { m.isLost = true; find(".cn-predict").click(); }
    expect(find<HTMLFieldSetElement>(".cn-controls").disabled).toBe(true);
    expect(find(".cn-root").hasAttribute("data-dead")).toBe(true);
    expect(find(".cn-card").textContent).toContain("2.360");
  });

  it("is drawn even where nothing can be sent from the start", () => {
    const m = model();
    m.isLost = true;
    mount(m);
    expect(el.querySelectorAll(".cn-card")).toHaveLength(2);
    expect(find<HTMLFieldSetElement>(".cn-controls").disabled).toBe(true);
  });

  it("leaves nothing behind", () => {
    const m = mount();
    slide(-2);
    run(m, "running");
    stop?.();
    stop = undefined;
    vi.advanceTimersByTime(5000);
    expect(m.saved).toHaveLength(0);
    expect(m.listeners).toBe(0);
    expect(el.childElementCount).toBe(0);
  });
});
