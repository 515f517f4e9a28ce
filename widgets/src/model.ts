// The state shared with Python. `MODEL_KEYS` is compared with the synced Python traits by a test, both ways.

import { publish, subscribe } from "./bus";
import { KINDS, readList, type Kind, type Selected } from "./selection";

export const MODEL_KEYS = [
  "kind", "status", "message", "details", "progress", "options", "session", "atoms", "pairs", "elements", "operations", "cells",
  "data", "fallback_id",
] as const;

export type ModelKey = (typeof MODEL_KEYS)[number];

export type Status = "idle" | "loading" | "running" | "error" | "stale";

const STATUSES: readonly Status[] = ["idle", "loading", "running", "error", "stale"];

/** The part of anywidget's model that the views use. */
export interface HostModel {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: readonly ArrayBuffer[]): void;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

/** Typed access to the host model: unknown keys do not compile, wrong values become harmless ones. */
export class State {
  private readonly mourners = new Set<() => void>();

  constructor(private readonly host: HostModel) {}

  get kind(): string {
    return asText(this.read("kind"));
  }

  get status(): Status {
    const value = this.read("status");
    return STATUSES.find((s) => s === value) ?? "error";
  }

  get message(): string {
    return asText(this.read("message"));
  }

  /** A few lines more about an error. */
  get details(): string {
    return asText(this.read("details"));
  }

  /** Share of the running work that is done, 0 to 1. */
  get progress(): number {
    const value = this.read("progress");
    return typeof value === "number" && value >= 0 && value <= 1 ? value : 0;
  }

  /** Settings by name; a view reads its own with a check. */
  get options(): Readonly<Record<string, unknown>> {
    const value = this.read("options");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  }

  get fallbackId(): string {
    return asText(this.read("fallback_id"));
  }

  get data(): unknown {
    return this.read("data");
  }

  get session(): string {
    return asText(this.read("session"));
  }

  /** What is selected of a kind. */
  selected<K extends Kind>(kind: K): Selected[K] {
    return readList(kind, this.read(kind));
  }

  /** Select by hand: tell the views of the session, and Python in one small message. */
  select<K extends Kind>(kind: K, values: Selected[K]): void {
    this.host.set(kind, [...values]);
    this.save();
    publish(this.session, this, "select", { [kind]: [...values] });
  }

  /** Ask Python for other settings. */
  choose(options: Readonly<Record<string, string | number | boolean | readonly number[]>>): void {
    this.host.set("options", { ...options });
    this.save();
  }

  /** Ask Python to compute again, or to stop. */
  ask(what: "run" | "cancel"): void {
    this.send({ kind: what });
  }

  /** Send a message of a view's own kind to Python, with bytes beside it. */
  post(content: Readonly<Record<string, string | number>>, buffers: readonly ArrayBuffer[] = []): void {
    this.attempt(() => this.host.send(content, undefined, buffers));
  }

  /** Tell the other views what is pointed at; nothing of it leaves the page. */
  hover(what: Partial<Selected>): void {
    publish(this.session, this, "hover", what);
  }

  /** Tell the other views what the selection means in their terms. */
  imply(what: Partial<Selected>): void {
    publish(this.session, this, "implied", what);
  }

  /** Take part in the session until `signal` aborts: follow selections, hear what is hovered and implied. */
  join(signal: AbortSignal, hear: {
    hover?(what: Partial<Selected>): void;
    implied?(what: Partial<Selected>): void;
    hello?(): void;
  }): void {
    subscribe(() => this.session, this, signal, ({ topic, what }) => {
      if (topic === "select") this.follow(what);
      else if (topic === "hello") hear.hello?.();
      else hear[topic]?.(what);
    });
    publish(this.session, this, "hello");
  }

  /** Python hears of it from the view in which it was selected. */
  private follow(what: Partial<Selected>): void {
    for (const kind of KINDS) if (what[kind] !== undefined) this.host.set(kind, [...what[kind]]);
  }

  /** Tell Python about a fault in the browser half, so that tests can assert there was none. */
  report(text: string): void {
    this.send({ kind: "js_error", text: text.slice(0, 2000) });
  }

  /** Tell Python that the view is drawn. */
  ready(): void {
    this.send({ kind: "ready" });
  }

  /** Call `callback` on every change of one of `keys` until `signal` aborts. */
  watch(keys: readonly ModelKey[], signal: AbortSignal, callback: () => void): void {
    this.listen(keys.map((key) => `change:${key}`), signal, callback);
  }

  /** Call `callback` when the kernel side goes away. */
  onDead(signal: AbortSignal, callback: () => void): void {
    this.listen(["comm_live_update"], signal, callback);
    this.mourners.add(callback);
    signal.addEventListener("abort", () => this.mourners.delete(callback), { once: true });
  }

  private send(content: unknown): void {
    this.attempt(() => this.host.send(content));
  }

  private save(): void {
    this.attempt(() => this.host.save_changes());
  }

  /** A host that cannot reach Python any more throws: that is the same as a lost kernel. */
  private attempt(action: () => void): void {
    try {
      action();
    } catch {
      for (const callback of this.mourners) callback();
    }
  }

  private listen(events: readonly string[], signal: AbortSignal, callback: () => void): void {
    for (const event of events) {
      this.host.on(event, callback);
      signal.addEventListener("abort", () => this.host.off(event, callback), { once: true });
    }
  }

  private read(key: ModelKey): unknown {
    return this.host.get(key);
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
