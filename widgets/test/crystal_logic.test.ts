// Camera, painting order, marks, motion and picking, on crystals that Python described.
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import crystalSchema from "../schema/crystal.schema.json";
import { add, along, apply, cross, dot, facing, frameOf, norm, panned, projected, sub, times, turned, zoomed, type Camera, type Mat3, type Vec3 } from "../src/camera";
import { ATOM, BOND, EDGE, GHOST, Layers, MARK } from "../src/crystal_layers";
import { arrowOf, ellipseOf, elementMarks, lowered, signOf } from "../src/crystal_marks";
import { pick } from "../src/crystal_pick";
import { parseCrystal, points, rows, siteLabel, type CrystalData, type CrystalOperation } from "../src/crystal_schema";
import { deedOf, litBy, MOST_ELEMENTS, orbitOf } from "../src/crystal_state";
import { ACT_MS, HOLD_MS, angleOf, eased, moved, shareAt } from "../src/motion";
import { SchemaError } from "../src/read";
import { NOTHING } from "../src/selection";
import * as fixtures from "./fixtures";

const quartz = parseCrystal(fixtures.crystal);
const diamond = parseCrystal(fixtures.diamond);
const operation = (data: CrystalData, name: string): CrystalOperation => {
  const found = data.operations.find((op) => op.name === name);
  if (!found) throw new Error(name);
  return found;
};
const every = [...quartz.operations.map((op) => [quartz, op] as const), ...diamond.operations.map((op) => [diamond, op] as const)];
const home = (data: CrystalData): Camera => ({ turn: rows(data.view), pan: [0, 0], zoom: 1 });
const none = { selected: NOTHING, near: {}, far: {}, implied: {} };
const positions = (data: CrystalData): Vec3[] => points(data.atom_xyz);
/** Fractional coordinates of a place, by Cramer's rule. */
const fractional = (data: CrystalData, p: Vec3): Vec3 => {
  const [a, b, c] = rows(data.cell);
  const volume = dot(a, cross(b, c));
  return [dot(p, cross(b, c)) / volume, dot(p, cross(c, a)) / volume, dot(p, cross(a, b)) / volume];
};

describe("the scene that Python writes", () => {
  const ajv = new Ajv({ strict: false });

  it.each([["quartz", fixtures.crystal], ["Si", fixtures.diamond]])("%s fits the schema and survives reading unchanged", (_, state) => {
    expect(ajv.validate(crystalSchema, state), JSON.stringify(ajv.errors)).toBe(true);
    expect(parseCrystal(state)).toEqual(state);
  });

  const broken: [string, (d: Record<string, unknown>) => void][] = [
    ["a missing title", (d) => { delete d["title"]; }],
    ["a cell of eight numbers", (d) => { (d["cell"] as number[]).pop(); }],
    ["a number that is none", (d) => { (d["atom_xyz"] as unknown[])[0] = "0"; }],
    ["an infinite number", (d) => { (d["atom_xyz"] as unknown[])[0] = Infinity; }],
    ["an atom of a site that is not there", (d) => { (d["atom_site"] as number[])[0] = 9; }],
    ["half a bond", (d) => { (d["bonds"] as number[]).pop(); }],
    ["a bond to nowhere", (d) => { (d["bonds"] as number[])[0] = 99; }],
    ["a site of an unknown element", (d) => { (d["site_species"] as number[])[0] = 7; }],
    ["a colour that is code", (d) => { (d["species"] as Record<string, unknown>[])[0]!["color"] = "url(x)"; }],
    ["a short permutation", (d) => { ((d["operations"] as Record<string, unknown>[])[1]!["permutation"] as number[]).pop(); }],
    ["an unknown kind of operation", (d) => { (d["operations"] as Record<string, unknown>[])[1]!["kind"] = "twist"; }],
    ["too few numbers to colour by", (d) => { ((d["scalars"] as Record<string, unknown>)["colors"] as string[]).pop(); }],
    ["too few arrows", (d) => { ((d["glyphs"] as Record<string, unknown>)["values"] as number[]).pop(); }],
    ["no sites", (d) => { d["site_species"] = []; }],
  ];

  it.each(broken)("refuses %s", (_, damage) => {
    const state = structuredClone(fixtures.crystal) as Record<string, unknown>;
    damage(state);
    expect(() => parseCrystal(state)).toThrow(SchemaError);
  });

  it.each([null, undefined, 3, "x", []])("refuses %o", (value) => { expect(() => parseCrystal(value)).toThrow(SchemaError); });
});

