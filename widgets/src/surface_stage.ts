// The canvas of the surface view: mesh, axes, extremes, the chosen direction.
import { add, apply, frameOf, norm, sub, times, unit, type Mat3, type Vec3 } from "./camera";
import { Mesh, placed, range, REACH, sampled } from "./surface_mesh";
import type { Sheet, SurfaceData } from "./surface_schema";
import { TurnStage, type Inks, type StageEvents } from "./stage";
import type { Values } from "./surface_values";

export interface SurfaceEvents extends StageEvents {
  /** The direction under the pointer, or null. */
  point(n: Vec3 | null): void;
  choose(n: Vec3 | null): void;
}

export interface Shown {
  readonly values: Values;
  readonly sheet: Sheet;
  readonly direction: Vec3 | null;
  /** Components whose part of the value is the colour; none: the value. */
  readonly parts: readonly number[];
}

interface Pin { readonly x: number; readonly y: number; readonly level: number; readonly front: boolean; readonly text: string }
interface Mark { readonly from: Vec3; readonly to: Vec3; readonly color: keyof Inks; readonly text: string; readonly width: number; readonly head: boolean }

const KEY_STEP = Math.PI / 36;
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};

export class SurfaceStage extends TurnStage {
  /** Ends of the colour scale. */
  scale = { low: 0, high: 1, signed: false };
  private readonly mesh = new Mesh();
  private shown: Shown | null = null;
  private made = "";
  private font = "sans-serif";

  constructor(private readonly data: SurfaceData, private readonly events: SurfaceEvents) {
    super({ turn: data.view, pan: [0, 0], zoom: 1 }, "surface",
      `${data.title}, ${data.subtitle}. Press question mark for the keys; the extremes stand in the table.`, events);
  }

  show(shown: Shown): void {
    this.shown = shown;
    const { values, sheet, parts } = shown;
    const key = [values.quantity.name, sheet, ...parts].join();
    if (key !== this.made) {
      this.made = key;
      const v = sampled((n) => values.at(n, sheet));
      const painted = parts.length === 0 ? v : sampled((n) => { const all = values.contributions(n, sheet); return parts.reduce((sum, k) => sum + all[k]!, 0); });
      this.scale = range(painted, v.reduce((most, one) => Math.max(most, Math.abs(one)), 0));
      this.mesh.take(v, painted, this.scale, this.scale.signed ? this.data.signed_stops : this.data.stops);
    }
    this.refresh();
  }

  protected get cell(): Mat3 {
    return this.data.cell;
  }

  protected override recolored(): void {
    this.font = getComputedStyle(this.canvas).fontFamily || "sans-serif";
  }

  protected clicked(event: PointerEvent): void {
    this.events.choose(this.mesh.pick(...this.at(event)));
  }

  protected hovered(event: PointerEvent | null): void {
    const n = event && this.mesh.pick(...this.at(event));
    this.canvas.toggleAttribute("data-over", n !== null);
    this.events.point(n);
  }

  protected override pressed({ key, shiftKey }: KeyboardEvent): boolean {
    const [right, up, eye] = this.camera.turn;
    const move = MOVES[key];
    if (key === "Enter" && !shiftKey) { this.events.choose(eye); return true; }
    if (!move || !shiftKey) return false;
    const n = this.shown?.direction ?? eye;
    this.events.choose(unit(add(n, add(times(move[0] * KEY_STEP, right), times(move[1] * KEY_STEP, up)))));
    return true;
  }

  protected draw(pen: CanvasRenderingContext2D | null, inks: Inks): void {
    if (!this.shown) return;
    if (pen) {
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.clearRect(0, 0, this.size.width, this.size.height);
      pen.lineJoin = "round";
    }
    const marks = this.marks();
    const behind = marks.map(({ from, to }) => apply(this.camera.turn, add(from, to))[2] < 0);
    const pins = this.pins();
    const layer = (front: boolean): void => {
      if (!pen) return;
      marks.forEach((mark, k) => behind[k] !== front && this.mark(pen, inks, mark));
      for (const pin of pins) if (pin.front === front) this.pin(pen, inks, pin);
    };
    layer(false);
    if (pen) pen.lineWidth = 0.8;
    this.mesh.paint(pen, this.camera, this.size);
    layer(true);
  }

