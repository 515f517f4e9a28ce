// The tensor view: header, diagram, panel, what is sure and what is learned. Thin: the facts and all
// sentences come from Python, hovering and the keyboard never leave the browser.
import { legendOf, wordsOf } from "./classify";
import { h } from "./dom";
import { drawGlyph } from "./glyphs";
import { containKeys, header, leave, noticeList, showStatus, statusLines, watchStatus } from "./panel";
import { parseTensor, type Cell, type TensorData } from "./schema";
import { TensorDetail } from "./tensor_detail";
import { TensorGrid } from "./tensor_grid";
import { guarded, type ViewContext } from "./view";

const KEYS_HELP =
  "Arrow keys: move. Home, End: ends of the row. Enter or Space: select. Ctrl or Shift with click or Space: " +
  "add to the selection. Esc: clear, then back to the notebook. ?: this line.";

export function mountTensor(context: ViewContext): void {
  const { state, signal } = context;
  let stop = new AbortController();
  const draw = guarded<void>(state, () => {
    stop.abort();
    stop = new AbortController();
    drawTensor(context, stop.signal);
  });
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  state.watch(["data"], signal, draw);
  containKeys(context);
  drawTensor(context, stop.signal);
  watchStatus(context);
}

function drawTensor({ state, root }: ViewContext, signal: AbortSignal): void {
  const data = parseTensor(state.data);
  const detail = new TensorDetail(data);
  const live = h("div", { class: "cn-live", role: "status", "aria-live": "polite" });
  const help = h("p", { class: "cn-help", hidden: true }, KEYS_HELP);
  const grid = new TensorGrid(data, {
    preview: () => paint(),
    select: (cell, add) => state.select(chosen(cell, add, state.selection)),
    escape: () => (state.selection.length > 0 ? state.select([]) : leave(root)),
    help: () => { help.hidden = !help.hidden; },
  });
  const paint = (): void => {
    const selection = state.selection;
    const cell = grid.pointed ?? grid.cell(selection[selection.length - 1] ?? "");
    grid.paint(selection, cell);
    detail.show(cell, selection);
  };
  const announce = (): void => {
    const cell = grid.cell(state.selection[state.selection.length - 1] ?? "");
    live.textContent = cell ? spoken(cell) : data.verdict;
  };
  grid.listen(signal, (handler) => guarded(state, handler));
  state.watch(["selection"], signal, guarded<void>(state, () => { paint(); announce(); }));
  const body = h("div", { class: "cn-body" }, h("div", { class: "cn-diagram" }, grid.element, legend(data)), detail.element);
  body.style.setProperty("--cn-columns", String(data.shape[1]));
  body.style.setProperty("--cn-rows", String(data.shape[0]));
  root.replaceChildren(
    header(data.title, data.subtitle, data.meaning, data.facts),
    h("p", { class: "cn-verdict", "data-severity": data.severity }, data.verdict),
    body,
    ...honesty(data), ...noticeList(data.notices), help, ...statusLines(), live);
  paint();
  announce();
  showStatus({ state, root, signal });
}

function chosen(cell: Cell, add: boolean, before: readonly string[]): string[] {
  if (!add) return [cell.name];
  return before.includes(cell.name) ? before.filter((name) => name !== cell.name) : [...before, cell.name];
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