describe("camera", () => {
  const orthogonal = (m: Mat3): void => {
    for (const i of [0, 1, 2] as const) for (const j of [0, 1, 2] as const) expect(dot(m[i], m[j])).toBeCloseTo(i === j ? 1 : 0, 9);
    expect(dot(cross(m[0], m[1]), m[2])).toBeCloseTo(1, 9);
  };

  it("stays a rotation after a thousand turns", () => {
    let camera = home(quartz);
    for (let k = 0; k < 1000; k += 1) camera = turned(camera, 0.3 + 0.01 * k, -0.2);
    orthogonal(camera.turn);
  });

  it("lets the near side follow the pointer", () => {
    const front: Vec3 = times(2, home(quartz).turn[2]);
    const camera = turned(home(quartz), 0.1, 0);
    expect(apply(camera.turn, front)[0]).toBeGreaterThan(0.1);
    // Down on the page is less up.
    expect(apply(turned(home(quartz), 0, 0.1).turn, front)[1]).toBeLessThan(-0.1);
  });

  it.each(["a", "b", "c", "x", "y", "z"] as const)("looks along %s", (key) => {
    const cell = rows(quartz.cell);
    const camera = along(home(quartz), key, cell);
    orthogonal(camera.turn);
    const axes: Record<string, Vec3> = { a: cell[0], b: cell[1], c: cell[2], x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };
    const [x, y, z] = apply(camera.turn, axes[key]!);
    expect([x, y]).toEqual([expect.closeTo(0, 9), expect.closeTo(0, 9)]);
    expect(z).toBeGreaterThan(0);
  });

  it("does not fall over where up is where it looks", () => {
    orthogonal(facing(home(quartz), [0, 0, 1], [0, 0, 2]).turn);
    orthogonal(facing(home(quartz), [0, 1, 0], [0, 1, 0]).turn);
  });

  it("keeps the zoom in bounds and the pan relative to the page", () => {
    let camera = home(quartz);
    for (let k = 0; k < 100; k += 1) camera = zoomed(camera, 1.5);
    expect(camera.zoom).toBe(12);
    const frame = frameOf(panned(home(quartz), 0.1, -0.1), 400, 200, 5);
    expect(frame).toEqual({ x: 220, y: 80, scale: 20 });
  });
});

