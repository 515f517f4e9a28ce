// One style sheet, adopted once into the root that holds the view (a document or a shadow root).
import { paletteCss } from "./palette";
import css from "./sheets.css";

const adopted = new WeakSet<Document | ShadowRoot>();

export function adoptStyles(el: HTMLElement): void {
  const node = el.getRootNode();
  const root = node instanceof ShadowRoot || node instanceof Document ? node : document;
  if (adopted.has(root)) return;
  adopted.add(root);
  const text = unfold(css) + paletteCss();
  if ("adoptedStyleSheets" in root && typeof CSSStyleSheet.prototype.replaceSync === "function") {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return;
  }
  const style = document.createElement("style");
  style.textContent = text;
  (root instanceof Document ? root.head : root).append(style);
}

const FIRST_MARK = 0xa1;

/** What scripts/fold.mjs made shorter: repeated parts, NUL, and the text with marks in their places. */
export function unfold(folded: string): string {
  const [words, text] = folded.split("\0");
  if (words === undefined || text === undefined) return folded;
  return words.split("\n").reduceRight((out, word, k) => out.replaceAll(String.fromCharCode(FIRST_MARK + k), word), text);
}
