// The breaking view: a distortion and its amplitude. Sketch and symmetry follow the hand by themselves; when it rests
// Python is asked what a search sees, one question at a time, and a model answers.
import { chartOf, sketchView, type Drawing } from "./breaking_draw";
import { amplitudeText, FIRST, parseBreaking, type Choice, type Family } from "./breaking_schema";
import { h } from "./dom";
import { containKeys, header, showStatus, statusLines } from "./panel";
import { Roving } from "./roving";
import { chosen } from "./selection";
import { guarded, type ViewContext } from "./view";

/** Steps of the slider to one side, and milliseconds after which an answer counts as lost. */
const STEPS = 200;
const LOST_MS = 1500;
/** Python is asked when the hand rests so long: JupyterLab paints anew with every message to the kernel. */
const REST_MS = 120;
/** While playing it is asked so often. */
const PLAY_MS = 1000;
/** One way of playback: out, back, to the other side, back. */
const PERIOD_MS = 6000;
const BEGIN = 0.2;

let count = 0;

export function mountBreaking(context: ViewContext): void {
  const { state, root, signal } = context;
  let data = parseBreaking(state.data);
  let amplitude = data.amplitude;
  let sent: ReturnType<typeof setTimeout> | undefined;
  let planned: ReturnType<typeof setTimeout> | undefined;
  let waiting = false;
  let playing = false;
  let sketch: Drawing<Element> | undefined;
  let chart: ReturnType<typeof chartOf> | null = null;
  const drawn: string[] = [];
  let inner = new AbortController();
  const id = `cn-breaking-${(count += 1)}`;
  const [family, pattern, kind] = ["family", "pattern", "kind"].map((name) => h("select", { class: `cn-model cn-b-${name}`, id: id + name })) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
  const slider = h("input", { type: "range", class: "cn-b-slider", id: `${id}-a`, min: -STEPS, max: STEPS, step: 1 });
  const shown = h("output", { class: "cn-b-amplitude" });
  const play = h("button", { type: "button", class: "cn-button cn-b-play" }, "Play");
  const control = (label: string, ...nodes: readonly HTMLElement[]): HTMLElement => h("span", { class: "cn-control" }, h("label", { for: nodes[0]?.id ?? "" }, label), ...nodes);
  const controls = h("fieldset", { class: "cn-controls", "aria-label": "Distortion" }, control("Distort by", family), control("Which", pattern),
    control("Tensor", kind), control("Amplitude", slider, shown), play);
  const group = h("p", { class: "cn-b-group" });
  const seen = h("p", { class: "cn-b-seen" });
  const lost = h("div", { class: "cn-b-names" });
  const opened = h("div", { class: "cn-b-names" });
  const place = h("figure", { class: "cn-b-figure" });
  const facts = h("ul", { class: "cn-facts" });
  const answer = h("div", { class: "cn-b-answer" }, facts);
  const live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  const wrap = <E>(handler: (event: E) => void): ((event: E) => void) => guarded(state, handler);
  const on = (node: HTMLElement, type: string, handler: (event: Event) => void): void => node.addEventListener(type, wrap<Event>(handler), { signal });

  const send = (): void => {
    waiting = false;
    sent = setTimeout(() => { sent = undefined; if (waiting) send(); }, LOST_MS);
    state.choose({ amplitude });
  };
  const plan = (): void => {
    if (sent !== undefined) { waiting = true; return; }
    if (playing && planned !== undefined) return;
    clearTimeout(planned);
    planned = setTimeout(wrap<void>(() => { planned = undefined; send(); }), playing ? PLAY_MS : REST_MS);
  };
  const drop = (): void => { clearTimeout(planned); planned = undefined; waiting = false; };
  const rest = (): void => { playing = false; play.textContent = "Play"; };
  /** What the hand changes needs no answer: which operations are left is the same at every amplitude but 0. */
  const follow = (): void => {
    const { group: now, lost: gone, opened: free } = amplitude === 0 ? { group: data.parent_group, lost: [], opened: [] } : data.away;
    const n = gone.length;
    group.textContent = data.parent_group === now ? now : `${data.parent_group} → ${now}`;
    const told = [names(lost, n === 0 ? "No operation is lost." : `Lost: ${n} of ${data.lost.length + data.kept.length} operations`, gone),
      names(opened, free.length === 0 ? `No zero of the ${data.kind} tensor opens.` : "No longer zero:", free.map((name) => ({ name, text: "" })))];
    if (told.includes(true)) press();
    seen.toggleAttribute("data-waiting", amplitude !== data.amplitude);
    root.dataset["shown"] = String(amplitude);
    slider.value = String(Math.round((amplitude / data.largest) * STEPS));
    shown.value = amplitudeText(amplitude, data.unit);
    slider.setAttribute("aria-valuetext", shown.value);
    sketch?.show(amplitude);
    chart?.show(amplitude);
  };
  const move = (to: number): void => {
    amplitude = to;
    follow();
    plan();
  };
  /** A place that is meant: nothing more to wait for. */
  const jump = (to: number): void => {
    rest();
    drop();
    amplitude = to;
    follow();
    if (sent === undefined) send();
    else waiting = true;
  };
  const ask = (options: Readonly<Record<string, string | number>>): void => {
    rest();
    drop();
    state.choose(options);
  };
  const begin = (): void => {
    const [home, began] = [amplitude, performance.now()];
    playing = true;
    play.textContent = "Stop";
    const step = (): void => {
      if (!playing) return;
      const share = (performance.now() - began) / PERIOD_MS;
      if (share >= 1) { rest(); move(home); return; }
      move(Number((data.largest * Math.sin(2 * Math.PI * share)).toPrecision(4)));
      requestAnimationFrame(wrap<number>(step));
    };
    step();
  };
  /** Mark the names that are selected. */
  const press = (): void => {
    const all = new Set<string>([...state.selected("operations"), ...state.selected("cells")]);
    for (const b of root.querySelectorAll<HTMLElement>("[data-name]")) b.setAttribute("aria-pressed", String(all.has(b.dataset["name"] ?? "")));
  };
  const isNew = (k: number, value: unknown): boolean => { const before = drawn[k]; drawn[k] = JSON.stringify(value); return before !== drawn[k]; };
  const redraw = (): void => {
    if (isNew(0, data.sketch)) {
      sketch = sketchView(data.sketch, `Drawing of the distorted crystal ${data.title}`);
      place.replaceChildren(sketch.element, h("figcaption", {}, `distortion drawn × ${data.sketch.drawn}`));
    }
    if (isNew(1, data.facts)) {
      facts.replaceChildren(...data.facts.map(({ label, value, hint }) =>
        h("li", { class: "cn-fact", title: hint }, h("span", { class: "cn-key" }, label), " ", h("span", {}, value))));
    }
    if (!isNew(2, data.curve)) return;
    inner.abort();
    inner = new AbortController();
    chart = data.curve && chartOf(data.curve);
    answer.replaceChildren(...(chart ? [chart.element] : []), facts);
    if (!chart || !data.has_controls) return;
    const nothing = (): void => undefined;
    const choose = (k: number): void => { const to = data.curve?.amplitudes[k]; if (to !== undefined) jump(to); };
    new Roving(chart.element, chart.points, { preview: nothing, escape: nothing, help: nothing, choose }).listen(inner.signal, wrap);
  };
  const draw = (): void => {
    root.dataset["amplitude"] = String(data.amplitude);
    fill(family, data.families, data.family);
    fill(pattern, data.patterns, data.pattern);
    fill(kind, data.kinds.map((name) => ({ name, text: name })), data.kind);
    seen.textContent = data.seen;
    seen.toggleAttribute("data-unseen", !data.is_seen);
    redraw();
    follow();
  };
  const tell = (): void => {
    const running = state.status === "running";
    showStatus(context);
    answer.setAttribute("aria-busy", String(running));
    if (!running) live.textContent = state.message || data.summary;
  };
  const pick = (event: Event, which: "operations" | "cells"): void => {
    const name = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-name]")?.dataset["name"] : undefined;
    if (name === undefined || !(event instanceof MouseEvent)) return;
    const before = state.selected(which);
    const add = event.ctrlKey || event.metaKey || event.shiftKey;
    state.select(which, !add && before.length === 1 && before[0] === name ? [] : chosen(name, add, before));
  };

  on(family, "change", () => { const [name, largest] = FIRST[family.value as Family]; amplitude = BEGIN * largest; ask({ pattern: name, amplitude }); });
  on(pattern, "change", () => ask({ pattern: pattern.value }));
  on(kind, "change", () => ask({ kind: kind.value }));
  on(slider, "input", () => { rest(); move((Number(slider.value) / STEPS) * data.largest); });
  on(play, "click", () => (playing ? rest() : begin()));
  on(lost, "click", (event) => pick(event, "operations"));
  on(opened, "click", (event) => pick(event, "cells"));
  const lines = statusLines();
  for (const line of lines) line.removeAttribute("role");
  root.replaceChildren(header(data.title, data.subtitle, "", []), ...(data.has_controls ? [controls] : []),
    h("div", { class: "cn-b-body" }, place, h("div", { class: "cn-b-left" }, group, seen, lost, opened)), answer, ...lines, live);
  containKeys(context);
  state.watch(["data"], signal, wrap<void>(() => {
    // Python answered: show it, and ask for what the hand did meanwhile.
    clearTimeout(sent);
    sent = undefined;
    data = parseBreaking(state.data);
    if (waiting) { waiting = false; plan(); }
    if (planned === undefined && !playing) amplitude = data.amplitude;
    draw();
  }));
  state.watch(["operations", "cells"], signal, wrap<void>(press));
  state.watch(["status", "message", "details"], signal, wrap<void>(tell));
  state.join(signal, {});
  state.onDead(signal, () => { root.toggleAttribute("data-dead", true); controls.disabled = true; rest(); });
  signal.addEventListener("abort", () => { rest(); drop(); clearTimeout(sent); inner.abort(); }, { once: true });
  draw();
  tell();
}

function fill(select: HTMLSelectElement, choices: readonly Choice[], value: string): void {
  if (select.options.length !== choices.length || choices.some(({ text }, k) => select.options[k]?.text !== text)) {
    select.replaceChildren(...choices.map(({ name, text }) => h("option", { value: name }, text)));
  }
  select.value = value;
}

/** A line and a button for each name; rebuilt only when they change, so that the focus stays. Whether it was. */
function names(at: HTMLElement, head: string, choices: readonly Choice[]): boolean {
  const key = [head, ...choices.map(({ name }) => name)].join();
  if (at.dataset["key"] === key) return false;
  at.dataset["key"] = key;
  at.replaceChildren(h("p", {}, head), h("ul", {}, ...choices.map(({ name, text }) =>
    h("li", {}, h("button", { type: "button", class: "cn-b-name", "data-name": name, title: text || name }, name)))));
  return true;
}
