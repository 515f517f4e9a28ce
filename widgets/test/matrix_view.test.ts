// @vitest-environment jsdom
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import matrixSchema from "../schema/matrix.schema.json";
import view from "../src/index";
import { parseMatrix } from "../src/matrix_schema";
import { arranged, barOf, distance, matrixOf, pairOrbit, permuted, residualText } from "../src/matrix_values";
import type { HostModel } from "../src/model";
import { NOTHING } from "../src/selection";
import * as fixtures from "./fixtures";

const data = parseMatrix(fixtures.matrix);

describe("the state that Python writes", () => {
  it("fits the schema and is read whole", () => {
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(matrixSchema, fixtures.matrix), JSON.stringify(ajv.errors)).toBe(true);
    expect(Object.keys(data).sort()).toEqual(Object.keys(fixtures.matrix).sort());
    expect(data.matrix.length).toBe(36);
    expect(data.permutations.length).toBe(6 * data.operations.length);
  });

  it.each([{ matrix: "AAAA" }, { permutations: "" }, { order: [0] }, { layer: "none" }, { status: "true" }, { site_orbit: [9, 0, 0, 0, 0, 0] },
    { stops: ["red"] }, { layers: [{}] }, { operations: [{ name: 1 }] }])("is refused where it is broken: %o", (spoil) => {
    expect(() => parseMatrix({ ...structuredClone(fixtures.matrix), ...spoil })).toThrow();
  });
});

describe("operations", () => {
  const a = matrixOf(data, false);

  it("leave the matrix as it is for the identity, and permute otherwise as Python says", () => {
    expect(distance(a, permuted(data, a, 0))).toBe(0);
    const orders = data.operations.map((_, k) => permuted(data, permuted(data, a, k), k));
    // Operations of order two come back.
    data.operations.forEach(({ kind }, k) => { if (kind === "m" || kind === "-1") expect(distance(a, orders[k]!)).toBeCloseTo(0, 6); });
  });

  it("have a pair orbit that every operation keeps", () => {
    const orbit = new Set(pairOrbit(data, 0, 2).map(String));
    expect([...orbit][0]).toBe("0,2");
    for (const text of orbit) {
      const [i, j] = text.split(",").map(Number) as [number, number];
      expect(new Set(pairOrbit(data, i, j).map(String))).toEqual(orbit);
    }
  });

  it("do worse on exchanged atoms than on the crystal", () => {
    const rms = (b: Float64Array): number => Math.sqrt(data.operations.reduce((sum, _, k) => sum + distance(b, permuted(data, b, k))! ** 2, 0) / data.operations.length);
    expect(rms(matrixOf(data, true))).toBeGreaterThan(rms(a));
    expect(distance(new Float64Array(4), new Float64Array(4))).toBeNull();
  });
});

describe("what is shown", () => {
  const a = matrixOf(data, false);

  it("is ordered by orbits, or their mean", () => {
    expect(arranged(data, a, "atom").cuts).toEqual([2]);
    const means = arranged(data, a, "orbit");
    expect(means.labels).toEqual(["Ti 2a", "O 4f"]);
    const block = [0, 1].flatMap((i) => [2, 3, 4, 5].map((j) => a[6 * i + j]!));
    expect(means.values[1]).toBeCloseTo(block.reduce((x, y) => x + y, 0) / 8, 12);
    expect(arranged(data, a, "element").labels).toEqual(["Ti", "O"]);
  });

  it("has bars on a logarithmic scale and words for what is not there", () => {
    expect([barOf(null), barOf(0), barOf(1), barOf(1e-8)]).toEqual([0, 0, 1, 0.5]);
    expect([residualText(null), residualText(0), residualText(2.5e-9)]).toEqual(["null", "0", "2.5e−9"]);
  });
});

