// What may be shown instead: another frame or setting, tolerance, or a corrected tensor. The parts stay in the
// page and change their contents only where these differ, so that the focus stays where it is.
import { h } from "./dom";
import type { Choice, NyeOptions, Step, TensorData } from "./schema";

export interface TensorActions {
  choose(options: NyeOptions): void;
  /** Find the space group at all tolerances. */
  compare(): void;
}

let count = 0;

export class TensorControls {
  readonly element: HTMLFieldSetElement;
  private readonly id = `cn-nye-${(count += 1)}`;
  private readonly frame = group("Frame");
  private readonly setting = h("select", { class: "cn-model cn-setting", "aria-label": "Setting of the axes" });
  private readonly shown = group("Tensor");
  private readonly tolerance = h("summary", {});
  private readonly steps = h("div", { class: "cn-steps", role: "group", "aria-label": "Symmetry tolerance" });
  private readonly more = h("details", { class: "cn-tolerance" }, this.tolerance, this.steps);
  private readonly mistake = h("span", {});
  private readonly undo = h("button", { type: "button", class: "cn-button cn-undo" });
  private readonly repair = h("p", { class: "cn-repair" }, this.mistake, " ", this.undo);
  private readonly drawn = new Map<HTMLElement, string>();
  private options: NyeOptions = { frame: "own", setting: 0, symprec: "auto", shown: "given" };
  private canCompare = false;

  constructor(private readonly actions: TensorActions) {
    this.element = h("fieldset", { class: "cn-controls cn-nye", "aria-label": "What is shown" },
      h("span", { class: "cn-control" }, this.frame, this.setting), this.shown, this.more, this.repair);
  }

  /** Listen until `signal` aborts; `wrap` guards the handlers. */
  listen(signal: AbortSignal, wrap: <E>(handler: (event: E) => void) => (event: E) => void): void {
    this.element.addEventListener("change", wrap<Event>((event) => {
      const at = event.target;
      if (at === this.setting) this.ask({ setting: Number(this.setting.value) });
      else if (at instanceof HTMLInputElement && this.frame.contains(at)) this.ask({ frame: at.value, setting: 0 });
      else if (at instanceof HTMLInputElement) this.ask({ shown: at.value });
    }), { signal });
    this.element.addEventListener("click", wrap<Event>((event) => {
      const at = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-symprec]") : null;
      const value = at?.dataset["symprec"];
      if (value !== undefined) this.ask({ symprec: value === "auto" ? value : Number(value), setting: 0 });
      else if (event.target === this.undo) this.ask({ shown: this.options.shown === "repaired" ? "given" : "repaired" });
    }), { signal });
    this.more.addEventListener("toggle", wrap<Event>(() => {
      if (this.more.open && this.canCompare) this.actions.compare();
    }), { signal });
  }

  /** Show what there is to choose, and what is chosen. */
  show({ controls, repair }: TensorData, options: NyeOptions): void {
    this.options = options;
    this.canCompare = controls.can_compare;
    this.radios(this.frame, controls.frames, options.frame);
    this.radios(this.shown, controls.shown, options.shown);
    this.fill(this.setting, controls.settings, () => controls.settings.map(({ value, text }) => h("option", { value }, text)));
    this.setting.value = String(options.setting);
    this.stay(this.setting, controls.settings.length === 0);
    this.tolerance.textContent = `Symmetry tolerance: ${controls.tolerance}`;
    this.more.hidden = controls.tolerance === "";
    this.fill(this.steps, [controls.tolerances, options.symprec], () => stepButtons(controls.tolerances, options.symprec));
    this.mistake.textContent = repair;
    this.undo.textContent = options.shown === "repaired" ? "Show as given" : "Show repaired";
    // Without a kernel nothing can be chosen; then the sentence stands among the checks.
    this.repair.hidden = repair === "" || controls.shown.length === 0;
    this.element.hidden = [this.frame, this.shown, this.more, this.repair].every((part) => part.hidden);
  }

  disable(): void {
    this.element.disabled = true;
  }

  private ask(what: Partial<NyeOptions>): void {
    this.actions.choose({ ...this.options, ...what });
  }

  private radios(host: HTMLElement, choices: readonly Choice[], chosen: string): void {
    const name = `${this.id}-${host.getAttribute("aria-label")}`;
    this.fill(host, choices, () => [h("span", { class: "cn-key" }, host.getAttribute("aria-label") ?? ""),
      ...choices.map(({ value, text, hint }) => h("label", { class: "cn-check", title: hint }, h("input", { type: "radio", name, value }), text))]);
    for (const input of host.querySelectorAll("input")) input.checked = input.value === chosen;
    this.stay(host, choices.length === 0);
  }

  /** New contents only where they differ; a focus inside goes to what is chosen now. */
  private fill(host: HTMLElement, key: unknown, build: () => HTMLElement[]): void {
    const text = JSON.stringify(key);
    if (this.drawn.get(host) === text) return;
    this.drawn.set(host, text);
    const had = host.matches(":focus-within") && !host.matches(":focus");
    host.replaceChildren(...build());
    if (had) (host.querySelector<HTMLElement>("[aria-pressed=true]") ?? host.querySelector<HTMLElement>("input, button"))?.focus();
  }

  /** A part that goes away gives its focus to the frames. */
  private stay(part: HTMLElement, hidden: boolean): void {
    if (hidden && part.matches(":focus-within")) this.frame.querySelector<HTMLElement>("input:checked")?.focus();
    part.hidden = hidden;
  }
}

function group(label: string): HTMLElement {
  return h("span", { class: "cn-control", role: "radiogroup", "aria-label": label });
}

function stepButtons(steps: readonly Step[], symprec: number | "auto"): HTMLElement[] {
  if (steps.length === 0) return [];
  return [button("auto", symprec === "auto", "auto", "what the crystal suggests"), ...steps.map((step) => {
    const node = button(String(step.symprec), step.chosen, step.text, step.range);
    node.style.flexGrow = String(step.width);
    return node;
  })];
}

function button(symprec: string, pressed: boolean, text: string, range: string): HTMLElement {
  return h("button", { type: "button", class: "cn-button cn-step", "data-symprec": symprec, "aria-pressed": String(pressed) },
    h("span", {}, text), h("small", {}, range));
}
