// The canvas: its size, colours and camera, the pointer and the keys on it. What is chosen it only reports.
import { along, frameOf, panned, turned, VIEW_KEYS, zoomed, type Camera, type ViewKey } from "./camera";
import { h } from "./dom";
import { Layers, type Motion, type Painting } from "./crystal_layers";
import { pick } from "./crystal_pick";
import { atomColors, paintCrystal, type Look } from "./crystal_render";
import { rows, type CrystalData } from "./crystal_schema";
import type { Lit } from "./crystal_state";
import { Sprites } from "./sprites";

export interface StageEvents {
  /** The drawn atom under the pointer, or -1. */
  point(atom: number): void;
  pick(atom: number, add: boolean): void;
  /** Double click: the whole orbit. */
  gather(atom: number): void;
  escape(): void;
  help(): void;
}

type Wrap = <E>(handler: (event: E) => void) => (event: E) => void;

const STEP = Math.PI / 18;
const PER_PIXEL = 0.009;
/** A pointer that moved less than this, in pixels, has clicked. */
const STILL = 4;
/** From this many halves of bonds on, their rims wait until the crystal stands still. */
const MANY_BONDS = 1000;
const CALM_MS = 160;
const INKS = { fg: "--cn-fg", page: "--cn-page", ink: "--cn-ink", tie: "--cn-tie", symmetry: "--cn-symmetry" } as const;

export class Stage {
  readonly element: HTMLElement;
  readonly layers: Layers;
  private readonly canvas: HTMLCanvasElement;
  private readonly tip: HTMLElement;
  private readonly probe: HTMLElement;
  private readonly colors: readonly string[];
  private readonly home: Camera;
  /** Å from the middle to the rim at zoom 1: the first view fits, and most others. */
  private readonly reach: number;
  private camera: Camera;
  private painting: Painting | null = null;
  private look: Look | null = null;
  private sprites: Sprites | null = null;
  private hidden: ReadonlySet<number> = new Set();
  private motion: Motion | null = null;
  private lit: Lit | null = null;
  private size: { width: number; height: number } = { width: 0, height: 0 };
  private waiting = false;
  private calm: ReturnType<typeof setTimeout> | undefined;

  constructor(data: CrystalData, private readonly events: StageEvents) {
    this.layers = new Layers(data);
    this.colors = atomColors(data);
    this.home = { turn: rows(data.view), pan: [0, 0], zoom: 1 };
    this.camera = this.home;
    this.reach = Math.max(1.06 * this.layers.reachOf(this.home), 0.8 * this.layers.radius);
    this.canvas = h("canvas", {
      class: "cn-canvas", tabindex: 0, role: "application", "aria-roledescription": "crystal drawing",
      "aria-label": `${data.title}, ${data.site_species.length} sites. Arrow keys turn; a, b, c, x, y, z look along an axis; ` +
        "plus and minus zoom; 0 resets. The sites stand in the table.",
    });
    this.tip = h("div", { class: "cn-tip", "aria-hidden": "true", hidden: true });
    this.probe = h("span", { class: "cn-probe", "aria-hidden": "true" });
    this.element = h("div", { class: "cn-stage" }, this.canvas, this.tip, this.probe);
  }

  show(lit: Lit, hidden: ReadonlySet<number>, motion: Motion | null): void {
    this.lit = lit;
    this.hidden = hidden;
    this.motion = motion;
    if (motion) this.hurry();
    this.refresh();
  }

  /** What stands beside the pointer; nothing for "". */
  label(text: string): void {
    // Even an empty change makes the page lay itself out again, in every frame of a drag.
    if (text === this.tip.textContent) return;
    this.tip.textContent = text;
    this.tip.hidden = text === "";
  }

  lookAlong(key: ViewKey): void {
    this.turn(along(this.camera, key, this.layers.cell));
  }

  zoom(factor: number): void {
    this.turn(zoomed(this.camera, factor));
  }

  reset(): void {
    this.turn(this.home);
  }

  /** Listen until `signal` aborts; `wrap` guards every handler. */
  listen(signal: AbortSignal, wrap: Wrap): void {
    const resized = new ResizeObserverOr(wrap<void>(() => this.measure()), this.element);
    const theme = new MutationObserver(wrap<unknown>(() => this.recolor()));
    const attributeFilter = ["class", "style", "data-jp-theme-name", "data-jp-theme-light", "data-vscode-theme-kind", "data-theme"];
    for (const node of [document.body, document.documentElement]) theme.observe(node, { attributes: true, attributeFilter });
    const dark = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
    dark?.addEventListener("change", wrap(() => this.recolor()), { signal });
    signal.addEventListener("abort", () => { resized.stop(); theme.disconnect(); clearTimeout(this.calm); }, { once: true });
    this.listenPointer(signal, wrap);
    this.canvas.addEventListener("keydown", wrap((event: KeyboardEvent) => this.key(event)), { signal });
    this.measure();
  }

  private turn(camera: Camera): void {
    this.camera = camera;
    this.hurry();
    this.refresh();
  }