describe("motion", () => {
  const frac = (data: CrystalData, site: number): Vec3 => points(data.site_frac)[site]!;

  it.each(every.map(([data, op]) => [data.title, op.name, data, op] as const))("%s, %s ends where Python says", (_t, _n, data, op) => {
    positions(data).forEach((place, k) => {
      expect(norm(sub(moved(op, place, 0), place))).toBeLessThan(1e-9);
      // The end differs from the site it is sent to by whole lattice vectors.
      const gap = sub(fractional(data, moved(op, place, 1)), frac(data, op.permutation[data.atom_site[k]!]!));
      for (const g of gap) expect(Math.abs(g - Math.round(g))).toBeLessThan(2e-3);
    });
  });

  it.each(every.map(([data, op]) => [data.title, op.name, op] as const))("%s, %s is smooth and keeps its element", (_t, _n, op) => {
    const somewhere: Vec3 = add(op.point, [1.3, -0.7, 0.4]);
    for (let k = 0; k < 50; k += 1) {
      expect(norm(sub(moved(op, somewhere, (k + 1) / 50), moved(op, somewhere, k / 50)))).toBeLessThan(0.3);
    }
    const shift = op.kind === "identity" ? [0, 0, 0] as const : op.translation;
    expect(norm(sub(moved(op, op.point, 0.5), add(op.point, times(0.5, shift))))).toBeLessThan(1e-9);
    if (op.kind === "rotation" || op.kind === "screw") {
      const on = add(op.point, times(2, op.axis));
      expect(norm(sub(moved(op, on, 1), add(on, op.translation)))).toBeLessThan(1e-5);
    }
  });

  it("shows a rotoinversion as a turn and a mirror", () => {
    const op = operation(diamond, "-4+ [001]");
    expect(angleOf(op)).toBeCloseTo(-Math.PI / 2);
    expect(angleOf(operation(diamond, "-3+ [111]"))).toBeCloseTo(-Math.PI / 3);
    // Half way everything lies in the plane across the axis.
    expect(dot(sub(moved(op, [1, 2, 3], 0.5), op.point), op.axis)).toBeCloseTo(0, 9);
  });

  it("runs, holds its end, and is over; without motion it jumps", () => {
    expect([eased(0), eased(0.5), eased(1), eased(7)]).toEqual([0, 0.5, 1, 1]);
    expect(shareAt(0, false)).toBe(0);
    expect(shareAt(ACT_MS / 2, false)).toBeCloseTo(0.5);
    expect(shareAt(ACT_MS + 1, false)).toBe(1);
    expect(shareAt(ACT_MS + HOLD_MS, false)).toBeNull();
    expect(shareAt(0, true)).toBe(1);
  });
});

describe("marks", () => {
  const eye = { camera: home(diamond), frame: frameOf(home(diamond), 600, 450, 5), middle: [2.7, 2.7, 2.7] as Vec3 };
  const shapes = (op: CrystalOperation): string[] => [...new Set(elementMarks(op, eye).map(({ mark }) => mark.shape))].sort();

  it("draw each kind of element in its own way", () => {
    expect(shapes(operation(diamond, "1"))).toEqual([]);
    expect(shapes(operation(diamond, "-1"))).toEqual(["centre", "label"]);
    expect(shapes(operation(diamond, "m [110]"))).toEqual(["label", "plane"]);
    expect(shapes(operation(diamond, "m [001]"))).toEqual(["arrow", "label", "plane"]);
    expect(shapes(operation(diamond, "3+ [111]"))).toEqual(["label", "line", "sign"]);
    expect(shapes(operation(diamond, "4+ [001]"))).toEqual(["arrow", "label", "line", "sign"]);
    expect(shapes(operation(diamond, "-4+ [001]"))).toEqual(["centre", "label", "line", "sign"]);
  });

  it("dash a glide plane, not a mirror; lie on the element", () => {
    for (const [name, dashed] of [["m [001]", true], ["m [110]", false]] as const) {
      const op = operation(diamond, name);
      const plane = elementMarks(op, eye).find(({ mark }) => mark.shape === "plane");
      expect(plane?.mark).toMatchObject({ dashed });
      for (const corner of points(op.outline)) expect(dot(sub(corner, op.point), op.axis)).toBeCloseTo(0, 2);
    }
  });

  it("have the sign of their order", () => {
    expect([2, 3, 4, 6].map((n) => signOf(n).length)).toEqual([16, 3, 4, 6]);
    const lens = signOf(2);
    expect(Math.max(...lens.map(([x]) => x))).toBeCloseTo(0.45);
    expect(lowered("3_2 -4")).toBe("3₂ −4");
  });

  it("point an arrow at its end, and draw none without length", () => {
    const arrow = arrowOf([0, 0, 0], [30, 0, 0]);
    expect(arrow?.head[0]).toEqual([30, 0]);
    expect(arrow?.neck[0]).toBeLessThan(30);
    expect(arrowOf([0, 0, 0], [1, 1, 0])).toBeNull();
  });

  it("show the half axes of an ellipsoid seen along an axis", () => {
    const camera = facing(home(diamond), [0, 0, 1], [0, 1, 0]);
    const frame = { x: 0, y: 0, scale: 10 };
    const flat = ellipseOf([1, 0, 0, 0, 2, 0, 0, 0, 7], { camera, frame });
    expect([flat.long, flat.short]).toEqual([expect.closeTo(22), expect.closeTo(12)]);
    expect(Math.abs(flat.angle)).toBeCloseTo(Math.PI / 2);
    const slanted = ellipseOf([1.5, 0.5, 0, 0.5, 1.5, 0, 0, 0, 1], { camera, frame });
    expect([slanted.long, slanted.short]).toEqual([expect.closeTo(22), expect.closeTo(12)]);
    expect(slanted.angle).toBeCloseTo(-Math.PI / 4); // up on the page is less y
  });
});

