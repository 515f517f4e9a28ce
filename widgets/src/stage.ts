// A canvas with a body that can be turned: size, colours of the host, camera, pointer and keys. What is
// drawn, and what a click means, its heirs say.
import { along, panned, turned, VIEW_KEYS, zoomed, type Camera, type Mat3, type ViewKey } from "./camera";
import { h } from "./dom";

export type Inks = Readonly<Record<"fg" | "page" | "ink" | "tie" | "symmetry", string>>;

export interface StageEvents {
  escape(): void;
  help(): void;
}

export interface Size { readonly width: number; readonly height: number }

type Wrap = <E>(handler: (event: E) => void) => (event: E) => void;

const STEP = Math.PI / 18;
const PER_PIXEL = 0.009;
/** A pointer that moved less than this, in pixels, has clicked. */
const STILL = 4;
const INKS: Inks = { fg: "--cn-fg", page: "--cn-page", ink: "--cn-ink", tie: "--cn-tie", symmetry: "--cn-symmetry" };

export abstract class TurnStage {
  readonly element: HTMLElement;
  protected readonly canvas: HTMLCanvasElement;
  protected camera: Camera;
  protected inks: Inks | null = null;
  protected size: Size = { width: 0, height: 0 };
  private readonly tip: HTMLElement;
  private readonly probe: HTMLElement;
  private waiting = false;

  constructor(private readonly home: Camera, role: string, label: string, private readonly common: StageEvents) {
    this.camera = home;
    this.canvas = h("canvas", { class: "cn-canvas", tabindex: 0, role: "application", "aria-roledescription": role, "aria-label": label });
    this.tip = h("div", { class: "cn-tip", "aria-hidden": "true", hidden: true });
    this.probe = h("span", { class: "cn-probe", "aria-hidden": "true" });
    this.element = h("div", { class: "cn-stage" }, this.canvas, this.tip, this.probe);
  }

  /** Rows are the axes that a, b, c look along. */
  protected abstract get cell(): Mat3;
  protected abstract draw(pen: CanvasRenderingContext2D | null, inks: Inks): void;
  protected abstract clicked(event: PointerEvent, add: boolean): void;
  /** The pointer moves over the canvas, or leaves it. */
  protected abstract hovered(event: PointerEvent | null): void;
  protected doubled(_event: MouseEvent): void {}
  protected turning(): void {}
  /** A key of the heir's own; whether it was one. */
  protected pressed(_event: KeyboardEvent): boolean { return false; }
  protected recolored(_inks: Inks): void {}
  protected ended(): void {}

  /** What stands beside the pointer; nothing for "". */
  label(text: string): void {
    // Even an empty change makes the page lay itself out again, in every frame of a drag.
    if (text === this.tip.textContent) return;
    this.tip.textContent = text;
    this.tip.hidden = text === "";
  }

  lookAlong(key: ViewKey): void {
    this.turn(along(this.camera, key, this.cell));
  }

  zoom(factor: number): void {
    this.turn(zoomed(this.camera, factor));
  }

  reset(): void {
    this.turn(this.home);
  }

  /** Listen until `signal` aborts; `wrap` guards every handler. */
  listen(signal: AbortSignal, wrap: Wrap): void {
    const resized = typeof ResizeObserver === "function" ? new ResizeObserver(wrap<unknown>(() => this.measure())) : null;
    resized?.observe(this.element);
    const theme = new MutationObserver(wrap<unknown>(() => this.recolor()));
    const attributeFilter = ["class", "style", "data-jp-theme-name", "data-jp-theme-light", "data-vscode-theme-kind", "data-theme"];
    for (const node of [document.body, document.documentElement]) theme.observe(node, { attributes: true, attributeFilter });
    const dark = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
    dark?.addEventListener("change", wrap(() => this.recolor()), { signal });
    signal.addEventListener("abort", () => { resized?.disconnect(); theme.disconnect(); this.ended(); }, { once: true });
    this.listenPointer(signal, wrap);
    this.canvas.addEventListener("keydown", wrap((event: KeyboardEvent) => this.key(event)), { signal });
    this.measure();
  }

  protected turn(camera: Camera): void {
    this.camera = camera;
    this.turning();
    this.refresh();
  }

  protected refresh(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      if (this.inks && this.size.width > 0) this.draw(this.canvas.getContext("2d"), this.inks);
    });
  }

  /** Pixels of the canvas per pixel of the page. */
  protected get ratio(): number {
    return this.canvas.width / this.size.width;
  }

  /** Where a pointer is on the canvas, in pixels of the page. */
  protected at(event: MouseEvent): readonly [number, number] {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
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
      if (clicked) this.clicked(event, event.shiftKey || event.ctrlKey || event.metaKey);
    });
    on("pointercancel", () => { last = null; });
    on("pointerleave", () => { this.label(""); this.hovered(null); });
    on("dblclick", (event) => { this.doubled(event); });
    // The page scrolls unless somebody has begun to work here.
    on("wheel", (event) => {
      if (!this.focused) return;
      event.preventDefault();
      this.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.004));
    }, false);
  }

  private hover(event: PointerEvent): void {
    const [x, y] = this.at(event);
    this.tip.style.setProperty("left", `${x}px`);
    this.tip.style.setProperty("top", `${y}px`);
    this.tip.toggleAttribute("data-left", x > this.size.width / 2);
    this.hovered(event);
  }

  private get focused(): boolean {
    const root = this.canvas.getRootNode();
    return (root instanceof Document || root instanceof ShadowRoot) && root.activeElement === this.canvas;
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.pressed(event) && !this.act(event.key)) return;
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
      case "?": this.common.help(); return true;
      case "Escape": this.common.escape(); return true;
      default: return false;
    }
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
    const inks = Object.fromEntries(Object.entries(INKS).map(([ink, name]) => [ink, read(name)])) as unknown as Inks;
    if (!this.inks || JSON.stringify(this.inks) !== JSON.stringify(inks)) {
      this.inks = inks;
      this.recolored(inks);
    }
    this.refresh();
  }
}
