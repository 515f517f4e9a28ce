// The panel beside the diagram: what one component is, and why. All pages lie on top of each other and
// one is visible, so that the panel is as high as the highest and pointing at a cell never moves the page.
import { glyphOf, wordsOf } from "./classify";
import { h } from "./dom";
import { drawGlyph } from "./glyphs";
import type { Cell, TensorData } from "./schema";

export class TensorDetail {
  readonly element: HTMLElement;
  private readonly pages = new Map<string, HTMLElement>();
  private readonly selected = h("p", { class: "cn-selected" });

  constructor(data: TensorData, private readonly select: (operation: string, add: boolean) => void) {
    this.pages.set("", overview(data));
    for (const cell of data.cells) this.pages.set(cell.name, page(cell, data));
    this.element = h("section", { class: "cn-detail", "aria-label": "Component" },
      h("div", { class: "cn-pages" }, ...this.pages.values()), this.selected);
  }

  /** Show the page of `cell`, or the invitation to choose one. */
  show(cell: Cell | null, cells: readonly string[], operations: readonly string[]): void {
    const name = cell?.name ?? "";
    for (const [key, node] of this.pages) node.toggleAttribute("data-shown", key === name);
    const all = [...cells, ...operations];
    this.selected.textContent = all.length > 0 ? `Selected: ${all.join(", ")}` : "Nothing selected";
    for (const button of this.element.querySelectorAll<HTMLElement>("[data-operation]")) {
      button.setAttribute("aria-pressed", String(operations.includes(button.dataset["operation"] ?? "")));
    }
  }

  /** Listen to clicks on operations until `signal` aborts; `wrap` guards the handler. */
  listen(signal: AbortSignal, wrap: <E>(handler: (event: E) => void) => (event: E) => void): void {
    this.element.addEventListener("click", wrap((event: MouseEvent) => {
      const at = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-operation]") : null;
      const name = at?.dataset["operation"];
      if (name !== undefined) this.select(name, event.ctrlKey || event.metaKey || event.shiftKey);
    }), { signal });
  }
}

function page(cell: Cell, data: TensorData): HTMLElement {
  const unit = data.unit ? [h("small", {}, ` ${data.unit}`)] : [];
  const parts: (HTMLElement | null)[] = [
    h("p", { class: "cn-detail-head" },
      drawGlyph(glyphOf(cell)), h("span", { class: "cn-name" }, cell.name),
      h("span", { class: "cn-words", "data-violated": cell.violated }, wordsOf(cell))),
    cell.text === "" ? null : h("p", { class: "cn-value" }, h("span", {}, cell.text),
      ...(cell.uncertainty === "" ? [] : [h("small", { title: "one standard deviation" }, ` ${cell.uncertainty}`)]), ...unit),
    line("cn-relation", pretty(cell.relation)),
    line("cn-reason", cell.reason),
    cell.operations.length === 0 ? null
      : h("ul", { class: "cn-operations" }, ...cell.operations.map((text, k) => h("li", {},
        h("button", { type: "button", class: "cn-reason-op", "data-operation": cell.forced_by[k] ?? "", "aria-pressed": "false" }, text)))),
    line("cn-deviation", cell.deviation, cell.violated),
    line("cn-origin", cell.origin),
  ];
  return h("div", { class: "cn-page" }, ...parts.filter((part) => part !== null));
}

function line(name: string, text: string, violated = false): HTMLElement | null {
  return text === "" ? null : h("p", { class: name, "data-violated": violated }, text);
}

function overview(data: TensorData): HTMLElement {
  return h("div", { class: "cn-page cn-overview" },
    ...(data.forbidden === "" ? [] : [h("p", { class: "cn-forbidden" }, data.forbidden)]),
    h("p", {}, "Point at a component to see what it is tied to."),
    h("p", {}, "Click one, or walk with the arrow keys and press Enter, to keep it selected. " +
      "The operations of the crystal that force it are named here; click one to mark all that it makes vanish."));
}

/** A relation with a typographic minus, product and root; long decimals are cut, and then it says "≈". */
export function pretty(relation: string): string {
  const short = relation.replace(/\d+\.\d{5,}/g, (digits) => Number(digits).toPrecision(4));
  return (short === relation ? relation : short.replace(" = ", " ≈ ")).replaceAll("-", "−").replaceAll("*", "·").replace(/sqrt\((\d+)\)/g, "√$1");
}
