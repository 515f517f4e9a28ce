// Reading of the `data` trait of a crystal view; the shape is that of schema/crystal.schema.json.
import type { Mat3, Vec3 } from "./camera";
import { color, integer, list, number, numbers, oneOf, record, SchemaError, sized, string, text } from "./read";
import { fact, notice, type Fact, type Notice } from "./schema";

export const OPERATION_KINDS = ["identity", "inversion", "rotation", "screw", "rotoinversion", "mirror", "glide"] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export interface Species { readonly symbol: string; readonly color: string; readonly radius: number; readonly count: number }

export interface CrystalOperation {
  readonly name: string;
  readonly text: string;
  readonly kind: OperationKind;
  readonly symbol: string;
  readonly order: number;
  readonly axis: Vec3;
  readonly point: Vec3;
  readonly translation: Vec3;
  /** Flat: corners of the plane, ends of the axis, or the centre, Å. */
  readonly outline: readonly number[];
  /** Site that each site is sent to; empty if the cell's list of sites is not mapped. */
  readonly permutation: readonly number[];
}

export interface CrystalScalars {
  readonly name: string;
  readonly unit: string;
  readonly texts: readonly string[];
  readonly colors: readonly string[];
  readonly low: string;
  readonly high: string;
  readonly stops: readonly string[];
}

export interface CrystalGlyphs {
  readonly kind: "vectors" | "ellipsoids";
  readonly name: string;
  readonly unit: string;
  readonly largest: string;
  /** Flat, in Å on the drawing: 3 or 9 numbers for each site. */
  readonly values: readonly number[];
}

export interface CrystalData {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
  readonly view: readonly number[];
  readonly cell: readonly number[];
  readonly species: readonly Species[];
  readonly site_species: readonly number[];
  readonly site_frac: readonly number[];
  readonly site_orbit: readonly number[];
  readonly atom_site: readonly number[];
  readonly atom_xyz: readonly number[];
  readonly bonds: readonly number[];
  readonly operations: readonly CrystalOperation[];
  readonly scalars: CrystalScalars | null;
  readonly glyphs: CrystalGlyphs | null;
}

const MOST_SITES = 500;
const MOST_ATOMS = 4000;

/** The crystal data, or `SchemaError` naming the field that is wrong. */
export function parseCrystal(value: unknown): CrystalData {
  const d = record(value, "data");
  const site_species = list(d, "site_species", (v, at) => integer(v, at, 0, MOST_SITES));
  const n = site_species.length;
  const atom_site = list(d, "atom_site", (v, at) => integer(v, at, 0, n - 1));
  const species = list(d, "species", readSpecies);
  if (n < 1 || n > MOST_SITES || site_species.some((k) => k >= species.length)) throw new SchemaError("site_species");
  if (atom_site.length > MOST_ATOMS) throw new SchemaError("atom_site");
  return {
    title: text(d, "title"),
    subtitle: text(d, "subtitle"),
    facts: list(d, "facts", fact),
    notices: list(d, "notices", notice),
    view: numbers(d["view"], "view", 9),
    cell: numbers(d["cell"], "cell", 9),
    species,
    site_species,
    site_frac: numbers(d["site_frac"], "site_frac", 3 * n),
    site_orbit: sized(list(d, "site_orbit", (v, at) => integer(v, at, 0, n - 1)), "site_orbit", n),
    atom_site,
    atom_xyz: numbers(d["atom_xyz"], "atom_xyz", 3 * atom_site.length),
    bonds: pairs(list(d, "bonds", (v, at) => integer(v, at, 0, atom_site.length - 1))),
    operations: list(d, "operations", (v, at) => operation(v, at, n)),
    scalars: d["scalars"] === null ? null : scalars(d["scalars"], n),
    glyphs: d["glyphs"] === null ? null : glyphs(d["glyphs"], n),
  };
}

function readSpecies(value: unknown, at: string): Species {
  const d = record(value, at);
  return {
    symbol: text(d, "symbol"), color: color(d["color"], `${at}.color`),
    radius: number(d["radius"], `${at}.radius`), count: integer(d["count"], `${at}.count`, 1, MOST_SITES),
  };
}

function operation(value: unknown, at: string, n: number): CrystalOperation {
  const d = record(value, at);
  const outline = numbers(d["outline"], `${at}.outline`);
  const permutation = list(d, "permutation", (v, where) => integer(v, where, 0, n - 1));
  if (outline.length % 3 !== 0) throw new SchemaError(`${at}.outline`);
  if (permutation.length !== 0) sized(permutation, `${at}.permutation`, n);
  return {
    name: text(d, "name"), text: text(d, "text"), kind: oneOf(d["kind"], OPERATION_KINDS, `${at}.kind`),
    symbol: text(d, "symbol"), order: integer(d["order"], `${at}.order`, 1, 6),
    axis: vector(d["axis"], `${at}.axis`), point: vector(d["point"], `${at}.point`),
    translation: vector(d["translation"], `${at}.translation`), outline, permutation,
  };
}

function scalars(value: unknown, n: number): CrystalScalars {
  const d = record(value, "scalars");
  return {
    name: text(d, "name"), unit: text(d, "unit"),
    texts: sized(list(d, "texts", string), "scalars.texts", n),
    colors: sized(list(d, "colors", color), "scalars.colors", n),
    low: text(d, "low"), high: text(d, "high"), stops: list(d, "stops", color),
  };
}

function glyphs(value: unknown, n: number): CrystalGlyphs {
  const d = record(value, "glyphs");
  const kind = oneOf(d["kind"], ["vectors", "ellipsoids"] as const, "glyphs.kind");
  return {
    kind, name: text(d, "name"), unit: text(d, "unit"), largest: text(d, "largest"),
    values: numbers(d["values"], "glyphs.values", n * (kind === "vectors" ? 3 : 9)),
  };
}

export function vector(value: unknown, at: string): Vec3 {
  return numbers(value, at, 3) as unknown as Vec3;
}

function pairs(values: number[]): number[] {
  if (values.length % 2 !== 0) throw new SchemaError("bonds");
  return values;
}

/** Nine numbers as three rows. */
export function rows(m: readonly number[]): Mat3 {
  const row = (k: number): Vec3 => [m[k] ?? 0, m[k + 1] ?? 0, m[k + 2] ?? 0];
  return [row(0), row(3), row(6)];
}

/** Points of a flat list. */
export function points(flat: readonly number[]): Vec3[] {
  return Array.from({ length: flat.length / 3 }, (_, k): Vec3 => [flat[3 * k] ?? 0, flat[3 * k + 1] ?? 0, flat[3 * k + 2] ?? 0]);
}

/** Element and position of a site, as Python writes it. */
export function siteLabel(data: CrystalData, site: number): string {
  return `${data.species[data.site_species[site] ?? -1]?.symbol ?? "?"}${site + 1}`;
}