describe("painting order", () => {
  const paint = (data: CrystalData, lit = litBy(data, none), hidden = new Set<number>(), camera = home(data), motion: Parameters<Layers["paint"]>[0]["motion"] = null) => {
    const layers = new Layers(data);
    const frame = frameOf(camera, 600, 450, layers.radius);
    return { layers, frame, camera, ...layers.paint({ camera, frame, hidden, lit, motion }) };
  };
  const kinds = (order: Int32Array): number[] => [...order].map((e) => e & 7);
  const place = (order: Int32Array, kind: number, index: number): number => [...order].indexOf(kind + 8 * index);

  it("has every atom, half bond and piece of an edge once, and nearer atoms later", () => {
    const { order, atoms } = paint(quartz);
    const count = (kind: number): number => kinds(order).filter((k) => k === kind).length;
    expect([count(ATOM), count(BOND), count(EDGE)]).toEqual([quartz.atom_site.length, quartz.bonds.length, 60]);
    const depths = [...order].filter((e) => (e & 7) === ATOM).map((e) => atoms[3 * (e >> 3) + 2]!);
    expect(depths).toEqual([...depths].sort((a, b) => a - b));
  });

  it("agrees with the projection of single points", () => {
    const { atoms, layers, frame, camera } = paint(quartz);
    positions(quartz).forEach((p, k) => {
      const [x, y, z] = projected(p, layers.middle, camera, frame);
      expect([...atoms.slice(3 * k, 3 * k + 3)]).toEqual([expect.closeTo(x, 6), expect.closeTo(y, 6), expect.closeTo(z, 6)]);
    });
  });

  it.each([0, 1, 2, 3])("parts the atoms at a plane, from direction %d", (k) => {
    const camera = turned(home(diamond), k * 1.3, k * 0.7);
    const op = operation(diamond, "m [001]");
    const lit = { ...litBy(diamond, none), operations: [op] };
    const { order, marks } = paint(diamond, lit, new Set(), camera);
    const plane = place(order, MARK, marks.findIndex(({ shape }) => shape === "plane"));
    const towards = Math.sign(dot(op.axis, camera.turn[2]));
    let [before, behind] = [0, 0];
    positions(diamond).forEach((p, atom) => {
      const height = towards * dot(sub(p, op.point), op.axis);
      if (Math.abs(height) < 0.01) return;
      expect(place(order, ATOM, atom) > plane).toBe(height > 0);
      if (height > 0) before += 1; else behind += 1;
    });
    expect(Math.min(before, behind)).toBeGreaterThan(2);
  });

  it("leaves out a hidden element and its bonds", () => {
    const { order, radii } = paint(quartz, litBy(quartz, none), new Set([1]));
    const oxygen = quartz.atom_site.map((s) => quartz.site_species[s] === 1);
    for (const entry of order) if ((entry & 7) === ATOM) expect(oxygen[entry >> 3]).toBe(false);
    expect(kinds(order)).not.toContain(BOND);
    oxygen.forEach((is, k) => { expect(radii[k]! === 0).toBe(is); });
  });

  it("draws an arrow on every atom, a dashed line for a pair, and ghosts while something moves", () => {
    const pair = paint(quartz, litBy(quartz, { ...none, selected: { ...NOTHING, pairs: [[0, 4]] } }));
    expect(pair.marks.filter(({ shape }) => shape === "arrow")).toHaveLength(quartz.atom_site.length);
    expect(pair.marks.filter((m) => m.shape === "line" && m.dashed)).toHaveLength(1);
    const op = operation(quartz, "3+ [001]");
    const moving = paint(quartz, litBy(quartz, none), new Set(), home(quartz), { op, share: 0.5 });
    expect(kinds(moving.order).filter((k) => k === GHOST)).toHaveLength(quartz.atom_site.length);
    expect(moving.moving).toBe(true);
    expect(moving.atoms[0]).not.toBeCloseTo(moving.ghosts[0]!, 1);
  });

  it("fits the first view on the page", () => {
    for (const data of [quartz, diamond]) {
      const layers = new Layers(data);
      expect(layers.reachOf(home(data))).toBeLessThanOrEqual(layers.radius + 1e-9);
      expect(layers.reachOf(home(data))).toBeGreaterThan(0.5 * layers.radius);
    }
  });
});

