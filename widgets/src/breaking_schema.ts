// Reading of the `data` trait of a breaking view; schema/breaking.schema.json.
import { list, oneOf, record, SchemaError, string, text, type Fields } from "./read";
import { fact, type Fact } from "./schema";

export interface Choice { readonly name: string; readonly text: string }
export interface Lost extends Choice { readonly distance: string }

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

export interface Curve {
  readonly amplitudes: readonly number[];
  readonly changed: readonly number[];
  readonly leak: readonly number[];
  readonly texts: readonly string[];
  readonly noise: number;
  readonly unit: string;
  readonly crossings: readonly number[];
  readonly seen_from: number;
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

/** The view's data, or `SchemaError` naming the field that is wrong. */
export function parseBreaking(value: unknown): BreakingData {
  const d = record(value, "data");
  return {
    title: text(d, "title"), subtitle: text(d, "subtitle"), has_controls: d["has_controls"] === true,
    families: list(d, "families", choice), patterns: list(d, "patterns", choice), kinds: list(d, "kinds", string),
    family: oneOf(d["family"], FAMILIES, "family"), pattern: text(d, "pattern"), kind: text(d, "kind"),
    amplitude: finite(d["amplitude"], "amplitude"), unit: text(d, "unit"), largest: finite(d["largest"], "largest"),
    parent_group: text(d, "parent_group"), group: text(d, "group"), seen: text(d, "seen"), is_seen: d["is_seen"] === true,
    lost: list(d, "lost", lost), kept: list(d, "kept", string), opened: list(d, "opened", string), untied: list(d, "untied", string),
    summary: text(d, "summary"), sketch: sketch(d["sketch"]), curve: d["curve"] === null ? null : curve(d["curve"]),
    facts: list(d, "facts", fact),
  };
}

function choice(value: unknown, at: string): Choice {
  const d = record(value, at);
  return { name: text(d, "name"), text: text(d, "text") };
}

function lost(value: unknown, at: string): Lost {
  return { ...choice(value, at), distance: text(record(value, at), "distance") };
}

function sketch(value: unknown): Sketch {
  const d = record(value, "sketch");
  const out = {
    size: finite(d["size"], "size"), drawn: finite(d["drawn"], "drawn"), points: numbers(d, "points"), shifts: numbers(d, "shifts"),
    radii: numbers(d, "radii"), colors: list(d, "colors", string), edges: numbers(d, "edges"), edge_shifts: numbers(d, "edge_shifts"),
  };
  alike("sketch", out.points.length, out.shifts.length, 2 * out.radii.length, 2 * out.colors.length);
  alike("sketch", out.edges.length, out.edge_shifts.length);
  return out;
}

function curve(value: unknown): Curve {
  const d = record(value, "curve");
  const out = {
    amplitudes: numbers(d, "amplitudes"), changed: numbers(d, "changed"), leak: numbers(d, "leak"), texts: list(d, "texts", string),
    noise: finite(d["noise"], "noise"), unit: text(d, "unit"), crossings: numbers(d, "crossings"), seen_from: finite(d["seen_from"], "seen_from"),
  };
  alike("curve", out.amplitudes.length, out.changed.length, out.leak.length, out.texts.length);
  return out;
}

function alike(at: string, ...lengths: readonly number[]): void {
  if (new Set(lengths).size !== 1) throw new SchemaError(at);
}

function finite(value: unknown, at: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new SchemaError(at);
  return value;
}

function numbers(d: Fields, key: string): number[] {
  return list(d, key, finite);
}

/** An amplitude as people read it: a strain in percent. */
export function amplitudeText(value: number, unit: string): string {
  const shown = unit === "" ? 100 * value : value;
  const text = String(Number(shown.toPrecision(3))).replace("-", "−");
  return unit === "°" ? `${text}°` : `${text} ${unit || "%"}`;
}
