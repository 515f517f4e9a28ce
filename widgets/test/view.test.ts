// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pictureId } from "../src/fallback";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { NOTHING } from "../src/selection";
import * as fixtures from "./fixtures";

class FakeModel implements HostModel {
  readonly sent: unknown[] = [];
  saves = 0;
  private readonly heard = new Map<string, Set<() => void>>();
  constructor(readonly values: Record<string, unknown>) {}
  get(key: string): unknown { return this.values[key]; }
  set(key: string, value: unknown): void { this.values[key] = value; this.fire(`change:${key}`); }
  save_changes(): void { this.saves += 1; }
  send(content: unknown): void { this.sent.push(content); }
  on(event: string, f: () => void): void { this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.heard.get(event)?.delete(f); }
  fire(event: string): void { for (const f of this.heard.get(event) ?? []) f(); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
}

const tensor = (data: unknown = fixtures.elastic): FakeModel =>
  new FakeModel({ kind: "tensor", status: "idle", message: "", session: "s", ...NOTHING, data: structuredClone(data), fallback_id: "" });

let el: HTMLElement;
let stop: (() => void) | undefined;
const mount = (model: FakeModel): FakeModel => { stop = view.render({ model, el }); return model; };
const find = <E extends HTMLElement = HTMLElement>(selector: string): E => {
  const node = el.querySelector<E>(selector);
  if (!node) throw new Error(`nothing matches ${selector}`);
  return node;
};
const cell = (name: string): HTMLElement => find(`[data-cell=${name}]`);
const press = (key: string, held: KeyboardEventInit = {}): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...held });
  (document.activeElement ?? document.body).dispatchEvent(event);
  return event;
};
const shown = (): string => find(".cn-page[data-shown]").textContent ?? "";

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", undefined);
  // No WebGL in jsdom: the structure view must do without.
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => { stop?.(); stop = undefined; el.remove(); vi.unstubAllGlobals(); vi.restoreAllMocks(); });

