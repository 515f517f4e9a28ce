// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dot, type Vec3 } from "../src/camera";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { NOTHING } from "../src/selection";
import { DIRECTIONS, Mesh, palette, range, sampled } from "../src/surface_mesh";
import { parseSurface, type Quantity } from "../src/surface_schema";
import { leading, numberText, Values } from "../src/surface_values";
import * as fixtures from "./fixtures";

const elastic = parseSurface(fixtures.surface);
const lobes = parseSurface(fixtures.lobes);
const somewhere: readonly Vec3[] = [[0.36, 0.48, 0.8], [0, 0, 1], [1, 0, 0], [-0.6, 0.64, -0.48]];
const cases: [string, Values, Quantity["sheets"][number]][] = [elastic, lobes].flatMap((data) => data.quantities.flatMap((q) =>
  q.sheets.map((sheet) => [`${q.name} ${sheet}`, new Values(data, q), sheet] as [string, Values, typeof sheet])));

describe("values", () => {
  it("are those of Python at the extremes, in both directions", () => {
    let n = 0;
    for (const data of [elastic, lobes]) for (const quantity of data.quantities) {
      const values = new Values(data, quantity);
      for (const { which, value, direction, across } of quantity.extremes) {
        const sheet = quantity.sheets.length > 1 ? (which as "max" | "min") : "value";
        expect(values.at(direction!, sheet)).toBeCloseTo(value, 4);
        if (across) expect(Math.abs(dot(values.across(direction!, sheet)!, across))).toBeCloseTo(1, 4);
        n += 1;
      }
    }
    expect(n).toBe(10);
  });

  it.each(cases)("%s: contributions add up to the value", (_, values, sheet) => {
    for (const n of somewhere) {
      const sum = values.contributions(n, sheet).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(values.at(n, sheet), 5);
    }
  });

  it("lie in order: smallest, mean, largest over m", () => {
    for (const quantity of elastic.quantities.filter(({ sheets }) => sheets.length > 1)) {
      const values = new Values(elastic, quantity);
      for (const n of somewhere) {
        expect(values.at(n, "min")).toBeLessThanOrEqual(values.at(n, "mean") + 1e-12);
        expect(values.at(n, "mean")).toBeLessThanOrEqual(values.at(n, "max") + 1e-12);
      }
    }
  });

  it("are read only from whole data", () => {
    for (const spoil of [{ compliance: [1] }, { quantities: [] }, { axes: [{ name: "x" }] }, { view: [0] }, { stops: ["red"] }, { components: [{}] }]) {
      expect(() => parseSurface({ ...structuredClone(fixtures.surface), ...spoil })).toThrow();
    }
    expect(() => parseSurface(null)).toThrow();
  });
});

describe("mesh", () => {
  it("covers the sphere with unit vectors", () => {
    for (let k = 0; k < DIRECTIONS.length; k += 3) expect(Math.hypot(DIRECTIONS[k]!, DIRECTIONS[k + 1]!, DIRECTIONS[k + 2]!)).toBeCloseTo(1, 12);
  });

  it("picks the direction that is under the pointer", () => {
    const mesh = new Mesh();
    const camera = { turn: elastic.view, pan: [0, 0] as const, zoom: 1 };
    const ball = sampled(() => 5);
    mesh.take(ball, ball, { low: 4, high: 6 }, elastic.stops);
    const frame = mesh.paint(null, camera, { width: 300, height: 300 });
    for (const n of somewhere.map((v): Vec3 => (dot(elastic.view[2], v) < 0 ? [-v[0], -v[1], -v[2]] : v))) {
      const found = mesh.pick(frame.x + frame.scale * dot(elastic.view[0], n), frame.y - frame.scale * dot(elastic.view[1], n));
      // The ball is a polyhedron: at its rim a ray may miss it.
      if (dot(elastic.view[2], n) > 0.2) expect(dot(found!, n)).toBeGreaterThan(0.999);
    }
    expect(mesh.pick(1, 1)).toBeNull();
  });

  it("has a scale about zero only where both signs are more than rounding", () => {
    expect(range(Float64Array.of(1, 3), 3)).toEqual({ low: 1, high: 3, signed: false });
    expect(range(Float64Array.of(-1, 3), 3)).toEqual({ low: -3, high: 3, signed: true });
    expect(range(Float64Array.of(-1e-14, 3), 3).signed).toBe(false);
    const flat = range(Float64Array.of(2, 2), 2);
    expect(flat.high).toBeGreaterThan(flat.low);
    expect(palette(["#000000", "#ffffff"])).toHaveLength(288);
  });

  it("says numbers and what leads", () => {
    expect(numberText(-0.0001, 2)).toBe("0.00");
    expect(numberText(-12.34, 1)).toBe("−12.3");
    expect(leading([1, -10, 0.1, 5])).toEqual([1, 3]);
    expect(leading([0, 0])).toEqual([]);
  });
});

