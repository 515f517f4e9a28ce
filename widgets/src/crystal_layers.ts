// The order of painting: atoms, halves of bonds, pieces of the cell's edges and marks, from back to front.
// No DOM here.
import { add, apply, dot, norm, project, sub, times, type Camera, type Frame, type Mat3, type Vec3 } from "./camera";
import { elementMarks, type Mark, type Placed } from "./crystal_marks";
import { rows, type CrystalData, type CrystalOperation } from "./crystal_schema";
import type { Lit } from "./crystal_state";
import { movedAll } from "./motion";

/** What an entry of the painting order is. */
export const ATOM = 0, BOND = 1, EDGE = 2, MARK = 3, GHOST = 4;

/** Pieces of an edge of the cell. */
const EDGE_PIECES = 5;
/** An atom counts as a little nearer than its middle, so that it covers the ends of its bonds. */
const NEARER = 0.3;
/** An edge that a bond lies on is painted below it. */
const EDGE_BEHIND = 0.8;
const FRONT = 1e4; // Å, more than any depth
const STEPS = 1000; // of depth in an Å
const MOST = 2 ** 17; // entries
const ON_PLANE = 1e-3;

export interface Motion { readonly op: CrystalOperation; readonly share: number }

export interface Wish {
  readonly camera: Camera;
  readonly frame: Frame;
  readonly hidden: ReadonlySet<number>;
  readonly lit: Lit;
  readonly motion: Motion | null;
}

/** Everything that is painted, at page coordinates. */
export interface Painting {
  /** Kind and index of each entry, from back to front: `kind + 8 * index`. */
  readonly order: Int32Array;
  readonly atoms: Float64Array;
  readonly radii: Float64Array;
  /** Where the atoms are when nothing moves. */
  readonly ghosts: Float64Array;
  /** Flat x1, y1, x2, y2 of each half bond; index `2 * bond + end`. */
  readonly halves: Float64Array;
  readonly edges: Float64Array;
  readonly marks: readonly Mark[];
  readonly moving: boolean;
}

export class Layers {
  readonly cell: Mat3;
  readonly middle: Vec3;
  /** Radius in Å of a ball about the middle that holds everything drawn. */
  readonly radius: number;
  readonly positions: Float64Array;
  private readonly bondLengths: Float64Array;
  private readonly edgePoints: Float64Array;
  private readonly seenEdges: Float64Array;
  private readonly seen: Float64Array;
  private readonly still: Float64Array;

  constructor(readonly data: CrystalData) {
    this.cell = rows(data.cell);
    this.middle = times(0.5, this.cell.reduce(add));
    this.positions = Float64Array.from(data.atom_xyz);
    this.edgePoints = edgePoints(this.cell);
    this.seenEdges = new Float64Array(this.edgePoints.length);
    this.seen = new Float64Array(this.positions.length);
    this.still = new Float64Array(this.positions.length);
    this.bondLengths = Float64Array.from({ length: data.bonds.length / 2 }, (_, k) => {
      const [a, b] = [this.position(data.bonds[2 * k]!), this.position(data.bonds[2 * k + 1]!)];
      return Math.hypot(...sub(a, b));
    });
    this.radius = this.farthest(norm);
  }

  position(atom: number): Vec3 {
    return [this.positions[3 * atom] ?? 0, this.positions[3 * atom + 1] ?? 0, this.positions[3 * atom + 2] ?? 0];
  }

  /** Radius of a drawn atom in Å. */
  atomRadius(atom: number): number {
    return this.data.species[this.data.site_species[this.data.atom_site[atom]!]!]?.radius ?? 0;
  }

  paint(wish: Wish): Painting {
    const { camera, frame, motion } = wish;
    const places = motion ? movedAll(motion.op, this.positions, motion.share) : this.positions;
    project(places, this.middle, camera, frame, this.seen);
    project(this.edgePoints, this.middle, camera, frame, this.seenEdges);
    if (motion) project(this.positions, this.middle, camera, frame, this.still);
    const queue = new Queue(wish.lit.operations, camera);
    const radii = this.queueAtoms(queue, places, wish);
    const halves = this.queueBonds(queue, places, radii, frame.scale);
    this.queueEdges(queue);
    const marks = this.queueMarks(queue, wish);
    return { order: queue.sorted(), atoms: this.seen, radii, ghosts: this.still, halves, edges: this.seenEdges, marks, moving: motion !== null };
  }

