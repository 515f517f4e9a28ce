// The view of intermediate matrices: atom by atom, what an operation makes of it, and the residual of every
// layer. Another layer is asked of Python; all else is worked out here.
import { h, uniqueName } from "./dom";
import { HeatMap } from "./matrix_canvas";
import { parseMatrix, type MatrixData } from "./matrix_schema";
import { arranged, barOf, distance, matrixOf, pairOrbit, permuted, residualText, valueText, type By, type Shown } from "./matrix_values";
import { containKeys, header, leave, noticeList, showStatus, statusLines, watchStatus } from "./panel";
import { Roving } from "./roving";
import { chosen } from "./selection";
import { guarded, type ViewContext } from "./view";

const KEYS_HELP = "Matrix: arrow keys move, Enter chooses a pair and all that symmetry makes equal to it. " +
  "Lists: arrow keys, Enter. Esc: clear, then back to the notebook.";
const MOST = 500;
const BY: readonly (readonly [string, string])[] = [["atom", "atom by atom"], ["orbit", "orbits"], ["element", "elements"], ["shell", "distance"]];

export function mountMatrix(context: ViewContext): void {
  const { state, signal } = context;
  let stop = new AbortController();
  const draw = (): void => {
    stop.abort();
    stop = new AbortController();
    const { activeElement: active } = context.root.getRootNode() as Document;
    const held = active instanceof HTMLElement && context.root.contains(active) ? active : null;
    new MatrixScene(context, stop.signal).start();
    // Another layer is another drawing: the focus stays where the hand was.
    const again = held?.matches("select") ? `select[data-name="${held.dataset["name"]}"]` : "[aria-label=Layers] [aria-selected=true]";
    if (held && !held.isConnected) context.root.querySelector<HTMLElement>(again)?.focus();
  };
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  state.watch(["data"], signal, guarded<void>(state, draw));
  containKeys(context);
  draw();
  watchStatus(context);
}

/** A row of a list with a bar: its name, a residual on a logarithmic scale, and that in digits. */
function barRow(name: string, hint: string, kind: string): { item: HTMLElement; bar: HTMLElement; digits: HTMLElement } {
  const bar = h("span", { class: "cn-part" });
  const digits = h("span", { class: "cn-m-digits" });
  const item = h("li", { class: "cn-m-row", role: "option", "aria-selected": "false", title: hint, "data-kind": kind },
    h("b", {}, name), h("span", { class: "cn-track", "aria-hidden": "true" }, bar), digits);
  return { item, bar, digits };
}

class MatrixScene {
  private readonly data: MatrixData;
  private readonly map: HeatMap;
  private readonly acted: readonly HeatMap[];
  private readonly selects: Readonly<Record<"layer" | "head" | "by", HTMLSelectElement>>;
  private readonly exchange: HTMLInputElement;
  private readonly layers;
  private readonly operations;
  private readonly point = h("p", { class: "cn-m-point" });
  private readonly scale = h("p", { class: "cn-scale" });
  private readonly verdict = h("p", { class: "cn-verdict" });
  private readonly place = h("div", { class: "cn-m-place" });
  private readonly pair = h("div", { class: "cn-m-pair" });
  private readonly result = h("div", { class: "cn-m-acted" });
  private readonly live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  private readonly help = h("p", { class: "cn-help", hidden: true }, KEYS_HELP);
  private shown: Shown | null = null;

