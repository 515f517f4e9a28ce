// Reading of the `data` trait of a tensor view; the shape is that of schema/tensor.schema.json.
import { integer, list, oneOf, record, SchemaError, string, text } from "./read";

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
    rotation: rotation(d["rotation"]),
    checks: list(d, "checks", fact),
    checked: text(d, "checked"),
    repair: text(d, "repair"),
    controls: controls(d["controls"]),
    cells: list(d, "cells", (v, at) => cell(v, at, rows, columns)),
    operations: list(d, "operations", operation),
  };
}

function cell(value: unknown, at: string, rows: number, columns: number): Cell {
  const d = record(value, at);
  return {
    name: text(d, "name"),
    row: integer(d["row"], `${at}.row`, 0, rows - 1),
    column: integer(d["column"], `${at}.column`, 0, columns - 1),
    role: oneOf(d["role"], ROLES, `${at}.role`),
    violated: d["violated"] === true,
    text: text(d, "text"),
    uncertainty: text(d, "uncertainty"),
    relation: text(d, "relation"),
    reason: text(d, "reason"),
    operations: list(d, "operations", string),
    forced_by: list(d, "forced_by", string),
    origin: text(d, "origin"),
    deviation: text(d, "deviation"),
    change: text(d, "change"),
    links: list(d, "links", link),
  };
}

function rotation(value: unknown): TensorData["rotation"] {
  const d = record(value, "rotation");
  return { text: text(d, "text"), matrix: text(d, "matrix") };
}

function controls(value: unknown): Controls {
  const d = record(value, "controls");
  return {
    frames: list(d, "frames", fact),
    settings: list(d, "settings", fact),
    shown: list(d, "shown", fact),
    tolerances: list(d, "tolerances", step),
    tolerance: text(d, "tolerance"),
    can_compare: d["can_compare"] === true,
  };
}

function step(value: unknown, at: string): Step {
  const d = record(value, at);
  const symprec = d["symprec"];
  if (typeof symprec !== "number") throw new SchemaError(at);
  return { symprec, text: text(d, "text"), range: text(d, "range"), width: integer(d["width"], at, 1, 99), chosen: d["chosen"] === true };
}

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

function operation(value: unknown, at: string): TensorOperation {
  const d = record(value, at);
  return { name: text(d, "name"), text: text(d, "text"), vanishing: list(d, "vanishing", string) };
}

function link(value: unknown, at: string): Link {
  const d = record(value, at);
  return { to: text(d, "to"), sign: oneOf(d["sign"], SIGNS, `${at}.sign`) };
}

export function fact(value: unknown, at: string): Fact {
  const d = record(value, at);
  return { label: text(d, "label"), value: text(d, "value"), hint: text(d, "hint") };
}

export function notice(value: unknown, at: string): Notice {
  const d = record(value, at);
  return { code: text(d, "code"), severity: oneOf(d["severity"], SEVERITIES, `${at}.severity`), text: text(d, "text") };
}
