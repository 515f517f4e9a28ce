// The tensor view: header, diagram, panel, what is sure and what is learned. Thin: the facts and all
// sentences come from Python, hovering and the keyboard never leave the browser.
import { legendOf, wordsOf } from "./classify";
import { h } from "./dom";
import { drawGlyph } from "./glyphs";
import { containKeys, factList, header, leave, noticeList, statusLines, watchStatus } from "./panel";
import { parseNyeOptions, parseTensor, type Cell, type TensorData } from "./schema";
import { chosen, type Selected } from "./selection";
import { tensorControls } from "./tensor_controls";
import { TensorDetail } from "./tensor_detail";
import { TensorGrid } from "./tensor_grid";
import { guarded, type ViewContext } from "./view";

const KEYS_HELP =
  "Arrow keys: move. Home, End: ends of the row. Enter or Space: select. Ctrl or Shift with click or Space: " +
  "add to the selection. Esc: clear, then back to the notebook. ?: this line.";

export function mountTensor(context: ViewContext): void {
  const { state, root, signal } = context;
  let stop = new AbortController();
  const live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  const parts: Parts = { top: h("div", {}), main: h("div", {}), live, spoken: "", open: new Set() };
  const controls = tensorControls({ choose: (options) => state.choose({ ...options }), compare: () => state.ask("run") },
    signal, (handler) => guarded(state, handler));
  const draw = guarded<void>(state, () => {
    stop.abort();
    stop = new AbortController();
    drawTensor(context, parts, stop.signal);
  });
  const offer = guarded<void>(state, () => controls.show(parseTensor(state.data), parseNyeOptions(state.options)));
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  root.replaceChildren(parts.top, controls.element, parts.main, ...statusLines(), live);
  state.watch(["data"], signal, draw);
  state.watch(["data", "options"], signal, offer);
  state.onDead(signal, () => { controls.element.disabled = true; });
  containKeys(context);
  controls.show(parseTensor(state.data), parseNyeOptions(state.options));
  drawTensor(context, parts, stop.signal);
  watchStatus(context);
}

/** What stays when other data arrive. */
interface Parts {
  readonly top: HTMLElement;
  readonly main: HTMLElement;
  readonly live: HTMLElement;
  /** What was said of the tensor last. */
  spoken: string;
  /** Which lines are unfolded. */
  readonly open: Set<string>;
}

function drawTensor({ state, root }: ViewContext, parts: Parts, signal: AbortSignal): void {
  const data = parseTensor(state.data);
  const { live } = parts;
  const killed = new Map(data.operations.map(({ name, vanishing }) => [name, vanishing]));
  const detail = new TensorDetail(data, (name, add) =>
    state.select("operations", toggled(name, add, state.selected("operations"))));
  const help = h("p", { class: "cn-help", hidden: true }, KEYS_HELP);
  /** What another view points at. */
  let far: Partial<Selected> = {};
  const grid = new TensorGrid(data, {
    preview: (cell) => { paint(); state.hover(cell ? { cells: [cell.name], operations: cell.forced_by } : {}); },
    select: (cell, add) => state.select("cells", chosen(cell.name, add, state.selected("cells"))),
    escape: () => {
      if (state.selected("cells").length > 0) state.select("cells", []);
      else if (state.selected("operations").length > 0) state.select("operations", []);
      else leave(root);
    },
    help: () => { help.hidden = !help.hidden; },
  });
  const paint = (): void => {
    const [cells, operations] = [state.selected("cells"), far.operations ?? state.selected("operations")];
    const cell = grid.pointed ?? grid.cell(far.cells?.[0] ?? cells[cells.length - 1] ?? "");
    grid.paint(cells, cell, new Set(operations.flatMap((name) => killed.get(name) ?? [])));
    detail.show(cell, cells, state.selected("operations"));
  };
  const imply = (): void => {
    const names = state.selected("cells").flatMap((name) => grid.cell(name)?.forced_by ?? []);
    state.imply({ operations: [...new Set(names)] });
  };
  const announce = (): void => {
    const cells = state.selected("cells");
    const cell = grid.cell(cells[cells.length - 1] ?? "");
    live.textContent = cell ? spoken(cell) : spokenOperations(data, state.selected("operations")) || data.verdict;
  };
  grid.listen(signal, (handler) => guarded(state, handler));
  detail.listen(signal, (handler) => guarded(state, handler));
  state.watch(["cells"], signal, guarded<void>(state, () => { paint(); announce(); imply(); }));
  state.watch(["operations"], signal, guarded<void>(state, () => { paint(); announce(); }));
  state.join(signal, { hover: guarded(state, (what) => { far = what; paint(); }), hello: imply });
  const body = h("div", { class: "cn-body" }, h("div", { class: "cn-diagram" }, grid.element, legend(data)), detail.element);
  body.style.setProperty("--cn-columns", String(data.shape[1]));
  body.style.setProperty("--cn-rows", String(data.shape[0]));
  const focused = parts.main.querySelector<HTMLElement>("[data-cell]:focus")?.dataset["cell"];
  parts.top.replaceChildren(header(data.title, data.subtitle, data.meaning, data.facts));
  parts.main.replaceChildren(
    ...(data.banner === "" ? [] : [h("p", { class: "cn-banner" }, data.banner)]),
    h("p", { class: "cn-verdict", "data-severity": data.severity }, data.verdict),
    body, ...more(data, parts), ...honesty(data), ...noticeList(data.notices), help);
  if (focused !== undefined) grid.resume(focused);
  paint();
  if (parts.spoken === "" || parts.spoken === data.spoken) announce();
  else live.textContent = data.spoken;
  parts.spoken = data.spoken;
  imply();
}