  constructor(private readonly context: ViewContext, private readonly signal: AbortSignal) {
    const data = this.data = parseMatrix(context.state.data);
    const id = uniqueName();
    const select = (name: string, rows: readonly (readonly [string, string])[]): HTMLSelectElement =>
      h("select", { id: `${id}-${name}`, "data-name": name }, ...rows.map(([value, label]) => h("option", { value }, label)));
    const heads = data.layers.find(({ name }) => name === data.layer)?.heads ?? 1;
    this.selects = {
      layer: select("layer", data.layers.map(({ name }) => [name, name])),
      head: select("head", [["-1", "mean"], ...Array.from({ length: heads }, (_, k) => [String(k), String(k)] as const)]),
      by: select("by", BY.filter(([by]) => by !== "shell" || data.shells.length > 0)),
    };
    this.selects.layer.value = data.layer;
    this.selects.head.value = String(data.head);
    this.exchange = h("input", { type: "checkbox", id: `${id}-null` });
    this.layers = data.layers.map(({ name, doc, text, status, rms }) => {
      const row = barRow(name, [doc, text].filter(Boolean).join(". "), status);
      row.bar.style.setProperty("width", `${100 * barOf(rms)}%`);
      row.digits.textContent = residualText(rms);
      return row;
    });
    const n = data.sites.length;
    this.operations = data.operations.map(({ name, kind, shifted }, k) => barRow(name, [kind === "t" ? "pure translation" : shifted ? "moves along its axis or plane" : "",
      data.permutations.subarray(n * k, n * (k + 1)).every((to, site) => to === site) ? "exchanges no atoms: a matrix over atoms says nothing about it" : ""].filter(Boolean).join("; "), ""));
    for (const list of [this.layers, this.operations]) list.forEach(({ item }, k) => { item.dataset["item"] = String(k); });
    this.map = new HeatMap(data.stops, `${data.layer} of ${data.title}, atom by atom`, {
      point: (i, j) => this.tell(i, j), choose: (i, j) => this.choose(i, j), escape: () => this.escape(),
    });
    this.acted = ["after the operation", "difference"].map((label) => new HeatMap(data.stops, label, null));
  }

  start(): void {
    const { context: { state, root }, signal, data, selects } = this;
    const wrap = <E>(handler: (event: E) => void): ((event: E) => void) => guarded(state, handler);
    const control = (label: string, node: HTMLElement): HTMLElement => h("span", { class: "cn-control" }, h("label", { for: node.id }, label), node);
    const list = (label: string, rows: readonly { item: HTMLElement }[], choose: (k: number, add: boolean) => void): HTMLElement => {
      const element = h("ul", { class: "cn-m-list", role: "listbox", "aria-label": label }, ...rows.map(({ item }) => item));
      const help = (): void => { this.help.hidden = !this.help.hidden; };
      new Roving(element, rows.map(({ item }) => item), { preview: () => undefined, choose, escape: () => this.escape(), help }).listen(signal, wrap);
      return element;
    };
    const on = (node: HTMLElement, act: () => void): void => node.addEventListener("change", wrap(act), { signal });
    on(selects.layer, () => this.ask({ layer: selects.layer.value, head: -1 }));
    on(selects.head, () => this.ask({ head: Number(selects.head.value) }));
    on(selects.by, () => this.ask({ by: selects.by.value }));
    on(this.exchange, () => this.ask({ null: this.exchange.checked }));
    this.map.listen(signal, wrap);
    state.watch(["options", "operations", "pairs"], signal, wrap<void>(() => this.paint()));
    state.join(signal, {});
    root.replaceChildren(
      header(data.title, data.subtitle, "", data.facts),
      h("fieldset", { class: "cn-controls", "aria-label": "What is shown" }, control("Layer", selects.layer), control("Head", selects.head),
        control("By", selects.by), h("span", { class: "cn-control" }, this.exchange, h("label", { for: this.exchange.id }, "exchange the atoms at random"))),
      this.verdict,
      h("div", { class: "cn-m-body" },
        h("div", { class: "cn-m-map" }, this.place, this.point, this.scale, this.pair),
        h("section", {}, h("p", { class: "cn-m-head" }, `Operations${data.n_operations > data.operations.length ? ` (the first ${data.operations.length} of ${data.n_operations})` : ""}: residual of the layer`),
          list("Operations of the cell", this.operations, (k, add) => this.operate(k, add))),
        h("section", {}, h("p", { class: "cn-m-head" }, "Layers: RMS residual"),
          list("Layers", this.layers, (k) => this.ask({ layer: data.layers[k]!.name, head: -1 })))),
      this.result, ...noticeList(data.notices), this.help, ...statusLines(), this.live);
    this.paint();
    showStatus(this.context);
    this.live.textContent = `${data.layer}: ${data.status}. ${data.text}`;
  }

