// Colours. Hues are Okabe–Ito; each is mixed with the host's own text colour, so that one rule is dark
// on a light notebook and light on a dark one. No DOM here.

/** Role -> hue and its share in the mix; the rest is the text colour. */
export const HUES = {
  tie: { hex: "#0072b2", share: 0.68 },
  relation: { hex: "#cc79a7", share: 0.5 },
  violation: { hex: "#d55e00", share: 0.62 },
  sure: { hex: "#009e73", share: 0.5 },
  warn: { hex: "#e69f00", share: 0.45 },
} as const;

/** Text and page colours of the light and dark notebook that the contrast is tested on. */
export const HOSTS = [
  { text: "#212121", pages: ["#ffffff", "#f7f7f7"] },
  { text: "#ffffff", pages: ["#111111", "#212121"] },
] as const;

/** Custom properties for all hues, e.g. `--cn-tie`. */
export function paletteCss(): string {
  const lines = Object.entries(HUES).map(
    ([name, { hex, share }]) => `--cn-${name}:color-mix(in srgb,${hex} ${Math.round(share * 100)}%,var(--cn-fg));`,
  );
  return `.cn-root{${lines.join("")}}`;
}

type Rgb = readonly [number, number, number];

export function parseHex(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** Linear mix in sRGB, as `color-mix(in srgb, …)` does for opaque colours. */
export function mix(a: string, share: number, b: string): Rgb {
  const [x, y] = [parseHex(a), parseHex(b)];
  return [0, 1, 2].map((i) => (x[i] ?? 0) * share + (y[i] ?? 0) * (1 - share)) as unknown as Rgb;
}

/** WCAG 2 contrast ratio. */
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
