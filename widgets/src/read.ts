// Checked reading of unknown values; nothing reaches a view before it went through here.

export class SchemaError extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export function record(value: unknown, at: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SchemaError(at);
  return value as Fields;
}

export function text(d: Fields, key: string): string {
  return string(d[key], key);
}

export function string(value: unknown, at: string): string {
  if (typeof value !== "string") throw new SchemaError(at);
  return value;
}

export function integer(value: unknown, at: string, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) throw new SchemaError(at);
  return value;
}

export function oneOf<T extends string>(value: unknown, options: readonly T[], at: string): T {
  const found = options.find((option) => option === value);
  if (found === undefined) throw new SchemaError(at);
  return found;
}

export function list<T>(d: Fields, key: string, item: (value: unknown, at: string) => T): T[] {
  const value = d[key];
  if (!Array.isArray(value)) throw new SchemaError(key);
  return value.map((v, i) => item(v, `${key}[${i}]`));
}

export function number(value: unknown, at: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new SchemaError(at);
  return value;
}

export function numbers(value: unknown, at: string, size?: number): number[] {
  if (!Array.isArray(value)) throw new SchemaError(at);
  const out = value.map((v) => number(v, at));
  return size === undefined ? out : sized(out, at, size);
}

export function color(value: unknown, at: string): string {
  if (typeof value !== "string" || !/^#[0-9a-f]{6}$/.test(value)) throw new SchemaError(at);
  return value;
}

export function sized<T>(values: T[], at: string, size: number): T[] {
  if (values.length !== size) throw new SchemaError(at);
  return values;
}

export type Reader<T> = (value: unknown, at: string) => T;

/** Reads an object with these fields; what else it holds is left out. */
export function fields<T>(spec: { readonly [K in keyof T]: Reader<T[K]> }): Reader<Readonly<T>> {
  return (value, at) => {
    const d = record(value, at);
    return Object.fromEntries(Object.entries<Reader<unknown>>(spec).map(([key, read]) => [key, read(d[key], `${at}.${key}`)])) as T;
  };
}

export function listOf<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new SchemaError(at);
    return value.map((v, k) => item(v, `${at}[${k}]`));
  };
}

export function orNull<T>(read: Reader<T>): Reader<T | null> {
  return (value, at) => (value === null ? null : read(value, at));
}

export function flag(value: unknown): boolean {
  return value === true;
}