  private ask(change: Readonly<Record<string, string | number | boolean>>): void {
    const { layer, head } = this.data;
    this.context.state.choose({ layer, head, by: this.by, null: this.exchanged, ...change });
  }

  private get by(): string {
    const by = this.context.state.options["by"];
    return typeof by === "string" && [...this.selects.by.options].some(({ value }) => value === by) ? by : "atom";
  }

  private get exchanged(): boolean {
    return this.context.state.options["null"] === true;
  }

  /** The first selected operation that is listed, or -1. */
  private get operation(): number {
    const [name] = this.context.state.selected("operations");
    return this.data.operations.findIndex((op) => op.name === name);
  }

  private paint(): void {
    const { data, by, exchanged, operation: op, context: { state } } = this;
    this.selects.by.value = by;
    this.exchange.checked = exchanged;
    const a = matrixOf(data, exchanged);
    const has = data.what !== "";
    const shown = this.shown = has && by !== "shell" ? arranged(data, a, by as By) : null;
    const pairs = state.selected("pairs");
    const marks = new Set<number>();
    if (shown) {
      const row = new Map(shown.sites.flatMap((sites, k) => sites.map((site) => [site, k] as const)));
      for (const [i, j] of pairs) if (row.has(i) && row.has(j)) marks.add(shown.labels.length * row.get(i)! + row.get(j)!);
      this.map.show(shown, [data.low, data.high], marks);
    }
    this.place.replaceChildren(shown ? labelled(this.map.element, shown.labels) : has ? this.shells() : h("p", { class: "cn-overview" }, "This layer belongs to the whole crystal: no pair of atoms has a value of its own."));
    this.scale.hidden = !shown;
    const bar = h("span", { class: "cn-bar", "aria-hidden": "true" });
    bar.style.setProperty("background", `linear-gradient(to right, ${data.stops.join(", ")})`);
    this.scale.replaceChildren(valueText(data.low), bar, valueText(data.high), h("span", {}, data.what));
    this.verdict.textContent = exchanged ? `Atoms exchanged at random: what the same numbers do without the crystal.${data.chance === null ? "" : ` RMS over several such exchanges: ${residualText(data.chance)}.`}` : `${data.status}: ${data.text}`;
    this.verdict.dataset["severity"] = exchanged || data.status === "not significant" ? "warning" : "info";
    this.operations.forEach(({ item, bar: part, digits }, k) => {
      const value = exchanged && has ? distance(a, permuted(data, a, k)) : data.operations[k]!.residual;
      part.style.setProperty("width", `${100 * barOf(value)}%`);
      digits.textContent = residualText(value);
      item.setAttribute("aria-selected", String(state.selected("operations").includes(data.operations[k]!.name)));
    });
    this.layers.forEach(({ item }, k) => item.setAttribute("aria-selected", String(data.layers[k]!.name === data.layer)));
    this.showPair(a, pairs);
    this.act(a, op, shown, by);
  }

  private showPair(a: Float64Array, pairs: readonly (readonly [number, number])[]): void {
    const { data } = this;
    const first = pairs[0];
    if (!first || data.what === "" || first.some((k) => k >= data.sites.length)) { this.pair.replaceChildren(); return; }
    const n = data.sites.length;
    const orbit = pairOrbit(data, ...(first as [number, number]));
    const values = orbit.map(([i, j]) => a[n * i + j]!);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const name = `${data.sites[first[0]]}–${data.sites[first[1]]}`;
    this.pair.replaceChildren(h("p", {}, h("b", {}, name), ` ${valueText(a[n * first[0] + first[1]]!)}`),
      h("p", { class: "cn-words" }, orbit.length === 1 ? "No operation sends this pair to another one." :
        `${orbit.length} pairs that symmetry makes equal: from ${valueText(low)} to ${valueText(high)}, spread ${residualText(Math.abs(high - low))}.`));
  }

