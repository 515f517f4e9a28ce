// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { NOTHING } from "../src/selection";
import * as fixtures from "./fixtures";

class FakeModel implements HostModel {
  readonly sent: unknown[] = [];
  saves = 0;
  private readonly heard = new Map<string, Set<() => void>>();
  constructor(readonly values: Record<string, unknown>) {}
  get(key: string): unknown { return this.values[key]; }
  set(key: string, value: unknown): void { this.values[key] = value; for (const f of this.heard.get(`change:${key}`) ?? []) f(); }
  save_changes(): void { this.saves += 1; }
  send(content: unknown): void { this.sent.push(content); }
  on(event: string, f: () => void): void { this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.heard.get(event)?.delete(f); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
}

const model = (data: unknown = fixtures.crystal, session = "s"): FakeModel =>
  new FakeModel({ kind: "crystal", status: "idle", message: "", session, ...NOTHING, data: structuredClone(data), fallback_id: "" });

let el: HTMLElement;
let stops: (() => void)[] = [];
const mount = (m: FakeModel, host = el): FakeModel => { stops.push(view.render({ model: m, el: host })); return m; };
const find = <E extends HTMLElement = HTMLElement>(selector: string): E => {
  const node = el.querySelector<E>(selector);
  if (!node) throw new Error(`nothing matches ${selector}`);
  return node;
};
// By hand: the selectors of jsdom stumble over brackets inside quotes.
const inside = (host: HTMLElement, name: string): HTMLElement => {
  const found = [...host.querySelectorAll<HTMLElement>(".cn-operation")].find((n) => n.dataset["operation"] === name);
  if (!found) throw new Error(`no operation ${name}`);
  return found;
};
const op = (name: string): HTMLElement => inside(el, name);
const site = (k: number): HTMLElement => find(`tr[data-site="${k}"]`);
const lit = (): string[] => [...el.querySelectorAll<HTMLElement>(".cn-operation[data-lit]")].map((n) => n.dataset["operation"] ?? "");
const press = (key: string, held: KeyboardEventInit = {}): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...held });
  (document.activeElement ?? document.body).dispatchEvent(event);
  return event;
};

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", undefined);
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => {
  for (const stop of stops) stop();
  stops = [];
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("crystal view", () => {
  it("has a drawing, the operations, and every site as a row with a spoken name", () => {
    const m = mount(model());
    expect(m.sent).toEqual([{ kind: "ready" }]);
    expect(find("canvas").getAttribute("aria-label")).toContain("quartz, 9 sites");
    expect(el.querySelectorAll("[role=option]")).toHaveLength(6);
    expect(el.querySelectorAll("tbody [role=row]")).toHaveLength(9);
    expect(site(0).getAttribute("aria-label")).toBe("Si1, orbit 1, fractional 0.0000, 0.4697, 0.3333, charge −1.000 e");
    expect(find(".cn-ops").querySelectorAll("[tabindex='0']")).toHaveLength(1);
    expect(find("[role=grid]").querySelectorAll("[tabindex='0']")).toHaveLength(1);
    expect(el.querySelectorAll("[aria-live=polite]")).toHaveLength(1);
    expect(find(".cn-crystal-legend").textContent).toContain("largest");
  });

  it("shows an operation while it is pointed at, and sends nothing to Python", () => {
    const m = mount(model());
    op("3+ [001]").dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(lit()).toEqual(["3+ [001]"]);
    expect(find(".cn-caption").textContent).toContain("screw axis 3₂");
    expect(site(0).lastChild?.textContent).toBe("Si2");
    find(".cn-ops").dispatchEvent(new Event("pointerleave"));
    expect(lit()).toEqual([]);
    expect(m.saves).toBe(0);
  });

  it("selects an operation by click, adds with a modifier, and lets go of it", () => {
    const m = mount(model());
    op("3+ [001]").click();
    expect(m.get("operations")).toEqual(["3+ [001]"]);
    expect(op("3+ [001]").getAttribute("aria-selected")).toBe("true");
    expect(find(".cn-live").textContent).toContain("exchanges 9 of 9");
    op("2 [100]").dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    expect(m.get("operations")).toEqual(["3+ [001]", "2 [100]"]);
    op("2 [100]").click();
    op("2 [100]").click();
    expect(m.get("operations")).toEqual([]);
    expect(m.saves).toBe(4);
  });

  it("selects atoms in the table; a double click takes the orbit", () => {
    const m = mount(model());
    site(1).click();
    expect(m.get("atoms")).toEqual([1]);
    site(4).dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
    expect(m.get("atoms")).toEqual([1, 4]);
    expect(find(".cn-live").textContent).toBe("Selected Si2, O5.");
    site(4).dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    expect(m.get("atoms")).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it("is walked with the keyboard, and keeps its keys to itself", () => {
    const m = mount(model());
    const leaked: string[] = [];
    document.body.addEventListener("keydown", (e) => leaked.push(e.key), { once: false });
    op("1").focus();
    press("ArrowDown");
    expect(document.activeElement).toBe(op("2 [100]"));
    press("End");
    press("Enter");
    expect(m.get("operations")).toEqual(["3- [001]"]);
    site(0).focus();
    press("ArrowDown");
    press(" ");
    expect(m.get("atoms")).toEqual([1]);
    press("Escape");
    expect([m.get("atoms"), m.get("operations")]).toEqual([[], ["3- [001]"]]);
    press("Escape");
    expect(m.get("operations")).toEqual([]);
    find("canvas").focus();
    for (const key of ["x", "y", "z", "a", "b", "c", "+", "-", "0", "ArrowLeft", "?", "m", "d"]) press(key);
    expect(leaked).toEqual([]);
    press("Enter", { shiftKey: true });
    expect(leaked).toEqual(["Enter"]);
    expect(find(".cn-help").hidden).toBe(false);
  });

  it("follows the other views of its session: hover, selection, and what a selection implies", () => {
    const other = document.createElement("div");
    document.body.append(other);
    const m = mount(model());
    const n = mount(model(fixtures.crystal), other);
    inside(other, "2 [100]").dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(lit()).toEqual(["2 [100]"]);
    other.querySelector<HTMLElement>('tr[data-site="2"]')?.click();
    expect(m.get("atoms")).toEqual([2]);
    expect([m.saves, n.saves]).toEqual([0, 1]);
  });

  it("lights what a selected tensor component implies, also when it arrives later", () => {
    const other = document.createElement("div");
    document.body.append(other);
    const tensor = new FakeModel({ kind: "tensor", status: "idle", message: "", session: "s", ...NOTHING, cells: ["c15"],
      data: structuredClone(fixtures.elastic), fallback_id: "" });
    mount(tensor, other);
    mount(model());
    const forced = (fixtures.elastic.cells as { name: string; forced_by?: string[] }[]).find((c) => c.name === "c15")?.forced_by;
    expect(forced?.length).toBeGreaterThan(0);
    expect(lit()).toEqual(forced);
  });

  it("hides an element by its legend", () => {
    mount(model());
    const button = el.querySelectorAll<HTMLElement>(".cn-species")[1]!;
    button.click();
    expect(button.getAttribute("aria-pressed")).toBe("false");
    button.click();
    expect(button.getAttribute("aria-pressed")).toBe("true");
  });

  it("sets an operation to work and ends by itself; with reduced motion it jumps", () => {
    const frames: FrameRequestCallback[] = [];
    let now = 0;
    vi.stubGlobal("requestAnimationFrame", (f: FrameRequestCallback) => frames.push(f));
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const m = mount(model());
    const act = find<HTMLButtonElement>(".cn-act");
    expect(act.disabled).toBe(true);
    m.set("operations", ["3+ [001]"]);
    expect(act.disabled).toBe(false);
    act.click();
    expect(act.textContent).toBe("Stop");
    expect(find(".cn-root").hasAttribute("data-acting")).toBe(true);
    for (now = 0; now < 4000; now += 100) for (const f of frames.splice(0)) f(now);
    expect(act.textContent).toBe("Show it act");
    expect(find(".cn-root").hasAttribute("data-acting")).toBe(false);
    expect(find(".cn-live").textContent).toContain("every atom has come");
    expect(m.sent).toEqual([{ kind: "ready" }]);
  });

  it("says so where there is no symmetry, and reports a broken scene", () => {
    mount(model({ ...fixtures.crystal, operations: [] }));
    expect(el.querySelector(".cn-ops")).toBeNull();
    el.replaceChildren();
    const broken = mount(model({ ...fixtures.crystal, cell: [1] }));
    expect(find("[role=alert]").textContent).toContain("could not be drawn");
    expect(JSON.stringify(broken.sent)).toContain("js_error");
  });

  it("shows hostile text as text", () => {
    const data = structuredClone(fixtures.crystal) as unknown as Record<string, unknown> & { operations: { text: string }[]; scalars: { name: string } };
    data["title"] = data.operations[1]!.text = data.scalars.name = "<img src=x onerror=alert(1)>";
    mount(model(data));
    expect(el.querySelector("img")).toBeNull();
    expect(find(".cn-title").textContent).toContain("<img");
  });

  it("lets go of everything when it ends", () => {
    const m = mount(model());
    stops.pop()?.();
    expect(m.listeners).toBe(0);
    expect(el.children).toHaveLength(0);
  });
});