describe("tensor view", () => {
  it("draws, says that it is ready, and reports nothing", () => {
    const model = mount(tensor());
    expect(find(".cn-root").dataset["status"]).toBe("idle");
    expect(el.querySelectorAll("[data-cell]")).toHaveLength(21);
    expect(model.sent).toEqual([{ kind: "ready" }]);
  });

  it("is an accessible grid with one tab stop", () => {
    mount(tensor());
    const grid = find("[role=grid]");
    expect(grid.getAttribute("aria-label")).toContain("quartz");
    expect(grid.querySelectorAll("[role=row]")).toHaveLength(7);
    for (const row of grid.querySelectorAll("[role=row]")) {
      const inside = [...row.children].map((c) => c.getAttribute("role"));
      expect(inside.every((role) => ["gridcell", "rowheader", "columnheader"].includes(role ?? ""))).toBe(true);
      expect(inside).toHaveLength(7);
    }
    for (const node of grid.querySelectorAll("[role=gridcell], [role=columnheader], [role=rowheader]")) {
      expect((node.getAttribute("aria-label") ?? node.textContent ?? "").length).toBeGreaterThan(0);
    }
    expect(grid.querySelectorAll("[tabindex='0']")).toHaveLength(1);
    expect(find("[role=status][aria-live=polite]").textContent).toContain("break");
    for (const svg of grid.querySelectorAll("svg")) expect(svg.getAttribute("aria-hidden")).toBe("true");
  });

  it("joins the family on hover and sends nothing", () => {
    const model = mount(tensor());
    cell("c14").dispatchEvent(new Event("pointerover", { bubbles: true }));
    const joined = [...el.querySelectorAll<SVGElement>(".cn-lines-active path")].map((l) => l.dataset["to"]);
    expect(joined).toEqual(["c24", "c56"]);
    expect([...el.querySelectorAll<HTMLElement>("[data-family]")].map((c) => c.dataset["cell"])).toEqual(["c14", "c24", "c56"]);
    expect(shown()).toContain("c14");
    find("[role=grid]").dispatchEvent(new Event("pointerleave"));
    expect(el.querySelectorAll(".cn-lines-active path")).toHaveLength(0);
    expect(model.saves).toBe(0);
  });

  it("selects by click, adds with a modifier, and shows relation and reason", () => {
    const model = mount(tensor());
    cell("c24").click();
    expect(model.get("cells")).toEqual(["c24"]);
    expect(model.saves).toBe(1);
    expect(cell("c24").getAttribute("aria-selected")).toBe("true");
    expect(shown()).toContain("c24 = −c14");
    expect(shown()).toContain("threefold rotation about [001]");
    cell("c15").dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    expect(model.get("cells")).toEqual(["c24", "c15"]);
    cell("c24").dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true }));
    expect(model.get("cells")).toEqual(["c15"]);
  });

  it("follows a selection made in Python and announces it", () => {
    const model = mount(tensor());
    model.set("cells", ["c66"]);
    expect(cell("c66").getAttribute("aria-selected")).toBe("true");
    expect(find(".cn-live").textContent).toContain("c66");
    expect(shown()).toContain("below the relation");
  });

  it("is walked with the keyboard: arrows, ends, select, escape", () => {
    const model = mount(tensor());
    cell("c11").focus();
    press("ArrowRight");
    press("ArrowDown");
    expect(document.activeElement).toBe(cell("c22"));
    press("End");
    expect(document.activeElement).toBe(cell("c26"));
    press("Enter");
    expect(model.get("cells")).toEqual(["c26"]);
    press("Escape");
    expect(model.get("cells")).toEqual([]);
    expect(document.activeElement).toBe(cell("c26"));
    press("Escape");
    expect(el.contains(document.activeElement)).toBe(false);
    expect(el.querySelectorAll("[tabindex='0']")).toHaveLength(1);
  });

  it("keeps plain letters from the notebook and lets its shortcuts pass", () => {
    mount(tensor());
    const heard: string[] = [];
    const listen = (event: Event): void => { heard.push((event as KeyboardEvent).key); };
    document.body.addEventListener("keydown", listen);
    cell("c11").focus();
    for (const key of ["b", "x", "1", "ArrowDown", "Enter"]) press(key);
    expect(heard).toEqual([]);
    press("Enter", { shiftKey: true });
    press("s", { ctrlKey: true });
    expect(heard).toEqual(["Enter", "s"]);
    document.body.removeEventListener("keydown", listen);
  });

  it("asks for another frame, and keeps focus, selection and controls when the answer comes", () => {
    const model = mount(tensor());
    model.set("options", { frame: "own", setting: 0, symprec: "auto", shown: "given" });
    cell("c14").click();
    const before = model.saves;
    const ieee = find<HTMLInputElement>("input[value=ieee]");
    ieee.focus();
    ieee.click();
    expect(model.get("options")).toEqual({ frame: "ieee", setting: 0, symprec: "auto", shown: "given" });
    expect(model.saves).toBe(before + 1);
    model.set("options", { frame: "ieee", setting: 1, symprec: "auto", shown: "symmetrised" });
    model.set("data", structuredClone(fixtures.turned));
    expect(document.activeElement).toBe(ieee);
    expect(find<HTMLInputElement>("input[value=ieee]")).toBe(ieee);
    expect(find<HTMLSelectElement>(".cn-setting").value).toBe("1");
    expect(find<HTMLInputElement>("input[value=symmetrised]").checked).toBe(true);
    expect(cell("c14").getAttribute("aria-selected")).toBe("true");
    expect(find(".cn-live").textContent).toContain("Frame ieee, setting 2 of 2");
    expect(find(".cn-banner").textContent).toContain("not as given");
    expect(find(".cn-rotation").textContent).toContain("−1");
    expect(cell("c66").querySelector(".cn-change")?.textContent).toBe("+1.95");
    expect(cell("c66").getAttribute("aria-label")).toContain("changed by plus 1.95");
    expect(model.sent).toEqual([{ kind: "ready" }]);
  });

  it("keeps the focus in the grid when other data arrive from Python", () => {
    const model = mount(tensor());
    cell("c24").focus();
    model.set("data", structuredClone(fixtures.turned));
    expect(document.activeElement).toBe(cell("c24"));
    expect(el.querySelectorAll("[role=grid] [tabindex='0']")).toHaveLength(1);
  });

  it("asks for the tolerances once, when they are unfolded, and then for one of them", () => {
    const model = mount(tensor());
    const more = find<HTMLDetailsElement>(".cn-tolerance");
    more.open = true;
    more.dispatchEvent(new Event("toggle"));
    expect(model.sent).toContainEqual({ kind: "run" });
    model.set("data", structuredClone(fixtures.turned));
    more.dispatchEvent(new Event("toggle"));
    expect(model.sent.filter((m) => (m as { kind: string }).kind === "run")).toHaveLength(1);
    const steps = [...el.querySelectorAll<HTMLElement>(".cn-step")];
    expect(steps.map((s) => s.getAttribute("aria-pressed"))).toEqual(["true", "true"]);
    steps[1]?.click();
    expect(model.get("options")).toMatchObject({ symprec: 0.01, setting: 0 });
  });

  it("offers a repair with a button, in both directions", () => {
    const data = { ...structuredClone(fixtures.turned), repair: "One mistake explains these numbers." };
    const model = mount(tensor(data));
    const button = find<HTMLButtonElement>(".cn-undo");
    button.click();
    expect(model.get("options")).toMatchObject({ shown: "repaired" });
    expect(button.textContent).toBe("Show as given");
    button.click();
    expect(model.get("options")).toMatchObject({ shown: "given" });
  });

  it("has no dead controls: none without a choice, disabled without a kernel", () => {
    const none = { frames: [], settings: [], shown: [], tolerances: [], tolerance: "", can_compare: false };
    mount(tensor({ ...structuredClone(fixtures.turned), controls: none, repair: "A mistake." }));
    expect(find(".cn-nye").hidden).toBe(true);
    expect(find("p.cn-fold").textContent).toBe("A mistake.");
    stop?.();
    const model = mount(tensor());
    expect(find<HTMLFieldSetElement>(".cn-nye").disabled).toBe(false);
    model.fire("comm_live_update");
    expect(find<HTMLFieldSetElement>(".cn-nye").disabled).toBe(true);
  });

  it("shows help on ?", () => {
    mount(tensor());
    cell("c11").focus();
    expect(find(".cn-help").hidden).toBe(true);
    press("?", { shiftKey: true });
    expect(find(".cn-help").hidden).toBe(false);
  });

  it("says what is guaranteed and what is learned", () => {
    mount(tensor(fixtures.prediction));
    expect(find(".cn-guaranteed").textContent).toContain("zeros and ties");
    expect(find(".cn-learned").textContent).toContain("eps11, eps33");
    expect(find(".cn-facts").textContent).toContain("before projection");
    expect(find(".cn-notices").textContent).toContain("few training crystals");
  });

  it("draws a forbidden tensor as a result", () => {
    mount(tensor(fixtures.forbidden));
    expect(find(".cn-verdict").textContent).toContain("Inversion forbids it");
    expect(el.querySelectorAll("[data-role=zero]")).toHaveLength(18);
  });

  it("treats every text as text", () => {
    const evil = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    const data = JSON.parse(JSON.stringify(fixtures.prediction), (key, value: unknown) =>
      typeof value === "string" && !["name", "to", "role", "sign", "severity"].includes(key) ? evil : value) as unknown;
    mount(tensor(data));
    cell("eps11").click();
    expect(el.querySelectorAll("img, script")).toHaveLength(0);
    expect(el.textContent).toContain(evil);
  });

  it("shows status and message, and the loss of the kernel", () => {
    const model = mount(tensor());
    model.set("status", "stale");
    model.set("message", "structure changed");
    expect(find(".cn-root").dataset["status"]).toBe("stale");
    expect(find(".cn-message").textContent).toBe("structure changed");
    expect(find(".cn-message").hidden).toBe(false);
    model.fire("comm_live_update");
    expect(find(".cn-root").hasAttribute("data-dead")).toBe(true);
    cell("c14").click(); // reading on needs no kernel
    expect(shown()).toContain("c14");
  });

  it("reports broken data instead of vanishing", () => {
    const model = mount(tensor({ title: "half" }));
    expect(find(".cn-root").dataset["status"]).toBe("error");
    expect(find("[role=alert]").textContent).toContain("Run the cell again");
    expect(model.sent).toEqual([{ kind: "js_error", text: expect.stringContaining("Error") as string }]);
  });

  it("redraws on new data without piling up listeners", () => {
    const model = mount(tensor());
    const before = model.listeners;
    for (let k = 0; k < 5; k++) model.set("data", structuredClone(k % 2 ? fixtures.elastic : fixtures.prediction));
    expect(model.listeners).toBe(before);
    expect(el.querySelectorAll("[role=grid]")).toHaveLength(1);
  });

  it("leaves nothing behind", () => {
    const model = mount(tensor());
    stop?.();
    stop = undefined;
    expect(model.listeners).toBe(0);
    expect(el.childElementCount).toBe(0);
  });
});