class FakeModel implements HostModel {
  readonly sent: unknown[] = [];
  private readonly callbacks = new Map<string, Set<() => void>>();
  constructor(readonly state: Record<string, unknown>) {}
  get(key: string): unknown { return this.state[key]; }
  set(key: string, value: unknown): void { this.state[key] = value; for (const f of this.callbacks.get(`change:${key}`) ?? []) f(); }
  save_changes(): void {}
  send(content: unknown): void { this.sent.push(content); }
  on(event: string, f: () => void): void { this.callbacks.set(event, (this.callbacks.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.callbacks.get(event)?.delete(f); }
}

describe("the view", () => {
  const mount = (): { model: FakeModel; el: HTMLElement; end: () => void } => {
    const model = new FakeModel({ kind: "matrix", status: "idle", message: "", details: "", progress: 0, session: "s", fallback_id: "", ...NOTHING,
      options: { layer: "attention", head: -1, by: "atom", null: false }, data: structuredClone(fixtures.matrix) });
    const el = document.createElement("div");
    document.body.append(el);
    return { model, el, end: view.render({ model, el }) };
  };
  beforeEach(() => { vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null); });
  afterEach(() => { vi.restoreAllMocks(); document.body.replaceChildren(); });

  it("lists layers and operations, and says what the numbers are worth", () => {
    const { el, model, end } = mount();
    expect(el.querySelector(".cn-error")).toBeNull();
    expect(el.querySelectorAll("[aria-label='Operations of the cell'] [role=option]").length).toBe(16);
    expect(el.querySelectorAll("[aria-label=Layers] [role=option]").length).toBe(3);
    expect(el.querySelector(".cn-verdict")?.textContent).toContain("learned");
    expect(model.sent).toEqual([{ kind: "ready" }]);
    end();
  });

  it("asks Python for another layer, and acts itself with an operation", () => {
    const { el, model, end } = mount();
    (el.querySelectorAll("[aria-label=Layers] [role=option]")[2] as HTMLElement).click();
    expect(model.state["options"]).toMatchObject({ layer: "marks", head: -1 });
    (el.querySelectorAll("[aria-label='Operations of the cell'] [role=option]")[2] as HTMLElement).click();
    expect(model.state["operations"]).toEqual(["4+ [001]"]);
    expect(el.querySelectorAll(".cn-m-acted canvas").length).toBe(2);
    end();
  });

  it("selects a pair and its orbit by keys, and lets go by Esc", () => {
    const { el, model, end } = mount();
    const map = el.querySelector("canvas.cn-heat") as HTMLElement;
    for (const key of ["ArrowRight", "ArrowRight", "Enter"]) map.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    expect((model.state["pairs"] as number[][])[0]).toEqual([0, 2]);
    expect(el.querySelector(".cn-m-pair")?.textContent).toContain("pairs that symmetry makes equal");
    map.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(model.state["pairs"]).toEqual([]);
    end();
  });

  it("keeps the focus when another layer is drawn", () => {
    const { el, model, end } = mount();
    (el.querySelector("[aria-label=Layers] [role=option]") as HTMLElement).focus();
    model.set("data", { ...structuredClone(fixtures.matrix), head: 0 });
    expect(document.activeElement?.getAttribute("aria-selected")).toBe("true");
    (el.querySelector("select[data-name=head]") as HTMLElement).focus();
    model.set("data", structuredClone(fixtures.matrix));
    expect((document.activeElement as HTMLElement).dataset["name"]).toBe("head");
    end();
  });

  it("shows exchanged atoms as a warning, and orbits with their labels", () => {
    const { el, model, end } = mount();
    model.set("options", { layer: "attention", head: -1, by: "orbit", null: true });
    expect(el.querySelector(".cn-verdict")?.textContent).toContain("exchanged at random");
    expect(el.querySelector(".cn-m-rows")?.textContent).toContain("Ti 2a");
    model.set("options", { by: "shell" });
    expect(el.querySelector(".cn-m-shells")?.textContent).toContain("Å");
    end();
  });
});
