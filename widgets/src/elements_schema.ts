// Reading of the `data` trait of an elements view; the shape is that of schema/elements.schema.json.
import { color, fields, flag, integer, list, listOf, number, numbers, oneOf, orNull, record, SchemaError, string, text } from "./read";
import { fact, notice, SEVERITIES, type Fact, type Notice, type Severity } from "./schema";

export const STATUSES = ["grouped", "apart", "left out", "unseen"] as const;
const ELEMENTS = 118;

const neighbour = fields({ symbol: string, distance: string, why: string });
const element = fields({
  symbol: string, number: (v, at) => integer(v, at, 1, ELEMENTS), name: string,
  /** Row and column in 18 columns, then in 32. */
  place: (v, at) => numbers(v, at, 4) as unknown as readonly [number, number, number, number],
  group: (v, at) => integer(v, at, -1, ELEMENTS), status: (v, at) => oneOf(v, STATUSES, at),
  point: orNull((v, at) => numbers(v, at, 2) as unknown as readonly [number, number]), neighbours: listOf(neighbour),
});
const group = fields({ label: string, color, size: (v, at) => integer(v, at, 0, ELEMENTS), silhouette: string });
const scheme = fields({
  name: string, title: string, fills: listOf((v, at) => (v === "" ? "" : color(v, at))), texts: listOf(string),
  legend: listOf(fields({ label: string, color })), ends: listOf(string),
});
const plane = fields({ method: string, x: string, y: string, trust: string });
const tree = fields({ leaves: listOf(string), joints: listOf((v, at) => numbers(v, at, 5)) });
const band = fields({ k: (v, at) => integer(v, at, 0, ELEMENTS), silhouette: number, low: number, high: number, chosen: flag });

export type ElementEntry = ReturnType<typeof element>;
export type Scheme = ReturnType<typeof scheme>;
export type Band = ReturnType<typeof band>;

export interface ElementsData {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
  readonly verdict: string;
  readonly severity: Severity;
  readonly elements: readonly ElementEntry[];
  readonly groups: readonly ReturnType<typeof group>[];
  readonly schemes: readonly Scheme[];
  readonly map: ReturnType<typeof plane>;
  readonly bands: readonly Band[];
  /** Leaves from left to right; joints: left, its bottom, right, its bottom, and top, from 0 to 1. */
  readonly tree: ReturnType<typeof tree>;
  readonly agreement: readonly Fact[];
  readonly methods: readonly Fact[];
  readonly maps: readonly Fact[];
  readonly live: boolean;
}

/** The data of the view, or `SchemaError` naming the field that is wrong. */
export function parseElements(value: unknown): ElementsData {
  const d = record(value, "data");
  const elements = list(d, "elements", element);
  const schemes = list(d, "schemes", scheme);
  if (elements.length !== ELEMENTS || schemes.length === 0) throw new SchemaError("elements");
  if (schemes.some(({ fills, texts }) => fills.length !== ELEMENTS || texts.length !== ELEMENTS)) throw new SchemaError("schemes");
  return {
    title: text(d, "title"), subtitle: text(d, "subtitle"), facts: list(d, "facts", fact), notices: list(d, "notices", notice),
    verdict: text(d, "verdict"), severity: oneOf(d["severity"], SEVERITIES, "severity"), elements, schemes,
    groups: list(d, "groups", group), map: plane(d["map"], "map"), bands: list(d, "bands", band),
    tree: tree(d["tree"], "tree"), agreement: list(d, "agreement", fact), methods: list(d, "methods", fact), maps: list(d, "maps", fact), live: flag(d["live"]),
  };
}
