// Reading of the `data` trait of a structure view; the shape is that of schema/structure.schema.json.
import { integer, list, oneOf, record, SchemaError, string, text } from "./read";
import { fact, notice, type Fact, type Notice } from "./schema";

export interface LegendItem { readonly symbol: string; readonly color: string; readonly count: number }

export interface StructureData {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly legend: readonly LegendItem[];
  readonly sites: readonly (readonly string[])[];
  readonly n_sites: number;
  readonly picture: string;
  readonly engine: "nglview" | "picture";
  readonly notices: readonly Notice[];
}

/** The structure data, or `SchemaError` naming the field that is wrong. */
export function parseStructure(value: unknown): StructureData {
  const d = record(value, "data");
  const picture = text(d, "picture");
  if (!picture.startsWith("data:image/svg+xml;base64,")) throw new SchemaError("picture");
  return {
    title: text(d, "title"),
    subtitle: text(d, "subtitle"),
    facts: list(d, "facts", fact),
    legend: list(d, "legend", legendItem),
    sites: list(d, "sites", row),
    n_sites: integer(d["n_sites"], "n_sites", 0, 500),
    picture,
    engine: oneOf(d["engine"], ["nglview", "picture"] as const, "engine"),
    notices: list(d, "notices", notice),
  };
}

function legendItem(value: unknown, at: string): LegendItem {
  const d = record(value, at);
  const color = text(d, "color");
  if (!/^#[0-9a-f]{6}$/.test(color)) throw new SchemaError(`${at}.color`);
  return { symbol: text(d, "symbol"), color, count: integer(d["count"], `${at}.count`, 1, 500) };
}

function row(value: unknown, at: string): string[] {
  if (!Array.isArray(value)) throw new SchemaError(at);
  return value.map((v) => string(v, at));
}
