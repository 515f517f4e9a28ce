// The surface view: a property in every direction. The kernel is not needed: values and what contributes
// to them are computed here, from the tensor.
import { unit, type Vec3 } from "./camera";
import { toolbar } from "./crystal_panel";
import { h, uniqueName } from "./dom";
import { containKeys, header, leave, noticeList, showStatus, statusLines, watchStatus } from "./panel";
import { chosen, type Selected } from "./selection";
import { parseSurface, type Extreme, type Quantity, type Sheet, type SurfaceData } from "./surface_schema";
import { SurfaceStage } from "./surface_stage";
import { leading, numberText, Values } from "./surface_values";
import { guarded, type ViewContext } from "./view";

const KEYS_HELP =
  "Drag or arrow keys: turn. Click, or Enter for what faces you: choose a direction and its largest components. " +
  "Shift and arrows: move it. a, b, c, x, y, z: look along. + and −: zoom. 0: reset. Esc: clear, then back to the notebook.";
const WORDS: Readonly<Record<Sheet, string>> = { value: "", max: "largest over m", mean: "mean over m", min: "smallest over m" };


export function mountSurface(context: ViewContext): void {
  const { state, signal } = context;
  let stop = new AbortController();
  const draw = (): void => {
    stop.abort();
    stop = new AbortController();
    new SurfaceScene(context, stop.signal).start();
  };
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  state.watch(["data"], signal, guarded<void>(state, draw));
  containKeys(context);
  draw();
  watchStatus(context);
}

class SurfaceScene {
  private readonly data: SurfaceData;
  private readonly stage: SurfaceStage;
  private readonly all: readonly Values[];
  private readonly quantity: HTMLSelectElement;
  private readonly sheet: HTMLSelectElement;
  private readonly extremes = h("tbody", {});
  private readonly verdict = h("p", { class: "cn-caption" });
  private readonly scale = h("p", { class: "cn-scale" });
  private readonly detail = h("section", { class: "cn-detail cn-direction", "aria-label": "Direction" });
  private readonly live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  private readonly help = h("p", { class: "cn-help", hidden: true }, KEYS_HELP);
  private far: Partial<Selected> = {};
  /** The cells that a click here selected: they do not change the colours. */
  private own = "";

  constructor(private readonly context: ViewContext, private readonly signal: AbortSignal) {
    const data = this.data = parseSurface(context.state.data);
    this.all = data.quantities.map((quantity) => new Values(data, quantity));
    this.stage = new SurfaceStage(data, {
      point: (n) => this.point(n), choose: (n) => this.choose(n),
      escape: () => this.escape(), help: () => { this.help.hidden = !this.help.hidden; },
    });
    const id = uniqueName();
    this.quantity = h("select", { id: `${id}-q` }, ...data.quantities.map(({ name, title }) => h("option", { value: name }, title)));
    this.sheet = h("select", { id: `${id}-s`, "aria-label": "Which value over the second direction m" });
  }

