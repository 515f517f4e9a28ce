// What stands beside the drawing: the view buttons, the legend, the operations, and the table of sites.
import { VIEW_KEYS, type ViewKey } from "./camera";
import { h } from "./dom";
import { lowered } from "./crystal_marks";
import { siteLabel, type CrystalData, type CrystalOperation } from "./crystal_schema";
import type { Lit } from "./crystal_state";
import { Roving, type RovingEvents } from "./roving";

type Wrap = <E>(handler: (event: E) => void) => (event: E) => void;

export interface ToolEvents { view(key: ViewKey): void; zoom(factor: number): void; reset(): void }

const minus = (text: string): string => text.replaceAll("-", "−");

/** Buttons for the views, the zoom and the way back. */
export function toolbar(events: ToolEvents): HTMLElement {
  const button = (text: string, label: string, act: () => void): HTMLElement => {
    const node = h("button", { type: "button", class: "cn-tool", "aria-label": label, title: label }, text);
    node.addEventListener("click", act);
    return node;
  };
  return h("div", { class: "cn-tools", role: "group", "aria-label": "View" },
    ...VIEW_KEYS.map((key) => button(key, `Look along ${key}`, () => events.view(key))),
    button("+", "Zoom in", () => events.zoom(1.2)), button("−", "Zoom out", () => events.zoom(1 / 1.2)),
    button("⟲", "Reset the view", () => events.reset()));
}

/** The elements, each a switch that hides its atoms; below them what colours and glyphs mean. */
export class Legend {
  readonly element: HTMLElement;
  readonly hidden = new Set<number>();

  constructor(data: CrystalData, changed: () => void) {
    const buttons = data.species.map(({ symbol, color, count }, k) => {
      const dot = h("span", { class: "cn-element", "aria-hidden": "true" });
      if (!data.scalars) dot.style.setProperty("background-color", color);
      const node = h("button", { type: "button", class: "cn-species", "aria-pressed": "true", title: `Show or hide ${symbol}` },
        dot, h("span", {}, symbol), h("small", {}, `× ${count}`));
      node.addEventListener("click", () => {
        if (!this.hidden.delete(k)) this.hidden.add(k);
        node.setAttribute("aria-pressed", String(!this.hidden.has(k)));
        changed();
      });
      return h("li", {}, node);
    });
    this.element = h("div", { class: "cn-crystal-legend" },
      h("ul", { class: "cn-legend cn-elements", "aria-label": "Elements: shown or hidden" }, ...buttons),
      ...scale(data), ...glyphLine(data));
  }
}

function scale({ scalars }: CrystalData): HTMLElement[] {
  if (!scalars) return [];
  const bar = h("span", { class: "cn-bar", "aria-hidden": "true" });
  bar.style.setProperty("background-image", `linear-gradient(to right, ${scalars.stops.join(", ")})`);
  return [h("p", { class: "cn-scale" }, h("span", {}, `${scalars.name} `), h("span", {}, scalars.low), bar,
    h("span", {}, `${scalars.high} ${scalars.unit}`.trim()))];
}

function glyphLine({ glyphs }: CrystalData): HTMLElement[] {
  if (!glyphs) return [];
  const what = glyphs.kind === "vectors" ? "arrows" : "ellipsoids";
  return [h("p", { class: "cn-scale" }, `${what}: ${glyphs.name}, the largest ${glyphs.largest} ${glyphs.unit}`.trim())];
}

/** The operations as a list to choose from. */
export class Operations {
  readonly element: HTMLElement;
  private readonly items: readonly HTMLElement[];
  private readonly roving: Roving;

  constructor(private readonly operations: readonly CrystalOperation[], events: RovingEvents) {
    this.items = operations.map((op, k) => h("li", {
      class: "cn-operation", role: "option", "aria-selected": "false", "data-item": k, "data-operation": op.name,
    }, h("b", {}, minus(op.name)), " ", h("span", {}, lowered(op.text))));
    this.element = h("ul", { class: "cn-ops", role: "listbox", "aria-multiselectable": "true", "aria-label": "Symmetry operations" }, ...this.items);
    this.roving = new Roving(this.element, this.items, events);
  }

