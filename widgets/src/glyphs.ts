// Glyphs as small drawings: they look the same whatever fonts the reader has.
import type { Glyph } from "./classify";
import { s } from "./dom";

/** The glyph, 20 × 20 units around the origin; decorative, the words are in the label of the cell. */
export function drawGlyph(glyph: Glyph): SVGSVGElement {
  const box = s("svg", { class: `cn-glyph cn-glyph-${glyph}`, viewBox: "-10 -10 20 20", "aria-hidden": "true" });
  box.append(...shapes(glyph));
  return box;
}

function shapes(glyph: Glyph): SVGElement[] {
  switch (glyph) {
    case "disc": return [s("circle", { r: 6.5, class: "cn-fill" })];
    case "ring-disc": return [s("circle", { r: 7, class: "cn-hollow" }), s("circle", { r: 3.4, class: "cn-fill" })];
    case "circle": return [s("circle", { r: 6.3, class: "cn-hollow" })];
    case "diamond": return [s("path", { d: "M0-8 8 0 0 8-8 0Z", class: "cn-hollow" })];
    case "dot": return [s("circle", { r: 2, class: "cn-fill" })];
    case "cross": return [s("path", { d: "M-6-6 6 6M6-6-6 6", class: "cn-hollow" })];
    case "question": return [s("path", { d: "M-6 0H6", class: "cn-hollow" })];
  }
}
