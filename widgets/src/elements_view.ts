// The periodic table and a map of the same elements, with what noise would give. Selecting, colouring and
// brushing need no kernel; other groups do.
import { h, uniqueName } from "./dom";
import { inside, towards, type Spot } from "./elements_layout";
import { drawBands, drawMap, drawTree, MAP, type ElementMap } from "./elements_parts";
import { parseElements, type ElementEntry, type ElementsData, type Scheme } from "./elements_schema";
import { containKeys, header, leave, noticeList, showStatus, statusLines, watchStatus } from "./panel";
import { Roving } from "./roving";
import type { Fact } from "./schema";
import { chosen } from "./selection";
import { guarded, type ViewContext } from "./view";

const KEYS_HELP =
  "Arrow keys: walk the table or the map. Enter or click: select an element and see its neighbours; with Ctrl: add it. " +
  "Drag over tiles, or around points of the map: select what is inside. A group in the legend: see it alone. Esc: clear, then back to the notebook.";
const MOST_GROUPS = 12;

export function mountElements(context: ViewContext): void {
  const { state, signal } = context;
  let stop = new AbortController();
  const draw = (): void => {
    stop.abort();
    stop = new AbortController();
    new ElementsScene(context, stop.signal).start();
  };
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  state.watch(["data"], signal, guarded<void>(state, draw));
  containKeys(context);
  draw();
  watchStatus(context);
}

class ElementsScene {
  private readonly data: ElementsData;
  private readonly tiles: readonly HTMLElement[];
  private readonly table: HTMLElement;
  private readonly map: ElementMap;
  private readonly tree: SVGSVGElement | null;
  private readonly selects: Readonly<Record<"method" | "k" | "map" | "color" | "columns", HTMLSelectElement>>;
  private readonly legend = h("ul", { class: "cn-legend cn-groups", "aria-label": "Legend" });
  private readonly caption = h("p", { class: "cn-caption" });
  private readonly detail = h("section", { class: "cn-detail", "aria-label": "Element" });
  private readonly live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  private readonly help = h("p", { class: "cn-help", hidden: true }, KEYS_HELP);
  /** Tiles that the pointer was drawn over; null while it is not drawn. */
  private swept: Set<number> | null = null;

  constructor(private readonly context: ViewContext, private readonly signal: AbortSignal) {
    const data = this.data = parseElements(context.state.data);
    this.tiles = data.elements.map(({ symbol, group, status }, k) =>
      h("div", { class: "cn-tile", role: "option", "data-item": k, "data-status": status, "data-label": data.groups[group]?.label ?? "" }, h("b", {}, symbol)));
    this.table = h("div", { class: "cn-table", role: "listbox", "aria-multiselectable": "true", "aria-label": "Periodic table" }, ...this.tiles);
    this.map = drawMap(data);
    this.tree = drawTree(data);
    const ks = [...new Set([...data.bands.map(({ k }) => k), ...Array.from({ length: MOST_GROUPS - 1 }, (_, i) => i + 2)])].sort((a, b) => a - b);
    const named = (entries: readonly { readonly label: string; readonly value: string }[]): HTMLSelectElement =>
      h("select", { id: uniqueName() }, ...entries.map(({ label, value }) => h("option", { value }, label)));
    this.selects = {
      method: named(data.methods),
      k: named([{ label: "chosen", value: "0" }, ...ks.filter((k) => k > 1).map((k) => ({ label: String(k), value: String(k) }))]),
      map: named(data.maps),
      color: named(data.schemes.map(({ name, title }) => ({ label: title, value: name }))),
      columns: named(["18", "32"].map((value) => ({ label: value, value }))),
    };
  }

