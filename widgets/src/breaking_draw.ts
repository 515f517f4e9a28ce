// The two drawings of the breaking view: the distorted crystal, and the answer of a model on log axes.
import type { Curve, Sketch } from "./breaking_schema";
import { h, s } from "./dom";

/** Box of the chart in its own units. */
const W = 600, H = 210, LEFT = 52, RIGHT = 592, TOP = 8, BASE = 184;

export interface Drawing<E extends Element> { readonly element: E; show(amplitude: number): void }

/** A crystal whose atoms follow the amplitude without asking anybody. */
export function sketchView({ size, points, shifts, radii, colors, edges, edge_shifts }: Sketch, label: string): Drawing<SVGSVGElement> {
  const lines = edges.flatMap((_, k) => (k % 4 === 0 ? [s("line", { class: "cn-b-edge" })] : []));
  const atoms = radii.map((r, k) => s("circle", { r, fill: colors[k] ?? "", class: "cn-b-atom" }));
  const trails = radii.map((_, k) => s("line", { class: "cn-b-trail", x1: points[2 * k] ?? 0, y1: points[2 * k + 1] ?? 0 }));
  const element = s("svg", { viewBox: `0 0 ${size} ${size}`, class: "cn-b-sketch", role: "img", "aria-label": label },
    ...lines, ...atoms.flatMap((atom, k) => [atom, ...trails.slice(k, k + 1)]));
  return { element, show(amplitude) {
    const set = (node: Element | undefined, names: string, from: readonly number[], by: readonly number[], start: number): void =>
      names.split(" ").forEach((name, i) => node?.setAttribute(name, String((from[start + i] ?? 0) + amplitude * (by[start + i] ?? 0))));
    lines.forEach((line, k) => set(line, "x1 y1 x2 y2", edges, edge_shifts, 4 * k));
    atoms.forEach((atom, k) => {
      set(atom, "cx cy", points, shifts, 2 * k);
      set(trails[k], "x2 y2", points, shifts, 2 * k);
    });
  } };
}

const xAt = (share: number): number => LEFT + share * (RIGHT - LEFT);
const yAt = (share: number): number => BASE - share * (BASE - TOP);
const line = (name: string, x1: number, x2: number, y1: number, y2: number): SVGElement => s("line", { class: `cn-b-${name}`, x1, x2, y1, y2 });

export function chartOf(curve: Curve): Drawing<HTMLElement> & { readonly points: HTMLButtonElement[] } {
  const { amplitudes, band, crossings } = curve;
  const x = curve.at.map(xAt);
  const along = (name: "changed" | "leak"): SVGElement[] => {
    const y = curve[name].map(yAt);
    return [s("polyline", { class: `cn-b-line cn-b-${name}`, points: x.map((v, k) => `${v},${y[k]}`).join(" ") }), ...x.map((v, k) => mark(name, v, y[k] ?? 0))];
  };
  const marker = line("now", 0, 0, TOP, BASE);
  const drawing = s("svg", { viewBox: `0 0 ${W} ${H}`, class: "cn-b-plot", "aria-hidden": "true" },
    s("rect", { class: "cn-b-band", x: LEFT, y: TOP, width: xAt(band) - LEFT, height: BASE - TOP }),
    ...curve.rows.flatMap(({ at, text }) => [line("edge", LEFT, RIGHT, yAt(at), yAt(at)), word(LEFT - 6, yAt(at) + 4, text, "end")]),
    ...curve.columns.map(({ at, text }) => word(xAt(at), BASE + 17, text, "middle")),
    line("noise", LEFT, RIGHT, yAt(curve.noise), yAt(curve.noise)), ...along("changed"), ...along("leak"),
    ...crossings.map((c) => s("path", { class: "cn-b-cross", d: `M${xAt(c) - 5} ${BASE}h10l-5 -9z` })), marker);
  const wide = 500 / x.length;
  const points = curve.texts.map((title, k) => {
    const button = h("button", { type: "button", class: "cn-b-point", "data-item": k, title, "aria-label": `Go to ${title}` });
    button.style.left = `${(100 * ((x[k] ?? 0) - wide / 2)) / W}%`;
    button.style.width = `${(100 * wide) / W}%`;
    return button;
  });
  const key = (name: string, text: string): HTMLElement => h("li", {}, s("svg", { viewBox: "0 0 12 12", class: "cn-b-key" }, mark(name, 6, 6)), text);
  const more = ["- - - rounding", band > 0 && "shaded: not detected", crossings.length > 0 && "▲ atoms cross the reach"];
  const element = h("section", { "aria-label": "Answer of the model against the amplitude" },
    h("ul", { class: "cn-legend cn-b-legend" }, key("changed", "allowed part changed by"), key("leak", `forbidden part (leak)${curve.unit && `, ${curve.unit}`}`),
      ...more.flatMap((text) => (text ? [h("li", {}, text)] : []))),
    h("div", { class: "cn-b-frame" }, drawing, h("div", { role: "group", "aria-label": "Points of the curve" }, ...points)));
  return { element, points, show(amplitude) {
    const [first = 1, last = 1] = [amplitudes[0], amplitudes.at(-1)];
    const share = amplitude === 0 ? 0 : Math.log(Math.abs(amplitude / first)) / Math.log(last / first);
    for (const end of ["x1", "x2"]) marker.setAttribute(end, String(xAt(Math.min(Math.max(share, 0), 1))));
    points.forEach((p, k) => p.toggleAttribute("data-now", amplitudes[k] === amplitude));
  } };
}

function mark(name: string, x: number, y: number): SVGElement {
  return name === "leak" ? s("path", { class: "cn-b-mark cn-b-leak", d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }) : s("circle", { class: "cn-b-mark cn-b-changed", cx: x, cy: y, r: 4 });
}

function word(x: number, y: number, text: string, anchor: string): SVGTextElement {
  const node = s("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