  private queueAtoms(queue: Queue, places: Float64Array, { hidden, frame, motion }: Wish): Float64Array {
    const { atom_site, site_species } = this.data;
    const radii = new Float64Array(atom_site.length);
    for (let k = 0; k < radii.length; k += 1) {
      if (hidden.has(site_species[atom_site[k]!]!)) continue;
      radii[k] = this.atomRadius(k) * frame.scale;
      queue.push(ATOM, k, this.seen[3 * k + 2]! + NEARER, places[3 * k]!, places[3 * k + 1]!, places[3 * k + 2]!);
      if (motion) queue.push(GHOST, k, -FRONT, 0, 0, 0);
    }
    return radii;
  }

  private queueBonds(queue: Queue, places: Float64Array, radii: Float64Array, scale: number): Float64Array {
    const { bonds, glyphs } = this.data;
    // An ellipsoid may be smaller than the ball in its place.
    const cover = glyphs?.kind === "ellipsoids" ? 0 : 0.93;
    const halves = new Float64Array(bonds.length * 4);
    for (let e = 0; e < bonds.length; e += 1) {
      const [from, to] = [bonds[e]!, bonds[e ^ 1]!];
      if (radii[from] === 0 || radii[to] === 0) continue;
      // A bond leaves the atom at its surface and ends half way.
      const share = Math.min(0.5, (cover * (radii[from]! / scale)) / this.bondLengths[e >> 1]!);
      const mid = (share + 0.5) / 2;
      const at = (values: Float64Array, k: number, t: number): number => values[3 * from + k]! * (1 - t) + values[3 * to + k]! * t;
      halves[4 * e] = at(this.seen, 0, share);
      halves[4 * e + 1] = at(this.seen, 1, share);
      halves[4 * e + 2] = at(this.seen, 0, 0.5);
      halves[4 * e + 3] = at(this.seen, 1, 0.5);
      queue.push(BOND, e, at(this.seen, 2, mid), at(places, 0, mid), at(places, 1, mid), at(places, 2, mid));
    }
    return halves;
  }

  private queueEdges(queue: Queue): void {
    const [p, s] = [this.edgePoints, this.seenEdges];
    for (let k = 0; k < p.length / 6; k += 1) {
      const half = (values: Float64Array, i: number): number => (values[6 * k + i]! + values[6 * k + 3 + i]!) / 2;
      queue.push(EDGE, k, half(s, 2) - EDGE_BEHIND, half(p, 0), half(p, 1), half(p, 2));
    }
  }

  private queueMarks(queue: Queue, { camera, frame, lit, motion }: Wish): Mark[] {
    const eye = { camera, frame, middle: this.middle };
    const placed: Placed[] = [...lit.operations.flatMap((op) => elementMarks(op, eye)), ...(motion ? [] : this.arrows(camera, frame)), ...this.pairLines(lit)];
    placed.forEach(({ mark, place, bias }, k) => {
      const depth = dot(camera.turn[2], sub(place, this.middle)) + bias;
      if (mark.shape === "plane") queue.pushPlane(k, depth);
      else if (bias >= 1e3) queue.pushLast(k);
      else queue.push(MARK, k, depth, ...place);
    });
    return placed.map(({ mark }) => mark);
  }

  private arrows(camera: Camera, { scale }: Frame): Placed[] {
    const { glyphs, atom_site } = this.data;
    if (glyphs?.kind !== "vectors") return [];
    return atom_site.map((site, k): Placed => {
      const a: Vec3 = [this.seen[3 * k]!, this.seen[3 * k + 1]!, this.seen[3 * k + 2]!];
      const [x, y, z] = apply(camera.turn, [glyphs.values[3 * site]!, glyphs.values[3 * site + 1]!, glyphs.values[3 * site + 2]!]);
      const b = add(a, [scale * x, -scale * y, z]);
      return { mark: { shape: "arrow", a, b, width: 2.4, ink: "tie" }, place: this.position(k), bias: 0.5 };
    });
  }

  /** A dashed line between the nearest drawn images of the two sites of a pair. */
  private pairLines(lit: Lit): Placed[] {
    return lit.pairs.flatMap(([i, j]): Placed[] => {
      const [a, b] = this.nearestImages(i, j);
      if (a < 0 || b < 0) return [];
      const seen = (k: number): Vec3 => [this.seen[3 * k]!, this.seen[3 * k + 1]!, this.seen[3 * k + 2]!];
      const place = times(0.5, add(this.position(a), this.position(b)));
      return [{ mark: { shape: "line", a: seen(a), b: seen(b), width: 3, dashed: true, ink: "tie" }, place, bias: 0.4 }];
    });
  }

