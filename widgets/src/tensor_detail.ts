// The panel beside the diagram: what one component is, and why.
import { glyphOf, wordsOf } from "./classify";
import { h } from "./dom";
import { drawGlyph } from "./glyphs";
import type { Cell, TensorData } from "./schema";

/** Children of the panel for `cell`, or the invitation to choose one. */
export function detailOf(cell: Cell | null, data: TensorData, selection: readonly string[]): HTMLElement[] {
  if (!cell) return [overview(data)];
  const parts: HTMLElement[] = [
    h("p", { class: "cn-detail-head" },
      drawGlyph(glyphOf(cell)), h("span", { class: "cn-name" }, cell.name),
      h("span", { class: "cn-words", "data-violated": cell.violated }, wordsOf(cell))),
  ];
  if (cell.text !== "") {
    parts.push(h("p", { class: "cn-value" }, h("span", {}, cell.text), ...(data.unit ? [h("small", {}, ` ${data.unit}`)] : [])));
  }
  if (cell.relation !== "") parts.push(h("p", { class: "cn-relation" }, pretty(cell.relation)));
  parts.push(h("p", { class: "cn-reason" }, cell.reason));
  if (cell.operations.length > 0) {
    parts.push(h("ul", { class: "cn-operations" }, ...cell.operations.map((text) => h("li", {}, text))));
  }
  if (cell.deviation !== "") parts.push(h("p", { class: "cn-deviation", "data-violated": cell.violated }, cell.deviation));
  if (cell.origin !== "") parts.push(h("p", { class: "cn-origin" }, cell.origin));
  if (selection.length > 1) parts.push(h("p", { class: "cn-origin" }, `Selected: ${selection.join(", ")}`));
  return parts;
}

function overview(data: TensorData): HTMLElement {
  return h("div", { class: "cn-overview" },
    ...(data.forbidden === "" ? [] : [h("p", { class: "cn-forbidden" }, data.forbidden)]),
    h("p", {}, "Point at a component to see what it is tied to."),
    h("p", {}, "Click one, or walk with the arrow keys and press Enter, to read which operations of the crystal force it."));
}

/** A relation with a typographic minus and product. */
export function pretty(relation: string): string {
  return relation.replaceAll("-", "−").replaceAll("*", "·").replace(/sqrt\((\d+)\)/g, "√$1");
}
