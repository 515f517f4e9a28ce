// Reading of the `data` trait of an upload view; the shape is that of schema/upload.schema.json.
import { integer, list, oneOf, record, SchemaError, string, text, type Fields } from "./read";

export interface Refusal {
  readonly code: string;
  readonly found: string;
  readonly accepted: string;
  readonly action: string;
}

export interface FileRow {
  readonly name: string;
  readonly state: "shown" | "accepted" | "choice" | "refused";
  readonly text: string;
  readonly error: Refusal | null;
  readonly choices: readonly string[];
  readonly chosen: number;
}

export interface UploadData {
  readonly hint: string;
  readonly max_bytes: number;
  readonly max_files: number;
  readonly enabled: boolean;
  readonly files: readonly FileRow[];
  readonly problems: readonly Refusal[];
}

/** The upload data, or `SchemaError` naming the field that is wrong. */
export function parseUpload(value: unknown): UploadData {
  const d = record(value, "data");
  return {
    hint: text(d, "hint"),
    max_bytes: integer(d["max_bytes"], "max_bytes", 1, 2 ** 30),
    max_files: integer(d["max_files"], "max_files", 1, 1000),
    enabled: flag(d, "enabled"),
    files: list(d, "files", fileRow),
    problems: list(d, "problems", refusal),
  };
}

function fileRow(value: unknown, at: string): FileRow {
  const d = record(value, at);
  return {
    name: text(d, "name"),
    state: oneOf(d["state"], ["shown", "accepted", "choice", "refused"] as const, `${at}.state`),
    text: text(d, "text"),
    error: d["error"] === null ? null : refusal(d["error"], `${at}.error`),
    choices: list(d, "choices", string),
    chosen: integer(d["chosen"], `${at}.chosen`, -1, 100_000),
  };
}

function refusal(value: unknown, at: string): Refusal {
  const d = record(value, at);
  return { code: text(d, "code"), found: text(d, "found"), accepted: text(d, "accepted"), action: text(d, "action") };
}

function flag(d: Fields, key: string): boolean {
  const value = d[key];
  if (typeof value !== "boolean") throw new SchemaError(key);
  return value;
}
