// One style sheet, adopted once into the root that holds the view (a document or a shadow root).
import breakingCss from "./breaking.css";
import crystalCss from "./crystal.css";
import matrixCss from "./matrix.css";
import { paletteCss } from "./palette";
import predictionCss from "./prediction.css";
import css from "./style.css";
import surfaceCss from "./surface.css";
import tensorCss from "./tensor.css";
import uploadCss from "./upload.css";

const adopted = new WeakSet<Document | ShadowRoot>();

export function adoptStyles(el: HTMLElement): void {
  const node = el.getRootNode();
  const root = node instanceof ShadowRoot || node instanceof Document ? node : document;
  if (adopted.has(root)) return;
  adopted.add(root);
  const text = css + breakingCss + crystalCss + matrixCss + predictionCss + tensorCss + surfaceCss + uploadCss + paletteCss();
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
