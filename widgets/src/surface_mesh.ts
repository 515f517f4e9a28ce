// The surface as a mesh: one value for every direction, how far out it lies, its colour. No DOM here.
import { frameOf, project, projected, unit, type Camera, type Frame, type Vec3 } from "./camera";
import type { Size } from "./stage";

export const N_POLAR = 36;
export const N_AZIMUTH = 72;
export const N_SHADES = 6;
const N_COLORS = 48;
const ORIGIN: Vec3 = [0, 0, 0];
/** From the middle to the border of the page; the farthest point of the surface lies at 1. */
export const REACH = 1.45;

/** Unit vectors of all vertices, flat: rings of equal angle to z. */
export const DIRECTIONS = ((): Float64Array => {
  const out = new Float64Array(3 * (N_POLAR + 1) * N_AZIMUTH);
  for (let i = 0, k = 0; i <= N_POLAR; i += 1) {
    const theta = (Math.PI * i) / N_POLAR;
    for (let j = 0; j < N_AZIMUTH; j += 1, k += 3) {
      const phi = (2 * Math.PI * j) / N_AZIMUTH;
      out.set([Math.sin(theta) * Math.cos(phi), Math.sin(theta) * Math.sin(phi), Math.cos(theta)], k);
    }
  }
  return out;
})();

const direction = (k: number): Vec3 => [DIRECTIONS[3 * k]!, DIRECTIONS[3 * k + 1]!, DIRECTIONS[3 * k + 2]!];

/** A function of direction at every vertex. */
export function sampled(f: (n: Vec3) => number): Float64Array {
  return Float64Array.from({ length: DIRECTIONS.length / 3 }, (_, k) => f(direction(k)));
}

/** Ends of the colour scale: about zero where there are both signs. Nothing is read into rounding. */
export function range(values: Float64Array, size: number): { low: number; high: number; signed: boolean } {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) { low = Math.min(low, v); high = Math.max(high, v); }
  const noise = 1e-9 * Math.max(size, Math.abs(low), Math.abs(high));
  if (low < -noise && high > noise) { const most = Math.max(-low, high); return { low: -most, high: most, signed: true }; }
  return high - low <= noise ? { low: low - (noise || 1), high: high + (noise || 1), signed: false } : { low, high, signed: false };
}