describe("structure view", () => {
  const model = (changes: object = {}): FakeModel => new FakeModel({
    kind: "structure", status: "idle", message: "", session: "s", ...NOTHING, data: { ...fixtures.structure, ...changes }, fallback_id: "",
  });

  it("lists sites as the text twin of the drawing, and selects one", () => {
    const m = mount(model());
    expect(el.querySelectorAll("tbody tr")).toHaveLength(9);
    find<HTMLButtonElement>("[data-site='0'] button").click();
    expect(m.get("atoms")).toEqual([0]);
    expect(find("[data-site='0']").getAttribute("aria-selected")).toBe("true");
    find<HTMLButtonElement>("[data-site='0'] button").click();
    expect(m.get("atoms")).toEqual([]);
  });

  it("shows the still picture where WebGL is blocked", () => {
    const m = mount(model({ engine: "nglview" }));
    expect(find<HTMLImageElement>(".cn-still").alt).toContain("quartz");
    expect(m.sent).toEqual([{ kind: "ready" }]);
  });

  it("shows the still picture where there is no 3-D", () => {
    mount(model({ engine: "picture" }));
    expect(find<HTMLImageElement>(".cn-still").src).toMatch(/^data:image\/svg\+xml;base64,/);
  });
});

describe("story view", () => {
  const model = (changes: object = {}): FakeModel => new FakeModel({
    kind: "story", status: "idle", message: "", session: "s", ...NOTHING, data: { ...fixtures.story, ...changes }, fallback_id: "",
  });

  it("tells every sentence and how sure it is, as text", () => {
    const evil = "<img src=x onerror=alert(1)>";
    const m = mount(model());
    const items = [...el.querySelectorAll<HTMLElement>(".cn-story li")];
    expect(items.map((i) => i.dataset["certainty"])).toEqual(fixtures.story.sentences.map((s) => s.certainty));
    expect(items.map((i) => i.querySelector("span")?.textContent)).toEqual(fixtures.story.sentences.map((s) => s.text));
    expect(items.every((i) => (i.querySelector("b")?.textContent ?? "") !== "")).toBe(true);
    expect(find(".cn-code code").textContent).toBe("cn.show('quartz')");
    m.set("data", { title: evil, sentences: [{ certainty: "fact", text: evil }], code: [{ title: evil, code: evil }] });
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(el.textContent).toContain(evil);
  });

  it("keeps the code open when the story changes, and refuses a certainty that it does not know", () => {
    const m = mount(model());
    find<HTMLDetailsElement>("details").open = true;
    m.set("data", { ...fixtures.story, sentences: [] });
    expect(find<HTMLDetailsElement>("details").open).toBe(true);
    m.set("data", { ...fixtures.story, sentences: [{ certainty: "sure", text: "" }] });
    expect(m.sent).toContainEqual({ kind: "js_error", text: expect.stringContaining("certainty") as string });
  });
});