  /** Where the extremes are taken, and their values, which stand on the left, where nothing else is. */
  private pins(): Pin[] {
    const { values, sheet } = this.shown!;
    const out: Pin[] = [];
    for (const { which, direction: at, text } of values.quantity.extremes) {
      if (!at || (sheet !== "value" && sheet !== which)) continue;
      const flip = this.data.even && apply(this.camera.turn, at)[2] < 0;
      const n = flip ? times(-1, at) : at;
      const [x, y, depth] = this.onPage(times(this.mesh.radius(values.at(n, sheet)), n));
      const level = out.some((pin) => Math.abs(pin.level - y) < 16) ? y + 18 : y;
      out.push({ x, y, level, front: depth >= 0, text: `${which} ${text}` });
    }
    return out;
  }

  private pin(pen: CanvasRenderingContext2D, inks: Inks, { x, y, level, text }: Pin): void {
    pen.font = `12px ${this.font}`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.lineWidth = 1.2;
    pen.strokeStyle = inks.fg;
    pen.beginPath();
    pen.moveTo(pen.measureText(text).width + 8, level);
    pen.lineTo(x, y);
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, 4, 0, 2 * Math.PI);
    pen.fillStyle = inks.page;
    pen.fill();
    pen.stroke();
    this.write(pen, inks, text, 4, level, inks.fg);
  }

  private write(pen: CanvasRenderingContext2D, inks: Inks, text: string, x: number, y: number, color: string): void {
    pen.strokeStyle = inks.page;
    pen.lineWidth = 3;
    pen.strokeText(text, x, y);
    pen.fillStyle = color;
    pen.fillText(text, x, y);
  }

  private onPage(point: Vec3): Vec3 {
    return placed(point, this.camera, frameOf(this.camera, this.size.width, this.size.height, REACH));
  }

  /** Everything outside the surface: it is never cut by it, only hidden behind it. */
  private marks(): Mark[] {
    const { values, sheet, direction } = this.shown!;
    const out = (n: Vec3): number => this.mesh.radius(values.at(n, sheet));
    const marks = this.data.axes.map(({ name, vector, crystal }): Mark => {
      const r = Math.max(out(vector), 0.05);
      return { from: times(r + 0.02, vector), to: times(Math.max(r + 0.1, crystal ? 1.26 : 1.16), vector), color: crystal ? "symmetry" : "ink", text: name, width: 1.4, head: false };
    });
    if (!direction) return marks;
    const r = out(direction);
    const m = values.across(direction, sheet);
    if (m) {
      const at = times(r + 0.06, direction);
      marks.push({ from: sub(at, times(0.16, m)), to: add(at, times(0.16, m)), color: "tie", text: "m", width: 2.4, head: true });
    }
    marks.push({ from: times(r, direction), to: times(r + 0.3, direction), color: "tie", text: "n", width: 3, head: true });
    return marks;
  }

  private mark(pen: CanvasRenderingContext2D, inks: Inks, { from, to, color, text, width, head }: Mark): void {
    const [a, b] = [this.onPage(from), this.onPage(to)];
    const line: Vec3 = [b[0] - a[0], b[1] - a[1], 0];
    const [ux, uy] = unit(line, [0, 0, 0]);
    const tip = head ? Math.min(8, norm(line)) : 0;
    pen.strokeStyle = pen.fillStyle = inks[color];
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(a[0], a[1]);
    pen.lineTo(b[0] - 0.7 * tip * ux, b[1] - 0.7 * tip * uy);
    pen.stroke();
    if (tip > 3) {
      pen.beginPath();
      pen.moveTo(b[0], b[1]);
      pen.lineTo(b[0] - tip * ux - 0.5 * tip * uy, b[1] - tip * uy + 0.5 * tip * ux);
      pen.lineTo(b[0] - tip * ux + 0.5 * tip * uy, b[1] - tip * uy - 0.5 * tip * ux);
      pen.fill();
    }
    pen.font = `13px ${this.font}`;
    pen.textBaseline = "middle";
    pen.textAlign = Math.abs(ux) < 0.5 ? "center" : ux > 0 ? "left" : "right";
    this.write(pen, inks, text, b[0] + 7 * ux, b[1] + 10 * uy, inks[color]);
  }
}
