// What a cell is called and said to be. No DOM here.
import type { Cell, Role } from "./schema";

export type Glyph = "disc" | "ring-disc" | "circle" | "diamond" | "dot" | "cross" | "question";

const GLYPHS: Readonly<Record<Role, Glyph>> = {
  independent: "disc",
  equal: "ring-disc",
  opposite: "circle",
  dependent: "diamond",
  zero: "dot",
  unknown: "question",
};

const WORDS: Readonly<Record<Role, string>> = {
  independent: "independent",
  equal: "equal to another",
  opposite: "equal, opposite sign",
  dependent: "fixed by others",
  zero: "zero by symmetry",
  unknown: "symmetry not determined",
};

/** The shape drawn for a cell; a violation wins over everything. */
export function glyphOf(cell: Pick<Cell, "role" | "violated">): Glyph {
  return cell.violated ? "cross" : GLYPHS[cell.role];
}

/** What the cell is, in two or three words. */
export function wordsOf(cell: Pick<Cell, "role" | "violated">): string {
  return cell.violated ? `should be ${cell.role === "zero" ? "zero" : "tied"}, is not` : WORDS[cell.role];
}

export interface LegendEntry { readonly glyph: Glyph; readonly words: string }

/** Legend for exactly the glyphs that occur, in a fixed order. */
export function legendOf(cells: readonly Cell[]): LegendEntry[] {
  const order: readonly Glyph[] = ["disc", "ring-disc", "circle", "diamond", "dot", "cross", "question"];
  const words = new Map<Glyph, string>();
  for (const cell of cells) words.set(glyphOf(cell), cell.violated ? "breaks the symmetry" : WORDS[cell.role]);
  return order.flatMap((glyph) => {
    const entry = words.get(glyph);
    return entry === undefined ? [] : [{ glyph, words: entry }];
  });
}

/** What a screen reader says: "C 14, 17.9 gigapascal, equal, opposite sign: c14 = -c24". */
export function spokenLabel(cell: Cell, unitSpoken: string): string {
  const name = cell.name.replace(/^([a-z]+)(\d+)$/, (_, letters: string, digits: string) => `${letters.toUpperCase()} ${digits}`);
  const number = cell.text === "" ? "" : `${cell.text.replace("−", "minus ")}${unitSpoken === "" ? "" : ` ${unitSpoken}`}`;
  const tail = cell.relation === "" || cell.role === "zero" ? "" : `: ${spokenRelation(cell.relation)}`;
  const change = cell.change === "" ? "" : `changed by ${cell.change.replace("−", "minus ").replace("+", "plus ")}`;
  return [name, number, wordsOf(cell) + tail, change].filter((part) => part !== "").join(", ");
}

function spokenRelation(relation: string): string {
  return relation
    .replace(/=/g, "equals")
    .replace(/\s[-−]\s/g, " minus ")
    .replace(/[-−](?=[a-z(])/g, "minus ")
    .replace(/\*/g, " times ")
    .replace(/\//g, " over ");
}

/** Names of the cell and of everything tied to it. */
export function familyOf(cell: Cell): Set<string> {
  return new Set([cell.name, ...cell.links.map((l) => l.to)]);
}
