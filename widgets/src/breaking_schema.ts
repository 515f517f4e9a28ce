// Reading of the `data` trait of a breaking view; schema/breaking.schema.json.
import { list, oneOf, record, SchemaError, string, text, type Fields } from "./read";
import { fact, type Fact } from "./schema";

export interface Choice { readonly name: string; readonly text: string }
export interface Lost extends Choice { readonly distance: string }

export interface Left { readonly group: string; readonly lost: readonly Choice[]; readonly opened: readonly string[] }

export interface Sketch {
  readonly size: number;
  readonly drawn: number;
  /** Places on the page and shifts per unit of amplitude, x and y in turn. */
  readonly points: readonly number[];
  readonly shifts: readonly number[];
  readonly radii: readonly number[];
  readonly colors: readonly string[];
  /** Two ends for each edge. */
  readonly edges: readonly number[];
  readonly edge_shifts: readonly number[];
}

export interface Mark { readonly at: number; readonly text: string }

/** Places are shares of the box, x from the left and y from the bottom. */
export interface Curve {
  readonly amplitudes: readonly number[];
  readonly texts: readonly string[];
  readonly at: readonly number[];
  readonly changed: readonly number[];
  readonly leak: readonly number[];
  readonly noise: number;
  readonly band: number;
  readonly crossings: readonly number[];
  readonly rows: readonly Mark[];
  readonly columns: readonly Mark[];
  readonly unit: string;
}

export interface BreakingData {
  readonly title: string;
  readonly subtitle: string;
  readonly has_controls: boolean;
  readonly families: readonly Choice[];
  readonly patterns: readonly Choice[];
  readonly kinds: readonly string[];
  readonly family: string;
  readonly pattern: string;
  readonly kind: string;
  readonly amplitude: number;
  readonly unit: string;
  readonly largest: number;
  readonly parent_group: string;
  readonly group: string;
  readonly seen: string;
  readonly is_seen: boolean;
  readonly lost: readonly Lost[];
  readonly kept: readonly string[];
  readonly opened: readonly string[];
  readonly untied: readonly string[];
  /** What holds at every amplitude but 0. */
  readonly away: Left;
  readonly summary: string;
  readonly sketch: Sketch;
  readonly curve: Curve | null;
  readonly facts: readonly Fact[];
}

/** First distortion and largest amplitude of each family: what choosing it asks for. */
export const FIRST = {
  strain: ["strain e1", 0.05], mode: ["mode 1", 0.3], atom: ["atom 0 z", 0.3], rotation: ["rotation", 180], rattle: ["rattle 0", 0.3],
} as const;
export type Family = keyof typeof FIRST;
const FAMILIES = Object.keys(FIRST) as Family[];

const SKETCH = ["points", "shifts", "radii", "edges", "edge_shifts"];
const CURVE = ["amplitudes", "at", "changed", "leak", "crossings"];

/** The view's data, or `SchemaError` naming the field that is wrong. */
export function parseBreaking(value: unknown): BreakingData {
  const d = record(value, "data");
  for (const key of ["title", "subtitle", "pattern", "kind", "unit", "parent_group", "group", "seen", "summary"]) text(d, key);
  for (const key of ["kinds", "kept", "opened", "untied"]) list(d, key, string);
  for (const key of ["families", "patterns", "lost"]) list(d, key, choice);
  for (const key of ["amplitude", "largest"]) finite(d[key], key);
  oneOf(d["family"], FAMILIES, "family");
  list(d, "facts", fact);
  const away = record(d["away"], "away");
  text(away, "group");
  list(away, "lost", choice);
  list(away, "opened", string);
  const sketch = lists(d["sketch"], "sketch", SKETCH);
  list(sketch, "colors", string);
  alike(sketch, ["points", "shifts"]);
  alike(sketch, ["radii", "colors"]);
  alike(sketch, ["edges", "edge_shifts"]);
  if (d["curve"] !== null) {
    const curve = lists(d["curve"], "curve", CURVE);
    list(curve, "texts", string);
    for (const key of ["noise", "band"]) finite(curve[key], key);
    text(curve, "unit");
    for (const key of ["rows", "columns"]) list(curve, key, mark);
    alike(curve, [...CURVE.slice(0, 4), "texts"]);
  }
  return d as unknown as BreakingData;
}

function choice(value: unknown, at: string): void {
  for (const key of ["name", "text"]) text(record(value, at), key);
}

function mark(value: unknown, at: string): void {
  const d = record(value, at);
  finite(d["at"], at);
  text(d, "text");
}

function lists(value: unknown, at: string, keys: readonly string[]): Fields {
  const d = record(value, at);
  for (const key of keys) list(d, key, finite);
  return d;
}

function alike(d: Fields, keys: readonly string[]): void {
  if (new Set(keys.map((key) => (d[key] as unknown[]).length)).size !== 1) throw new SchemaError(keys.join());
}

function finite(value: unknown, at: string): void {
  if (!Number.isFinite(value)) throw new SchemaError(at);
}

/** An amplitude as people read it: a strain in percent. */
export function amplitudeText(value: number, unit: string): string {
  const shown = unit === "" ? 100 * value : value;
  const text = String(Number(shown.toPrecision(3))).replace("-", "−");
  return unit === "°" ? `${text}°` : `${text} ${unit || "%"}`;
}
