// Reading of the `data` trait of a surface view; the shape is that of schema/surface.schema.json.
import { unit, type Mat3, type Vec3 } from "./camera";
import { rows, vector } from "./crystal_schema";
import { color, fields, flag, list, listOf, number, numbers, oneOf, orNull, record, SchemaError, string, text, type Reader } from "./read";
import { fact, notice, type Fact, type Notice } from "./schema";

export const SHEETS = ["value", "max", "mean", "min"] as const;
export type Sheet = (typeof SHEETS)[number];
export const QUANTITIES = ["young", "linear_compressibility", "shear", "poisson", "longitudinal", "ellipsoid"] as const;
export type QuantityName = (typeof QUANTITIES)[number];

export interface Extreme {
  readonly which: string;
  readonly value: number;
  readonly text: string;
  readonly direction: Vec3 | null;
  readonly across: Vec3 | null;
  readonly indices: string;
}

export interface Quantity {
  readonly name: QuantityName;
  readonly symbol: string;
  readonly title: string;
  readonly unit: string;
  readonly unit_spoken: string;
  /** From the inverse unit of the stiffness to `unit`. */
  readonly to_unit: number;
  /** Decimals of its numbers; null: powers of ten. */
  readonly decimals: number | null;
  readonly sheets: readonly Sheet[];
  readonly extremes: readonly Extreme[];
  readonly verdict: string;
}

/** A component of the tensor; with the exponents of n and a factor where the property is linear in it. */
export interface Component { readonly name: string; readonly value: number; readonly powers: readonly number[]; readonly factor: number }

export interface Axis { readonly name: string; readonly vector: Vec3; readonly crystal: boolean }

export interface SurfaceData {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
  readonly quantities: readonly Quantity[];
  readonly components: readonly Component[];
  /** Voigt matrix, flat; empty where the property is linear in the components. */
  readonly compliance: readonly number[];
  readonly even: boolean;
  readonly axes: readonly Axis[];
  readonly cell: Mat3;
  readonly view: Mat3;
  readonly stops: readonly string[];
  readonly signed_stops: readonly string[];
}

/** The surface data, or `SchemaError` naming the field that is wrong. */
export function parseSurface(value: unknown): SurfaceData {
  const d = record(value, "data");
  const compliance = numbers(d["compliance"], "compliance");
  if (compliance.length !== 0 && compliance.length !== 36) throw new SchemaError("compliance");
  const quantities = list(d, "quantities", quantity);
  if (quantities.length === 0) throw new SchemaError("quantities");
  return {
    title: text(d, "title"), subtitle: text(d, "subtitle"),
    facts: list(d, "facts", fact), notices: list(d, "notices", notice),
    quantities, components: list(d, "components", component), compliance, even: d["even"] === true,
    axes: list(d, "axes", axis), cell: rows(numbers(d["cell"], "cell", 9)), view: rows(numbers(d["view"], "view", 9)),
    stops: list(d, "stops", color), signed_stops: list(d, "signed_stops", color),
  };
}

const arrow: Reader<Vec3 | null> = orNull((v, at) => unit(vector(v, at)));
const extreme = fields<Extreme>({ which: string, value: number, text: string, direction: arrow, across: arrow, indices: string });
const quantity = fields<Quantity>({
  name: (v, at) => oneOf(v, QUANTITIES, at), symbol: string, title: string, unit: string, unit_spoken: string, to_unit: number,
  decimals: orNull(number), sheets: listOf((v, at) => oneOf(v, SHEETS, at)), extremes: listOf(extreme), verdict: string,
});
const component = fields<Component>({ name: string, value: number, powers: numbers, factor: number });
const axis = fields<Axis>({ name: string, vector, crystal: flag });