  /** The chosen operation: what it makes of the matrix, and what is different. */
  private act(a: Float64Array, op: number, shown: Shown | null, by: string): void {
    const { data } = this;
    if (op < 0 || !shown) { this.result.replaceChildren(); return; }
    const image = permuted(data, a, op);
    const gap = a.map((v, k) => Math.abs(v - image[k]!));
    const most = Math.max(...gap);
    [image, gap].forEach((values, k) => this.acted[k]!.show(arranged(data, values, by as By), k === 0 ? [data.low, data.high] : [0, most || 1], new Set()));
    const captions = [`after ${data.operations[op]!.name}`, `difference, at most ${residualText(most)}`];
    this.result.replaceChildren(
      ...this.acted.map(({ element }, k) => h("figure", {}, element, h("figcaption", {}, captions[k]!))),
      h("p", { class: "cn-words" }, `‖A − gA‖ / ‖A‖ of the matrix that is shown = ${residualText(distance(a, image))}`));
  }

  private shells(): HTMLElement {
    const { shells } = this.data;
    const most = Math.max(...shells.map(({ weight }) => weight), 1e-300);
    return h("ul", { class: "cn-m-list cn-m-shells", "aria-label": "Weight by distance, 1 for no preference" }, ...shells.map(({ distance: r, pairs, weight }) => {
      const { item, bar, digits } = barRow(`${r.toFixed(2)} Å`, `${pairs.toFixed(2)} pairs per atom`, "");
      bar.style.setProperty("width", `${Math.max(0, 100 * weight / most)}%`);
      digits.textContent = valueText(weight);
      item.removeAttribute("role");
      item.removeAttribute("aria-selected");
      return item;
    }));
  }

  private tell(i: number, j: number): void {
    const { shown, context: { state } } = this;
    if (!shown || i < 0) { this.point.textContent = ""; state.hover({}); return; }
    const text = `${shown.labels[i]} → ${shown.labels[j]}: ${valueText(shown.values[shown.labels.length * i + j]!)}`;
    this.point.textContent = this.live.textContent = text;
    const [rows, columns] = [shown.sites[i]!, shown.sites[j]!];
    state.hover(rows.length * columns.length === 1 ? { pairs: [[rows[0]!, columns[0]!]], atoms: [rows[0]!, columns[0]!] } : { atoms: [...new Set([...rows, ...columns])] });
  }

  private choose(i: number, j: number): void {
    const { shown, data, context: { state } } = this;
    if (!shown) return;
    const [rows, columns] = [shown.sites[i]!, shown.sites[j]!];
    const pairs = this.by === "atom" ? pairOrbit(data, rows[0]!, columns[0]!) : rows.flatMap((p) => columns.map((q) => [p, q] as [number, number]));
    state.select("pairs", pairs.slice(0, MOST));
    this.paint();
  }

  private operate(k: number, add: boolean): void {
    const { state } = this.context;
    const before = state.selected("operations");
    const { name } = this.data.operations[k]!;
    state.select("operations", !add && before.length === 1 && before[0] === name ? [] : chosen(name, add, before));
    this.paint();
  }

  private escape(): void {
    const { state, root } = this.context;
    if (state.selected("pairs").length > 0) state.select("pairs", []);
    else if (state.selected("operations").length > 0) state.select("operations", []);
    else leave(root);
    this.paint();
  }
}

/** Labels of the rows beside the map and of the columns above, while they can be read. */
function labelled(map: HTMLElement, labels: readonly string[]): HTMLElement {
  if (labels.length > 24) return h("div", { class: "cn-m-labelled cn-m-plain" }, map);
  const line = (name: string): HTMLElement => h("div", { class: name, "aria-hidden": "true" }, ...labels.map((label) => h("span", {}, label)));
  return h("div", { class: "cn-m-labelled" }, line("cn-m-columns"), line("cn-m-rows"), map);
}
