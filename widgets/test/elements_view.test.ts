// @vitest-environment jsdom
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fold } from "../scripts/fold.mjs";
import schema from "../schema/elements.schema.json";
import { fitted, inside, towards, type Spot } from "../src/elements_layout";
import { drawBands } from "../src/elements_parts";
import { parseElements } from "../src/elements_schema";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { NOTHING } from "../src/selection";
import { unfold } from "../src/styles";
import * as fixtures from "./fixtures";

const ajv = new Ajv({ strict: false });
const data = parseElements(fixtures.elements);

describe("the states that Python writes", () => {
  it.each([["elements", fixtures.elements], ["noise", fixtures.noise]])("%s fits the schema and survives reading unchanged", (_, state) => {
    expect(ajv.validate(schema, state), JSON.stringify(ajv.errors)).toBe(true);
    expect(parseElements(state)).toEqual(state);
  });

  it("are read only if they are whole", () => {
    const elements = structuredClone(fixtures.elements.elements) as Record<string, unknown>[];
    for (const spoil of [
      { elements: elements.slice(1) }, { elements: [{ ...elements[0], place: [1] }, ...elements.slice(1)] },
      { elements: [{ ...elements[0], status: "new" }, ...elements.slice(1)] }, { schemes: [] }, { severity: "fatal" },
      { schemes: [{ ...fixtures.elements.schemes[0], fills: ["red"] }] }, { bands: [{}] }, { map: null }, { groups: [{ label: 1 }] },
    ]) expect(() => parseElements({ ...fixtures.elements, ...spoil })).toThrow();
    expect(() => parseElements(null)).toThrow();
  });
});

describe("layout", () => {
  const spots = data.elements.map(({ place: [row, column] }): Spot => [column, row]);
  const at = (symbol: string): number => data.elements.findIndex((e) => e.symbol === symbol);
  const to = (key: string, symbol: string): string => data.elements[towards(key, at(symbol), spots)!]!.symbol;

  it("walks rows and columns by arrows, over the gaps", () => {
    expect(to("ArrowRight", "Fe")).toBe("Co");
    expect(to("ArrowLeft", "Fe")).toBe("Mn");
    expect(to("ArrowDown", "Na")).toBe("K");
    expect(to("ArrowRight", "H")).toBe("He");
    expect(to("ArrowRight", "Be")).toBe("B");
    expect(to("ArrowDown", "Ra")).not.toBe("Ra");
    expect(to("ArrowLeft", "H")).toBe("H");
    expect(towards("Home", 0, spots)).toBeUndefined();
  });

  it("leads to every element and back by arrows alone", () => {
    const seen = new Set([0]);
    const queue = [0];
    while (queue.length > 0) {
      const from = queue.pop()!;
      for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
        const k = towards(key, from, spots)!;
        if (!seen.has(k)) { seen.add(k); queue.push(k); }
      }
    }
    expect(seen.size).toBe(118);
  });

  it("knows what a line holds", () => {
    const square: Spot[] = [[0, 0], [10, 0], [10, 10], [0, 10]];
    expect(inside(square, [[5, 5], [15, 5], null, [1, 9]])).toEqual([0, 3]);
    expect(inside([], [[5, 5]])).toEqual([]);
  });

  it("fits points into the box, upwards", () => {
    expect(fitted([[0, 0], [2, 4], null], 100, 100, 10)).toEqual([[10, 90], [90, 10], null]);
    expect(fitted([[1, 1]], 100, 100, 10)[0]!.every(Number.isFinite)).toBe(true);
    expect(fitted([null], 100, 100, 10)).toEqual([null]);
  });

  it("marks a silhouette inside the band of noise", () => {
    const svg = drawBands(parseElements(fixtures.noise).bands);
    const chosen = svg.querySelector(".cn-score[data-chosen]");
    expect(chosen?.hasAttribute("data-noise")).toBe(true);
    expect(drawBands(data.bands).querySelector(".cn-score[data-chosen]")?.hasAttribute("data-noise")).toBe(false);
  });
});