/** Colours between stops, each in some shades of light. */
export function palette(stops: readonly string[]): string[] {
  const rgb = stops.map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  return Array.from({ length: N_COLORS * N_SHADES }, (_, k) => {
    const at = (Math.floor(k / N_SHADES) / (N_COLORS - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const light = 0.72 + (0.28 * (k % N_SHADES)) / (N_SHADES - 1);
    const mixed = [0, 1, 2].map((c) => Math.round(light * (rgb[low]![c]! + (rgb[low + 1]![c]! - rgb[low]![c]!) * (at - low))));
    return `rgb(${mixed.join(" ")})`;
  });
}

export class Mesh {
  private readonly points = new Float64Array(DIRECTIONS.length);
  private readonly seen = new Float64Array(DIRECTIONS.length);
  /** Corners of every face, and its colour without light. */
  private readonly corners = new Uint16Array(4 * N_POLAR * N_AZIMUTH);
  private readonly shade = new Uint16Array(N_POLAR * N_AZIMUTH);
  private readonly depth = new Float64Array(N_POLAR * N_AZIMUTH);
  private readonly light = new Uint8Array(N_POLAR * N_AZIMUTH);
  private order: number[] = [];
  private colors: string[] = [];
  private largest = 1;

  constructor() {
    for (let i = 0, face = 0; i < N_POLAR; i += 1) {
      for (let j = 0; j < N_AZIMUTH; j += 1, face += 1) {
        const next = (j + 1) % N_AZIMUTH;
        this.corners.set([i * N_AZIMUTH + j, (i + 1) * N_AZIMUTH + j, (i + 1) * N_AZIMUTH + next, i * N_AZIMUTH + next], 4 * face);
      }
    }
  }

  /** Take values and colours; the farthest point lies at 1. */
  take(values: Float64Array, painted: Float64Array, scale: { low: number; high: number }, stops: readonly string[]): void {
    this.colors = palette(stops);
    this.largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0) || 1;
    for (let k = 0; k < values.length; k += 1) {
      const r = Math.abs(values[k]!) / this.largest;
      for (let c = 0; c < 3; c += 1) this.points[3 * k + c] = r * DIRECTIONS[3 * k + c]!;
    }
    for (let face = 0; face < this.shade.length; face += 1) {
      let sum = 0;
      for (let c = 0; c < 4; c += 1) sum += painted[this.corners[4 * face + c]!]!;
      const share = Math.min(Math.max((sum / 4 - scale.low) / (scale.high - scale.low), 0), 1);
      this.shade[face] = N_SHADES * Math.round(share * (N_COLORS - 1));
    }
  }

  /** How far out the surface lies where the property has this value. */
  radius(value: number): number {
    return Math.abs(value) / this.largest;
  }

  /** Paint the faces that look at the eye, the farthest first. */
  paint(pen: CanvasRenderingContext2D | null, camera: Camera, size: Size): Frame {
    const frame = frameOf(camera, size.width, size.height, REACH);
    const { seen, corners, depth } = this;
    project(this.points, ORIGIN, camera, frame, seen);
    this.order = [];
    for (let face = 0; face < depth.length; face += 1) {
      const [a, b, c, d] = [3 * corners[4 * face]!, 3 * corners[4 * face + 1]!, 3 * corners[4 * face + 2]!, 3 * corners[4 * face + 3]!];
      const [ux, uy, uz] = [seen[c]! - seen[a]!, seen[c + 1]! - seen[a + 1]!, (seen[c + 2]! - seen[a + 2]!) * frame.scale];
      const [vx, vy, vz] = [seen[d]! - seen[b]!, seen[d + 1]! - seen[b + 1]!, (seen[d + 2]! - seen[b + 2]!) * frame.scale];
      // On the page y runs down.
      const toEye = ux * -vy + uy * vx;
      if (toEye <= 0) continue;
      const full = Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, toEye) || 1;
      this.light[face] = Math.round((N_SHADES - 1) * Math.min(1, (toEye / full) * 1.1));
      depth[face] = seen[a + 2]! + seen[b + 2]! + seen[c + 2]! + seen[d + 2]!;
      this.order.push(face);
    }
    this.order.sort((f, g) => depth[f]! - depth[g]!);
    if (pen) for (const face of this.order) this.fill(pen, face);
    return frame;
  }

  private fill(pen: CanvasRenderingContext2D, face: number): void {
    const { seen, corners } = this;
    pen.beginPath();
    for (let c = 0; c < 4; c += 1) {
      const at = 3 * corners[4 * face + c]!;
      if (c === 0) pen.moveTo(seen[at]!, seen[at + 1]!);
      else pen.lineTo(seen[at]!, seen[at + 1]!);
    }
    pen.fillStyle = pen.strokeStyle = this.colors[this.shade[face]! + this.light[face]!] ?? "gray";
    pen.fill();
    pen.stroke();
  }

  /** The direction of the surface under a point of the page, or null. */
  pick(x: number, y: number): Vec3 | null {
    const { seen, corners } = this;
    for (let k = this.order.length - 1; k >= 0; k -= 1) {
      const face = 4 * this.order[k]!;
      for (const [i, j, l] of [[0, 1, 2], [0, 2, 3]] as const) {
        const at = [corners[face + i]!, corners[face + j]!, corners[face + l]!];
        const [ax, ay, bx, by, cx, cy] = at.flatMap((v) => [seen[3 * v]!, seen[3 * v + 1]!]) as [number, number, number, number, number, number];
        const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
        if (area === 0) continue;
        const v = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area;
        const w = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area;
        if (v < 0 || w < 0 || v + w > 1) continue;
        const shares = [1 - v - w, v, w];
        return unit([0, 1, 2].map((c) => at.reduce((sum, p, q) => sum + shares[q]! * this.points[3 * p + c]!, 0)) as unknown as Vec3);
      }
    }
    return null;
  }
}

/** A point of space on the page. */
export const placed = (point: Vec3, camera: Camera, frame: Frame): Vec3 => projected(point, ORIGIN, camera, frame);
