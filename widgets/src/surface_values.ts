// The values of a directional property, as crysnb/tensors/directional.py computes them. No DOM here.
import { cross, unit, type Vec3 } from "./camera";
import type { Quantity, Sheet, SurfaceData } from "./surface_schema";

const ROWS = [0, 1, 2, 1, 0, 0] as const;
const COLUMNS = [0, 1, 2, 2, 2, 1] as const;
const PRESSURE = [1, 1, 1, 0, 0, 0];

/** Voigt vector of the symmetric part of a ⊗ b, times k. */
const stress = (a: Vec3, b: Vec3, k = 1): number[] =>
  ROWS.map((i, at) => { const j = COLUMNS[at]!; return (k * (a[i] * b[j] + a[j] * b[i])) / 2; });

/** Two unit vectors across n and across each other. */
function plane(n: Vec3): readonly [Vec3, Vec3] {
  const p = unit(cross(Math.abs(n[0]) < 0.6 ? [1, 0, 0] : [0, 1, 0], n));
  return [p, cross(n, p)];
}

interface Form { readonly middle: number; readonly half: number; readonly angle: number; readonly p: Vec3; readonly q: Vec3 }

export class Values {
  private readonly places: readonly (readonly [number, number])[];
  private readonly s: readonly number[];

  constructor(private readonly data: SurfaceData, readonly quantity: Quantity) {
    this.s = data.compliance;
    this.places = data.components.map(({ name }) => [Number(name.at(-2)) - 1, Number(name.at(-1)) - 1] as const);
  }

  /** a : s : b */
  private product(a: readonly number[], b: readonly number[]): number {
    let sum = 0;
    for (let i = 0; i < 6; i += 1) for (let j = 0; j < 6; j += 1) sum += a[i]! * this.s[6 * i + j]! * b[j]!;
    return sum;
  }

  private form(n: Vec3): Form {
    const [p, q] = plane(n);
    const isShear = this.quantity.name === "shear";
    const along = stress(n, n);
    const [one, two] = [stress(n, p, 2), stress(n, q, 2)];
    const entry = (a: number[], u: Vec3, v: Vec3, b: number[]): number => (isShear ? this.product(a, b) : this.product(along, stress(u, v)));
    const [a, d, b] = [entry(one, p, p, one), entry(two, q, q, two), entry(one, p, q, two)];
    return { middle: (a + d) / 2, half: Math.hypot((a - d) / 2, b), angle: Math.atan2(2 * b, a - d) / 2, p, q };
  }

  /** The value along a unit vector. */
  at(n: Vec3, sheet: Sheet): number {
    const { name, to_unit } = this.quantity;
    if (name === "longitudinal" || name === "ellipsoid") return this.terms(n).reduce((sum, term) => sum + term, 0);
    const along = stress(n, n);
    if (name === "young") return 1 / this.product(along, along);
    if (name === "linear_compressibility") return to_unit * this.product(along, PRESSURE);
    const { middle, half } = this.form(n);
    const sign = sheet === "min" ? 1 : -1;
    if (name === "poisson") return -(middle + (sheet === "mean" ? 0 : sign * half)) / this.product(along, along);
    return 1 / (sheet === "mean" ? Math.sqrt(middle ** 2 - half ** 2) : middle + sign * half);
  }

  /** The m that belongs to the largest or smallest value; null where there is none. */
  across(n: Vec3, sheet: Sheet): Vec3 | null {
    if (sheet !== "max" && sheet !== "min") return null;
    const { angle, p, q } = this.form(n);
    const t = sheet === "min" ? angle : angle + Math.PI / 2;
    const [c, d] = [Math.cos(t), Math.sin(t)];
    return [c * p[0] + d * q[0], c * p[1] + d * q[1], c * p[2] + d * q[2]];
  }

  /** What each component makes up of the value. */
  contributions(n: Vec3, sheet: Sheet): number[] {
    const { name, to_unit } = this.quantity;
    if (name === "longitudinal" || name === "ellipsoid") return this.terms(n);
    const along = stress(n, n);
    const scaled = (factor: number, terms: readonly number[]): number[] => terms.map((term) => factor * term);
    if (name === "young") return scaled(1 / this.product(along, along) ** 2, this.energies(along, along));
    if (name === "linear_compressibility") return scaled(to_unit, this.energies(along, PRESSURE));
    const m = this.across(n, sheet);
    if (!m) {
      const [low, high] = (["min", "max"] as const).map((one) => [this.contributions(n, one), this.at(n, one)] as const) as
        [readonly [number[], number], readonly [number[], number]];
      const [u, v] = name === "shear" ? [this.at(n, sheet) / low[1] / 2, this.at(n, sheet) / high[1] / 2] : [0.5, 0.5];
      return low[0].map((term, k) => u * term + v * high[0][k]!);
    }
    if (name === "poisson") return scaled(-1 / this.product(along, along), this.energies(along, stress(m, m)));
    const a = stress(n, m, 2);
    return scaled(1 / this.product(a, a) ** 2, this.energies(a, a));
  }

  private terms(n: Vec3): number[] {
    return this.data.components.map(({ value, powers, factor }) =>
      value * factor * powers.reduce((product, power, i) => product * n[i]! ** power, 1));
  }

  /** Terms of x : c : y for the strains x = s a and y = s b. */
  private energies(a: readonly number[], b: readonly number[]): number[] {
    const strain = (v: readonly number[]): number[] => PRESSURE.map((_, i) => v.reduce((sum, w, j) => sum + this.s[6 * i + j]! * w, 0));
    const [x, y] = [strain(a), strain(b)];
    return this.data.components.map(({ value }, k) => {
      const [i, j] = this.places[k]!;
      return value * (x[i]! * y[j]! + x[j]! * y[i]!) * (i === j ? 0.5 : 1);
    });
  }
}

/** A number as people read it, with a typographic minus. */
export function numberText(value: number, decimals: number | null): string {
  const plain = decimals === null ? value.toExponential(2) : value.toFixed(decimals);
  return (Number(plain) === 0 ? plain.replace("-", "") : plain).replaceAll("-", "−");
}

/** The components that contribute most: in all at least `share` of all sizes, at most `most`. */
export function leading(contributions: readonly number[], share = 0.8, most = 6): number[] {
  const order = contributions.map((_, k) => k).sort((a, b) => Math.abs(contributions[b]!) - Math.abs(contributions[a]!));
  const all = contributions.reduce((sum, v) => sum + Math.abs(v), 0);
  const out: number[] = [];
  let reached = 0;
  for (const k of order) {
    if (out.length >= most || reached >= share * all || all === 0) break;
    out.push(k);
    reached += Math.abs(contributions[k]!);
  }
  return out;
}
