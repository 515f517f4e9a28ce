// The map and the chart of the elements view, as SVG.
import { s } from "./dom";
import { fitted, type Spot } from "./elements_layout";
import type { Band, ElementsData } from "./elements_schema";

export const MAP: Spot = [460, 330];
const CHART: Spot = [300, 170];
const LEFT = 34;
const TREE: Spot = [960, 190];
const FOOT = 34;

export interface ElementMap {
  readonly svg: SVGSVGElement;
  /** One group per element of the map, with the index of the element. */
  readonly points: readonly SVGGElement[];
  readonly at: readonly number[];
  readonly spots: readonly Spot[];
  readonly lasso: SVGPolygonElement;
}

export function drawMap({ elements, groups, map }: ElementsData): ElementMap {
  const all = fitted(elements.map(({ point }) => point), MAP[0], MAP[1], 16);
  const at = elements.flatMap((_, k) => (all[k] ? [k] : []));
  const spots = at.map((k) => all[k]!);
  const points = at.map((k, item) => {
    const { symbol, group, name } = elements[k]!;
    const [x, y] = spots[item]!;
    const text = s("text", { x: x > MAP[0] - 30 ? x - 6 : x + 6, y: y + 4, "text-anchor": x > MAP[0] - 30 ? "end" : "start", "aria-hidden": "true" });
    text.textContent = symbol;
    const dot = s("circle", { cx: x, cy: y, r: 5 });
    dot.style.setProperty("fill", groups[group]?.color ?? "var(--cn-muted)");
    return s("g", { class: "cn-point", role: "option", "data-item": item, "aria-selected": "false",
      "aria-label": `${symbol} ${name}, ${groups[group] ? `group ${groups[group].label}` : "in no group"}` }, dot, text);
  });
  const lasso = s("polygon", { class: "cn-lasso" });
  const svg = s("svg", { class: "cn-map", viewBox: `0 0 ${MAP[0]} ${MAP[1]}`, role: "listbox", "aria-multiselectable": "true",
    "aria-label": `Map of the elements by ${map.method}: right ${map.x}, up ${map.y}` }, ...points, lasso);
  return { svg, points, at, spots, lasso };
}

/** Silhouette of every number of groups beside the band that noise gives. */
export function drawBands(bands: readonly Band[]): SVGSVGElement {
  const [width, height] = CHART;
  const high = Math.max(...bands.flatMap((b) => [b.silhouette, b.high]));
  const low = Math.min(0, ...bands.flatMap((b) => [b.silhouette, b.low]));
  const y = (v: number): number => height - 22 - ((height - 34) * (v - low)) / (high - low || 1);
  const step = Math.min((width - LEFT) / bands.length, 40);
  const label = (x: number, top: number, words: string, anchor: string): SVGTextElement => {
    const node = s("text", { x, y: top, "text-anchor": anchor });
    node.textContent = words;
    return node;
  };
  const marks = bands.flatMap((b, k) => {
    const x = LEFT + step * (k + 0.5);
    const noise = b.silhouette <= b.high;
    return [
      s("rect", { class: "cn-band", x: x - step * 0.35, width: step * 0.7, y: y(b.high), height: Math.max(y(b.low) - y(b.high), 1) }),
      s("circle", { class: "cn-score", cx: x, cy: y(b.silhouette), r: b.chosen ? 5.5 : 3.5, "data-noise": noise, "data-chosen": b.chosen }),
      label(x, height - 6, String(b.k), "middle"),
    ];
  });
  const words = bands.map((b) => `${b.k} groups ${b.silhouette.toFixed(2)}, noise ${b.low.toFixed(2)} to ${b.high.toFixed(2)}`).join("; ");
  return s("svg", { class: "cn-bands", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Silhouette: ${words}` },
    label(LEFT - 5, y(low) + 4, low.toFixed(2), "end"), label(LEFT - 5, y(high) + 4, high.toFixed(2), "end"), ...marks);
}

/** The order in which groups were joined; null where they were not joined but divided. */
export function drawTree({ tree, elements, groups }: ElementsData): SVGSVGElement | null {
  const [width, height] = TREE;
  if (tree.leaves.length === 0) return null;
  const x = (v: number): number => 4 + (width - 8) * v;
  const y = (v: number): number => 4 + (height - FOOT - 4) * (1 - v);
  const joints = tree.joints.map(([left = 0, low = 0, right = 0, other = 0, top = 0]) =>
    s("path", { d: `M${x(left)} ${y(low)}V${y(top)}H${x(right)}V${y(other)}` }));
  const leaves = tree.leaves.map((symbol, k) => {
    const at = x((k + 0.5) / tree.leaves.length);
    const name = s("text", { x: at, y: height - (k % 2 ? 3 : 12), "text-anchor": "middle" });
    name.textContent = symbol;
    const dot = s("circle", { cx: at, cy: height - FOOT + 7, r: 3.5 });
    const group = elements.find((e) => e.symbol === symbol)?.group ?? -1;
    dot.style.setProperty("fill", groups[group]?.color ?? "var(--cn-muted)");
    return s("g", { class: "cn-leaf", "data-leaf": symbol }, dot, name);
  });
  return s("svg", { class: "cn-tree", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Dendrogram of ${tree.leaves.length} elements: the groups are those of the legend` }, ...joints, ...leaves);
}
