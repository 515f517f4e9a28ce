// Where tiles and points are, where an arrow key leads, and what a line drawn around points holds. No DOM here.

export type Spot = readonly [x: number, y: number];

const TOWARDS: Readonly<Record<string, Spot>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** More than any way ahead in the table. */
const ASIDE = 100;

/** The item that an arrow key leads to from item `from`: the nearest in a cone about the direction; none: `from`. */
export function towards(key: string, from: number, spots: readonly (Spot | null)[]): number | undefined {
  const way = TOWARDS[key];
  const here = spots[from];
  if (!way || !here) return undefined;
  let best = from;
  let least = Infinity;
  spots.forEach((spot, k) => {
    if (!spot || k === from) return;
    const [dx, dy] = [spot[0] - here[0], spot[1] - here[1]];
    const along = dx * way[0] + dy * way[1];
    const across = Math.abs(dx * way[1] - dy * way[0]);
    // Aside counts more than ahead, and a row or column is walked to its end before it is left.
    if (along <= 1e-9 || across > 3 * along) return;
    const cost = along + (across > 1e-9 ? ASIDE + 3 * across : 0);
    if (cost < least) { least = cost; best = k; }
  });
  return best;
}

/** Indices of the spots inside a closed line (even–odd rule). */
export function inside(line: readonly Spot[], spots: readonly (Spot | null)[]): number[] {
  return spots.flatMap((spot, k) => (spot && holds(line, spot) ? [k] : []));
}

function holds(line: readonly Spot[], [x, y]: Spot): boolean {
  let within = false;
  line.forEach(([x1, y1], k) => {
    const [x2, y2] = line[(k + 1) % line.length]!;
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) within = !within;
  });
  return within;
}

/** Points scaled into a box with a margin, y upwards. */
export function fitted(points: readonly (Spot | null)[], width: number, height: number, margin: number): (Spot | null)[] {
  const known = points.filter((p): p is Spot => p !== null);
  const range = (k: 0 | 1): Spot => {
    const values = known.map((p) => p[k]);
    const low = Math.min(...values);
    return [low, Math.max(...values) - low || 1];
  };
  if (known.length === 0) return points.map(() => null);
  const [[x0, w], [y0, h]] = [range(0), range(1)];
  return points.map((p) => p && [margin + ((width - 2 * margin) * (p[0] - x0)) / w, height - margin - ((height - 2 * margin) * (p[1] - y0)) / h]);
}
