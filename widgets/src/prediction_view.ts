// The prediction panel: controls, a bar while something runs, and a card for every predicted property.
// The numbers and all sentences come from Python.
import { h } from "./dom";
import { containKeys, factList, header, noticeList, showStatus, statusLines } from "./panel";
import { PredictionControls } from "./prediction_controls";
import { parseOptions, parsePrediction, type PredictionData, type Stamp, type ValueCard } from "./prediction_schema";
import { guarded, type ViewContext } from "./view";

const MARKS = { info: "✓", warning: "!", error: "✕" } as const;

export function mountPrediction(context: ViewContext): void {
  const { state, root, signal } = context;
  const data = parsePrediction(state.data);
  const controls = new PredictionControls(data.models, {
    choose: (options) => state.choose({ ...options }),
    run: () => state.ask("run"),
    cancel: () => state.ask("cancel"),
  });
  const bar = h("progress", { class: "cn-progress", max: 1, value: 0, "aria-label": "Progress of the prediction" });
  const busy = h("p", { class: "cn-busy", hidden: true }, bar, h("span", { class: "cn-busy-text" }));
  const results = h("div", { class: "cn-results" });
  const live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  // One live region per view: the visible line is not a second one.
  const lines = statusLines();
  for (const line of lines) line.removeAttribute("role");
  root.replaceChildren(h("div", { class: "cn-top" }), ...(data.has_controls ? [controls.element] : []), busy, ...lines, results, live);

  const redraw = guarded<void>(state, () => draw(context, results));
  const follow = guarded<void>(state, () => {
    showStatus(context);
    const isRunning = state.status === "running";
    controls.showRunning(isRunning);
    busy.hidden = !isRunning;
    results.setAttribute("aria-busy", String(isRunning));
    bar.value = state.progress;
    const text = busy.querySelector("span");
    if (text) text.textContent = `Predicting … ${Math.round(100 * state.progress)} %. The values below are the previous ones.`;
  });
  const announce = guarded<void>(state, () => {
    live.textContent = state.status === "running" ? "Predicting." : state.message || parsePrediction(state.data).summary;
  });
  const dead = (): void => { root.toggleAttribute("data-dead", true); controls.disable(); };
  controls.listen(signal, (handler) => guarded(state, handler));
  containKeys(context);
  state.watch(["data"], signal, redraw);
  state.watch(["data", "status", "message"], signal, announce);
  state.watch(["status", "message", "details", "progress"], signal, follow);
  state.watch(["options"], signal, guarded<void>(state, () => controls.show(parseOptions(state.options))));
  state.onDead(signal, dead);
  controls.show(parseOptions(state.options));
  draw(context, results);
  follow();
  announce();
}

function draw({ state, root }: ViewContext, results: HTMLElement): void {
  const data = parsePrediction(state.data);
  root.querySelector(".cn-top")?.replaceChildren(header(data.title, data.subtitle, "", []));
  results.replaceChildren(
    data.cards.length > 0 ? h("div", { class: "cn-cards" }, ...data.cards.map(card))
      : h("p", { class: "cn-empty" }, "No prediction yet. Choose a model that knows these elements, or press Predict."),
    ...(data.facts.length > 0 ? [h("section", { class: "cn-origin-facts", "aria-label": "Where the numbers come from" }, factList(data.facts))] : []),
    ...noticeList(data.notices), ...hints(data));
}

function card(c: ValueCard): HTMLElement {
  const { label, value, uncertainty, hint } = c.headline;
  return h("article", { class: "cn-card", "aria-label": `${c.property}` },
    h("p", { class: "cn-card-head" }, h("b", {}, c.symbol), " ", h("span", { class: "cn-words" }, c.property)),
    h("p", { class: "cn-meaning" }, c.meaning),
    h("p", { class: "cn-value", ...(hint ? { title: hint } : {}) },
      h("span", {}, value), ...(uncertainty ? [h("small", {}, ` ${uncertainty}`)] : []), ...(c.unit ? [h("small", {}, ` ${c.unit}`)] : [])),
    ...(label ? [h("p", { class: "cn-words" }, label)] : []),
    factList(c.lines),
    ...(c.stamp ? [stampOf(c.stamp, c.property)] : []));
}

function stampOf(s: Stamp, property: string): HTMLElement {
  const sure = [["guaranteed", "Guaranteed by construction", s.guaranteed], ["learned", "Learned", s.learned]] as const;
  return h("section", { class: "cn-stamp", "aria-label": `Symmetry, ${property}`, "data-severity": s.severity },
    h("p", { class: "cn-stamp-verdict" }, h("b", { class: "cn-mark", "aria-hidden": "true" }, MARKS[s.severity]), h("span", {}, s.verdict)),
    factList(s.facts),
    h("ul", { class: "cn-sure" }, ...sure.filter(([, , text]) => text !== "").map(([key, label, text]) =>
      h("li", { class: `cn-${key}` }, h("b", {}, label), " ", h("span", {}, text)))));
}

/** The hints of all facts as text: a pointer that hovers is not the only way to them. */
function hints(data: PredictionData): HTMLElement[] {
  const all = [
    ...data.cards.flatMap((c) => [
      ...(c.headline.hint ? [{ label: c.headline.label || c.property, value: "", hint: c.headline.hint }] : []),
      ...c.lines, ...(c.stamp?.facts ?? [])]),
    ...data.facts,
  ].filter(({ hint }) => hint !== "");
  const seen = new Map(all.map(({ label, hint }) => [`${label}\n${hint}`, { label, hint }]));
  if (seen.size === 0) return [];
  return [h("details", { class: "cn-hints" }, h("summary", {}, "What these words mean"),
    h("ul", {}, ...[...seen.values()].map(({ label, hint }) => h("li", {}, h("b", {}, label), " ", h("span", {}, hint)))))];
}