  listen(signal: AbortSignal, wrap: Wrap): void {
    this.roving.listen(signal, wrap);
  }

  paint(chosen: readonly string[], lit: Lit): void {
    const shown = new Set(lit.operations.map(({ name }) => name));
    this.items.forEach((item, k) => {
      const name = this.operations[k]?.name ?? "";
      item.setAttribute("aria-selected", String(chosen.includes(name)));
      item.toggleAttribute("data-lit", shown.has(name));
    });
  }

  /** Bring an operation that was chosen elsewhere into sight, without moving the page. */
  reveal(name: string): void {
    const item = this.items.find((node) => node.dataset["operation"] === name);
    if (!item) return;
    const [top, bottom] = [item.offsetTop - this.element.offsetTop, item.offsetTop - this.element.offsetTop + item.offsetHeight];
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (bottom > this.element.scrollTop + this.element.clientHeight) this.element.scrollTop = bottom - this.element.clientHeight;
  }
}

/** The text twin of the drawing: one row for each site. */
export class SiteTable {
  readonly element: HTMLElement;
  private readonly items: readonly HTMLElement[];
  private readonly goals: readonly HTMLElement[];
  private readonly roving: Roving;

  constructor(private readonly data: CrystalData, events: RovingEvents) {
    const sites = data.site_species.map((_, k) => k);
    this.goals = sites.map(() => h("td", { role: "gridcell" }));
    this.items = sites.map((k) => this.row(k));
    const names = ["site", "orbit", "a", "b", "c", ...(data.scalars ? [data.scalars.name] : []), "goes to"];
    const head = h("tr", { role: "row" }, ...names.map((name) => h("th", { scope: "col", role: "columnheader" }, name)));
    const table = h("table", {
      role: "grid", "aria-label": `Sites of ${data.title}`, "aria-multiselectable": "true", "aria-rowcount": sites.length + 1,
    }, h("thead", { role: "rowgroup" }, head), h("tbody", { role: "rowgroup" }, ...this.items));
    this.element = h("div", { class: "cn-site-scroll" }, table);
    this.roving = new Roving(table, this.items, events);
  }

  listen(signal: AbortSignal, wrap: Wrap): void {
    this.roving.listen(signal, wrap);
  }

  paint(lit: Lit): void {
    const op = lit.operations.length === 1 ? lit.operations[0] : undefined;
    this.items.forEach((item, k) => {
      item.setAttribute("aria-selected", String(lit.chosen.has(k)));
      item.toggleAttribute("data-lit", lit.pointed.has(k));
      const to = op?.permutation[k];
      const goal = this.goals[k];
      if (goal) goal.textContent = to === undefined ? "" : to === k ? "itself" : siteLabel(this.data, to);
    });
  }

  private row(k: number): HTMLElement {
    const { site_frac, site_orbit, scalars } = this.data;
    const frac = [0, 1, 2].map((i) => (site_frac[3 * k + i] ?? 0).toFixed(4));
    const [label, orbit] = [siteLabel(this.data, k), String((site_orbit[k] ?? 0) + 1)];
    const number = scalars ? [scalars.texts[k] ?? ""] : [];
    const spoken = `${label}, orbit ${orbit}, fractional ${frac.map(minus).join(", ")}`
      + (scalars ? `, ${scalars.name} ${number[0]} ${scalars.unit}` : "");
    return h("tr", { role: "row", "data-item": k, "data-site": k, "aria-selected": "false", "aria-label": spoken },
      h("th", { scope: "row", role: "rowheader" }, label),
      ...[orbit, ...frac.map(minus), ...number].map((text) => h("td", { role: "gridcell" }, text)), this.goals[k]!);
  }
}