  /** Paint plainly until nothing has turned for a moment. */
  private hurry(): void {
    if (this.layers.data.bonds.length < MANY_BONDS) return;
    clearTimeout(this.calm);
    this.calm = setTimeout(() => { this.calm = undefined; this.refresh(); }, CALM_MS);
  }

  private listenPointer(signal: AbortSignal, wrap: Wrap): void {
    let last: { x: number; y: number; moved: number } | null = null;
    const on = <K extends keyof HTMLElementEventMap>(type: K, handler: (event: HTMLElementEventMap[K]) => void, passive = true): void =>
      this.canvas.addEventListener(type, wrap(handler), { signal, passive });
    on("pointerdown", (event) => {
      if (event.button !== 0) return;
      last = { x: event.clientX, y: event.clientY, moved: 0 };
      this.canvas.setPointerCapture?.(event.pointerId);
      this.canvas.focus({ preventScroll: true });
    });
    on("pointermove", (event) => {
      if (!last) return this.hover(event);
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      last = { x: event.clientX, y: event.clientY, moved: last.moved + Math.hypot(dx, dy) };
      if (last.moved < STILL) return;
      this.label("");
      const side = Math.max(1, Math.min(this.size.width, this.size.height));
      this.turn(event.shiftKey ? panned(this.camera, dx / side, dy / side) : turned(this.camera, dx * PER_PIXEL, dy * PER_PIXEL));
    });
    on("pointerup", (event) => {
      const clicked = last !== null && last.moved < STILL;
      last = null;
      if (clicked) this.events.pick(this.under(event), event.shiftKey || event.ctrlKey || event.metaKey);
    });
    on("pointercancel", () => { last = null; });
    on("pointerleave", () => { this.label(""); this.events.point(-1); });
    on("dblclick", (event) => { this.events.gather(this.under(event)); });
    // The page scrolls unless somebody has begun to work here.
    on("wheel", (event) => {
      if (!this.focused) return;
      event.preventDefault();
      this.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.004));
    }, false);
  }

  private get focused(): boolean {
    const root = this.canvas.getRootNode();
    return (root instanceof Document || root instanceof ShadowRoot) && root.activeElement === this.canvas;
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private act(key: string): boolean {
    const turn = (dx: number, dy: number): boolean => { this.turn(turned(this.camera, dx, dy)); return true; };
    const view = VIEW_KEYS.find((k) => k === key.toLowerCase());
    if (view) { this.lookAlong(view); return true; }
    switch (key) {
      case "ArrowLeft": return turn(-STEP, 0);
      case "ArrowRight": return turn(STEP, 0);
      case "ArrowUp": return turn(0, -STEP);
      case "ArrowDown": return turn(0, STEP);
      case "+": case "=": this.zoom(1.2); return true;
      case "-": case "_": this.zoom(1 / 1.2); return true;
      case "0": this.reset(); return true;
      case "?": this.events.help(); return true;
      case "Escape": this.events.escape(); return true;
      default: return false;
    }
  }

  private hover(event: PointerEvent): void {
    const atom = this.under(event);
    const box = this.canvas.getBoundingClientRect();
    this.tip.style.setProperty("left", `${event.clientX - box.left}px`);
    this.tip.style.setProperty("top", `${event.clientY - box.top}px`);
    this.tip.toggleAttribute("data-left", event.clientX - box.left > box.width / 2);
    this.canvas.toggleAttribute("data-over", atom >= 0);
    this.events.point(atom);
  }

  private under(event: MouseEvent): number {
    if (!this.painting) return -1;
    const box = this.canvas.getBoundingClientRect();
    return pick({ seen: this.painting.atoms, radii: this.painting.radii }, event.clientX - box.left, event.clientY - box.top);
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.size = { width, height };
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.recolor();
  }

  private recolor(): void {
    const read = (name: string): string => {
      this.probe.style.setProperty("color", `var(${name})`);
      return getComputedStyle(this.probe).color || "gray";
    };
    const inks = Object.fromEntries(Object.entries(INKS).map(([ink, name]) => [ink, read(name)])) as unknown as Look;
    if (this.look && JSON.stringify(this.look) === JSON.stringify(inks)) return this.refresh();
    this.look = inks;
    this.sprites = new Sprites(inks.ink);
    this.refresh();
  }

  private refresh(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  private draw(): void {
    const { lit, look, sprites, camera, hidden, motion } = this;
    if (!lit || !look || !sprites || this.size.width === 0) return;
    const frame = frameOf(camera, this.size.width, this.size.height, this.reach);
    this.painting = this.layers.paint({ camera, frame, hidden, lit, motion });
    const pen = this.canvas.getContext("2d");
    if (pen) paintCrystal({ pen, look, sprites, camera, frame, ratio: this.canvas.width / this.size.width, plain: this.calm !== undefined }, this.layers, this.painting, this.colors, lit);
  }
}

/** Watches the size of an element where the host can. */
class ResizeObserverOr {
  private readonly observer: ResizeObserver | null;

  constructor(callback: () => void, element: HTMLElement) {
    this.observer = typeof ResizeObserver === "function" ? new ResizeObserver(callback) : null;
    this.observer?.observe(element);
  }

  stop(): void {
    this.observer?.disconnect();
  }
}
