// Reading of the `data` trait of a tensor view; the shape is that of schema/tensor.schema.json.
import { fields, flag, integer, list, listOf, number, oneOf, record, SchemaError, string, text, type Reader } from "./read";

export const ROLES = ["independent", "equal", "opposite", "dependent", "zero", "unknown"] as const;
export const SEVERITIES = ["info", "warning", "error"] as const;
export const SIGNS = ["equal", "opposite", "other"] as const;

export type Role = (typeof ROLES)[number];
export type Severity = (typeof SEVERITIES)[number];
export type Sign = (typeof SIGNS)[number];

export interface Link { readonly to: string; readonly sign: Sign }
export interface Fact { readonly label: string; readonly value: string; readonly hint: string }
export interface Notice { readonly code: string; readonly severity: Severity; readonly text: string }

export interface Cell {
  readonly name: string;
  readonly row: number;
  readonly column: number;
  readonly role: Role;
  readonly violated: boolean;
  readonly text: string;
  readonly uncertainty: string;
  readonly relation: string;
  readonly reason: string;
  readonly operations: readonly string[];
  readonly forced_by: readonly string[];
  readonly origin: string;
  readonly deviation: string;
  /** Shown minus given, where the tensor was corrected. */
  readonly change: string;
  readonly links: readonly Link[];
}

export interface TensorOperation { readonly name: string; readonly text: string; readonly vanishing: readonly string[] }

/** A range of tolerances with one space group. */
export interface Step {
  readonly symprec: number;
  readonly text: string;
  readonly range: string;
  readonly width: number;
  readonly chosen: boolean;
}
export interface Controls {
  readonly frames: readonly Fact[];
  readonly settings: readonly Fact[];
  readonly shown: readonly Fact[];
  readonly tolerances: readonly Step[];
  readonly tolerance: string;
  readonly can_compare: boolean;
}
export interface NyeOptions {
  readonly frame: string;
  readonly setting: number;
  readonly symprec: number | "auto";
  readonly shown: string;
}

export interface TensorData {
  readonly title: string;
  readonly subtitle: string;
  readonly meaning: string;
  readonly unit: string;
  readonly unit_spoken: string;
  readonly shape: readonly [number, number];
  readonly row_labels: readonly string[];
  readonly column_labels: readonly string[];
  readonly facts: readonly Fact[];
  readonly verdict: string;
  readonly severity: Severity;
  readonly guaranteed: string;
  readonly learned: string;
  readonly forbidden: string;
  readonly notices: readonly Notice[];
  readonly banner: string;
  readonly spoken: string;
  readonly rotation: { readonly text: string; readonly matrix: string };
  readonly checks: readonly Fact[];
  /** The checks in one line. */
  readonly checked: string;
  readonly repair: string;
  readonly controls: Controls;
  readonly cells: readonly Cell[];
  readonly operations: readonly TensorOperation[];
}

export const fact = fields<Fact>({ label: string, value: string, hint: string });
export const notice = fields<Notice>({ code: string, severity: (v, at) => oneOf(v, SEVERITIES, at), text: string });

/** The tensor data, or `SchemaError` naming the field that is wrong. */
export function parseTensor(value: unknown): TensorData {
  const d = record(value, "data");
  const shape = list(d, "shape", (v, at) => integer(v, at, 1, 6));
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2) throw new SchemaError("shape");
  return {
    title: text(d, "title"),
    subtitle: text(d, "subtitle"),
    meaning: text(d, "meaning"),
    unit: text(d, "unit"),
    unit_spoken: text(d, "unit_spoken"),
    shape: [rows, columns],
    row_labels: list(d, "row_labels", string),
    column_labels: list(d, "column_labels", string),
    facts: list(d, "facts", fact),
    verdict: text(d, "verdict"),
    severity: oneOf(d["severity"], SEVERITIES, "severity"),
    guaranteed: text(d, "guaranteed"),
    learned: text(d, "learned"),
    forbidden: text(d, "forbidden"),
    notices: list(d, "notices", notice),
    banner: text(d, "banner"),
    spoken: text(d, "spoken"),
    rotation: rotation(d["rotation"], "rotation"),
    checks: list(d, "checks", fact),
    checked: text(d, "checked"),
    repair: text(d, "repair"),
    controls: controls(d["controls"], "controls"),
    cells: list(d, "cells", cell(rows, columns)),
    operations: list(d, "operations", operation),
  };
}

const link = fields<Link>({ to: string, sign: (v, at) => oneOf(v, SIGNS, at) });
const cell = (rows: number, columns: number): Reader<Cell> => fields<Cell>({
  name: string, row: (v, at) => integer(v, at, 0, rows - 1), column: (v, at) => integer(v, at, 0, columns - 1),
  role: (v, at) => oneOf(v, ROLES, at), violated: flag, text: string, uncertainty: string, relation: string, reason: string,
  operations: listOf(string), forced_by: listOf(string), origin: string, deviation: string, change: string, links: listOf(link),
});
const rotation = fields<TensorData["rotation"]>({ text: string, matrix: string });
const step = fields<Step>({ symprec: number, text: string, range: string, width: (v, at) => integer(v, at, 1, 99), chosen: flag });
const controls = fields<Controls>({
  frames: listOf(fact), settings: listOf(fact), shown: listOf(fact), tolerances: listOf(step), tolerance: string, can_compare: flag,
});
const operation = fields<TensorOperation>({ name: string, text: string, vanishing: listOf(string) });

/** The options of a tensor view; what is missing or wrong is as at first. */
export function parseNyeOptions(d: Readonly<Record<string, unknown>>): NyeOptions {
  const { frame, setting, symprec, shown } = d;
  return {
    frame: typeof frame === "string" ? frame : "own",
    setting: typeof setting === "number" ? setting : 0,
    symprec: typeof symprec === "number" ? symprec : "auto",
    shown: typeof shown === "string" ? shown : "given",
  };
}