/** The rotation and the checks, folded; what is open stays open. */
function more({ rotation, checked, checks, controls, repair }: TensorData, { open }: Parts): HTMLElement[] {
  const fold = (name: string, line: string, ...body: HTMLElement[]): HTMLElement => {
    const node = h("details", { class: `cn-fold cn-${name}`, open: open.has(name) }, h("summary", {}, line), ...body);
    node.addEventListener("toggle", () => { if (node.open) open.add(name); else open.delete(name); });
    return node;
  };
  return [
    ...(rotation.matrix === "" ? [] : [fold("rotation", rotation.text, h("pre", {}, rotation.matrix))]),
    ...(checked === "" ? [] : [fold("checks", checked, factList(checks))]),
    // With a kernel it stands among the controls.
    ...(controls.shown.length > 0 || repair === "" ? [] : [h("p", { class: "cn-fold" }, repair)])];
}

/** A second click on the only selected operation takes it away again: a button is a switch. */
function toggled(name: string, add: boolean, before: readonly string[]): string[] {
  return !add && before.length === 1 && before[0] === name ? [] : chosen(name, add, before);
}

function spokenOperations(data: TensorData, names: readonly string[]): string {
  return data.operations.filter(({ name }) => names.includes(name)).map(({ text, vanishing }) =>
    `${text}: ${vanishing.length > 0 ? `makes ${vanishing.join(", ")} vanish` : "makes no component vanish by itself"}`).join(". ");
}

function spoken(cell: Cell): string {
  const because = cell.operations.length > 0 ? ` ${cell.operations.join("; ")}` : "";
  return `${cell.name}: ${wordsOf(cell)}. ${cell.relation} ${cell.reason}${because}`;
}

function legend(data: TensorData): HTMLElement {
  return h("ul", { class: "cn-legend", "aria-label": "Legend" },
    ...legendOf(data.cells).map(({ glyph, words }) => h("li", {}, drawGlyph(glyph), h("span", {}, words))));
}

function honesty(data: TensorData): HTMLElement[] {
  const rows = [["guaranteed", "Guaranteed by construction", data.guaranteed], ["learned", "Learned", data.learned]] as const;
  const shown = rows.filter(([, , text]) => text !== "");
  if (shown.length === 0) return [];
  return [h("ul", { class: "cn-honesty" }, ...shown.map(([key, label, text]) =>
    h("li", { class: `cn-${key}` }, h("b", {}, label), " ", h("span", {}, text))))];
}
