// Pieces that every view has: header, notices, and the lines about status and a lost kernel.
import { h } from "./dom";
import { isContained } from "./keymap";
import type { Fact, Notice } from "./schema";
import type { ViewContext } from "./view";

export function header(title: string, subtitle: string, hint: string, facts: readonly Fact[]): HTMLElement {
  return h("header", { class: "cn-head" },
    h("p", { class: "cn-title", role: "heading", "aria-level": 3 },
      h("b", {}, title), h("span", { class: "cn-subtitle", ...(hint ? { title: hint } : {}) }, subtitle)),
    factList(facts));
}

/** Not a definition list: hosts style those for prose. */
export function factList(facts: readonly Fact[]): HTMLElement {
  return h("ul", { class: "cn-facts" }, ...facts.map(({ label, value, hint }) =>
    h("li", { class: "cn-fact", ...(hint ? { title: hint } : {}) }, h("span", { class: "cn-key" }, label), " ", h("span", {}, value))));
}

export function noticeList(notices: readonly Notice[]): HTMLElement[] {
  if (notices.length === 0) return [];
  return [h("ul", { class: "cn-notices", "aria-label": "Notices" }, ...notices.map(({ severity, text, code }) =>
    h("li", { "data-severity": severity, "data-code": code }, h("b", {}, severity), h("span", {}, text))))];
}

/** Lines that are shown when there is something to say: an error, and the loss of the kernel. */
export function statusLines(): HTMLElement[] {
  return [
    h("p", { class: "cn-dead-note" },
      "The kernel behind this view is gone: everything shown stays readable. Run the cell again to reconnect."),
    h("p", { class: "cn-message", role: "status", hidden: true }),
    h("details", { class: "cn-details", hidden: true }, h("summary", {}, "Details"), h("pre", {})),
  ];
}

export function showStatus({ state, root }: ViewContext): void {
  root.dataset["status"] = state.status;
  const line = root.querySelector<HTMLElement>(".cn-message");
  if (!line) return;
  line.textContent = state.message;
  line.hidden = state.message === "";
  const more = root.querySelector<HTMLElement>(".cn-details");
  const text = more?.querySelector("pre");
  if (!more || !text) return;
  text.textContent = state.details;
  more.hidden = state.details === "";
}

/** Keep the status lines true until the view ends. */
export function watchStatus(context: ViewContext): void {
  context.state.watch(["status", "message", "details"], context.signal, () => showStatus(context));
  context.state.onDead(context.signal, () => context.root.toggleAttribute("data-dead", true));
  showStatus(context);
}

/** Keep plain letters and the keys we handle from the notebook; Esc gives the focus back to it. */
export function containKeys({ root, signal }: ViewContext): void {
  root.addEventListener("keydown", (event) => {
    if (isContained(event)) event.stopPropagation();
    if (event.key === "Escape") leave(root);
  }, { signal });
}

/** Give the focus back to the notebook cell that holds the view. */
export function leave(root: HTMLElement): void {
  const inside = root.ownerDocument.activeElement;
  if (inside instanceof HTMLElement) inside.blur();
  root.closest<HTMLElement>(".jp-Cell[tabindex], .jp-Notebook[tabindex], [tabindex]")?.focus();
}
