import type { State } from "./model";

/** What a view gets to draw itself; everything it starts ends when `signal` aborts. */
export interface ViewContext {
  readonly state: State;
  readonly root: HTMLElement;
  readonly signal: AbortSignal;
}

/** Wrap an event handler: a fault in it is reported to Python instead of vanishing in the console. */
export function guarded<E>(state: State, handler: (event: E) => void): (event: E) => void {
  return (event) => {
    try {
      handler(event);
    } catch (error) {
      state.report(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  };
}
