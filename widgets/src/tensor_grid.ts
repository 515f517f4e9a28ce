// The Nye diagram: a keyboard grid of cells over an SVG layer of family lines.
import { familyOf, glyphOf, spokenLabel } from "./classify";
import { h, s } from "./dom";
import { drawGlyph } from "./glyphs";
import { actionFor, isContained, type Action } from "./keymap";
import { familyLines, gridOf, neighbour, pathOf, skeleton, type Segment } from "./layout";
import type { Cell, TensorData } from "./schema";

/** In a skew frame everything is tied to everything; then the wash of the cells says so better than lines. */
const MOST_LINES = 8;

export interface GridEvents {
  /** The cell under the pointer or the keyboard focus changed. */
  preview(cell: Cell | null): void;
  select(cell: Cell, add: boolean): void;
  escape(): void;
  help(): void;
}

export class TensorGrid {
  readonly element: HTMLElement;
  private readonly nodes = new Map<string, HTMLElement>();
  private readonly byName: ReadonlyMap<string, Cell>;
  private readonly grid: (Cell | undefined)[][];
  private readonly active: SVGGElement;
  private current: Cell | null;
  private hovered: Cell | null = null;
  private focused: Cell | null = null;

  constructor(private readonly data: TensorData, private readonly events: GridEvents) {
    this.byName = new Map(data.cells.map((cell) => [cell.name, cell]));
    this.grid = gridOf(data.cells, data.shape);
    this.current = data.cells[0] ?? null;
    this.active = s("g", { class: "cn-lines-active" });
    this.element = this.build();
  }

  cell(name: string): Cell | null {
    return this.byName.get(name) ?? null;
  }

  /** The cell that the pointer or the keyboard points at, if any. */
  get pointed(): Cell | null {
    return this.hovered ?? this.focused;
  }

  /** Move the tab stop to a cell, and the focus where it was in the grid before. */
  resume(name: string): void {
    const cell = this.cell(name);
    if (cell) this.rove(cell);
  }

  /** Draw selection, highlighted family, and the cells that the operations in question make vanish. */
  paint(selection: readonly string[], highlighted: Cell | null, vanishing: ReadonlySet<string>): void {
    const family = highlighted ? familyOf(highlighted) : null;
    for (const [name, node] of this.nodes) {
      node.setAttribute("aria-selected", String(selection.includes(name)));
      node.toggleAttribute("data-family", family !== null && family.size > 1 && family.has(name));
      node.toggleAttribute("data-active", highlighted?.name === name);
      node.toggleAttribute("data-vanishing", vanishing.has(name));
    }
    const lines = highlighted ? familyLines(highlighted, this.byName) : [];
    this.active.replaceChildren(...(lines.length > MOST_LINES ? [] : lines.map(line)));
    this.element.toggleAttribute("data-joined", family !== null && family.size > 1);
  }

  /** Listen to pointer and keyboard until `signal` aborts; `wrap` guards every handler. */
  listen(signal: AbortSignal, wrap: <E>(handler: (event: E) => void) => (event: E) => void): void {
    const on = <K extends keyof HTMLElementEventMap>(type: K, handler: (event: HTMLElementEventMap[K]) => void) =>
      this.element.addEventListener(type, wrap(handler), { signal });
    on("pointerover", (event) => this.hover(this.at(event)));
    on("pointerleave", () => this.hover(null));
    on("focusin", (event) => this.focus(this.at(event)));
    on("focusout", () => this.focus(null));
    on("click", (event) => {
      const cell = this.at(event);
      if (!cell) return;
      this.rove(cell);
      this.events.select(cell, event.ctrlKey || event.metaKey || event.shiftKey);
    });
    on("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    if (isContained(event)) event.stopPropagation();
    const action = actionFor(event);
    if (!action) return;
    event.preventDefault();
    this.act(action);
  }

  private act(action: Action): void {
    const cell = this.focused ?? this.current;
    switch (action.do) {
      case "move": if (cell) this.rove(neighbour(this.grid, cell, action.to)); return;
      case "select": if (cell) this.events.select(cell, action.add); return;
      case "escape": this.events.escape(); return;
      case "help": this.events.help(); return;
    }
  }

  private rove(cell: Cell): void {
    const [before, after] = [this.current && this.nodes.get(this.current.name), this.nodes.get(cell.name)];
    before?.setAttribute("tabindex", "-1");
    after?.setAttribute("tabindex", "0");
    this.current = cell;
    this.hovered = null;
    after?.focus();
  }

  private hover(cell: Cell | null): void {
    if (cell === this.hovered) return;
    this.hovered = cell;
    this.events.preview(this.pointed);
  }

  private focus(cell: Cell | null): void {
    if (cell === this.focused) return;
    this.focused = cell;
    this.events.preview(this.pointed);
  }

  private at(event: Event): Cell | null {
    const node = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-cell]") : null;
    return this.cell(node?.dataset["cell"] ?? "");
  }

  private build(): HTMLElement {
    const { shape: [rows, columns], title, subtitle } = this.data;
    const head = h("div", { role: "row", class: "cn-row cn-row-head" },
      h("span", { role: "gridcell", class: "cn-corner", "aria-label": "names of rows and columns" }),
      ...this.data.column_labels.map((label) => h("span", { role: "columnheader", class: "cn-label" }, label)));
    const body = this.grid.map((cells, r) => h("div", { role: "row", class: "cn-row" },
      h("span", { role: "rowheader", class: "cn-label" }, this.data.row_labels[r] ?? ""),
      ...cells.map((cell) => this.cellNode(cell))));
    const lines = s("svg", {
      class: "cn-lines", viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true",
    }, s("g", { class: "cn-lines-rest" }, ...skeleton(this.data.cells, this.byName).map(line)), this.active);
    return h("div", {
      role: "grid", class: "cn-grid", "aria-label": `Tensor components of ${title}, ${subtitle}`,
      "aria-multiselectable": "true", "aria-rowcount": rows + 1, "aria-colcount": columns + 1,
    }, head, ...body, lines);
  }

  private cellNode(cell: Cell | undefined): HTMLElement {
    if (!cell) return h("span", { role: "gridcell", class: "cn-blank", "aria-label": "same by index symmetry" });
    const node = h("div", {
      role: "gridcell", class: "cn-cell", "data-cell": cell.name, "data-role": cell.role, "data-violated": cell.violated,
      tabindex: cell === this.current ? 0 : -1, "aria-selected": "false",
      "aria-label": spokenLabel(cell, this.data.unit_spoken),
    }, drawGlyph(glyphOf(cell)), h("span", { class: "cn-number" }, cell.text,
      ...(cell.change === "" ? [] : [h("small", { class: "cn-change" }, cell.change)])));
    this.nodes.set(cell.name, node);
    return node;
  }
}

function line(segment: Segment): SVGPathElement {
  const { sign, from, to } = segment;
  return s("path", { d: pathOf(segment), class: `cn-line cn-line-${sign}`, "data-from": from, "data-to": to });
}
