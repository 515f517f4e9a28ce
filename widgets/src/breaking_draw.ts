// The two drawings of the breaking view: the distorted crystal, and the answer of a model on log axes.
import type { Curve, Sketch } from "./breaking_schema";
import { h, s } from "./dom";

/** Box of the chart in its own units. */
const W = 600, H = 210, LEFT = 52, RIGHT = 592, TOP = 8, BASE = 184;

/** A crystal whose atoms follow the amplitude without asking anybody. */
export class SketchView {
  readonly element: SVGSVGElement;
  private readonly atoms: SVGCircleElement[];
  private readonly lines: SVGLineElement[];
  private readonly trails: SVGLineElement[];

  constructor(private readonly sketch: Sketch, label: string) {
    const n = sketch.size;
    this.lines = sketch.edges.flatMap((_, k) => (k % 4 === 0 ? [s("line", { class: "cn-b-edge" })] : []));
    this.atoms = sketch.radii.map((r, k) => s("circle", { r, fill: sketch.colors[k] ?? "", class: "cn-b-atom" }));
    this.trails = sketch.radii.map(() => s("line", { class: "cn-b-trail" }));
    this.element = s("svg", { viewBox: `0 0 ${n} ${n}`, class: "cn-b-sketch", role: "img", "aria-label": label },
      ...this.lines, ...this.atoms.flatMap((a, k) => [a, this.trails[k] as SVGLineElement]));
  }

  show(amplitude: number): void {
    const { points, shifts, edges, edge_shifts } = this.sketch;
    const at = (p: readonly number[], d: readonly number[], k: number): string => String((p[k] ?? 0) + amplitude * (d[k] ?? 0));
    this.lines.forEach((line, k) => ["x1", "y1", "x2", "y2"].forEach((name, i) => line.setAttribute(name, at(edges, edge_shifts, 4 * k + i))));
    this.atoms.forEach((atom, k) => {
      const [x, y] = [at(points, shifts, 2 * k), at(points, shifts, 2 * k + 1)];
      atom.setAttribute("cx", x);
      atom.setAttribute("cy", y);
      const ends = { x1: points[2 * k], y1: points[2 * k + 1], x2: x, y2: y };
      for (const [name, value] of Object.entries(ends)) this.trails[k]?.setAttribute(name, String(value));
    });
  }
}

const xAt = (share: number): number => LEFT + share * (RIGHT - LEFT);
const yAt = (share: number): number => BASE - share * (BASE - TOP);
const line = (name: string, x1: number, x2: number, y1: number, y2: number): SVGElement => s("line", { class: `cn-b-${name}`, x1, x2, y1, y2 });

export class Chart {
  readonly element: HTMLElement;
  readonly points: HTMLButtonElement[];
  private readonly marker = s("line", { class: "cn-b-now", y1: TOP, y2: BASE });

  constructor(private readonly curve: Curve) {
    const x = curve.at.map(xAt);
    const along = (name: "changed" | "leak"): SVGElement[] => {
      const y = curve[name].map(yAt);
      return [s("polyline", { class: `cn-b-line cn-b-${name}`, points: x.map((v, k) => `${v},${y[k]}`).join(" ") }), ...x.map((v, k) => mark(name, v, y[k] ?? 0))];
    };
    const drawing = s("svg", { viewBox: `0 0 ${W} ${H}`, class: "cn-b-plot", "aria-hidden": "true" },
      s("rect", { class: "cn-b-band", x: LEFT, y: TOP, width: xAt(curve.band) - LEFT, height: BASE - TOP }),
      ...curve.rows.flatMap(({ at, text }) => [line("edge", LEFT, RIGHT, yAt(at), yAt(at)), word(LEFT - 6, yAt(at) + 4, text, "end")]),
      ...curve.columns.map(({ at, text }) => word(xAt(at), BASE + 17, text, "middle")),
      line("noise", LEFT, RIGHT, yAt(curve.noise), yAt(curve.noise)), ...along("changed"), ...along("leak"),
      ...curve.crossings.map((c) => s("path", { class: "cn-b-cross", d: `M${xAt(c) - 5} ${BASE}h10l-5 -9z` })), this.marker);
    const wide = 500 / x.length;
    this.points = curve.texts.map((label, k) => {
      const button = h("button", { type: "button", class: "cn-b-point", "data-item": k, title: label, "aria-label": `Go to ${label}` });
      button.style.left = `${(100 * ((x[k] ?? 0) - wide / 2)) / W}%`;
      button.style.width = `${(100 * wide) / W}%`;
      return button;
    });
    const key = (name: string, text: string): HTMLElement => h("li", {}, s("svg", { viewBox: "0 0 12 12", class: "cn-b-key" }, mark(name, 6, 6)), text);
    const more = ["- - - rounding", curve.band > 0 && "shaded: not detected", curve.crossings.length > 0 && "▲ atoms cross the reach"];
    this.element = h("section", { "aria-label": "Answer of the model against the amplitude" },
      h("ul", { class: "cn-legend cn-b-legend" }, key("changed", "allowed part changed by"), key("leak", `forbidden part (leak)${curve.unit && `, ${curve.unit}`}`),
        ...more.flatMap((text) => (text ? [h("li", {}, text)] : []))),
      h("div", { class: "cn-b-frame" }, drawing, h("div", { role: "group", "aria-label": "Points of the curve" }, ...this.points)));
  }

  show(amplitude: number): void {
    const [first = 1, last = 1] = [this.curve.amplitudes[0], this.curve.amplitudes.at(-1)];
    const share = amplitude === 0 ? 0 : Math.log(Math.abs(amplitude / first)) / Math.log(last / first);
    for (const end of ["x1", "x2"]) this.marker.setAttribute(end, String(xAt(Math.min(Math.max(share, 0), 1))));
    this.points.forEach((p, k) => p.toggleAttribute("data-now", this.curve.amplitudes[k] === amplitude));
  }
}

function mark(name: string, x: number, y: number): SVGElement {
  return name === "leak" ? s("path", { class: "cn-b-mark cn-b-leak", d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }) : s("circle", { class: "cn-b-mark cn-b-changed", cx: x, cy: y, r: 4 });
}

function word(x: number, y: number, text: string, anchor: string): SVGTextElement {
  const node = s("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