describe("style sheets", () => {
  it("come out of the fold as they went in, and a plain one stays", () => {
    const css = ".a{color:var(--cn-line)}.b{color:var(--cn-line)}.c{outline:3px solid var(--cn-line)}.d{outline:3px solid var(--cn-line)}".repeat(3);
    const folded = fold(css);
    expect(folded.length).toBeLessThan(css.length);
    expect(unfold(folded)).toBe(css);
    expect(unfold(css)).toBe(css);
    expect(() => fold("a{content:\"\u00a2\"}")).toThrow();
  });
});

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
  fire(event: string): void { for (const f of this.heard.get(event) ?? []) f(); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
}

const OPTIONS = { method: "agglomerative", k: 4, map: "pca", color: "groups", columns: 18, solo: -1 };
const model = (state: unknown = fixtures.elements): FakeModel => new FakeModel({
  kind: "elements", status: "idle", message: "", details: "", progress: 0, options: OPTIONS, session: "s", ...NOTHING, data: state, fallback_id: "",
});

describe("the view", () => {
  let host: HTMLElement;
  let stop: () => void;
  let m: FakeModel;
  const one = <T extends Element = HTMLElement>(selector: string): T => host.querySelector<T>(selector)!;
  const tile = (symbol: string): HTMLElement => one(`.cn-table [data-item="${data.elements.findIndex((e) => e.symbol === symbol)}"]`);
  const marked = (where: string): string[] =>
    [...host.querySelectorAll(`${where} [aria-selected="true"]`)].map((e) => (e.querySelector("b, text")?.textContent ?? "").trim());

  beforeEach(() => {
    vi.stubGlobal("requestAnimationFrame", (f: () => void) => { f(); return 0; });
    host = document.createElement("div");
    document.body.append(host);
    m = model();
    stop = view.render({ model: m, el: host });
  });
  afterEach(() => { stop(); host.remove(); vi.unstubAllGlobals(); });

  it("has a tile for every element and a point for every vector, one tab stop each", () => {
    expect(host.querySelectorAll(".cn-tile").length).toBe(118);
    expect(host.querySelectorAll(".cn-point").length).toBe(data.elements.filter(({ point }) => point).length);
    expect(host.querySelectorAll(".cn-table [tabindex='0'], .cn-map [tabindex='0']").length).toBe(2);
    expect(tile("Og").dataset["status"]).toBe("unseen");
    expect(tile("Fe").getAttribute("aria-label")).toContain("iron");
    expect(m.sent).toEqual([{ kind: "ready" }]);
  });

  it("selects from the table into the map and says what is near", () => {
    tile("Na").click();
    expect(m.values["elements"]).toEqual(["Na"]);
    expect(marked(".cn-map")).toEqual(["Na"]);
    expect(host.querySelectorAll(".cn-near li").length).toBe(5);
    expect(host.querySelectorAll(".cn-tile[data-near]").length).toBe(5);
    one<HTMLButtonElement>(".cn-near button").click();
    expect(m.values["elements"]).toEqual([data.elements[10]!.neighbours[0]!.symbol]);
    expect(one(".cn-live").textContent).toContain("1 selected");
  });

  it("selects from the map into the table, and adds with Ctrl", () => {
    const points = [...host.querySelectorAll(".cn-point")];
    points[3]!.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    points[5]!.dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
    expect(marked(".cn-table").sort()).toEqual([...(m.values["elements"] as string[])].sort());
    expect(marked(".cn-table")).toHaveLength(2);
  });

  it("follows a selection from Python", () => {
    m.set("elements", ["Fe", "Co"]);
    expect(marked(".cn-table")).toEqual(["Fe", "Co"]);
    expect(marked(".cn-map").sort()).toEqual(["Co", "Fe"]);
  });

  it("lights up in the other part what is pointed at, without a message", () => {
    const { saves } = m;
    tile("Fe").dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(host.querySelectorAll(".cn-point[data-hot]").length).toBe(1);
    expect(one(".cn-caption").textContent).toContain("iron");
    expect(m.saves).toBe(saves);
    expect(m.sent).toHaveLength(1);
  });

  it("is walked by keys", () => {
    tile("H").focus();
    const press = (key: string): void => { document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); };
    for (const key of ["ArrowDown", "ArrowDown", "Enter"]) press(key);
    expect(m.values["elements"]).toEqual(["Na"]);
    press("Escape");
    expect(m.values["elements"]).toEqual([]);
  });

  it("selects what a drawn line holds", () => {
    const svg = one<SVGSVGElement>(".cn-map");
    svg.getBoundingClientRect = () => ({ left: 0, top: 0, width: 460, height: 330 }) as DOMRect;
    svg.setPointerCapture = () => {};
    const pointer = (type: string, clientX: number, clientY: number): void => {
      svg.dispatchEvent(Object.assign(new MouseEvent(type, { bubbles: true, clientX, clientY, button: 0 }), { pointerId: 1 }));
    };
    pointer("pointerdown", 0, 0);
    for (const [x, y] of [[230, 0], [230, 330], [0, 330]] as const) pointer("pointermove", x, y);
    expect(host.querySelectorAll(".cn-tile[data-hot]").length).toBeGreaterThan(5);
    pointer("pointerup", 0, 330);
    const held = fitted(data.elements.map(({ point }) => point), 460, 330, 16).flatMap((spot, k) => (spot && spot[0] < 230 ? [data.elements[k]!.symbol] : []));
    expect(m.values["elements"]).toEqual(held);
  });

  it("shows a group alone and selects it", () => {
    one<HTMLButtonElement>("[data-group='1']").click();
    expect((m.values["options"] as typeof OPTIONS).solo).toBe(1);
    const size = data.groups[1]!.size;
    expect(host.querySelectorAll(".cn-tile:not([data-faded])").length).toBe(size);
    one<HTMLButtonElement>(".cn-detail button").click();
    expect(m.values["elements"]).toHaveLength(size);
    one<HTMLButtonElement>("[data-group='1']").click();
    expect((m.values["options"] as typeof OPTIONS).solo).toBe(-1);
  });

  it("changes colour and width by itself", () => {
    const [color, columns] = [...host.querySelectorAll("select")].slice(3);
    color!.value = "X";
    color!.dispatchEvent(new Event("change"));
    expect(tile("F").style.getPropertyValue("--cn-fill")).toBe(data.schemes.find(({ name }) => name === "X")!.fills[8]);
    expect(one(".cn-legend").textContent).toContain("electronegativity");
    columns!.value = "32";
    columns!.dispatchEvent(new Event("change"));
    expect(one(".cn-table").hasAttribute("data-wide")).toBe(true);
    expect(tile("He").style.gridArea.replaceAll(" ", "")).toMatch(/^1\/32/);
  });

  it("asks Python for other groups, and stays readable without it", () => {
    const [method, k] = [...host.querySelectorAll("select")];
    k!.value = "6";
    k!.dispatchEvent(new Event("change"));
    expect((m.values["options"] as typeof OPTIONS).k).toBe(6);
    m.fire("comm_live_update");
    expect(method!.disabled && k!.disabled).toBe(true);
    tile("Fe").click();
    expect(m.values["elements"]).toEqual(["Fe"]);
  });

  it("draws the tree of joined groups, whose leaves select", () => {
    const leaves = [...host.querySelectorAll<SVGElement>(".cn-leaf")];
    expect(leaves.map((leaf) => leaf.dataset["leaf"])).toEqual(data.tree.leaves);
    expect(host.querySelectorAll(".cn-tree path").length).toBe(leaves.length - 1);
    leaves[3]!.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(m.values["elements"]).toEqual([data.tree.leaves[3]]);
    expect(host.querySelectorAll(".cn-leaf[data-selected]").length).toBe(1);
    // Leaves of a group stand together: a cut of the tree.
    const groups = data.tree.leaves.map((symbol) => data.elements.find((e) => e.symbol === symbol)!.group);
    expect(groups.filter((g, k) => k === 0 || g !== groups[k - 1]).length).toBe(data.groups.length);
    m.set("data", { ...fixtures.elements, tree: { leaves: [], joints: [] } });
    expect(host.querySelector(".cn-tree")).toBeNull();
  });

  it("says that noise is noise", () => {
    m.set("data", fixtures.noise);
    expect(one(".cn-verdict").dataset["severity"]).toBe("warning");
    expect(one(".cn-verdict").textContent).toContain("ndistinguishable from noise");
  });

  it("leaves nothing behind", () => {
    stop();
    expect(m.listeners).toBe(0);
  });
});
