// The breaking view: a distortion and its amplitude. The sketch follows the hand by itself; symmetry comes from
// Python, asked at most once at a time; a model answers when the hand rests.
import { Chart, SketchView } from "./breaking_draw";
import { amplitudeText, FIRST, parseBreaking, type BreakingData, type Choice, type Family } from "./breaking_schema";
import { h, uniqueName } from "./dom";
import { containKeys, header, showStatus, statusLines } from "./panel";
import { Roving } from "./roving";
import { chosen } from "./selection";
import { guarded, type ViewContext } from "./view";

/** Steps of the slider to one side, and milliseconds after which an answer counts as lost. */
const STEPS = 200;
const LOST_MS = 1500;
/** One way of playback: out, back, to the other side, back. */
const PERIOD_MS = 6000;
const BEGIN = 0.2;


export function mountBreaking(context: ViewContext): void {
  new Breaking(context).start();
}

class Breaking {
  private data: BreakingData;
  private amplitude: number;
  private sent: ReturnType<typeof setTimeout> | undefined;
  private waiting = false;
  private began = 0;
  private home = 0;
  private isPlaying = false;
  private sketch: SketchView | undefined;
  private chart: Chart | null = null;
  private shapes = "";
  private curves = "";
  private inner = new AbortController();
  private readonly family: HTMLSelectElement;
  private readonly pattern: HTMLSelectElement;
  private readonly kind: HTMLSelectElement;
  private readonly slider = h("input", { type: "range", class: "cn-b-slider", min: -STEPS, max: STEPS, step: 1 });
  private readonly shown = h("output", { class: "cn-b-amplitude" });
  private readonly play = h("button", { type: "button", class: "cn-button cn-b-play" }, "Play");
  private readonly controls: HTMLFieldSetElement;
  private readonly group = h("p", { class: "cn-b-group" });
  private readonly seen = h("p", { class: "cn-b-seen" });
  private readonly lost = h("div", { class: "cn-b-names" });
  private readonly opened = h("div", { class: "cn-b-names" });
  private readonly place = h("figure", { class: "cn-b-figure" });
  private readonly answer = h("div", { class: "cn-b-answer" });
  private readonly live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });

  constructor(private readonly context: ViewContext) {
    this.data = parseBreaking(context.state.data);
    this.amplitude = this.data.amplitude;
    const id = uniqueName();
    [this.family, this.pattern, this.kind] = ["family", "pattern", "kind"].map((name) => h("select", { class: `cn-model cn-b-${name}`, id: `${id}-${name}` })) as
      [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
    this.slider.id = `${id}-amplitude`;
    const control = (label: string, ...nodes: HTMLElement[]): HTMLElement => h("span", { class: "cn-control" }, h("label", { for: nodes[0]?.id ?? "" }, label), ...nodes);
    this.controls = h("fieldset", { class: "cn-controls", "aria-label": "Distortion" },
      control("Distort by", this.family), control("Which", this.pattern), control("Tensor", this.kind),
      control("Amplitude", this.slider, this.shown), this.play);
  }

  start(): void {
    const { context: { state, root, signal } } = this;
    const wrap = <E>(handler: (event: E) => void): ((event: E) => void) => guarded(state, handler);
    const on = (node: HTMLElement, type: string, handler: () => void): void => node.addEventListener(type, wrap<Event>(handler), { signal });
    on(this.family, "change", () => { const [name, largest] = FIRST[this.family.value as Family]; this.ask({ pattern: name, amplitude: BEGIN * largest }); });
    on(this.pattern, "change", () => this.ask({ pattern: this.pattern.value }));
    on(this.kind, "change", () => this.ask({ kind: this.kind.value }));
    on(this.slider, "input", () => { this.rest(); this.move((Number(this.slider.value) / STEPS) * this.data.largest); });
    on(this.play, "click", () => (this.isPlaying ? this.rest() : this.begin()));
    for (const names of [this.lost, this.opened]) {
      names.addEventListener("click", wrap<MouseEvent>((event) => this.pick(event)), { signal });
    }
    const lines = statusLines();
    for (const line of lines) line.removeAttribute("role");
    root.replaceChildren(h("div", { class: "cn-top" }, header(this.data.title, this.data.subtitle, "", [])),
      ...(this.data.has_controls ? [this.controls] : []),
      h("div", { class: "cn-b-body" }, this.place, h("div", { class: "cn-b-left" }, this.group, this.seen, this.lost, this.opened)),
      this.answer, ...lines, this.live);
    containKeys(this.context);
    state.watch(["data"], signal, wrap<void>(() => this.receive()));
    state.watch(["operations", "cells"], signal, wrap<void>(() => this.press()));
    state.watch(["status", "message", "details"], signal, wrap<void>(() => this.tell()));
    state.join(signal, {});
    state.onDead(signal, () => { root.toggleAttribute("data-dead", true); this.controls.disabled = true; this.rest(); });
    signal.addEventListener("abort", () => { this.rest(); clearTimeout(this.sent); this.inner.abort(); }, { once: true });
    this.draw();
    this.tell();
  }

  /** Python answered: show it, and ask for what the hand did meanwhile. */
  private receive(): void {
    clearTimeout(this.sent);
    this.sent = undefined;
    this.data = parseBreaking(this.context.state.data);
    if (this.waiting) this.send();
    else this.amplitude = this.data.amplitude;
    this.draw();
  }

  private move(amplitude: number): void {
    this.amplitude = amplitude;
    this.follow();
    if (this.sent === undefined) this.send();
    else this.waiting = true;
  }

  private send(): void {
    this.waiting = false;
    this.sent = setTimeout(() => { this.sent = undefined; if (this.waiting) this.send(); }, LOST_MS);
    this.context.state.choose({ amplitude: this.amplitude });
  }

  private ask(options: Readonly<Record<string, string | number>>): void {
    this.rest();
    this.waiting = false;
    if (typeof options["amplitude"] === "number") this.amplitude = options["amplitude"];
    this.context.state.choose(options);
  }

  private begin(): void {
    this.isPlaying = true;
    this.home = this.amplitude;
    this.began = performance.now();
    this.play.textContent = "Stop";
    this.step();
  }

  private step(): void {
    if (!this.isPlaying) return;
    const share = (performance.now() - this.began) / PERIOD_MS;
    if (share >= 1) { this.rest(); this.move(this.home); return; }
    this.move(Number((this.data.largest * Math.sin(2 * Math.PI * share)).toPrecision(4)));
    requestAnimationFrame(guarded<number>(this.context.state, () => this.step()));
  }

  private rest(): void {
    this.isPlaying = false;
    this.play.textContent = "Play";
  }

  /** What the hand changes needs no answer. */
  private follow(): void {
    const { data } = this;
    this.slider.value = String(Math.round((this.amplitude / data.largest) * STEPS));
    const text = amplitudeText(this.amplitude, data.unit);
    this.shown.value = text;
    this.slider.setAttribute("aria-valuetext", text);
    this.sketch?.show(this.amplitude);
    this.chart?.show(this.amplitude);
  }

  private draw(): void {
    const { data } = this;
    this.context.root.dataset["amplitude"] = String(data.amplitude);
    fill(this.family, data.families, data.family);
    fill(this.pattern, data.patterns, data.pattern);
    fill(this.kind, data.kinds.map((name) => ({ name, text: name })), data.kind);
    this.group.textContent = data.parent_group === data.group ? data.group : `${data.parent_group} → ${data.group}`;
    this.seen.textContent = data.seen;
    this.seen.toggleAttribute("data-unseen", !data.is_seen);
    const lost = data.lost.length === 0 ? "No operation is lost." : `Lost: ${data.lost.length} of ${data.lost.length + data.kept.length} operations`;
    names(this.lost, "operation", lost, data.lost.map(({ name, text }) => ({ name, text })));
    names(this.opened, "cell", data.opened.length === 0 ? `No zero of the ${data.kind} tensor opens.` : "No longer zero:", data.opened.map((name) => ({ name, text: "" })));
    this.press();
    this.redraw();
    this.follow();
  }

  private redraw(): void {
    const { data } = this;
    const shapes = JSON.stringify(data.sketch);
    if (shapes !== this.shapes) {
      this.shapes = shapes;
      this.sketch = new SketchView(data.sketch, `Drawing of the distorted crystal ${data.title}`);
      this.place.replaceChildren(this.sketch.element, h("figcaption", {}, `distortion drawn × ${data.sketch.drawn}`));
    }
    const curves = JSON.stringify([data.curve, data.facts]);
    if (curves === this.curves) return;
    this.curves = curves;
    const focus = this.chart?.points.findIndex((p) => p === p.ownerDocument.activeElement) ?? -1;
    this.inner.abort();
    this.inner = new AbortController();
    this.chart = data.curve ? new Chart(data.curve) : null;
    this.answer.replaceChildren(...(this.chart ? [this.chart.element] : []),
      h("ul", { class: "cn-facts cn-b-facts" }, ...data.facts.map(({ label, value, hint }) =>
        h("li", { class: "cn-fact", title: hint }, h("span", { class: "cn-key" }, label), " ", h("span", {}, value)))));
    if (!this.chart || !data.has_controls) return;
    const { points, element } = this.chart;
    new Roving(element, points, {
      preview: () => undefined, escape: () => undefined, help: () => undefined,
      choose: (k) => { const to = data.curve?.amplitudes[k]; if (to !== undefined) { this.rest(); this.move(to); } },
    }).listen(this.inner.signal, (handler) => guarded(this.context.state, handler));
    if (focus >= 0) points[focus]?.focus();
  }

  private pick(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-name]") : null;
    const name = button?.dataset["name"];
    if (name === undefined) return;
    const { state } = this.context;
    const kind = button?.dataset["kind"] === "cell" ? "cells" : "operations";
    const before = state.selected(kind);
    const add = event.ctrlKey || event.metaKey || event.shiftKey;
    state.select(kind, !add && before.length === 1 && before[0] === name ? [] : chosen(name, add, before));
  }

  /** Mark the names that are selected. */
  private press(): void {
    const { state, root } = this.context;
    const all = new Set<string>([...state.selected("operations"), ...state.selected("cells")]);
    for (const b of root.querySelectorAll<HTMLElement>(".cn-b-names [data-name]")) b.setAttribute("aria-pressed", String(all.has(b.dataset["name"] ?? "")));
  }

  private tell(): void {
    const { context, answer, live, data } = this;
    showStatus(context);
    answer.setAttribute("aria-busy", String(context.state.status === "running"));
    if (context.state.status !== "running") live.textContent = context.state.message || data.summary;
  }
}

function fill(select: HTMLSelectElement, choices: readonly Choice[], value: string): void {
  if (select.options.length !== choices.length || choices.some(({ name, text }, k) => select.options[k]?.value !== name || select.options[k]?.text !== text)) {
    select.replaceChildren(...choices.map(({ name, text }) => h("option", { value: name }, text)));
  }
  select.value = value;
}

/** A line and a button for each name; rebuilt only when they change, so that the focus stays. */
function names(at: HTMLElement, kind: string, head: string, choices: readonly Choice[]): void {
  const key = [head, ...choices.map(({ name }) => name)].join("\n");
  if (at.dataset["key"] === key) return;
  at.dataset["key"] = key;
  at.replaceChildren(h("p", {}, head), h("ul", {}, ...choices.map(({ name, text }) =>
    h("li", {}, h("button", { type: "button", class: "cn-b-name", "data-name": name, "data-kind": kind, ...(text ? { title: text } : {}) }, name)))));
}
