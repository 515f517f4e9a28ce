// Views of one session speak to each other inside the page, with or without a kernel. Every view is a
// module of its own, so the page itself carries the messages.
import { readSelected, type Selected } from "./selection";

const EVENT = "crysnb:linked";

/**
 * `hover`: pointed at, gone when empty. `select`: lists that were chosen by hand. `implied`: what a
 * selection of another kind means (a tensor component: the operations that force it). `hello`: a view
 * has arrived and wants to hear what is implied.
 */
export type Topic = "hover" | "select" | "implied" | "hello";

export interface Linked { readonly topic: Topic; readonly what: Partial<Selected> }

interface Detail extends Linked { readonly session: string; readonly source: object }

export function publish(session: string, source: object, topic: Topic, what: Partial<Selected> = {}): void {
  if (session === "") return;
  const detail: Detail = { session, source, topic, what };
  document.dispatchEvent(new CustomEvent(EVENT, { detail }));
}

/** Hear the other views of a session until `signal` aborts; the session is asked for each time. */
export function subscribe(
  session: () => string, source: object, signal: AbortSignal, handler: (message: Linked) => void,
): void {
  document.addEventListener(EVENT, (event) => {
    const detail: unknown = event instanceof CustomEvent ? event.detail : null;
    if (typeof detail !== "object" || detail === null) return;
    const { session: theirs, source: from, topic, what } = detail as Partial<Detail>;
    if (theirs !== session() || theirs === "" || from === source) return;
    if (topic === "hover" || topic === "select" || topic === "implied" || topic === "hello") {
      handler({ topic, what: readSelected(what) });
    }
  }, { signal });
}
