// What can be selected, and reading of such lists from anywhere. No DOM here.

export interface Selected {
  readonly atoms: readonly number[];
  readonly pairs: readonly (readonly [number, number])[];
  readonly elements: readonly string[];
  readonly operations: readonly string[];
  readonly cells: readonly string[];
}

export type Kind = keyof Selected;

export const KINDS = ["atoms", "pairs", "elements", "operations", "cells"] as const satisfies readonly Kind[];

export const NOTHING: Selected = { atoms: [], pairs: [], elements: [], operations: [], cells: [] };

const isIndex = (v: unknown): v is number => typeof v === "number" && Number.isInteger(v) && v >= 0;
const isName = (v: unknown): v is string => typeof v === "string";
const isPair = (v: unknown): v is [number, number] => Array.isArray(v) && v.length === 2 && v.every(isIndex);

const ITEM: { readonly [K in Kind]: (v: unknown) => v is Selected[K][number] } = {
  atoms: isIndex, pairs: isPair, elements: isName, operations: isName, cells: isName,
};

/** The entries of `value` that are of the kind; a wrong value is an empty list. */
export function readList<K extends Kind>(kind: K, value: unknown): Selected[K] {
  return (Array.isArray(value) ? value.filter(ITEM[kind]) : []) as unknown as Selected[K];
}

/** The lists in `value`; kinds that it lacks are absent. */
export function readSelected(value: unknown): Partial<Selected> {
  if (typeof value !== "object" || value === null) return {};
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(KINDS.filter((k) => k in given).map((k) => [k, readList(k, given[k])]));
}

/** The list after a click on `item`: alone, or added to or taken from what was there. */
export function chosen<T>(item: T, add: boolean, before: readonly T[]): T[] {
  if (!add) return [item];
  return before.includes(item) ? before.filter((v) => v !== item) : [...before, item];
}
