// Symmetry elements, pairs and arrows as flat shapes on the page, each with its depth. No DOM here.
import { add, projected, times, type Camera, type Frame, type Vec3 } from "./camera";
import { points, type CrystalOperation } from "./crystal_schema";

export type Ink = "symmetry" | "tie" | "ink";

/** A shape at page coordinates; the third number of a point is its depth in Å. */
export type Mark =
  | { readonly shape: "line"; readonly a: Vec3; readonly b: Vec3; readonly width: number; readonly dashed: boolean; readonly ink: Ink }
  | { readonly shape: "plane"; readonly corners: readonly Vec3[]; readonly dashed: boolean; readonly ink: Ink }
  | { readonly shape: "sign"; readonly at: Vec3; readonly order: number; readonly hollow: boolean; readonly ink: Ink }
  | { readonly shape: "centre"; readonly at: Vec3; readonly ink: Ink }
  | { readonly shape: "arrow"; readonly a: Vec3; readonly b: Vec3; readonly width: number; readonly ink: Ink }
  | { readonly shape: "label"; readonly at: Vec3; readonly text: string; readonly ink: Ink };

/** A mark, and the place in the crystal (Å) and the bias that its depth is taken from. */
export interface Placed { readonly mark: Mark; readonly place: Vec3; readonly bias: number }

/** Pieces of an axis, so that atoms hide the part of it that lies behind them. */
const PIECES = 16;

export interface Eye { readonly camera: Camera; readonly frame: Frame; readonly middle: Vec3 }

/** The shapes of one symmetry element. */
export function elementMarks(op: CrystalOperation, eye: Eye): Placed[] {
  const see = (p: Vec3): Vec3 => projected(p, eye.middle, eye.camera, eye.frame);
  const ends = points(op.outline);
  const ink: Ink = "symmetry";
  const out: Placed[] = [];
  const place = (mark: Mark, at: Vec3, bias: number): void => { out.push({ mark, place: at, bias }); };
  const middle = ends.length > 0 ? times(1 / ends.length, ends.reduce(add)) : op.point;
  const [start, end] = [add(middle, times(-0.5, op.translation)), add(middle, times(0.5, op.translation))];
  if (op.kind === "mirror" || op.kind === "glide") {
    place({ shape: "plane", corners: ends.map(see), dashed: op.kind === "glide", ink }, middle, 0);
    const corner = ends[0] ?? middle;
    place({ shape: "label", at: see(corner), text: lowered(op.symbol), ink }, corner, 1e3);
    if (op.kind === "glide") place({ shape: "arrow", a: see(start), b: see(end), width: 2.6, ink }, middle, 1e3);
    return out;
  }
  const [from, to] = ends;
  if (from && to) {
    const at = (t: number): Vec3 => add(times(1 - t, from), times(t, to));
    for (let k = 0; k < PIECES; k += 1) {
      const [p, q] = [at(k / PIECES), at((k + 1) / PIECES)];
      place({ shape: "line", a: see(p), b: see(q), width: 2.4, dashed: false, ink }, times(0.5, add(p, q)), 0);
    }
    for (const p of [from, to]) {
      place({ shape: "sign", at: see(p), order: op.order, hollow: op.kind === "rotoinversion", ink }, p, 0.5);
    }
    const top = see(to)[1] <= see(from)[1] ? to : from;
    place({ shape: "label", at: see(top), text: lowered(op.symbol), ink }, top, 1e3);
    if (op.kind === "screw") place({ shape: "arrow", a: see(start), b: see(end), width: 3.6, ink }, middle, 1e3);
  }
  if (op.kind === "inversion" || op.kind === "rotoinversion") {
    place({ shape: "centre", at: see(op.point), ink }, op.point, 1);
    if (op.kind === "inversion") place({ shape: "label", at: see(op.point), text: lowered(op.symbol), ink }, op.point, 1e3);
  }
  return out;
}

/** Text with `3_2` as a lowered two and `-4` with a typographic minus. */
export function lowered(text: string): string {
  return text.replace(/_(\d)/g, (_, digit: string) => String.fromCharCode(0x2080 + Number(digit))).replaceAll("-", "−");
}

/** Corners of the sign of an axis about (0, 0): a lens, triangle, square or hexagon of unit size. */
export function signOf(order: number): [number, number][] {
  const n = order > 2 ? order : 16;
  const squeeze = order === 2 ? 0.45 : 1;
  const start = Math.PI / 2 + (order === 4 ? Math.PI / 4 : 0);
  return Array.from({ length: n }, (_, k): [number, number] => {
    const angle = start + (2 * Math.PI * k) / n;
    return [squeeze * Math.cos(angle), -Math.sin(angle)];
  });
}

/** End of the shaft and the three corners of the head of an arrow; null where it is too short to see. */
export function arrowOf(a: Vec3, b: Vec3): { neck: [number, number]; head: [number, number][] } | null {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(dx, dy);
  if (length < 4) return null;
  const [ux, uy] = [dx / length, dy / length];
  const size = Math.min(10, 0.6 * length);
  const side = size / 2;
  return {
    neck: [b[0] - 0.8 * size * ux, b[1] - 0.8 * size * uy],
    head: [[b[0], b[1]],
      [b[0] - size * ux - side * uy, b[1] - size * uy + side * ux],
      [b[0] - size * ux + side * uy, b[1] - size * uy - side * ux]],
  };
}

/** Half axes in pixels and angle of the outline of an ellipsoid with this tensor (flat, in Å, Cartesian). */
export function ellipseOf(tensor: ArrayLike<number>, { camera, frame }: Pick<Eye, "camera" | "frame">): {
  long: number; short: number; angle: number;
} {
  const [r, u] = camera.turn;
  // The outline has the matrix P T Tᵀ Pᵀ with P the two directions of the page.
  const image = (v: Vec3): Vec3 => {
    const at = (k: number): number => v[0] * (tensor[k] ?? 0) + v[1] * (tensor[3 + k] ?? 0) + v[2] * (tensor[6 + k] ?? 0);
    return [at(0), at(1), at(2)];
  };
  const [p, q] = [image(r), image(u)];
  const sum = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const [xx, xy, yy] = [sum(p, p), sum(p, q), sum(q, q)];
  const spread = Math.hypot((xx - yy) / 2, xy);
  const half = (v: number): number => Math.sqrt(Math.max(v, 0)) * frame.scale + 2;
  return {
    long: half((xx + yy) / 2 + spread), short: half((xx + yy) / 2 - spread),
    angle: -0.5 * Math.atan2(2 * xy, xx - yy),
  };
}
