// The panel below the 3-D viewer: facts, legend, a table of sites as its text twin, and a still
// picture where there is no 3-D.
import { h } from "./dom";
import { containKeys, header, noticeList, showStatus, statusLines, watchStatus } from "./panel";
import type { Selected } from "./selection";
import { parseStructure, type StructureData } from "./structure_schema";
import { guarded, type ViewContext } from "./view";

export function mountStructure(context: ViewContext): void {
  const { state, signal } = context;
  state.watch(["data"], signal, guarded<void>(state, () => draw(context)));
  state.watch(["atoms", "elements"], signal, guarded<void>(state, () => paint(context)));
  let hovered: Partial<Selected> = {};
  state.join(signal, { hover: guarded(state, (what) => { hovered = what; paint(context, hovered); }) });
  containKeys(context);
  draw(context);
  watchStatus(context);
}

function draw(context: ViewContext): void {
  const { state, root } = context;
  const data = parseStructure(state.data);
  root.replaceChildren(
    header(data.title, data.subtitle, "", data.facts), legend(data), ...still(data), table(context, data),
    ...noticeList(data.notices), ...statusLines());
  paint(context);
  showStatus(context);
}

function paint({ state, root }: ViewContext, hovered: Partial<Selected> = {}): void {
  const [atoms, elements] = [state.selected("atoms"), state.selected("elements")];
  for (const row of root.querySelectorAll<HTMLElement>("[data-site]")) {
    const [site, element] = [Number(row.dataset["site"]), row.dataset["element"] ?? ""];
    row.setAttribute("aria-selected", String(atoms.includes(site) || elements.includes(element)));
    row.toggleAttribute("data-hovered", hovered.atoms?.includes(site) === true || hovered.elements?.includes(element) === true);
  }
}

function legend(data: StructureData): HTMLElement {
  return h("ul", { class: "cn-legend cn-elements", "aria-label": "Elements" }, ...data.legend.map(({ symbol, color, count }) => {
    const dot = h("span", { class: "cn-element", "aria-hidden": "true" });
    dot.style.setProperty("background-color", color);
    return h("li", {}, dot, h("span", {}, symbol), h("small", {}, `× ${count}`));
  }));
}

function still(data: StructureData): HTMLElement[] {
  if (data.engine === "nglview" && hasWebGL()) return [];
  return [h("img", { class: "cn-still", src: data.picture, alt: `Drawing of ${data.title}` })];
}

function hasWebGL(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

function table({ state, signal }: ViewContext, data: StructureData): HTMLElement {
  const head = ["site", "a", "b", "c", "x / Å", "y / Å", "z / Å"];
  const select = guarded(state, (event: Event) => {
    const site = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-site]")?.dataset["site"] : undefined;
    if (site === undefined) return;
    const index = Number(site);
    state.select("atoms", state.selected("atoms").includes(index) ? [] : [index]);
  });
  const body = h("tbody", {}, ...data.sites.map(([label = "", ...numbers], site) =>
    h("tr", { "data-site": site, "data-element": label.replace(/\d+$/, "") },
      h("th", { scope: "row" }, h("button", { type: "button", class: "cn-site" }, label)),
      ...numbers.map((n) => h("td", {}, n.replace("-", "−"))))));
  body.addEventListener("click", select, { signal });
  const more = data.n_sites > data.sites.length ? ` (first ${data.sites.length} of ${data.n_sites})` : "";
  return h("details", { class: "cn-sites" },
    h("summary", {}, `Sites as a table${more}`),
    h("table", {}, h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))), body));
}
