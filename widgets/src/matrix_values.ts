// What is shown of a matrix over atoms, and what an operation makes of it. No DOM here.
import type { MatrixData } from "./matrix_schema";

export type By = "atom" | "orbit" | "element";

/** A square of numbers with labels; `cuts` are the rows before which a line is drawn. */
export interface Shown {
  readonly values: Float64Array;
  readonly labels: readonly string[];
  readonly cuts: readonly number[];
  /** Sites of each row. */
  readonly sites: readonly (readonly number[])[];
}

/** The matrix, [site, site]; with the atoms exchanged as `null_order` says. */
export function matrixOf({ matrix, sites, null_order }: MatrixData, exchanged: boolean): Float64Array {
  const n = sites.length;
  if (!exchanged) return Float64Array.from(matrix);
  return Float64Array.from(matrix, (_, k) => matrix[n * null_order[Math.floor(k / n)]! + null_order[k % n]!]!);
}

/** P A Pᵀ: what is at (i, j) goes to (π(i), π(j)). */
export function permuted(data: MatrixData, a: Float64Array, op: number): Float64Array {
  const n = data.sites.length;
  const to = data.permutations.subarray(n * op, n * (op + 1));
  const out = new Float64Array(a.length);
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) out[n * to[i]! + to[j]!] = a[n * i + j]!;
  return out;
}

/** ‖A − B‖ / ‖A‖; null where A vanishes. */
export function distance(a: Float64Array, b: Float64Array): number | null {
  let [gap, size] = [0, 0];
  a.forEach((v, k) => { gap += (v - b[k]!) ** 2; size += v * v; });
  return size > 0 ? Math.sqrt(gap / size) : null;
}

/** The pair and all that the operations make of it, the pair itself first. */
export function pairOrbit(data: MatrixData, i: number, j: number): [number, number][] {
  const n = data.sites.length;
  const found = new Set([n * i + j]);
  for (let op = 0; op < data.operations.length; op += 1) found.add(n * data.permutations[n * op + i]! + data.permutations[n * op + j]!);
  return [...found].map((k) => [Math.floor(k / n), k % n]);
}

/** The matrix by atoms in the order of the orbits, or the mean over orbits or elements. */
export function arranged(data: MatrixData, a: Float64Array, by: By): Shown {
  const kind = by === "element" ? data.site_element.map((e) => data.site_element.indexOf(e)) : data.site_orbit;
  const groups = by === "atom" ? data.order.map((k) => [k]) : [...new Set(kind)].map((k) => data.order.filter((site) => kind[site] === k));
  const n = data.sites.length;
  const values = new Float64Array(groups.length ** 2);
  groups.forEach((rows, p) => groups.forEach((columns, q) => {
    let sum = 0;
    for (const i of rows) for (const j of columns) sum += a[n * i + j]!;
    values[groups.length * p + q] = sum / (rows.length * columns.length);
  }));
  const name = (first: number): string => by === "atom" ? data.sites[first]! : by === "element" ? data.site_element[first]! : data.orbits[data.site_orbit[first]!]!.label;
  const cuts = groups.flatMap((g, k) => (k > 0 && (by !== "atom" || data.site_orbit[g[0]!] !== data.site_orbit[groups[k - 1]![0]!]) ? [k] : []));
  return { values, labels: groups.map((g) => name(g[0]!)), cuts, sites: groups };
}

export function residualText(value: number | null): string {
  if (value === null) return "null";
  return value === 0 ? "0" : value < 1e-3 ? value.toExponential(1).replace("-", "−") : value.toPrecision(2);
}

export function valueText(value: number): string {
  return (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(4)).replaceAll("-", "−");
}

/** Share of a logarithmic bar from 1e-16 to 1. */
export function barOf(value: number | null): number {
  return value === null || value <= 0 ? 0 : Math.min(1, Math.max(0.01, (Math.log10(value) + 16) / 16));
}
