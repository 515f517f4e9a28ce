// The one module of all crysnb views: anywidget calls `render`, the `kind` trait chooses the view.
import { mountBreaking } from "./breaking_view";
import { mountCrystal } from "./crystal_view";
import { h } from "./dom";
import { mountElements } from "./elements_view";
import { hideFallback } from "./fallback";
import { mountMatrix } from "./matrix_view";
import { State, type HostModel } from "./model";
import { mountPrediction } from "./prediction_view";
import { adoptStyles } from "./styles";
import { mountStory } from "./story_view";
import { mountStructure } from "./structure_view";
import { mountSurface } from "./surface_view";
import { mountTensor } from "./tensor_view";
import { mountUpload } from "./upload";
import type { ViewContext } from "./view";

export { MODEL_KEYS } from "./model";

const VIEWS: Readonly<Record<string, (context: ViewContext) => void>> = {
  breaking: mountBreaking,
  crystal: mountCrystal,
  elements: mountElements,
  matrix: mountMatrix,
  prediction: mountPrediction,
  story: mountStory,
  structure: mountStructure,
  surface: mountSurface,
  tensor: mountTensor,
  upload: mountUpload,
};

interface RenderProps { readonly model: HostModel; readonly el: HTMLElement }

function render({ model, el }: RenderProps): () => void {
  const state = new State(model);
  const controller = new AbortController();
  const root = h("div", { class: "cn-root", "data-kind": state.kind, "data-status": "loading" });
  el.classList.add("cn-host");
  el.append(root);
  adoptStyles(root);
  // A host may attach the view only after this call, and then inside a shadow root.
  requestAnimationFrame(() => adoptStyles(root));
  try {
    const mount = VIEWS[state.kind];
    if (!mount) throw new Error(`no view for ${state.kind}`);
    mount({ state, root, signal: controller.signal });
    hideFallback(root, state.fallbackId, controller.signal);
    state.ready();
  } catch (error) {
    root.dataset["status"] = "error";
    root.append(h("p", { class: "cn-error", role: "alert" }, "This view could not be drawn. Run the cell again."));
    state.report(String(error));
  }
  return () => {
    controller.abort();
    root.remove();
    el.classList.remove("cn-host");
  };
}

export default { render };