  start(): void {
    const { context: { state, root }, signal, data, stage } = this;
    const wrap = <E>(handler: (event: E) => void): ((event: E) => void) => guarded(state, handler);
    stage.listen(signal, wrap);
    this.quantity.addEventListener("change", wrap(() => this.ask({ property: this.quantity.value, sheet: data.quantities.find(({ name }) => name === this.quantity.value)?.sheets[0] ?? "" })), { signal });
    this.sheet.addEventListener("change", wrap(() => this.ask({ sheet: this.sheet.value })), { signal });
    this.extremes.addEventListener("click", wrap((event: MouseEvent) => {
      const row = event.target instanceof Element ? event.target.closest("button")?.dataset["row"] : undefined;
      const at = row === undefined ? undefined : this.values.quantity.extremes[Number(row)];
      if (at?.direction) this.choose(at.direction, at.which);
    }), { signal });
    this.detail.addEventListener("click", wrap((event: MouseEvent) => {
      const name = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-part]")?.dataset["part"] : undefined;
      if (name === undefined) return;
      this.own = "";
      const before = state.selected("cells");
      state.select("cells", before.length === 1 && before[0] === name ? [] : chosen(name, event.shiftKey || event.ctrlKey || event.metaKey, before));
    }), { signal });
    state.watch(["options", "cells"], signal, wrap<void>(() => { this.paint(); this.announce(); }));
    state.join(signal, { hover: wrap((what: Partial<Selected>) => { this.far = what; this.paint(); }) });
    const tools = toolbar({ view: (key) => stage.lookAlong(key), zoom: (f) => stage.zoom(f), reset: () => stage.reset() });
    root.replaceChildren(
      header(data.title, data.subtitle, "", data.facts),
      h("div", { class: "cn-crystal cn-surface" },
        h("div", { class: "cn-drawing" },
          h("div", { class: "cn-surface-head" }, h("label", { for: this.quantity.id }, "Property"), this.quantity, this.sheet, tools),
          stage.element, this.scale),
        h("div", { class: "cn-side" },
          this.verdict,
          h("table", { class: "cn-extremes", "aria-label": "Extremes" },
            h("thead", {}, h("tr", {}, ...["extreme", "value", "along n", "across m"].map((text) => h("th", { scope: "col" }, text)))), this.extremes),
          this.detail)),
      ...noticeList(data.notices), this.help, ...statusLines(), this.live);
    this.paint();
    showStatus(this.context);
  }

  private get values(): Values {
    const name = this.context.state.options["property"];
    return this.all.find(({ quantity }) => quantity.name === name) ?? this.all[0]!;
  }

  private get shownSheet(): Sheet {
    const { sheets } = this.values.quantity;
    return sheets.find((sheet) => sheet === this.context.state.options["sheet"]) ?? sheets[0]!;
  }

  private get direction(): Vec3 | null {
    const v: unknown = this.context.state.options["direction"];
    return Array.isArray(v) && v.length === 3 && v.every(Number.isFinite) ? unit(v as unknown as Vec3) : null;
  }

  private ask(change: { property?: string; sheet?: string; direction?: readonly number[] }): void {
    this.context.state.choose({ property: this.values.quantity.name, sheet: this.shownSheet, direction: this.direction ?? [], ...change });
  }

  /** Components that colour the surface: those pointed at or selected in another view. */
  private get parts(): number[] {
    const selected = this.context.state.selected("cells");
    const names = this.far.cells ?? (selected.join() === this.own ? [] : selected);
    return this.data.components.flatMap(({ name }, k) => (names.includes(name) ? [k] : []));
  }

  private paint(): void {
    const { values, shownSheet: sheet, direction, parts, stage } = this;
    const { quantity } = values;
    stage.show({ values, sheet, direction, parts });
    this.quantity.value = quantity.name;
    this.sheet.hidden = quantity.sheets.length < 2;
    this.sheet.replaceChildren(...quantity.sheets.map((s) => h("option", { value: s, selected: s === sheet }, WORDS[s])));
    this.verdict.textContent = quantity.verdict;
    this.extremes.replaceChildren(...quantity.extremes.map((extreme, k) => row(extreme, quantity, k)));
    const { low, high, signed } = stage.scale;
    const bar = h("span", { class: "cn-bar", "aria-hidden": "true" });
    bar.style.setProperty("background", `linear-gradient(to right, ${(signed ? this.data.signed_stops : this.data.stops).join(", ")})`);
    const what = parts.length > 0 ? `part of ${parts.map((k) => this.data.components[k]!.name).join(", ")} in the value` : quantity.title;
    this.scale.replaceChildren(numberText(low, quantity.decimals), bar, `${numberText(high, quantity.decimals)} ${quantity.unit}`,
      h("span", {}, `colour: ${what}`));
    this.detail.replaceChildren(...this.details(values, sheet, direction));
  }

  private details(values: Values, sheet: Sheet, n: Vec3 | null): HTMLElement[] {
    const { quantity } = values;
    const selected = this.context.state.selected("cells");
    if (!n) return [h("p", { class: "cn-overview" }, "Click the surface to see the value along a direction and which components make it up.")];
    const value = values.at(n, sheet);
    const m = values.across(n, sheet);
    const terms = values.contributions(n, sheet);
    const most = Math.max(...terms.map(Math.abs)) || 1;
    return [
      h("p", { class: "cn-value" }, numberText(value, quantity.decimals), h("small", {}, ` ${quantity.unit}`)),
      h("p", { class: "cn-origin" }, `${quantity.title}${sheet === "value" ? "" : `, ${WORDS[sheet]},`} along n = ${vectorText(n)}${m ? `, m = ${vectorText(m)}` : ""}`),
      h("p", { class: "cn-words" }, "Components that make it up:"),
      h("ul", { class: "cn-parts" }, ...leading(terms, 0.97, 8).map((k) => {
        const { name } = this.data.components[k]!;
        const bar = h("span", { class: "cn-part", "data-negative": terms[k]! < 0, "aria-hidden": "true" });
        bar.style.setProperty("width", `${(100 * Math.abs(terms[k]!)) / most}%`);
        return h("li", {}, h("button", { type: "button", class: "cn-reason-op", "data-part": name, "aria-pressed": String(selected.includes(name)) },
          h("b", {}, name), h("span", { class: "cn-track" }, bar), h("span", {}, numberText(terms[k]!, quantity.decimals))));
      })),
    ];
  }

  private announce(): void {
    const { values, shownSheet: sheet, direction: n } = this;
    const { quantity } = values;
    if (!n) { this.live.textContent = `${quantity.title}. ${quantity.verdict}`; return; }
    const names = leading(values.contributions(n, sheet)).map((k) => this.data.components[k]!.name);
    this.live.textContent = `${quantity.title} ${WORDS[sheet]} along ${vectorText(n)}: ` +
      `${numberText(values.at(n, sheet), quantity.decimals)} ${quantity.unit_spoken}. Made up mostly by ${names.join(", ")}.`;
  }

  private point(n: Vec3 | null): void {
    const { values, shownSheet: sheet } = this;
    const { quantity } = values;
    this.stage.label(n ? `${numberText(values.at(n, sheet), quantity.decimals)} ${quantity.unit} along ${vectorText(n)}` : "");
    this.context.state.hover(n ? { cells: leading(values.contributions(n, sheet)).map((k) => this.data.components[k]!.name) } : {});
  }

  private choose(n: Vec3 | null, sheet: string = this.shownSheet): void {
    if (!n) return;
    const { state } = this.context;
    const direction = n.map((v) => Math.round(1e6 * v) / 1e6);
    const kept = this.values.quantity.sheets.find((s) => s === sheet) ?? this.shownSheet;
    const cells = leading(this.values.contributions(n, kept)).map((k) => this.data.components[k]!.name);
    this.own = cells.join();
    this.ask({ direction, sheet: kept });
    state.select("cells", cells);
  }

  private escape(): void {
    const { state, root } = this.context;
    if (state.selected("cells").length > 0) state.select("cells", []);
    else if (this.direction) this.ask({ direction: [] });
    else leave(root);
  }
}

function row({ which, text, direction, across, indices }: Extreme, { unit: of, sheets }: Quantity, k: number): HTMLElement {
  const place = direction ? `${indices ? `${indices.replaceAll("-", "−")} = ` : ""}${vectorText(direction)}` : "everywhere the same";
  return h("tr", {}, h("th", { scope: "row" }, which), h("td", {}, `${text} ${of}`),
    h("td", {}, direction ? h("button", { type: "button", class: "cn-reason-op", "data-row": k, title: "Choose this direction" }, place) : place),
    h("td", {}, sheets.length < 2 ? "" : across ? vectorText(across) : "–"));
}

function vectorText(n: Vec3): string {
  return `(${n.map((v) => numberText(v, 3)).join(", ")})`;
}
