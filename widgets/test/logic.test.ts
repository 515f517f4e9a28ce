import { describe, expect, it } from "vitest";
import { familyOf, glyphOf, legendOf, spokenLabel, wordsOf } from "../src/classify";
import { actionFor, isContained, type Key } from "../src/keymap";
import { familyLines, gridOf, neighbour, pathOf, skeleton } from "../src/layout";
import { contrast, HOSTS, HUES, mix, paletteCss, parseHex } from "../src/palette";
import { parseTensor, SIGNS, type Cell } from "../src/schema";
import { pretty } from "../src/tensor_detail";
import { elastic } from "./fixtures";

const data = parseTensor(elastic);
const byName = new Map(data.cells.map((c) => [c.name, c]));
const cell = (name: string): Cell => byName.get(name) as Cell;
const key = (k: string, held: Partial<Key> = {}): Key =>
  ({ key: k, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

describe("classify", () => {
  it("gives each role its own glyph, and a violation the cross", () => {
    const roles = ["independent", "equal", "opposite", "dependent", "zero", "unknown"] as const;
    const glyphs = roles.map((role) => glyphOf({ role, violated: false }));
    expect(new Set(glyphs).size).toBe(roles.length);
    for (const role of roles) expect(glyphOf({ role, violated: true })).toBe("cross");
  });

  it("says in words what the glyph shows", () => {
    expect(wordsOf({ role: "zero", violated: false })).toBe("zero by symmetry");
    expect(wordsOf({ role: "zero", violated: true })).toContain("should be zero");
    expect(wordsOf({ role: "equal", violated: true })).toContain("should be tied");
  });

  it("explains exactly the glyphs that occur", () => {
    expect(legendOf(data.cells).map((e) => e.glyph)).toEqual(["disc", "ring-disc", "circle", "dot", "cross"]);
    expect(legendOf([cell("c11")]).map((e) => e.glyph)).toEqual(["disc"]);
  });

  it("speaks name, number, unit, role and relation", () => {
    expect(spokenLabel(cell("c24"), "gigapascal")).toBe(
      "C 24, 17.9 gigapascal, equal, opposite sign: c24 equals minus c14");
    expect(spokenLabel(cell("c14"), "gigapascal")).toContain("minus 17.9 gigapascal, independent");
    expect(spokenLabel(cell("c15"), "gigapascal")).toBe("C 15, 0 gigapascal, zero by symmetry");
  });

  it("knows the family of a component", () => {
    expect([...familyOf(cell("c14"))].sort()).toEqual(["c14", "c24", "c56"]);
    expect([...familyOf(cell("c15"))]).toEqual(["c15"]);
  });
});

describe("layout", () => {
  const grid = gridOf(data.cells, data.shape);

  it("puts every cell in its place and leaves the redundant half empty", () => {
    expect(grid[0]?.[3]?.name).toBe("c14");
    expect(grid[3]?.[0]).toBeUndefined();
    expect(grid.flat().filter((c) => c !== undefined)).toHaveLength(21);
  });

  it("walks over present cells only and stops at the edge", () => {
    expect(neighbour(grid, cell("c24"), "left").name).toBe("c23");
    expect(neighbour(grid, cell("c22"), "left").name).toBe("c22");
    expect(neighbour(grid, cell("c22"), "down").name).toBe("c22");
    expect(neighbour(grid, cell("c16"), "down").name).toBe("c26");
    expect(neighbour(grid, cell("c24"), "row-start").name).toBe("c22");
    expect(neighbour(grid, cell("c24"), "row-end").name).toBe("c26");
    expect(neighbour(grid, cell("c24"), "end").name).toBe("c66");
    expect(neighbour(grid, cell("c24"), "start").name).toBe("c11");
  });

  it("reaches every cell with the arrow keys alone", () => {
    const seen = new Set<string>();
    const todo = [cell("c11")];
    for (let at = todo.pop(); at; at = todo.pop()) {
      if (seen.has(at.name)) continue;
      seen.add(at.name);
      for (const to of ["left", "right", "up", "down"] as const) todo.push(neighbour(grid, at, to));
    }
    expect(seen.size).toBe(21);
  });

  it("joins a family by one line per relative, with the sign of the tie", () => {
    const lines = familyLines(cell("c14"), byName);
    expect(lines.map((l) => [l.to, l.sign])).toEqual([["c24", "opposite"], ["c56", "equal"]]);
    expect(familyLines(cell("c15"), byName)).toEqual([]);
  });

  it("draws the skeleton as a tree of simple ties", () => {
    const lines = skeleton(data.cells, byName);
    expect(lines.map((l) => `${l.from}-${l.to}`).sort()).toEqual(["c11-c22", "c13-c23", "c14-c24", "c24-c56", "c44-c55"]);
    expect(lines.every((l) => l.sign !== "other")).toBe(true);
  });

  it("bends a line that would run through a third component, and only that", () => {
    const bent = familyLines(cell("c66"), byName).filter((l) => l.bent).map((l) => l.to);
    expect(bent).toContain("c11");
    const straight = familyLines(cell("c44"), byName)[0];
    expect(straight?.bent).toBe(false);
    expect(pathOf(familyLines(cell("c66"), byName).find((l) => l.to === "c11")!)).toMatch(/^M[\d. ]+Q[-\d. ]+$/);
    expect(pathOf(straight!)).toMatch(/^M[\d. ]+L[\d. ]+$/);
  });

  it("knows every sign that the schema allows", () => {
    expect(new Set(data.cells.flatMap((c) => c.links.map((l) => l.sign)))).toEqual(new Set(SIGNS));
  });
});

describe("keymap", () => {
  it("moves, selects, escapes, helps", () => {
    expect(actionFor(key("ArrowLeft"))).toEqual({ do: "move", to: "left" });
    expect(actionFor(key("Home", { ctrlKey: true }))).toEqual({ do: "move", to: "start" });
    expect(actionFor(key("Enter"))).toEqual({ do: "select", add: false });
    expect(actionFor(key(" ", { shiftKey: true }))).toEqual({ do: "select", add: true });
    expect(actionFor(key("Escape"))).toEqual({ do: "escape" });
    expect(actionFor(key("?", { shiftKey: true }))).toEqual({ do: "help" });
  });

  it.each(["a", "b", "x", "d", "z", "1", "Z", "ä"])("keeps the plain key %s from the notebook", (k) => {
    expect(isContained(key(k))).toBe(true);
  });

  it.each([["Enter", { shiftKey: true }], ["Enter", { ctrlKey: true }], ["s", { ctrlKey: true }], ["Tab", {}], ["F5", {}],
    ["ArrowLeft", { altKey: true }], ["s", { metaKey: true }]] as const)("lets %s %o pass", (k, held) => {
    expect(actionFor(key(k, held))).toBeNull();
    expect(isContained(key(k, held))).toBe(false);
  });
});

describe("palette", () => {
  it("computes WCAG contrast", () => {
    expect(contrast(parseHex("#000000"), parseHex("#ffffff"))).toBeCloseTo(21, 5);
    expect(contrast(parseHex("#777777"), parseHex("#ffffff"))).toBeCloseTo(4.48, 2);
  });

  it.each(Object.keys(HUES) as (keyof typeof HUES)[])("%s is legible in light and dark", (name) => {
    const { hex, share } = HUES[name];
    for (const host of HOSTS) {
      for (const page of host.pages) {
        expect(contrast(mix(hex, share, host.text), parseHex(page))).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(paletteCss()).toContain(`--cn-${name}:color-mix(in srgb,${hex} ${Math.round(share * 100)}%,var(--cn-fg));`);
  });
});

describe("relations", () => {
  it("are typeset without losing a sign", () => {
    expect(pretty("c66 = (c11 - c12)/2")).toBe("c66 = (c11 − c12)/2");
    expect(pretty("c36 = -0.00732773748497*c11")).toBe("c36 ≈ −0.007328·c11");
    expect(pretty("c14 = sqrt(2)*(c13 - c12)")).toBe("c14 = √2·(c13 − c12)");
  });
});
