// A view displayed at top level is followed by a second output: a picture for readers without a
// kernel. While the view lives, that picture (known by an id inside the PNG) is hidden.

const MARK = "crysnb-fallback";

/** Id of the view that a PNG data URL belongs to, or "" if it is not one of our pictures. */
export function pictureId(src: string): string {
  const match = /^data:image\/png;base64,([A-Za-z0-9+/]{40,400})/.exec(src);
  if (!match?.[1]) return "";
  const head = match[1].slice(0, Math.floor(match[1].length / 4) * 4);
  // Exactly as long as the id: the checksum that follows may begin with a letter or digit, too.
  const found = new RegExp(`${MARK}\\0([0-9a-f]{32})`).exec(atob(head));
  return found?.[1] ?? "";
}

/** Hide the picture with this id inside the output area of `el`; shown again when `signal` aborts. */
export function hideFallback(el: HTMLElement, id: string, signal: AbortSignal): void {
  if (id === "") return;
  let observer: MutationObserver | undefined;
  let area: Element | null = null;
  const sweep = (): void => {
    for (const image of area?.querySelectorAll<HTMLImageElement>("img[src^='data:image/png']") ?? []) {
      if (pictureId(image.src) === id) hide(boxOf(image), id);
      else show(boxOf(image), id);
    }
  };
  // The host attaches the view some time after it is rendered (its first size tells), and adds the
  // second output later still. When a cell runs again it may put the new picture into the old element.
  const start = (): void => {
    if (signal.aborted || observer) return;
    area = el.closest(".jp-OutputArea, .output, .output_container");
    if (!area) return;
    observer = new MutationObserver(sweep);
    observer.observe(area, { childList: true, subtree: true, attributes: true, attributeFilter: ["src"] });
    sweep();
  };
  const attached = typeof ResizeObserver === "function" ? new ResizeObserver(start) : undefined;
  attached?.observe(el);
  start();
  signal.addEventListener("abort", () => {
    attached?.disconnect();
    observer?.disconnect();
    for (const box of area?.querySelectorAll<HTMLElement>("[data-cn-hidden]") ?? []) show(box, id);
  }, { once: true });
}

function boxOf(image: HTMLElement): HTMLElement {
  return image.closest<HTMLElement>(".jp-OutputArea-child") ?? image;
}

function hide(box: HTMLElement, id: string): void {
  box.dataset["cnHidden"] = id;
  box.style.setProperty("display", "none");
}

/** Undo `hide`, unless another view has hidden the element since. */
function show(box: HTMLElement, id: string): void {
  if (box.dataset["cnHidden"] !== id) return;
  delete box.dataset["cnHidden"];
  box.style.removeProperty("display");
}
