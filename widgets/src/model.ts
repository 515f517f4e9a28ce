// The state shared with Python. `MODEL_KEYS` is compared with the synced Python traits by a test, both ways.

export const MODEL_KEYS = ["kind", "status", "message", "selection", "data", "fallback_id"] as const;

export type ModelKey = (typeof MODEL_KEYS)[number];

export type Status = "idle" | "loading" | "running" | "error" | "stale";

const STATUSES: readonly Status[] = ["idle", "loading", "running", "error", "stale"];

/** The part of anywidget's model that the views use. */
export interface HostModel {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

/** Typed access to the host model: unknown keys do not compile, wrong values become harmless ones. */
export class State {
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

  get fallbackId(): string {
    return asText(this.read("fallback_id"));
  }

  get data(): unknown {
    return this.read("data");
  }

  get selection(): string[] {
    const value = this.read("selection");
    return Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];
  }

  /** Write the selection and tell Python; one small message. */
  select(names: readonly string[]): void {
    this.host.set("selection", [...names]);
    this.host.save_changes();
  }

  /** Tell Python about a fault in the browser half, so that tests can assert there was none. */
  report(text: string): void {
    this.host.send({ kind: "js_error", text: text.slice(0, 2000) });
  }

  /** Tell Python that the view is drawn. */
  ready(): void {
    this.host.send({ kind: "ready" });
  }

  /** Call `callback` on every change of one of `keys` until `signal` aborts. */
  watch(keys: readonly ModelKey[], signal: AbortSignal, callback: () => void): void {
    this.listen(keys.map((key) => `change:${key}`), signal, callback);
  }

  /** Call `callback` when the kernel side goes away. */
  onDead(signal: AbortSignal, callback: () => void): void {
    this.listen(["comm:dead"], signal, callback);
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
