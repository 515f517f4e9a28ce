// Which atom lies under the pointer. No DOM here.

/** Pixels around a disc that still count as on it. */
const SLACK = 2;

export interface Discs {
  /** Flat x, y in pixels and depth, larger is nearer. */
  readonly seen: Float64Array;
  /** Radius of each disc in pixels; 0 where it is hidden. */
  readonly radii: Float64Array;
}

/** Index of the nearest disc under (x, y), or -1. */
export function pick({ seen, radii }: Discs, x: number, y: number): number {
  let best = -1;
  let depth = -Infinity;
  for (let k = 0; k < radii.length; k += 1) {
    const r = radii[k]!;
    if (r <= 0) continue;
    const [dx, dy] = [seen[3 * k]! - x, seen[3 * k + 1]! - y];
    if (dx * dx + dy * dy <= (r + SLACK) ** 2 && seen[3 * k + 2]! > depth) {
      best = k;
      depth = seen[3 * k + 2]!;
    }
  }
  return best;
}