class FakeModel implements HostModel {
  readonly sent: unknown[] = [];
  private readonly heard = new Map<string, Set<() => void>>();
  constructor(readonly values: Record<string, unknown>) {}
  get(key: string): unknown { return this.values[key]; }
  set(key: string, value: unknown): void { this.values[key] = value; for (const f of this.heard.get(`change:${key}`) ?? []) f(); }
  save_changes(): void {}
  send(content: unknown): void { this.sent.push(content); }
  on(event: string, f: () => void): void { this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.heard.get(event)?.delete(f); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
  get options(): Record<string, unknown> { return this.values["options"] as Record<string, unknown>; }
}

const model = (data: unknown = fixtures.surface, kind = "surface"): FakeModel => new FakeModel({
  kind, status: "idle", message: "", session: "s", ...NOTHING, data: structuredClone(data), fallback_id: "", options: {},
});

describe("view", () => {
  let el: HTMLElement;
  let stops: (() => void)[] = [];
  const mount = (m: FakeModel): FakeModel => {
    const host = document.createElement("div");
    el.append(host);
    stops.push(view.render({ model: m, el: host }));
    return m;
  };
  const find = <E extends HTMLElement>(selector: string): E => {
    const node = el.querySelector<E>(selector);
    if (!node) throw new Error(`nothing matches ${selector}`);
    return node;
  };
  const press = (key: string, more: KeyboardEventInit = {}): KeyboardEvent => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    find("canvas").dispatchEvent(event);
    return event;
  };

  beforeEach(() => { el = document.createElement("div"); document.body.append(el); vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null); });
  afterEach(() => { for (const stop of stops) stop(); stops = []; el.remove(); vi.restoreAllMocks(); });

  it("takes the direction that faces the eye, selects what makes it up, and says so", () => {
    const m = mount(model());
    expect(el.querySelector(".cn-root")?.getAttribute("data-status")).toBe("idle");
    press("Enter");
    expect(m.options["direction"]).toEqual(elastic.view[2].map((v) => Math.round(1e6 * v) / 1e6));
    const values = new Values(elastic, elastic.quantities[0]!);
    const names = leading(values.contributions(elastic.view[2], "value")).map((k) => elastic.components[k]!.name);
    expect(m.values["cells"]).toEqual(names);
    expect(find(".cn-live").textContent).toContain("gigapascal");
    expect(find(".cn-direction").textContent).toContain(numberText(values.at(elastic.view[2], "value"), elastic.quantities[0]!.decimals));
    // Its own click leaves the colours alone.
    expect(find(".cn-scale").textContent).toContain("colour: Young's modulus");
    expect(m.sent).toEqual([{ kind: "ready" }]);
  });

  it("steps the direction with Shift and arrows, and lets no key out", () => {
    const m = mount(model());
    press("Enter");
    const before = m.options["direction"] as unknown as Vec3;
    const out = vi.fn();
    document.body.addEventListener("keydown", out);
    press("ArrowRight", { shiftKey: true });
    const after = m.options["direction"] as unknown as Vec3;
    expect(dot(before, after)).toBeCloseTo(Math.cos(Math.PI / 36), 3);
    press("x");
    press("b");
    document.body.removeEventListener("keydown", out);
    expect(out).not.toHaveBeenCalled();
    press("Escape");
    expect(m.values["cells"]).toEqual([]);
    press("Escape");
    expect(m.options["direction"]).toEqual([]);
  });

  it("colours by what another view selects or points at", () => {
    const m = mount(model());
    const nye = mount(model(fixtures.elastic, "tensor"));
    nye.set("cells", ["c14"]);
    m.set("cells", ["c14"]);
    expect(find(".cn-scale").textContent).toContain("part of c14");
    m.set("cells", []);
    expect(find(".cn-scale").textContent).toContain("Young's modulus");
    m.set("cells", ["eps11"]); // of another tensor
    expect(find(".cn-scale").textContent).toContain("Young's modulus");
    const cell = el.querySelector<HTMLElement>("[data-cell=c33]")!;
    cell.dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(find(".cn-scale").textContent).toContain("part of c33");
  });

  it("selects one component from the list, and takes it away again", () => {
    const m = mount(model());
    press("Enter");
    const name = (): HTMLElement => find("[data-part]");
    const first = name().dataset["part"]!;
    name().click();
    expect(m.values["cells"]).toEqual([first]);
    expect(find(".cn-scale").textContent).toContain(`part of ${first}`);
    expect(name().getAttribute("aria-pressed")).toBe("true");
    name().click();
    expect(m.values["cells"]).toEqual([]);
  });

  it("changes the property and the sheet, and goes to an extreme", () => {
    const m = mount(model());
    const [property, sheet] = [...el.querySelectorAll<HTMLSelectElement>("select")] as [HTMLSelectElement, HTMLSelectElement];
    expect(sheet.hidden).toBe(true);
    property.value = "poisson";
    property.dispatchEvent(new Event("change"));
    expect(m.options).toMatchObject({ property: "poisson", sheet: "max" });
    expect(sheet.hidden).toBe(false);
    const [, low] = [...el.querySelectorAll<HTMLElement>("[data-row]")];
    low!.click();
    expect(m.options).toMatchObject({ property: "poisson", sheet: "min" });
    const { extremes, decimals } = elastic.quantities.find(({ name }) => name === "poisson")!;
    expect(find(".cn-value").textContent).toContain(numberText(extremes[1]!.value, decimals));
  });

  it("ends without listeners", () => {
    const m = mount(model(fixtures.lobes));
    for (const stop of stops) stop();
    stops = [];
    expect(m.listeners).toBe(0);
    expect(el.querySelector(".cn-root")).toBeNull();
  });
});