describe("picking", () => {
  const discs = { seen: Float64Array.from([10, 10, 0, 14, 10, 5, 100, 100, 1]), radii: Float64Array.from([8, 8, 0]) };
  it("takes the nearest of those under the pointer, and nothing hidden", () => {
    expect(pick(discs, 12, 10)).toBe(1);
    expect(pick(discs, 3, 10)).toBe(0);
    expect(pick(discs, 60, 10)).toBe(-1);
    expect(pick(discs, 100, 100)).toBe(-1);
  });
});

describe("what is lit", () => {
  it("prefers what is pointed at here, then elsewhere, then what is chosen or implied", () => {
    const selected = { ...NOTHING, operations: ["2 [100]"] };
    const names = (sources: Parameters<typeof litBy>[1]): string[] => litBy(quartz, sources).operations.map(({ name }) => name);
    expect(names({ ...none, selected, implied: { operations: ["3+ [001]", "2 [100]"] } })).toEqual(["2 [100]", "3+ [001]"]);
    expect(names({ ...none, selected, far: { operations: ["3- [001]"] } })).toEqual(["3- [001]"]);
    expect(names({ ...none, selected, far: { operations: ["3- [001]"] }, near: { operations: ["2 [010]"] } })).toEqual(["2 [010]"]);
    expect(names({ ...none, far: { operations: ["4+ [001]", "1"] } })).toEqual([]);
  });

  it("draws only so many", () => {
    const lit = litBy(diamond, { ...none, implied: { operations: diamond.operations.map(({ name }) => name) } });
    expect(lit.operations).toHaveLength(MOST_ELEMENTS);
    expect(lit.left_out).toBe(diamond.operations.length - 1 - MOST_ELEMENTS);
  });

  it("turns elements into sites, and leaves out sites that are not there", () => {
    const lit = litBy(quartz, { ...none, selected: { ...NOTHING, atoms: [3, 77], elements: ["Si"] }, far: { atoms: [499] } });
    expect([...lit.chosen].sort()).toEqual([0, 1, 2, 3]);
    expect(lit.pointed.size).toBe(0);
  });

  it("marks what moves where something stays", () => {
    const two = litBy(quartz, { ...none, near: { operations: ["2 [100]"] } });
    const op = operation(quartz, "2 [100]");
    expect([...two.moved]).toEqual(op.permutation.flatMap((to, k) => (to === k ? [] : [k])));
    expect(two.moved.size).toBeGreaterThan(0);
    expect(litBy(quartz, { ...none, near: { operations: ["3+ [001]"] } }).moved.size).toBe(0);
  });

  it("says what an operation does", () => {
    expect(deedOf(quartz, operation(quartz, "3+ [001]"))).toContain("exchanges 9 of 9 sites: Si1 → ");
    expect(deedOf(quartz, operation(quartz, "1"))).toContain("stays");
    expect(deedOf(quartz, { ...operation(quartz, "3+ [001]"), permutation: [] })).toContain("supercell");
    expect(orbitOf(quartz, 1)).toEqual([0, 1, 2]);
    expect(siteLabel(quartz, 4)).toBe("O5");
  });
});
