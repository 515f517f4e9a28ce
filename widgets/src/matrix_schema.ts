// Reading of the `data` trait of a matrix view; the shape is that of schema/matrix.schema.json.
import { color, integer, list, number, oneOf, record, SchemaError, sized, string, text, type Fields } from "./read";
import { fact, notice, type Fact, type Notice } from "./schema";

export const ROLES = ["pairs", "rows", "poses", "crystal"] as const;
export const STATUSES = ["guaranteed", "learned", "not significant", "undefined here"] as const;
export type Certainty = (typeof STATUSES)[number];

export interface LayerRow {
  readonly name: string; readonly role: (typeof ROLES)[number]; readonly heads: number; readonly rms: number | null;
  readonly status: Certainty; readonly text: string; readonly doc: string;
}

export interface OperationRow { readonly name: string; readonly kind: string; readonly shifted: boolean; readonly residual: number | null }

export interface MatrixData {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
  readonly layers: readonly LayerRow[];
  readonly layer: string;
  readonly head: number;
  /** What the numbers are; empty for a layer of the crystal, which has no matrix. */
  readonly what: string;
  readonly sites: readonly string[];
  readonly site_orbit: readonly number[];
  readonly site_element: readonly string[];
  readonly orbits: readonly { readonly label: string; readonly site_symmetry: string }[];
  readonly order: readonly number[];
  /** [site, site], flat. */
  readonly matrix: Float32Array;
  readonly low: number;
  readonly high: number;
  readonly operations: readonly OperationRow[];
  readonly n_operations: number;
  /** Where a site is sent, [operation, site], flat. */
  readonly permutations: Uint16Array;
  readonly null_order: readonly number[];
  readonly chance: number | null;
  readonly status: Certainty;
  readonly text: string;
  readonly shells: readonly { readonly distance: number; readonly pairs: number; readonly weight: number }[];
  readonly stops: readonly string[];
}

/** The matrix data, or `SchemaError` naming the field that is wrong. */
export function parseMatrix(value: unknown): MatrixData {
  const d = record(value, "data");
  const sites = list(d, "sites", string);
  const [n, what] = [sites.length, text(d, "what")];
  const operations = list(d, "operations", operation);
  const orbits = list(d, "orbits", (v, at) => { const o = record(v, at); return { label: text(o, "label"), site_symmetry: text(o, "site_symmetry") }; });
  const indices = (key: string, high: number): number[] => sized(list(d, key, (v, at) => integer(v, at, 0, high)), key, n);
  const matrix = new Float32Array(bytes(d, "matrix", what === "" ? 0 : 4 * n * n));
  const layers = list(d, "layers", layer);
  return {
    title: text(d, "title"), subtitle: text(d, "subtitle"), facts: list(d, "facts", fact), notices: list(d, "notices", notice),
    layers, layer: oneOf(d["layer"], layers.map(({ name }) => name), "layer"), head: integer(d["head"], "head", -1, 4096), what,
    sites, site_orbit: indices("site_orbit", orbits.length - 1), site_element: sized(list(d, "site_element", string), "site_element", n), orbits,
    order: indices("order", n - 1), matrix, low: number(d["low"], "low"), high: number(d["high"], "high"), operations,
    n_operations: integer(d["n_operations"], "n_operations", 1, 1e6),
    permutations: new Uint16Array(bytes(d, "permutations", 2 * n * operations.length)), null_order: indices("null_order", n - 1),
    chance: residual(d["chance"], "chance"), status: oneOf(d["status"], STATUSES, "status"), text: text(d, "text"),
    shells: list(d, "shells", (v, at) => {
      const s = record(v, at);
      return { distance: number(s["distance"], at), pairs: number(s["pairs"], at), weight: number(s["weight"], at) };
    }),
    stops: list(d, "stops", color),
  };
}

function bytes(d: Fields, key: string, size: number): ArrayBuffer {
  const raw = Uint8Array.from(atob(text(d, key)), (c) => c.charCodeAt(0));
  if (raw.length !== size) throw new SchemaError(key);
  return raw.buffer;
}

function residual(value: unknown, at: string): number | null {
  return value === null ? null : number(value, at);
}

function layer(value: unknown, at: string): LayerRow {
  const d = record(value, at);
  return {
    name: text(d, "name"), role: oneOf(d["role"], ROLES, at), heads: integer(d["heads"], at, 1, 4096), rms: residual(d["rms"], at),
    status: oneOf(d["status"], STATUSES, at), text: text(d, "text"), doc: text(d, "doc"),
  };
}

function operation(value: unknown, at: string): OperationRow {
  const d = record(value, at);
  return { name: text(d, "name"), kind: text(d, "kind"), shifted: d["shifted"] === true, residual: residual(d["residual"], at) };
}
