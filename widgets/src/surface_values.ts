// The values of a directional property, as crysnb/tensors/directional.py computes them. No DOM here.
import { add, cross, times, unit, type Vec3 } from "./camera";
import type { Quantity, Sheet, SurfaceData } from "./surface_schema";

const ROWS = [0, 1, 2, 1, 0, 0] as const;
const COLUMNS = [0, 1, 2, 2, 2, 1] as const;
const PRESSURE = [1, 1, 1, 0, 0, 0];

/** Voigt vector of the symmetric part of a ⊗ b. */
const stress = (a: Vec3, b: Vec3): number[] =>
  ROWS.map((i, at) => { const j = COLUMNS[at]!; return (a[i] * b[j] + a[j] * b[i]) / 2; });

/** Two unit vectors across n and across each other. */
function plane(n: Vec3): readonly [Vec3, Vec3] {
  const p = unit(cross(Math.abs(n[0]) < 0.6 ? [1, 0, 0] : [0, 1, 0], n));
  return [p, cross(n, p)];
}

/** A product of stresses a : s : b that a value is made of: value = of(product), and its terms times `weight` add up to it. */
interface Pair { readonly a: readonly number[]; readonly b: readonly number[]; readonly of: number; readonly weight: number }

export class Values {
  private readonly places: readonly (readonly [number, number])[];

  constructor(private readonly data: SurfaceData, readonly quantity: Quantity) {
    this.places = data.components.map(({ name }) => [Number(name.at(-2)) - 1, Number(name.at(-1)) - 1] as const);
  }

  /** The value along a unit vector. */
  at(n: Vec3, sheet: Sheet): number {
    if (this.data.compliance.length === 0) return this.terms(n).reduce((sum, term) => sum + term, 0);
    if (sheet !== "mean") return this.pair(n, sheet).of;
    const [low, high] = [this.at(n, "min"), this.at(n, "max")];
    return this.isShear ? Math.sqrt(low * high) : (low + high) / 2;
  }

  /** The m that belongs to the largest or smallest value; null where there is none. */
  across(n: Vec3, sheet: Sheet): Vec3 | null {
    if (sheet !== "max" && sheet !== "min") return null;
    const [p, q] = plane(n);
    const along = stress(n, n);
    const entry = (u: Vec3, v: Vec3): number =>
      this.isShear ? this.product(stress(n, u), stress(n, v)) : this.product(along, stress(u, v));
    const angle = Math.atan2(2 * entry(p, q), entry(p, p) - entry(q, q)) / 2 + (sheet === "max" ? Math.PI / 2 : 0);
    return add(times(Math.cos(angle), p), times(Math.sin(angle), q));
  }

  /** What each component makes up of the value. */
  contributions(n: Vec3, sheet: Sheet): number[] {
    if (this.data.compliance.length === 0) return this.terms(n);
    if (sheet === "mean") {
      const share = (one: Sheet): number => (this.isShear ? this.at(n, sheet) / this.at(n, one) : 1) / 2;
      const [low, high, u, v] = [this.contributions(n, "min"), this.contributions(n, "max"), share("min"), share("max")];
      return low.map((term, k) => u * term + v * high[k]!);
    }
    const { a, b, weight } = this.pair(n, sheet);
    const [x, y] = [this.strain(a), this.strain(b)];
    return this.data.components.map(({ value }, k) => {
      const [i, j] = this.places[k]!;
      return weight * value * (x[i]! * y[j]! + x[j]! * y[i]!) * (i === j ? 0.5 : 1);
    });
  }

  private get isShear(): boolean {
    return this.quantity.name === "shear";
  }

  private pair(n: Vec3, sheet: Sheet): Pair {
    const { name, to_unit } = this.quantity;
    const along = stress(n, n);
    const m = this.across(n, sheet);
    if (name === "poisson" || name === "linear_compressibility") {
      const b = m ? stress(m, m) : PRESSURE;
      const weight = m ? -1 / this.product(along, along) : to_unit;
      return { a: along, b, weight, of: weight * this.product(along, b) };
    }
    const a = m ? stress(n, m).map((v) => 2 * v) : along;
    const of = 1 / this.product(a, a);
    return { a, b: a, of, weight: of * of };
  }

  private strain(a: readonly number[]): number[] {
    return PRESSURE.map((_, i) => { let sum = 0; for (let j = 0; j < 6; j += 1) sum += this.data.compliance[6 * i + j]! * a[j]!; return sum; });
  }

  /** a : s : b */
  private product(a: readonly number[], b: readonly number[]): number {
    return this.strain(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
  }

  private terms(n: Vec3): number[] {
    return this.data.components.map(({ value, powers, factor }) =>
      value * factor * powers.reduce((product, power, i) => product * n[i]! ** power, 1));
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
