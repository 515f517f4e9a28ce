// The eye on a crystal: an orthographic camera that turns, shifts and zooms. No DOM here.

export type Vec3 = readonly [number, number, number];
/** Rows: right, up, towards the eye. */
export type Mat3 = readonly [Vec3, Vec3, Vec3];

export interface Camera {
  readonly turn: Mat3;
  /** Shift of the middle on the page, in shares of the smaller side. */
  readonly pan: readonly [number, number];
  readonly zoom: number;
}

/** Where the page's origin is, and how many pixels one Å has. */
export interface Frame { readonly x: number; readonly y: number; readonly scale: number }

export type ViewKey = "a" | "b" | "c" | "x" | "y" | "z";
export const VIEW_KEYS = ["a", "b", "c", "x", "y", "z"] as const satisfies readonly ViewKey[];

const ZOOMS = [0.25, 12] as const;

export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (k: number, a: Vec3): Vec3 => [k * a[0], k * a[1], k * a[2]];
export const cross = (a: Vec3, b: Vec3): Vec3 =>
  [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const norm = (a: Vec3): number => Math.hypot(a[0], a[1], a[2]);
export const apply = (m: Mat3, v: Vec3): Vec3 => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];

/** The unit vector along `a`, or `otherwise` where it has no length. */
export function unit(a: Vec3, otherwise: Vec3 = [0, 0, 1]): Vec3 {
  const length = norm(a);
  return length > 1e-9 ? times(1 / length, a) : otherwise;
}

function product(a: Mat3, b: Mat3): Mat3 {
  const column = (k: 0 | 1 | 2): Vec3 => [b[0][k], b[1][k], b[2][k]];
  const row = (r: Vec3): Vec3 => [dot(r, column(0)), dot(r, column(1)), dot(r, column(2))];
  return [row(a[0]), row(a[1]), row(a[2])];
}

/** The same directions, exactly perpendicular: many small turns would add up their rounding. */
function straight(m: Mat3): Mat3 {
  const right = unit(m[0], [1, 0, 0]);
  const eye = unit(cross(right, m[1]));
  return [right, cross(eye, right), eye];
}

/** Turn as a drag by (dx, dy) radians does: the near side follows the pointer. */
export function turned(camera: Camera, dx: number, dy: number): Camera {
  const [c, s, d, t] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
  const about: Mat3 = product([[1, 0, 0], [0, d, -t], [0, t, d]], [[c, 0, s], [0, 1, 0], [-s, 0, c]]);
  return { ...camera, turn: straight(product(about, camera.turn)) };
}

export function zoomed(camera: Camera, factor: number): Camera {
  return { ...camera, zoom: Math.min(Math.max(camera.zoom * factor, ZOOMS[0]), ZOOMS[1]) };
}

export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, pan: [camera.pan[0] + dx, camera.pan[1] + dy] };
}

/** Look against `direction` (it points at the eye), with `up` as far up as that allows. */
export function facing(camera: Camera, direction: Vec3, up: Vec3): Camera {
  const eye = unit(direction);
  const right = unit(cross(up, eye), unit(cross([0.13, 1, 0.29], eye)));
  return { ...camera, pan: [0, 0], turn: [right, cross(eye, right), eye] };
}

/** Along an axis of the cell (rows of `cell`) or of space; c and z stand upright where they can. */
export function along(camera: Camera, key: ViewKey, cell: Mat3): Camera {
  switch (key) {
    case "a": return facing(camera, cell[0], cell[2]);
    case "b": return facing(camera, cell[1], cell[2]);
    case "c": return facing(camera, cell[2], cell[1]);
    case "x": return facing(camera, [1, 0, 0], [0, 0, 1]);
    case "y": return facing(camera, [0, 1, 0], [0, 0, 1]);
    case "z": return facing(camera, [0, 0, 1], [0, 1, 0]);
  }
}

/** The frame in which a ball of `radius` Å about the middle fits at zoom 1. */
export function frameOf(camera: Camera, width: number, height: number, radius: number): Frame {
  const side = Math.min(width, height);
  return {
    x: width / 2 + camera.pan[0] * side, y: height / 2 + camera.pan[1] * side,
    scale: (camera.zoom * 0.5 * side) / Math.max(radius, 1e-6),
  };
}

/** Points (flat, Å) as seen: flat x, y on the page and depth in Å, larger is nearer. */
export function project(points: Float64Array, middle: Vec3, camera: Camera, frame: Frame, out: Float64Array): void {
  const [r, u, e] = camera.turn;
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = [points[i]! - middle[0], points[i + 1]! - middle[1], points[i + 2]! - middle[2]];
    out[i] = frame.x + frame.scale * (r[0] * x + r[1] * y + r[2] * z);
    out[i + 1] = frame.y - frame.scale * (u[0] * x + u[1] * y + u[2] * z);
    out[i + 2] = e[0] * x + e[1] * y + e[2] * z;
  }
}

/** One point likewise. */
export function projected(point: Vec3, middle: Vec3, camera: Camera, frame: Frame): Vec3 {
  const [x, y, z] = apply(camera.turn, sub(point, middle));
  return [frame.x + frame.scale * x, frame.y - frame.scale * y, z];
}
