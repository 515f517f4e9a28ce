// A heat map on a canvas: a cell under the pointer or the keys, outlines of the chosen ones.
import { h } from "./dom";
import type { Shown } from "./matrix_values";
import { N_SHADES, palette } from "./surface_mesh";

type Wrap = <E>(handler: (event: E) => void) => (event: E) => void;

export interface MapEvents { point(row: number, column: number): void; choose(row: number, column: number): void; escape(): void }

/** Pixels of the canvas; it is scaled to the width that there is. */
const SIZE = 640;

export class HeatMap {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private shown: Shown | null = null;
  private at: [number, number] = [0, 0];
  private marks: ReadonlySet<number> = new Set();
  private range: readonly [number, number] = [0, 1];
  private readonly ink: readonly string[];

  constructor(stops: readonly string[], label: string, private readonly events: MapEvents | null) {
    this.ink = palette(stops).filter((_, k) => (k + 1) % N_SHADES === 0); // in full light
    this.canvas = h("canvas", { class: "cn-heat", width: SIZE, height: SIZE, "aria-label": label,
      ...(events ? { tabindex: 0, role: "application", "aria-roledescription": "matrix" } : { role: "img" }) });
    this.element = this.canvas;
  }

  show(shown: Shown, range: readonly [number, number], marks: ReadonlySet<number>): void {
    [this.shown, this.range, this.marks] = [shown, range, marks];
    const last = shown.labels.length - 1;
    this.at = [Math.min(this.at[0], last), Math.min(this.at[1], last)];
    this.paint();
  }

  listen(signal: AbortSignal, wrap: Wrap): void {
    const { events } = this;
    if (!events) return;
    const on = <K extends keyof HTMLElementEventMap>(type: K, handler: (event: HTMLElementEventMap[K]) => void): void =>
      this.canvas.addEventListener(type, wrap(handler), { signal });
    on("pointermove", (event) => { const c = this.cell(event); if (c) events.point(...c); });
    on("pointerleave", () => events.point(-1, -1));
    on("click", (event) => { const c = this.cell(event); if (c) { this.at = c; events.choose(...c); } });
    on("focus", () => events.point(...this.at));
    on("keydown", (event) => {
      const step = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[event.key];
      const last = (this.shown?.labels.length ?? 1) - 1;
      if (event.altKey || event.metaKey || event.ctrlKey || event.shiftKey) return;
      if (step) {
        this.at = [Math.min(last, Math.max(0, this.at[0] + step[0])), Math.min(last, Math.max(0, this.at[1] + step[1]))];
        events.point(...this.at);
        this.paint();
      } else if (event.key === "Enter" || event.key === " ") events.choose(...this.at);
      else if (event.key === "Escape") events.escape();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  private cell(event: MouseEvent): [number, number] | null {
    const n = this.shown?.labels.length ?? 0;
    const box = this.canvas.getBoundingClientRect();
    const [i, j] = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width].map((v) => Math.floor(v * n)) as [number, number];
    return i >= 0 && j >= 0 && i < n && j < n ? [i, j] : null;
  }

  private paint(): void {
    const pen = this.canvas.getContext("2d");
    const { shown, range: [low, high], ink } = this;
    if (!pen || !shown) return;
    const n = shown.labels.length;
    const side = SIZE / n;
    const place = (k: number): number => Math.round(k * side);
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < n; j += 1) {
        const share = high > low ? (shown.values[n * i + j]! - low) / (high - low) : 0;
        pen.fillStyle = ink[Math.round(Math.min(1, Math.max(0, share)) * (ink.length - 1))]!;
        pen.fillRect(place(j), place(i), place(j + 1) - place(j), place(i + 1) - place(i));
      }
    }
    pen.fillStyle = "#ffffff";
    for (const k of shown.cuts) {
      pen.fillRect(place(k) - 1, 0, 2, SIZE);
      pen.fillRect(0, place(k) - 1, SIZE, 2);
    }
    const frame = (k: number, color: string, width: number): void => {
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.strokeRect(place(k % n) + width / 2, place(Math.floor(k / n)) + width / 2, side - width, side - width);
    };
    // Two lines: one of them is seen on every colour of the map.
    const width = Math.max(1, Math.min(5, side / 8));
    for (const k of this.marks) { frame(k, "#000000", width); frame(k, "#ff8c00", width * 0.6); }
    if (this.events) frame(n * this.at[0] + this.at[1], "#ffffff", 1);
  }
}
