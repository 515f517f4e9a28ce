// The story strip: sentences with how sure each is, and the code behind each panel.
import { h } from "./dom";
import { containKeys, showStatus, statusLines, watchStatus } from "./panel";
import { parseStory, type Certainty } from "./story_schema";
import { guarded, type ViewContext } from "./view";

const LABELS: Readonly<Record<Certainty, string>> = {
  fact: "crystal", guaranteed: "guaranteed", learned: "learned", measured: "measured", warning: "warning", error: "error",
};

export function mountStory(context: ViewContext): void {
  context.state.watch(["data"], context.signal, guarded<void>(context.state, () => draw(context)));
  containKeys(context);
  draw(context);
  watchStatus(context);
}

function draw(context: ViewContext): void {
  const { state, root } = context;
  const open = root.querySelector("details")?.open === true;
  const data = parseStory(state.data);
  const code = h("details", { class: "cn-code", open },
    h("summary", {}, "Show the code"),
    h("ul", {}, ...data.code.map(({ title, code: text }) =>
      h("li", {}, h("span", {}, title), h("pre", { tabindex: 0 }, h("code", {}, text))))));
  root.replaceChildren(
    h("p", { class: "cn-title", role: "heading", "aria-level": 3 }, h("b", {}, data.title)),
    // Around the list: a list with the role of a live region would be none to a screen reader.
    h("div", { role: "status", "aria-live": "polite" },
      h("ul", { class: "cn-story", "aria-label": "What was found" }, ...data.sentences.map(({ certainty, text }) =>
        h("li", { "data-certainty": certainty }, h("b", {}, LABELS[certainty]), h("span", {}, text))))),
    ...(data.code.length > 0 ? [code] : []), ...statusLines());
  showStatus(context);
}
