// The drop zone: files go to Python as bytes, and what Python says about them comes back as plain text.
// Nothing is parsed here; only the size is looked at, so that no giant file travels to the kernel.
import { h } from "./dom";
import type { State } from "./model";
import { containKeys } from "./panel";
import { parseUpload, type FileRow, type Refusal } from "./upload_schema";
import { guarded, type ViewContext } from "./view";

const READY = "Drop files here, or";
const OVER = "Let go to read";

export function mountUpload(context: ViewContext): void {
  const { state, root, signal } = context;
  const input = h("input", { type: "file", multiple: true, class: "cu-input", "aria-label": "Choose structure files" });
  const word = h("span", { class: "cu-word" }, READY);
  const hint = h("small", { class: "cu-hint" });
  const zone = h("label", { class: "cu-drop" },
    word, h("span", { class: "cu-button", "aria-hidden": "true" }, "choose files"), input, hint);
  const busy = h("p", { class: "cu-busy", role: "status" });
  const files = h("ul", { class: "cu-files", "aria-label": "Files", "aria-live": "polite" });
  const problems = h("div", { class: "cu-problems", role: "alert" });
  const dead = h("p", { class: "cu-note", hidden: true }, "The kernel behind this view is gone. Run the cell again to reconnect.");
  root.append(zone, busy, files, problems, dead);
  let waiting = 0;

  const status = (): void => {
    root.dataset["status"] = waiting > 0 ? "running" : state.status;
    const said = state.message;
    busy.textContent = said !== "" ? said : waiting > 0 ? "Sent to the kernel …" : "";
    root.toggleAttribute("data-busy", waiting > 0 || state.status === "running");
  };
  const draw = (): void => {
    const data = parseUpload(state.data);
    hint.textContent = data.hint;
    zone.hidden = !data.enabled;
    files.replaceChildren(...data.files.map((file, k) => row(state, file, k)));
    problems.replaceChildren(...data.problems.map(refusalBox));
    status();
  };
  const take = async (chosen: readonly File[]): Promise<void> => {
    const { max_bytes, max_files, enabled } = parseUpload(state.data);
    if (!enabled || chosen.length === 0) return;
    waiting += 1;
    status();
    for (const [position, file] of chosen.slice(0, max_files).entries()) {
      const content = { kind: "file", name: file.name.slice(0, 255), size: file.size, position, count: chosen.length };
      const bytes = file.size <= max_bytes ? await bytesOf(file) : null;
      if (signal.aborted) return;
      state.post(content, bytes === null ? [] : [bytes]);
    }
  };
  const begin = (list: FileList | null | undefined): void => {
    take([...(list ?? [])]).catch((error: unknown) => state.report(String(error)));
  };

  input.addEventListener("change", () => { begin(input.files); input.value = ""; }, { signal });
  const over = (is: boolean) => (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    root.toggleAttribute("data-over", is);
    word.textContent = is ? OVER : READY;
  };
  zone.addEventListener("dragenter", over(true), { signal });
  zone.addEventListener("dragover", over(true), { signal });
  zone.addEventListener("dragleave", over(false), { signal });
  zone.addEventListener("drop", (event) => { over(false)(event); begin(event.dataTransfer?.files); }, { signal });
  state.watch(["data"], signal, guarded<void>(state, draw));
  // Python has taken the files up. The data may stay as they were: the same file may be dropped twice.
  state.watch(["status"], signal, guarded<void>(state, () => { waiting = 0; status(); }));
  state.watch(["message"], signal, guarded<void>(state, status));
  state.onDead(signal, () => {
    root.toggleAttribute("data-dead", true);
    for (const control of root.querySelectorAll("input, button, select")) control.setAttribute("disabled", "");
    dead.hidden = false;
  });
  containKeys(context);
  draw();
}

/** What is in a file; `null` for a folder, or a file that went away. */
async function bytesOf(file: File): Promise<ArrayBuffer | null> {
  try {
    return await file.arrayBuffer();
  } catch {
    return null;
  }
}

function row(state: State, file: FileRow, k: number): HTMLElement {
  const show = (block: number): void => state.post({ kind: "show", file: k, block });
  const head = h("p", { class: "cu-file" },
    h("b", { class: "cu-name" }, file.name), h("span", { class: "cu-text" }, file.text));
  if (file.state === "shown") head.append(h("span", { class: "cu-tag" }, "shown below"));
  if (file.state === "refused") head.append(h("span", { class: "cu-tag" }, "refused"));
  if (file.state === "accepted" && file.choices.length === 0) {
    const button = h("button", { type: "button", class: "cu-button", "aria-label": `Show ${file.name}` }, "show");
    button.addEventListener("click", () => show(-1));
    head.append(button);
  }
  if (file.choices.length > 0) head.append(chooser(file, show));
  return h("li", { "data-state": file.state }, head, ...(file.error === null ? [] : [refusalBox(file.error)]));
}

/** A list of structures in one file; nothing is chosen until the reader does. */
function chooser(file: FileRow, show: (block: number) => void): HTMLElement {
  const select = h("select", { class: "cu-choice", "aria-label": `Structure in ${file.name}` },
    h("option", { value: "", disabled: true, selected: file.chosen < 0 }, `choose one of ${file.choices.length} …`),
    ...file.choices.map((name, k) => h("option", { value: k, selected: k === file.chosen }, `${k + 1}: ${name}`)));
  select.addEventListener("change", () => { if (select.value !== "") show(Number(select.value)); });
  return select;
}

function refusalBox({ code, found, accepted, action }: Refusal): HTMLElement {
  const line = (label: string, said: string): HTMLElement[] =>
    said === "" ? [] : [h("p", {}, h("span", { class: "cu-key" }, label), " ", h("span", {}, said))];
  return h("div", { class: "cu-refusal" },
    h("code", { class: "cu-code" }, code),
    ...line("Found:", found), ...line("Accepted:", accepted), ...line("What to do:", action));
}
