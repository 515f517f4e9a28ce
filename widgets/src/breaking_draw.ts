// The two drawings of the breaking view: the distorted crystal, and the answer of a model on log axes.
import { amplitudeText, type BreakingData, type Curve, type Sketch } from "./breaking_schema";
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

/** Ends of the axes: log10 of the amplitude, and whole decades of the values. */
export function axesOf(curve: Curve): { readonly x: readonly [number, number]; readonly y: readonly [number, number] } {
  const sizes = curve.amplitudes.map((a) => Math.log10(Math.abs(a)));
  const shown = [...curve.changed, ...curve.leak, curve.noise].filter((v) => v > 0).map((v) => Math.log10(v));
  const low = Math.max(Math.floor(Math.min(...shown, 0)), -17);
  return { x: [Math.min(...sizes), Math.max(...sizes)], y: [low, Math.max(Math.ceil(Math.max(...shown, low)), low + 1)] };
}

export class Chart {
  readonly element: HTMLElement;
  readonly points: HTMLButtonElement[];
  private readonly marker = s("line", { class: "cn-b-now", y1: TOP, y2: BASE });
  private readonly low: number;
  private readonly high: number;

  constructor(private readonly curve: Curve, { unit }: BreakingData) {
    const { x, y } = axesOf(curve);
    [this.low, this.high] = x;
    const yAt = (v: number): number => BASE - ((Math.log10(Math.max(v, 10 ** y[0])) - y[0]) / (y[1] - y[0])) * (BASE - TOP);
    const band = curve.seen_from > 0 && Math.log10(curve.seen_from) > this.low;
    const line = (values: readonly number[], name: string): SVGElement[] => [
      s("polyline", { class: `cn-b-line cn-b-${name}`, points: values.map((v, k) => `${this.at(curve.amplitudes[k] ?? 0)},${yAt(v)}`).join(" ") }),
      ...values.map((v, k) => mark(name, this.at(curve.amplitudes[k] ?? 0), yAt(v)))];
    const every = Math.max(1, Math.ceil((y[1] - y[0]) / 6));
    const rows = Array.from({ length: Math.floor((y[1] - y[0]) / every) + 1 }, (_, k) => y[0] + k * every);
    const columns = Array.from({ length: Math.max(0, Math.floor(this.high) - Math.ceil(this.low) + 1) }, (_, k) => Math.ceil(this.low) + k);
    const drawing = s("svg", { viewBox: `0 0 ${W} ${H}`, class: "cn-b-plot", "aria-hidden": "true" },
      ...(band ? [s("rect", { class: "cn-b-band", x: LEFT, y: TOP, width: this.at(curve.seen_from) - LEFT, height: BASE - TOP })] : []),
      ...rows.flatMap((k) => [s("line", { class: "cn-b-rule", x1: LEFT, x2: RIGHT, y1: yAt(10 ** k), y2: yAt(10 ** k) }), word(LEFT - 6, yAt(10 ** k) + 4, `1e${k}`, "end")]),
      ...columns.map((k) => word(this.at(10 ** k), BASE + 17, amplitudeText(10 ** k, unit), "middle")),
      s("line", { class: "cn-b-noise", x1: LEFT, x2: RIGHT, y1: yAt(curve.noise), y2: yAt(curve.noise) }),
      ...line(curve.changed, "changed"), ...line(curve.leak, "leak"),
      ...curve.crossings.map((k) => { const c = this.at(curve.amplitudes[k] ?? 0); return s("path", { class: "cn-b-cross", d: `M${c - 5} ${BASE}h10l-5 -9z` }); }),
      this.marker);
    const n = curve.amplitudes.length;
    this.points = curve.texts.map((label, k) => {
      const button = h("button", { type: "button", class: "cn-b-point", "data-item": k, title: label, "aria-label": `Go to ${label}` });
      button.style.left = `${(100 * (this.at(curve.amplitudes[k] ?? 0) - 250 / n)) / W}%`;
      button.style.width = `${50000 / n / W}%`;
      return button;
    });
    const key = (name: string, text: string): HTMLElement => h("li", {}, s("svg", { viewBox: "0 0 12 12", class: "cn-b-key" }, mark(name, 6, 6)), text);
    this.element = h("section", { class: "cn-b-chart", "aria-label": "Answer of the model against the amplitude" },
      h("ul", { class: "cn-legend cn-b-legend" }, key("changed", "allowed part changed by"), key("leak", `forbidden part (leak)${curve.unit ? `, ${curve.unit}` : ""}`),
        h("li", {}, "- - - rounding"), ...(band ? [h("li", {}, "shaded: not detected")] : []), ...(curve.crossings.length > 0 ? [h("li", {}, "▲ atoms cross the reach")] : [])),
      h("div", { class: "cn-b-frame" }, drawing, h("div", { class: "cn-b-points", role: "group", "aria-label": "Points of the curve" }, ...this.points)));
  }

  show(amplitude: number): void {
    const x = this.at(amplitude);
    this.marker.setAttribute("x1", String(x));
    this.marker.setAttribute("x2", String(x));
    this.marker.toggleAttribute("hidden", amplitude === 0);
    this.points.forEach((p, k) => p.toggleAttribute("data-now", this.curve.amplitudes[k] === amplitude));
  }

  private at(amplitude: number): number {
    const share = amplitude === 0 ? 0 : (Math.log10(Math.abs(amplitude)) - this.low) / Math.max(this.high - this.low, 1e-9);
    return LEFT + Math.min(Math.max(share, 0), 1) * (RIGHT - LEFT);
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
