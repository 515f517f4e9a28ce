// What may be shown instead: another frame or setting, tolerance, or a corrected tensor. The parts stay in the
// page and change their contents only where these differ, so that the focus stays where it is.
import { h, uniqueName } from "./dom";
import type { Fact, NyeOptions, Step, TensorData } from "./schema";

export interface TensorActions {
  choose(options: NyeOptions): void;
  /** Find the space group at all tolerances. */
  compare(): void;
}

export interface TensorControls {
  readonly element: HTMLFieldSetElement;
  /** Show what there is to choose, and what is chosen. */
  show(data: TensorData, options: NyeOptions): void;
}

type Wrap = <E>(handler: (event: E) => void) => (event: E) => void;

/** Listens until `signal` aborts; `wrap` guards the handlers. */
export function tensorControls(actions: TensorActions, signal: AbortSignal, wrap: Wrap): TensorControls {
  const id = uniqueName();
  const [frame, shown] = ["Frame", "Tensor"].map((label) =>
    h("span", { class: "cn-control", role: "radiogroup", "aria-label": label })) as [HTMLElement, HTMLElement];
  const setting = h("select", { class: "cn-model cn-setting", "aria-label": "Setting of the axes" });
  const tolerance = h("summary");
  const steps = h("div", { class: "cn-steps", role: "group", "aria-label": "Symmetry tolerance" });
  const more = h("details", { class: "cn-tolerance" }, tolerance, steps);
  const mistake = h("span");
  const undo = h("button", { type: "button", class: "cn-button cn-undo" });
  const repair = h("p", { class: "cn-repair" }, mistake, " ", undo);
  const element = h("fieldset", { class: "cn-controls cn-nye", "aria-label": "What is shown" },
    h("span", { class: "cn-control" }, frame, setting), shown, more, repair);
  const drawn = new Map<HTMLElement, string>();
  let now: NyeOptions;
  let canCompare = false;

  const ask = (what: Partial<NyeOptions>): void => actions.choose({ ...now, ...what });
  const inside = (part: HTMLElement): boolean => part.matches(":focus-within");
  /** New contents only where they differ; a focus inside goes to what is chosen now. */
  const fill = (host: HTMLElement, key: unknown, build: () => HTMLElement[]): void => {
    const text = JSON.stringify(key);
    if (drawn.get(host) === text) return;
    drawn.set(host, text);
    const had = host !== setting && inside(host);
    host.replaceChildren(...build());
    if (had) host.querySelector<HTMLElement>("[aria-pressed=true], input")?.focus();
  };
  /** A part that goes away gives its focus to the frames. */
  const stay = (part: HTMLElement, hidden: boolean): void => {
    if (hidden && inside(part)) frame.querySelector<HTMLElement>("input:checked")?.focus();
    part.hidden = hidden;
  };
  const radios = (host: HTMLElement, choices: readonly Fact[], chosen: string): void => {
    const title = host.getAttribute("aria-label") ?? "";
    fill(host, choices, () => [h("span", { class: "cn-key" }, title), ...choices.map(({ label, value, hint }) =>
      h("label", { class: "cn-check", title: hint }, h("input", { type: "radio", name: id + title, value }), label))]);
    for (const input of host.querySelectorAll("input")) input.checked = input.value === chosen;
    stay(host, choices.length === 0);
  };

  element.addEventListener("change", wrap<Event>(({ target }) => {
    const { value } = target as HTMLInputElement;
    if (target === setting) ask({ setting: Number(value) });
    else ask(frame.contains(target as Node) ? { frame: value, setting: 0 } : { shown: value });
  }), { signal });
  element.addEventListener("click", wrap<Event>(({ target }) => {
    const value = (target as Element).closest<HTMLElement>("[data-symprec]")?.dataset["symprec"];
    if (value !== undefined) ask({ symprec: value === "auto" ? value : Number(value), setting: 0 });
    else if (target === undo) ask({ shown: now.shown === "repaired" ? "given" : "repaired" });
  }), { signal });
  more.addEventListener("toggle", wrap<Event>(() => { if (more.open && canCompare) actions.compare(); }), { signal });

  return {
    element,
    show({ controls, repair: text }, options) {
      now = options;
      canCompare = controls.can_compare;
      radios(frame, controls.frames, options.frame);
      radios(shown, controls.shown, options.shown);
      fill(setting, controls.settings, () => controls.settings.map(({ label, value }) => h("option", { value }, label)));
      setting.value = String(options.setting);
      stay(setting, controls.settings.length === 0);
      tolerance.textContent = `Symmetry tolerance: ${controls.tolerance}`;
      more.hidden = controls.tolerance === "";
      fill(steps, [controls.tolerances, options.symprec], () => stepButtons(controls.tolerances, options.symprec));
      mistake.textContent = text;
      undo.textContent = options.shown === "repaired" ? "Show as given" : "Show repaired";
      // Without a kernel nothing can be chosen; then the sentence stands below the diagram.
      repair.hidden = text === "" || shown.hidden;
      element.hidden = [frame, shown, more].every((part) => part.hidden);
    },
  };
}

function stepButtons(steps: readonly Step[], symprec: number | "auto"): HTMLElement[] {
  if (steps.length === 0) return [];
  const auto = { symprec: "auto", chosen: symprec === "auto", text: "auto", range: "what the crystal suggests", width: 0 };
  return [auto, ...steps].map((step) => {
    const node = h("button", { type: "button", class: "cn-button cn-step", "data-symprec": step.symprec, "aria-pressed": String(step.chosen) },
      h("span", {}, step.text), h("small", {}, step.range));
    node.style.flexGrow = String(step.width);
    return node;
  });
}
