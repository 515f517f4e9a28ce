// Where cells and family lines go, in units of one cell. No DOM here.
import type { Cell, Sign } from "./schema";

/** Centre of the glyph inside its cell, as a share of the cell; the number stands to its right. */
export const GLYPH_X = 0.2;
export const GLYPH_Y = 0.5;

export interface Segment {
  readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number;
  readonly sign: Sign; readonly from: string; readonly to: string;
  /** Whether the straight way would cross the glyph of a third cell; the line then bends around it. */
  readonly bent: boolean;
}

/** How far the middle of a bent line's control point lies beside the straight way, in cells. */
const BEND = 1.1;
/** A line that comes closer to a third glyph than this, in cells, seems to belong to it. */
const TOO_CLOSE = 0.22;

/** Cells by place: `grid[row][column]`, `undefined` where the index symmetry makes the cell redundant. */
export function gridOf(cells: readonly Cell[], shape: readonly [number, number]): (Cell | undefined)[][] {
  const grid = Array.from({ length: shape[0] }, () => new Array<Cell | undefined>(shape[1]).fill(undefined));
  for (const cell of cells) {
    const row = grid[cell.row];
    if (row) row[cell.column] = cell;
  }
  return grid;
}

/** Lines from one cell to each of its relatives. */
export function familyLines(cell: Cell, byName: ReadonlyMap<string, Cell>): Segment[] {
  return cell.links.flatMap(({ to, sign }) => {
    const other = byName.get(to);
    return other ? [segment(cell, other, sign, byName)] : [];
  });
}

/** The faint skeleton: every simple tie (equal or opposite), drawn once, along a shortest chain. */
export function skeleton(cells: readonly Cell[], byName: ReadonlyMap<string, Cell>): Segment[] {
  const group = new Map(cells.map((cell) => [cell.name, cell.name]));
  const find = (name: string): string => {
    let at = name;
    for (let up = group.get(at); up !== undefined && up !== at; up = group.get(at)) at = up;
    return at;
  };
  const candidates = cells.flatMap((cell) =>
    familyLines(cell, byName).filter((s) => s.sign !== "other" && s.from < s.to),
  );
  candidates.sort((a, b) => length(a) - length(b));
  return candidates.filter((s) => {
    const [a, b] = [find(s.from), find(s.to)];
    if (a === b) return false;
    group.set(a, b);
    return true;
  });
}

function segment(a: Cell, b: Cell, sign: Sign, byName: ReadonlyMap<string, Cell>): Segment {
  const third = [...byName.values()].filter((c) => c !== a && c !== b);
  return {
    x1: a.column + GLYPH_X, y1: a.row + GLYPH_Y, x2: b.column + GLYPH_X, y2: b.row + GLYPH_Y,
    sign, from: a.name, to: b.name, bent: third.some((c) => passes(a, b, c)),
  };
}

function passes(a: Cell, b: Cell, c: Cell): boolean {
  const [dx, dy] = [b.column - a.column, b.row - a.row];
  const [ex, ey] = [c.column - a.column, c.row - a.row];
  const size = dx * dx + dy * dy;
  const along = (ex * dx + ey * dy) / size;
  return along > 0 && along < 1 && Math.abs(ex * dy - ey * dx) / Math.sqrt(size) < TOO_CLOSE;
}

/** SVG path of a line; a bent one swings to the lower left, where a symmetric matrix is empty. */
export function pathOf({ x1, y1, x2, y2, bent }: Segment): string {
  if (!bent) return `M${x1} ${y1}L${x2} ${y2}`;
  const [dx, dy] = [x2 - x1, y2 - y1];
  const side = (dx + dy >= 0 ? BEND : -BEND) / Math.hypot(dx, dy);
  const round = (v: number): number => Math.round(v * 1000) / 1000;
  return `M${x1} ${y1}Q${round((x1 + x2) / 2 - dy * side)} ${round((y1 + y2) / 2 + dx * side)} ${x2} ${y2}`;
}

function length(s: Segment): number {
  return Math.hypot(s.x2 - s.x1, s.y2 - s.y1);
}

export type Direction = "left" | "right" | "up" | "down" | "row-start" | "row-end" | "start" | "end";

/** The cell that the keyboard reaches from `from`; cells that are not there are skipped; itself at an edge. */
export function neighbour(grid: readonly (readonly (Cell | undefined)[])[], from: Cell, direction: Direction): Cell {
  const row = present(grid[from.row] ?? []);
  const column = present(grid.map((r) => r[from.column]));
  const all = present(grid.flat());
  switch (direction) {
    case "left": return row[row.indexOf(from) - 1] ?? from;
    case "right": return row[row.indexOf(from) + 1] ?? from;
    case "up": return column[column.indexOf(from) - 1] ?? from;
    case "down": return column[column.indexOf(from) + 1] ?? from;
    case "row-start": return row[0] ?? from;
    case "row-end": return row[row.length - 1] ?? from;
    case "start": return all[0] ?? from;
    case "end": return all[all.length - 1] ?? from;
  }
}

function present(cells: readonly (Cell | undefined)[]): Cell[] {
  return cells.filter((c): c is Cell => c !== undefined);
}
