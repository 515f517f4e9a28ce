// One tab stop for a list: the arrows move inside it.
import { isContained } from "./keymap";

type Wrap = <E>(handler: (event: E) => void) => (event: E) => void;

export interface RovingEvents {
  /** The pointer or the keyboard is on an item; -1: on none. */
  preview(index: number): void;
  choose(index: number, add: boolean): void;
  /** Where a key leads from an item, if not to the next one in the list. */
  towards?(key: string, from: number): number | undefined;
  /** A double click, where it means something else than choosing. */
  gather?(index: number): void;
  escape(): void;
  help(): void;
}

export class Roving {
  private current = 0;
  private focused = -1;
  private hovered = -1;

  constructor(private readonly list: HTMLElement | SVGElement, private readonly items: readonly (HTMLElement | SVGElement)[], private readonly events: RovingEvents) {
    items.forEach((item, k) => item.setAttribute("tabindex", k === 0 ? "0" : "-1"));
  }

  listen(signal: AbortSignal, wrap: Wrap): void {
    const on = <K extends keyof HTMLElementEventMap>(type: K, handler: (event: HTMLElementEventMap[K]) => void): void =>
      this.list.addEventListener(type, wrap(handler) as EventListener, { signal });
    on("pointerover", (event) => this.hover(this.at(event)));
    on("pointerleave", () => this.hover(-1));
    on("focusin", (event) => this.focus(this.at(event)));
    on("focusout", () => this.focus(-1));
    on("click", (event) => {
      const k = this.at(event);
      if (k < 0) return;
      this.rove(k);
      this.events.choose(k, event.ctrlKey || event.metaKey || event.shiftKey);
    });
    on("dblclick", (event) => { const k = this.at(event); if (k >= 0) this.events.gather?.(k); });
    on("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    if (isContained(event)) event.stopPropagation();
    if (event.altKey || event.metaKey) return;
    const last = this.items.length - 1;
    const to = this.events.towards?.(event.key, this.current) ?? ({ ArrowUp: this.current - 1, ArrowDown: this.current + 1, ArrowLeft: this.current - 1,
      ArrowRight: this.current + 1, Home: 0, End: last, PageUp: this.current - 10, PageDown: this.current + 10 } as Record<string, number>)[event.key];
    if (to !== undefined && !event.shiftKey) this.rove(Math.min(Math.max(to, 0), last));
    else if (event.key === " " || (event.key === "Enter" && !event.shiftKey && !event.ctrlKey)) {
      this.events.choose(this.current, event.shiftKey || event.ctrlKey);
    } else if (event.key === "Escape") this.events.escape();
    else if (event.key === "?") this.events.help();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private rove(k: number): void {
    this.items[this.current]?.setAttribute("tabindex", "-1");
    this.items[k]?.setAttribute("tabindex", "0");
    this.current = k;
    this.hovered = -1;
    this.items[k]?.focus();
  }

  private hover(k: number): void {
    if (k === this.hovered) return;
    this.hovered = k;
    this.tell();
  }

  private focus(k: number): void {
    if (k === this.focused) return;
    this.focused = k;
    this.tell();
  }

  private tell(): void {
    this.events.preview(this.hovered >= 0 ? this.hovered : this.focused);
  }

  private at(event: Event): number {
    const item = event.target instanceof Element ? event.target.closest<HTMLElement | SVGElement>("[data-item]") : null;
    return item && this.list.contains(item) ? Number(item.dataset["item"]) : -1;
  }
}
