// Reading of the `data` and `options` traits of a prediction panel; schema/prediction.schema.json.
import { list, oneOf, record, SchemaError, string, text } from "./read";
import { fact, notice, SEVERITIES, type Fact, type Notice, type Severity } from "./schema";

export interface ModelChoice { readonly name: string; readonly text: string }

export interface Stamp {
  readonly severity: Severity;
  readonly verdict: string;
  readonly facts: readonly Fact[];
  readonly guaranteed: string;
  readonly learned: string;
}

export interface ValueCard {
  readonly property: string;
  readonly symbol: string;
  readonly meaning: string;
  readonly unit: string;
  readonly headline: { readonly label: string; readonly value: string; readonly uncertainty: string; readonly hint: string };
  readonly lines: readonly Fact[];
  readonly stamp: Stamp | null;
}

export interface PredictionData {
  readonly title: string;
  readonly subtitle: string;
  readonly has_controls: boolean;
  readonly models: readonly ModelChoice[];
  readonly cards: readonly ValueCard[];
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
}

/** The panel's data, or `SchemaError` naming the field that is wrong. */
export function parsePrediction(value: unknown): PredictionData {
  const d = record(value, "data");
  return {
    title: text(d, "title"),
    subtitle: text(d, "subtitle"),
    has_controls: d["has_controls"] === true,
    models: list(d, "models", choice),
    cards: list(d, "cards", card),
    summary: text(d, "summary"),
    facts: list(d, "facts", fact),
    notices: list(d, "notices", notice),
  };
}

function choice(value: unknown, at: string): ModelChoice {
  const d = record(value, at);
  return { name: text(d, "name"), text: text(d, "text") };
}

function card(value: unknown, at: string): ValueCard {
  const d = record(value, at);
  const head = record(d["headline"], `${at}.headline`);
  return {
    property: text(d, "property"),
    symbol: text(d, "symbol"),
    meaning: text(d, "meaning"),
    unit: text(d, "unit"),
    headline: {
      label: text(head, "label"), value: text(head, "value"), uncertainty: text(head, "uncertainty"), hint: text(head, "hint"),
    },
    lines: list(d, "lines", fact),
    stamp: d["stamp"] === null ? null : stamp(d["stamp"], `${at}.stamp`),
  };
}

function stamp(value: unknown, at: string): Stamp {
  const d = record(value, at);
  return {
    severity: oneOf(d["severity"], SEVERITIES, `${at}.severity`),
    verdict: text(d, "verdict"),
    facts: list(d, "facts", fact),
    guaranteed: text(d, "guaranteed"),
    learned: text(d, "learned"),
  };
}

/** What a panel can be asked for. */
export interface PanelOptions { readonly model: string; readonly symprec: number | "auto"; readonly idealize: boolean }

/** The options, or `SchemaError`. */
export function parseOptions(value: unknown): PanelOptions {
  const d = record(value, "options");
  const symprec = d["symprec"];
  const isNumber = typeof symprec === "number" && symprec >= MIN_SYMPREC && symprec <= MAX_SYMPREC;
  if (symprec !== "auto" && !isNumber) throw new SchemaError("symprec");
  if (typeof d["idealize"] !== "boolean") throw new SchemaError("idealize");
  return { model: string(d["model"], "model"), symprec, idealize: d["idealize"] };
}

const MIN_SYMPREC = 0.99e-5;
const MAX_SYMPREC = 1.01e-1;

/** Tolerance in Å at a place of the logarithmic slider, rounded to two digits. */
export function symprecAt(exponent: number): number {
  return Number((10 ** exponent).toPrecision(2));
}

/** Place of a tolerance on the slider. */
export function placeOf(symprec: number): number {
  return Math.min(Math.max(Math.log10(symprec), -5), -1);
}

/** A tolerance as people write it. */
export function symprecText(symprec: number): string {
  return `${symprec >= 1e-3 ? symprec : symprec.toExponential().replace("-", "−")} Å`;
}