  start(): void {
    const { context: { state, root }, signal, data, map } = this;
    const wrap = <E>(handler: (event: E) => void): ((event: E) => void) => guarded(state, handler);
    for (const [name, select] of Object.entries(this.selects)) {
      select.addEventListener("change", wrap(() =>
        this.ask({ [name]: name === "k" || name === "columns" ? Number(select.value) : select.value })), { signal });
    }
    const events = {
      escape: () => this.escape(), help: () => { this.help.hidden = !this.help.hidden; },
    };
    new Roving(this.table, this.tiles, {
      ...events, preview: (k) => this.point(k), choose: (k, add) => this.choose(k, add),
      towards: (key, from) => towards(key, from, data.elements.map(({ place }) => this.spot(place))),
    }).listen(signal, wrap);
    new Roving(map.svg, map.points, {
      ...events, preview: (k) => this.point(map.at[k] ?? -1), choose: (k, add) => this.choose(map.at[k]!, add),
      towards: (key, from) => towards(key, from, map.spots),
    }).listen(signal, wrap);
    this.listenToSweeps(wrap);
    this.listenToLasso(wrap);
    this.legend.addEventListener("click", wrap((event: MouseEvent) => {
      const group = event.target instanceof Element ? event.target.closest("button")?.dataset["group"] : undefined;
      if (group !== undefined) this.ask({ solo: Number(group) === this.solo ? -1 : Number(group) });
    }), { signal });
    this.detail.addEventListener("click", wrap((event: MouseEvent) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      const element = button?.dataset["element"];
      if (element !== undefined) this.select([element]);
      else if (button) this.select(data.elements.filter(({ group }) => group === this.solo).map(({ symbol }) => symbol));
    }), { signal });
    this.tree?.addEventListener("click", wrap((event: MouseEvent) => {
      const symbol = event.target instanceof Element ? event.target.closest<SVGElement>("[data-leaf]")?.dataset["leaf"] : undefined;
      if (symbol !== undefined) this.choose(data.elements.findIndex((e) => e.symbol === symbol), event.ctrlKey || event.shiftKey || event.metaKey);
    }), { signal });
    state.watch(["options", "elements"], signal, wrap<void>(() => { this.paint(); this.announce(); }));
    state.join(signal, { hover: wrap(({ elements = [] }) => this.warm(data.elements.flatMap(({ symbol }, k) => (elements.includes(symbol) ? [k] : [])))) });
    state.onDead(signal, () => this.disable());
    this.build(root);
    this.paint();
    showStatus(this.context);
  }

  private build(root: HTMLElement): void {
    const { data, map, selects } = this;
    const labelled = (words: string, select: HTMLSelectElement): HTMLElement => h("span", {}, h("label", { for: select.id }, words), " ", select);
    if (!data.live) this.disable();
    root.replaceChildren(
      header(data.title, data.subtitle, "", data.facts),
      h("p", { class: "cn-verdict", "data-severity": data.severity }, data.verdict),
      h("div", { class: "cn-choices" }, labelled("Groups by", selects.method), labelled("number", selects.k), labelled("Map", selects.map),
        labelled("Colour", selects.color), labelled("Columns", selects.columns)),
      this.table, this.legend, this.caption,
      h("div", { class: "cn-below" },
        h("div", {}, map.svg, h("p", { class: "cn-origin" }, `${data.map.trust}. Right: ${data.map.x}; up: ${data.map.y}.`)),
        h("div", {}, this.detail,
          h("figure", {}, drawBands(data.bands), h("figcaption", { class: "cn-origin" }, "Silhouette for each number of groups; grey: what noise of the same spectrum gives.")),
          h("ul", { class: "cn-facts", "aria-label": "Agreement with chemistry, adjusted mutual information" },
            ...data.agreement.map(({ label, value, hint }: Fact) => h("li", { class: "cn-fact", title: hint }, h("span", { class: "cn-key" }, label), " ", h("span", {}, value)))),
          h("p", { class: "cn-origin" }, "Agreement with chemistry (AMI): 1 the same, 0 by chance."))),
      ...(this.tree ? [h("figure", { class: "cn-dendrogram" }, this.tree, h("figcaption", { class: "cn-origin" }, "The order in which elements were joined. Click one to select it."))] : []),
      ...noticeList(data.notices), this.help, ...statusLines(), this.live);
  }

  /** Without a kernel nobody computes other groups. */
  private disable(): void {
    for (const name of ["method", "k", "map"] as const) this.selects[name].disabled = true;
  }

  private get solo(): number {
    const { solo } = this.context.state.options;
    return typeof solo === "number" && solo < this.data.groups.length ? solo : -1;
  }

  private get scheme(): Scheme {
    const { color } = this.context.state.options;
    return this.data.schemes.find(({ name }) => name === color) ?? this.data.schemes[0]!;
  }

  private get isWide(): boolean {
    return this.context.state.options["columns"] === 32;
  }

  private get picked(): readonly string[] {
    return this.context.state.selected("elements");
  }

  private spot([row, column, wideRow, wideColumn]: ElementEntry["place"]): Spot {
    return this.isWide ? [wideColumn, wideRow] : [column, row];
  }

  private ask(change: Readonly<Record<string, string | number>>): void {
    const given = this.context.state.options as Readonly<Record<string, string | number>>;
    this.context.state.choose({ ...given, ...change });
  }

  private select(symbols: readonly string[], add = false): void {
    this.context.state.select("elements", [...new Set([...(add ? this.picked : []), ...symbols])]);
  }

  private choose(k: number, add: boolean): void {
    const { symbol } = this.data.elements[k]!;
    this.context.state.select("elements", chosen(symbol, add, this.picked));
  }

  /** Elements that are pointed at, here or in another view. */
  private warm(hot: readonly number[]): void {
    this.tiles.forEach((tile, k) => tile.toggleAttribute("data-hot", hot.includes(k)));
    this.map.points.forEach((point, item) => point.toggleAttribute("data-hot", hot.includes(this.map.at[item]!)));
  }

  private point(k: number): void {
    const element = this.data.elements[k];
    if (!this.swept) this.warm(element ? [k] : []);
    this.caption.textContent = element ? this.words(k) : " ";
    this.context.state.hover(element ? { elements: [element.symbol] } : {});
  }

  private words(k: number): string {
    const { symbol, name, group, status } = this.data.elements[k]!;
    const { title, texts, name: by } = this.scheme;
    const place = status === "unseen" ? "not in the table of vectors" : this.data.groups[group] ? `group ${this.data.groups[group].label}` : "in no group";
    return `${symbol} ${name}: ${place}${by !== "groups" && texts[k] ? `; ${title} ${texts[k]}` : ""}`;
  }

  private paint(): void {
    const { data, scheme, solo, picked, selects, context: { state: { options } } } = this;
    for (const name of ["method", "k", "map", "columns"] as const) selects[name].value = String(options[name] ?? selects[name].value);
    selects.color.value = scheme.name;
    const last = data.elements.find(({ symbol }) => symbol === picked.at(-1));
    const near = last?.neighbours.map(({ symbol }) => symbol) ?? [];
    this.table.toggleAttribute("data-wide", this.isWide);
    this.tiles.forEach((tile, k) => {
      const { symbol, place, group } = data.elements[k]!;
      const [column, row] = this.spot(place);
      tile.style.gridArea = `${row} / ${column}`;
      tile.style.setProperty("--cn-fill", scheme.fills[k] || "transparent");
      tile.setAttribute("aria-label", this.words(k));
      tile.setAttribute("aria-selected", String(picked.includes(symbol)));
      tile.toggleAttribute("data-faded", solo >= 0 && group !== solo);
      tile.toggleAttribute("data-near", near.includes(symbol));
    });
    this.map.points.forEach((point, item) => {
      const { symbol, group } = data.elements[this.map.at[item]!]!;
      point.setAttribute("aria-selected", String(picked.includes(symbol)));
      point.toggleAttribute("data-faded", solo >= 0 && group !== solo);
      point.toggleAttribute("data-near", near.includes(symbol));
    });
    for (const leaf of this.tree?.querySelectorAll<SVGElement>("[data-leaf]") ?? []) {
      leaf.toggleAttribute("data-selected", picked.includes(leaf.dataset["leaf"]!));
    }
    this.legend.replaceChildren(...this.legendItems());
    this.detail.replaceChildren(...this.details(last));
    this.caption.textContent ||= " ";
  }

  private legendItems(): HTMLElement[] {
    const { data, scheme, solo } = this;
    const swatch = (color: string): HTMLElement => {
      const dot = h("span", { class: "cn-element", "aria-hidden": "true" });
      dot.style.setProperty("background", color);
      return dot;
    };
    if (scheme.name === "groups") {
      return data.groups.map(({ label, color, size, silhouette }, k) => h("li", {},
        h("button", { type: "button", class: "cn-reason-op", "data-group": k, "aria-pressed": String(k === solo), title: `See group ${label} alone` },
          swatch(color), ` ${label} `, h("small", {}, `${size} elements, silhouette ${silhouette}`))));
    }
    if (scheme.ends.length > 0) return [h("li", {}, `${scheme.title}: from ${scheme.ends[0]!} (dark) to ${scheme.ends[1]!} (bright)`)];
    return scheme.legend.map(({ label, color }) => h("li", {}, swatch(color), label));
  }

  private details(last: ElementEntry | undefined): HTMLElement[] {
    const { data, solo, picked } = this;
    const alone = data.groups[solo];
    const whole = alone ? [h("button", { type: "button", class: "cn-button" }, `Select the ${alone.size} elements of group ${alone.label}`)] : [];
    if (!last) return [h("p", { class: "cn-overview" }, "Click an element to see which are nearest to it in the table of vectors, and why."), ...whole];
    const rows = last.neighbours.map(({ symbol, distance, why }) => h("li", {},
      h("button", { type: "button", class: "cn-reason-op", "data-element": symbol }, h("b", {}, symbol)), h("span", {}, distance), h("span", { class: "cn-words" }, why)));
    return [
      h("p", { class: "cn-name" }, this.words(data.elements.indexOf(last))),
      rows.length > 0 ? h("p", { class: "cn-words" }, "Nearest elements, distance, and what they share:") : h("p", { class: "cn-words" }, "No vector, so no neighbours."),
      h("ul", { class: "cn-near" }, ...rows), ...whole,
      ...(picked.length > 1 ? [h("p", { class: "cn-selected" }, `${picked.length} selected: ${picked.join(" ")}`)] : []),
    ];
  }

  private announce(): void {
    const { picked, data } = this;
    const last = data.elements.find(({ symbol }) => symbol === picked.at(-1));
    this.live.textContent = !last ? "Nothing selected." :
      `${picked.length} selected. ${last.name}: nearest ${last.neighbours.map(({ symbol }) => symbol).join(", ") || "unknown"}.`;
  }

  private escape(): void {
    if (this.picked.length > 0) this.select([]);
    else if (this.solo >= 0) this.ask({ solo: -1 });
    else leave(this.context.root);
  }

  /** The pointer drawn over tiles selects them. */
  private listenToSweeps(wrap: <E>(handler: (event: E) => void) => (event: E) => void): void {
    const { table, signal } = this;
    const at = (event: Event): number => this.tiles.findIndex((tile) => event.target instanceof Node && tile.contains(event.target));
    let from = -1;
    table.addEventListener("pointerdown", wrap((event: PointerEvent) => { from = event.button === 0 ? at(event) : -1; }), { signal });
    table.addEventListener("pointerover", wrap((event: PointerEvent) => {
      const k = at(event);
      if (k < 0 || from < 0 || (event.buttons & 1) === 0 || (k === from && !this.swept)) return;
      this.swept ??= new Set([from]);
      this.swept.add(k);
      this.warm([...this.swept]);
    }), { signal });
    table.ownerDocument.addEventListener("pointerup", wrap((event: PointerEvent) => {
      const { swept } = this;
      from = -1;
      this.swept = null;
      if (swept) this.select([...swept].map((k) => this.data.elements[k]!.symbol), event.ctrlKey || event.shiftKey || event.metaKey);
    }), { signal });
  }

  /** A line drawn around points selects them. */
  private listenToLasso(wrap: <E>(handler: (event: E) => void) => (event: E) => void): void {
    const { map: { svg, lasso, spots, at }, signal, data } = this;
    let line: Spot[] = [];
    const here = ({ clientX, clientY }: PointerEvent): Spot => {
      const box = svg.getBoundingClientRect();
      return [((clientX - box.left) * MAP[0]) / (box.width || 1), ((clientY - box.top) * MAP[1]) / (box.height || 1)];
    };
    svg.addEventListener("pointerdown", wrap((event: PointerEvent) => { if (event.button === 0) line = [here(event)]; }), { signal });
    svg.addEventListener("pointermove", wrap((event: PointerEvent) => {
      const first = line[0];
      if (!first) return;
      const spot = here(event);
      if (line.length === 1 && Math.hypot(spot[0] - first[0], spot[1] - first[1]) < 6) return;
      if (line.length === 1) svg.setPointerCapture(event.pointerId);
      line.push(spot);
      lasso.setAttribute("points", line.map((p) => p.join()).join(" "));
      this.warm(inside(line, spots).map((item) => at[item]!));
    }), { signal });
    svg.addEventListener("pointerup", wrap((event: PointerEvent) => {
      const drawn = line;
      line = [];
      lasso.setAttribute("points", "");
      if (drawn.length < 3) return;
      this.warm([]);
      const held = inside(drawn, spots).map((item) => data.elements[at[item]!]!.symbol);
      this.select(held, event.ctrlKey || event.shiftKey || event.metaKey);
    }), { signal });
  }
}