describe("linked views", () => {
  const other = (changes: object = {}): FakeModel => {
    const m = tensor();
    Object.assign(m.values, changes);
    const box = document.createElement("div");
    el.append(box);
    ends.push(view.render({ model: m, el: box }));
    return m;
  };
  const ends: (() => void)[] = [];
  afterEach(() => { for (const end of ends.splice(0)) end(); });
  const point = (name: string): boolean => cell(name).dispatchEvent(new Event("pointerover", { bubbles: true }));

  it("follow a selection without the kernel, and Python is told once", () => {
    const first = mount(tensor());
    const second = other();
    cell("c14").click();
    expect(second.get("cells")).toEqual(["c14"]);
    expect(el.querySelectorAll("[data-cell=c14][aria-selected=true]")).toHaveLength(2);
    expect([first.saves, second.saves]).toEqual([1, 0]);
  });

  it("share what is pointed at, and forget it", () => {
    mount(tensor());
    other();
    point("c14");
    expect(el.querySelectorAll("[data-active][data-cell=c14]")).toHaveLength(2);
    find("[role=grid]").dispatchEvent(new Event("pointerleave"));
    expect(el.querySelectorAll("[data-active]")).toHaveLength(0);
  });

  it("leave views of another session, or of none, alone", () => {
    mount(tensor());
    const stranger = other({ session: "t" });
    const alone = other({ session: "" });
    cell("c14").click();
    expect(stranger.get("cells")).toEqual([]);
    expect(alone.get("cells")).toEqual([]);
  });

  it("mark the cells that a selected operation makes vanish", () => {
    const model = mount(tensor());
    const { name, vanishing } = fixtures.elastic.operations.find((o) => o.vanishing.length > 0)!;
    model.set("operations", [name]);
    const marked = [...el.querySelectorAll<HTMLElement>("[data-vanishing]")].map((c) => c.dataset["cell"]);
    expect(marked.sort()).toEqual([...vanishing].sort());
    expect(find(".cn-live").textContent).toContain("vanish");
  });

  it("tell which operations force the cell that is pointed at or selected", () => {
    const heard: unknown[] = [];
    document.addEventListener("crysnb:linked", (e) => heard.push((e as CustomEvent).detail));
    mount(tensor());
    heard.length = 0;
    point("c15");
    const forced = fixtures.elastic.cells.find((c) => c.name === "c15")!.forced_by;
    expect(forced.length).toBeGreaterThan(0);
    expect(heard).toContainEqual(expect.objectContaining({ topic: "hover", what: { cells: ["c15"], operations: forced } }));
    cell("c15").click();
    expect(heard).toContainEqual(expect.objectContaining({ topic: "implied", what: { operations: forced } }));
  });

  it("switch an operation on and off from the reasons", () => {
    const model = mount(tensor());
    cell("c15").click();
    const button = find<HTMLButtonElement>(".cn-page[data-shown] [data-operation]");
    button.click();
    expect(model.get("operations")).toEqual([button.dataset["operation"]]);
    expect(button.getAttribute("aria-pressed")).toBe("true");
    button.click();
    expect(model.get("operations")).toEqual([]);
  });

  it("survive whatever a page puts on the line", () => {
    const model = mount(tensor());
    for (const detail of [null, 7, {}, { session: "s" }, { session: "s", topic: "select", what: { cells: "x", atoms: [-1, "a"] } },
      { session: "s", topic: "hover", what: 3 }, { session: "s", topic: "nonsense", what: {} }]) {
      document.dispatchEvent(new CustomEvent("crysnb:linked", { detail }));
    }
    expect(model.get("cells")).toEqual([]);
    expect(model.get("atoms")).toEqual([]);
    expect(model.sent).toEqual([{ kind: "ready" }]);
  });
});

