// A view displayed at top level is followed by a second output: a picture for readers without a
// kernel. While the view lives, that picture (known by an id inside the PNG) is hidden.

const MARK = "crysnb-fallback";

/** Id of the view that a PNG data URL belongs to, or "" if it is not one of our pictures. */
export function pictureId(src: string): string {
  const match = /^data:image\/png;base64,([A-Za-z0-9+/]{40,400})/.exec(src);
  if (!match?.[1]) return "";
  const head = match[1].slice(0, Math.floor(match[1].length / 4) * 4);
  const found = new RegExp(`${MARK}\\0([0-9a-f]{8,64})`).exec(atob(head));
  return found?.[1] ?? "";
}

/** Hide the picture with this id inside the output area of `el`; shown again when `signal` aborts. */
export function hideFallback(el: HTMLElement, id: string, signal: AbortSignal): void {
  if (id === "") return;
  const hidden = new Set<HTMLElement>();
  let observer: MutationObserver | undefined;
  const sweep = (area: Element): void => {
    for (const image of area.querySelectorAll<HTMLImageElement>("img[src^='data:image/png']")) {
      if (pictureId(image.src) !== id) continue;
      const box = image.closest<HTMLElement>(".jp-OutputArea-child") ?? image;
      box.style.setProperty("display", "none");
      hidden.add(box);
    }
  };
  // The host attaches the view some time after it is rendered (its first size tells), and adds the
  // second output later still.
  const start = (): void => {
    const area = el.closest(".jp-OutputArea, .output, .output_container");
    if (signal.aborted || observer || !area) return;
    observer = new MutationObserver(() => sweep(area));
    observer.observe(area, { childList: true, subtree: true });
    sweep(area);
  };
  const attached = typeof ResizeObserver === "function" ? new ResizeObserver(start) : undefined;
  attached?.observe(el);
  start();
  signal.addEventListener("abort", () => {
    attached?.disconnect();
    observer?.disconnect();
    for (const box of hidden) box.style.removeProperty("display");
  }, { once: true });
}
