// Elements without markup: text only ever enters through `textContent`.

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Child = Node | string;

const SVG = "http://www.w3.org/2000/svg";

function fill(node: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children);
}

/** An HTML element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  fill(node, attributes, children);
  return node;
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Node[]
): SVGElementTagNameMap[K] {
  const node = document.createElementNS(SVG, tag);
  fill(node, attributes, children);
  return node;
}

/** A name that no other view in the page has: each view runs its own copy of this module, so counting is not enough. */
export function uniqueName(): string {
  return `cn-${Math.random().toString(36).slice(2)}`;
}
