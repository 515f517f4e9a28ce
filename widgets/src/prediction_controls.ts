// The controls of the prediction panel: model, tolerance, idealising, and the buttons. Drawn once, so that
// the focus stays where it is when results arrive.
import { h, uniqueName } from "./dom";
import { placeOf, symprecAt, symprecText, type ModelChoice, type PanelOptions } from "./prediction_schema";

/** Quiet after which a moving slider counts as meant. */
export const PAUSE_MS = 300;
/** Work that takes longer can be cancelled. */
export const CANCEL_AFTER_MS = 1000;

export interface ControlActions {
  choose(options: PanelOptions): void;
  run(): void;
  cancel(): void;
}

export class PredictionControls {
  readonly element: HTMLFieldSetElement;
  private readonly model: HTMLSelectElement;
  private readonly auto = h("input", { type: "checkbox", class: "cn-auto" });
  private readonly slider = h("input", { type: "range", class: "cn-symprec", min: -5, max: -1, step: 0.1 });
  private readonly shown = h("output", { class: "cn-symprec-text" });
  private readonly idealize = h("input", { type: "checkbox", class: "cn-idealize" });
  private readonly run = h("button", { type: "button", class: "cn-button cn-predict" }, "Predict");
  private readonly stop = h("button", { type: "button", class: "cn-button cn-cancel", hidden: true }, "Cancel");
  private pause: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(models: readonly ModelChoice[], private readonly actions: ControlActions) {
    const id = uniqueName();
    this.model = h("select", { class: "cn-model", id: `${id}-model` },
      ...models.map(({ name, text }) => h("option", { value: name }, text)));
    this.slider.id = `${id}-symprec`;
    this.shown.htmlFor.add(this.slider.id);
    this.element = h("fieldset", { class: "cn-controls", "aria-label": "Prediction settings" },
      h("span", { class: "cn-control" }, h("label", { for: this.model.id }, "Model"), this.model),
      h("span", { class: "cn-control" }, h("label", { for: this.slider.id }, "Symmetry tolerance"), this.slider, this.shown,
        h("label", { class: "cn-check" }, this.auto, "auto")),
      h("label", { class: "cn-check" }, this.idealize, "idealise and project"),
      h("span", { class: "cn-buttons" }, this.run, this.stop));
  }

  /** Listen until `signal` aborts; `wrap` guards the handlers. */
  listen(signal: AbortSignal, wrap: <E>(handler: (event: E) => void) => (event: E) => void): void {
    const now = wrap<Event>(() => this.send());
    this.model.addEventListener("change", now, { signal });
    this.idealize.addEventListener("change", now, { signal });
    this.auto.addEventListener("change", wrap<Event>(() => { this.tell(); this.send(); }), { signal });
    this.slider.addEventListener("input", wrap<Event>(() => {
      this.auto.checked = false;
      this.tell();
      clearTimeout(this.pause);
      this.pause = setTimeout(now, PAUSE_MS);
    }), { signal });
    this.run.addEventListener("click", wrap<Event>(() => {
      // A change that still waits starts the work by itself.
      if (!this.flush()) this.actions.run();
    }), { signal });
    this.stop.addEventListener("click", wrap<Event>(() => this.actions.cancel()), { signal });
    signal.addEventListener("abort", () => { clearTimeout(this.pause); clearTimeout(this.patience); }, { once: true });
  }

  /** Show options that were set elsewhere, unless a hand is on the slider. */
  show(options: PanelOptions): void {
    if (this.pause !== undefined) return;
    this.model.value = options.model;
    this.idealize.checked = options.idealize;
    this.auto.checked = options.symprec === "auto";
    this.slider.value = String(placeOf(options.symprec === "auto" ? 0.01 : options.symprec));
    this.tell();
  }

  /** Offer to cancel what has been running for a while. */
  showRunning(isRunning: boolean): void {
    this.run.setAttribute("aria-busy", String(isRunning));
    if (isRunning === (this.patience !== undefined)) return;
    clearTimeout(this.patience);
    this.patience = undefined;
    if (isRunning) {
      this.patience = setTimeout(() => { this.stop.hidden = false; }, CANCEL_AFTER_MS);
      return;
    }
    // The focus of a button that goes away would fall back to the page.
    if (this.stop === this.stop.ownerDocument.activeElement) this.run.focus();
    this.stop.hidden = true;
  }

  disable(): void {
    this.element.disabled = true;
  }

  private tell(): void {
    const text = this.auto.checked ? "auto" : symprecText(this.symprec());
    this.shown.value = this.auto.checked ? "" : text;
    this.slider.setAttribute("aria-valuetext", text);
    this.slider.toggleAttribute("data-auto", this.auto.checked);
  }

  private symprec(): number {
    return symprecAt(Number(this.slider.value));
  }

  private flush(): boolean {
    if (this.pause === undefined) return false;
    this.send();
    return true;
  }

  private send(): void {
    clearTimeout(this.pause);
    this.pause = undefined;
    this.actions.choose({
      model: this.model.value,
      symprec: this.auto.checked ? "auto" : this.symprec(),
      idealize: this.idealize.checked,
    });
  }
}