describe("an unknown kind", () => {
  it("is reported", () => {
    const m = mount(new FakeModel({ kind: "nonsense" }));
    expect(find(".cn-root").dataset["status"]).toBe("error");
    expect(m.sent).toHaveLength(1);
  });
});

describe("fallback picture", () => {
  const id = "0123456789abcdef0123456789abcdef";
  const png = (text: string): string =>
    `data:image/png;base64,${btoa(`\x89PNG\r\n\x1a\n\0\0\0\rIHDR${"\0".repeat(17)}\0\0\0\x30tEXt${text}${"\0".repeat(60)}`)}`;
  const output = (): HTMLImageElement => {
    const box = document.createElement("div");
    box.className = "jp-OutputArea-child";
    const image = document.createElement("img");
    image.src = png(`crysnb-fallback\0${id}`);
    box.append(image);
    return image;
  };

  it("is known by the id inside it", () => {
    expect(pictureId(png(`crysnb-fallback\0${id}`))).toBe(id);
    expect(pictureId(png(`crysnb-fallback\0${id}5`))).toBe(id); // a checksum that looks like more of the id
    expect(pictureId(png("Software\0other"))).toBe("");
    expect(pictureId("data:image/png;base64,AAAA")).toBe("");
    expect(pictureId("https://example.org/a.png")).toBe("");
  });

  it("stays hidden when the cell runs again and its element is used for the new picture", async () => {
    el.className = "jp-OutputArea";
    const mine = output();
    el.append(mine.parentElement!);
    const first = tensor();
    first.values["fallback_id"] = id;
    const endFirst = view.render({ model: first, el });
    const next = "f".repeat(32);
    const second = tensor();
    second.values["fallback_id"] = next;
    mount(second);
    mine.src = png(`crysnb-fallback\0${next}`);
    await new Promise((r) => setTimeout(r, 0));
    endFirst();
    expect(mine.parentElement!.style.display).toBe("none");
    stop?.();
    stop = undefined;
    expect(mine.parentElement!.style.display).toBe("");
  });

  it("is hidden while the view lives and comes back after it", async () => {
    el.className = "jp-OutputArea";
    const m = tensor();
    m.values["fallback_id"] = id;
    mount(m);
    const mine = output();
    const other = document.createElement("div");
    other.className = "jp-OutputArea-child";
    const plot = document.createElement("img");
    plot.src = png("Software\0other");
    other.append(plot);
    el.append(mine.parentElement!, other); // the second output arrives after the view
    await new Promise((r) => setTimeout(r, 0));
    expect(mine.parentElement!.style.display).toBe("none");
    expect(other.style.display).toBe("");
    stop?.();
    stop = undefined;
    expect(mine.parentElement!.style.display).toBe("");
  });
});