  private nearestImages(i: number, j: number): [number, number] {
    let best: [number, number] = [-1, -1];
    let least = Infinity;
    const { atom_site } = this.data;
    for (let a = 0; a < atom_site.length; a += 1) {
      if (atom_site[a] !== i) continue;
      for (let b = 0; b < atom_site.length; b += 1) {
        if (atom_site[b] !== j || a === b) continue;
        const d = Math.hypot(...sub(this.position(a), this.position(b)));
        if (d < least - 1e-6) [best, least] = [[a, b], d];
      }
    }
    return best;
  }

  /** How far from the middle of the page things are seen, in Å; a little less counts across, where there is room. */
  reachOf(camera: Camera): number {
    return this.farthest((v) => {
      const [x, y] = apply(camera.turn, v);
      return Math.max(0.8 * Math.abs(x), Math.abs(y));
    });
  }

  private farthest(size: (v: Vec3) => number): number {
    let most = 0;
    for (let k = 0; k < this.data.atom_site.length; k += 1) {
      most = Math.max(most, size(sub(this.position(k), this.middle)) + this.atomRadius(k));
    }
    for (let k = 0; k < this.edgePoints.length; k += 3) {
      const p: Vec3 = [this.edgePoints[k]!, this.edgePoints[k + 1]!, this.edgePoints[k + 2]!];
      most = Math.max(most, size(sub(p, this.middle)));
    }
    return most;
  }
}

/** Ends of the pieces of the twelve edges, flat. */
function edgePoints(cell: Mat3): Float64Array {
  const out: number[] = [];
  for (let corner = 0; corner < 8; corner += 1) {
    for (const axis of [0, 1, 2] as const) {
      if ((corner >> axis) & 1) continue;
      const start = ([0, 1, 2] as const).reduce<Vec3>((sum, k) => ((corner >> k) & 1 ? add(sum, cell[k]) : sum), [0, 0, 0]);
      for (let k = 0; k < EDGE_PIECES; k += 1) {
        out.push(...add(start, times(k / EDGE_PIECES, cell[axis])), ...add(start, times((k + 1) / EDGE_PIECES, cell[axis])));
      }
    }
  }
  return Float64Array.from(out);
}

/** Entries with their depth; exact around the first shown plane: what lies behind it, it, what lies before it. */
class Queue {
  private readonly entries: number[] = [];
  private readonly depths: number[] = [];
  private readonly plane: { readonly normal: Vec3; readonly height: number } | null;
  private planes = 0;

  constructor(operations: readonly CrystalOperation[], camera: Camera) {
    const op = operations.find((o) => o.kind === "mirror" || o.kind === "glide");
    if (op) {
      const towards = dot(op.axis, camera.turn[2]) < 0 ? -1 : 1;
      const normal = times(towards, op.axis);
      this.plane = { normal, height: dot(normal, op.point) };
    } else this.plane = null;
  }

  push(kind: number, index: number, depth: number, x: number, y: number, z: number): void {
    const plane = this.plane;
    const front = plane !== null && depth > -FRONT
      && plane.normal[0] * x + plane.normal[1] * y + plane.normal[2] * z > plane.height + ON_PLANE;
    this.entries.push(kind + 8 * index);
    this.depths.push(front ? depth + FRONT : depth);
  }

  /** The first plane parts the others; further planes are sorted by their middle. */
  pushPlane(index: number, depth: number): void {
    this.entries.push(MARK + 8 * index);
    this.depths.push(this.planes === 0 ? FRONT / 2 : depth);
    this.planes += 1;
  }

  /** On top of everything. */
  pushLast(index: number): void {
    this.entries.push(MARK + 8 * index);
    this.depths.push(3 * FRONT);
  }

  sorted(): Int32Array {
    // Depth and place in one number: such a list is sorted natively, and equal depths keep their order.
    const keys = Float64Array.from(this.depths, (depth, k) => Math.round((depth + 2 * FRONT) * STEPS) * MOST + k).sort();
    return Int32Array.from(keys, (key) => this.entries[key % MOST]!);
  }
}
