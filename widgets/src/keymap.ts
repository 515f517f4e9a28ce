// Which key does what, and which keys must not reach the notebook. No DOM here.
import type { Direction } from "./layout";

export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export type Action =
  | { readonly do: "move"; readonly to: Direction }
  | { readonly do: "select"; readonly add: boolean }
  | { readonly do: "escape" }
  | { readonly do: "help" };

const MOVES: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "row-start", End: "row-end",
};

/** What the grid does for a key, or `null` where the key is not ours. */
export function actionFor(k: Key): Action | null {
  if (k.altKey || k.metaKey) return null;
  if (k.ctrlKey) {
    if (k.key === "Home") return { do: "move", to: "start" };
    if (k.key === "End") return { do: "move", to: "end" };
    return k.key === " " ? { do: "select", add: true } : null;
  }
  if (k.key === "?") return { do: "help" };
  if (k.shiftKey) return k.key === " " ? { do: "select", add: true } : null;
  const to = MOVES[k.key];
  if (to !== undefined) return { do: "move", to };
  if (k.key === "Enter" || k.key === " ") return { do: "select", add: false };
  return k.key === "Escape" ? { do: "escape" } : null;
}

/**
 * Whether the notebook must not see a key: the ones we handle, and every plain letter or digit, which
 * a notebook takes for a command even while a control inside an output has the focus. Shift+Enter and
 * its like pass.
 */
export function isContained(k: Key): boolean {
  if (actionFor(k) !== null) return true;
  return !k.ctrlKey && !k.metaKey && !k.altKey && /^[\p{L}\p{N}]$/u.test(k.key);
}
