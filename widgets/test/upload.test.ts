// @vitest-environment jsdom
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import schema from "../schema/upload.schema.json";
import { SchemaError } from "../src/read";
import view from "../src/index";
import type { HostModel } from "../src/model";
import { parseUpload } from "../src/upload_schema";
import fixture from "./fixtures/upload.json";

const CANARY = "<img src=x onerror=canary()>";

class FakeModel implements HostModel {
  readonly sent: { content: Record<string, unknown>; buffers: readonly ArrayBuffer[] }[] = [];
  private readonly heard = new Map<string, Set<() => void>>();
  readonly values: Record<string, unknown>;
  constructor(data: unknown = fixture) {
    this.values = { kind: "upload", status: "idle", message: "", data: structuredClone(data), fallback_id: "" };
  }
  save_changes(): void {}
  get(key: string): unknown { return this.values[key]; }
  set(key: string, value: unknown): void { this.values[key] = value; this.fire(`change:${key}`); }
  send(content: unknown, _callbacks?: unknown, buffers: readonly ArrayBuffer[] = []): void {
    this.sent.push({ content: content as Record<string, unknown>, buffers });
  }
  on(event: string, f: () => void): void { this.heard.set(event, (this.heard.get(event) ?? new Set()).add(f)); }
  off(event: string, f: () => void): void { this.heard.get(event)?.delete(f); }
  fire(event: string): void { for (const f of this.heard.get(event) ?? []) f(); }
  get files(): Record<string, unknown>[] { return this.sent.map((s) => s.content).filter((c) => c["kind"] === "file"); }
  get listeners(): number { return [...this.heard.values()].reduce((n, set) => n + set.size, 0); }
}

let el: HTMLElement;
let stop: (() => void) | undefined;
const mount = (model: FakeModel): FakeModel => { stop = view.render({ model, el }); return model; };
const find = <E extends HTMLElement = HTMLElement>(selector: string): E => {
  const node = el.querySelector<E>(selector);
  if (!node) throw new Error(`nothing matches ${selector}`);
  return node;
};
const drop = (...files: File[]): Event => {
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { files } });
  find(".cu-drop").dispatchEvent(event);
  return event;
};
const file = (name: string, content: string): File => Object.assign(new File([content], name), {
  // jsdom has no Blob.arrayBuffer.
  arrayBuffer: () => Promise.resolve(new TextEncoder().encode(content).buffer),
});
const big = (name: string, size: number): File => Object.defineProperty(file(name, "x"), "size", { value: size });
const settled = (model: FakeModel, n: number): Promise<void> => vi.waitFor(() => expect(model.files).toHaveLength(n));

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", undefined);
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => { stop?.(); stop = undefined; el.remove(); vi.unstubAllGlobals(); });

describe("the state that Python writes", () => {
  it("fits the schema and survives reading unchanged", () => {
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(schema, fixture), JSON.stringify(ajv.errors)).toBe(true);
    expect(parseUpload(fixture)).toEqual(fixture);
  });

  it.each([
    ["no files", { files: 3 }], ["an unknown state", { files: [{ ...fixture.files[0], state: "lost" }] }],
    ["a word for a switch", { enabled: "yes" }], ["a limit of nothing", { max_bytes: 0 }],
    ["half an error", { problems: [{ code: "x" }] }],
  ])("refuses %s", (_, change) => {
    expect(() => parseUpload({ ...fixture, ...change })).toThrow(SchemaError);
  });
});

describe("the drop zone", () => {
  it("draws every file with its fate, and reports nothing", () => {
    const model = mount(new FakeModel());
    expect([...el.querySelectorAll("li")].map((li) => li.dataset["state"])).toEqual(["shown", "refused", "accepted", "choice"]);
    expect(find("li[data-state=refused]").textContent).toContain("structure.binary");
    expect(model.sent.map((s) => s.content)).toEqual([{ kind: "ready" }]);
  });

  it("sends the bytes of what is dropped, and keeps the page from opening it", async () => {
    const model = mount(new FakeModel());
    const event = drop(file("a.cif", "data_a"), file("b.vasp", "x"));
    expect(event.defaultPrevented).toBe(true);
    await settled(model, 2);
    expect(model.files).toEqual([
      { kind: "file", name: "a.cif", size: 6, position: 0, count: 2 },
      { kind: "file", name: "b.vasp", size: 1, position: 1, count: 2 },
    ]);
    expect(model.sent.filter((s) => s.content["kind"] === "file").map((s) => s.buffers[0]?.byteLength)).toEqual([6, 1]);
    expect(find(".cn-root").dataset["status"]).toBe("running");
    // The same file again changes no data, but the status goes to and fro.
    model.set("status", "running");
    model.set("status", "idle");
    expect(find(".cn-root").dataset["status"]).toBe("idle");
  });

  it("sends of a giant file its size alone, and of many files the first twenty", async () => {
    const model = mount(new FakeModel());
    drop(big("big.cif", fixture.max_bytes + 1));
    await settled(model, 1);
    expect(model.sent.at(-1)?.buffers).toHaveLength(0);
    drop(...Array.from({ length: 30 }, (_, k) => file(`${k}.cif`, "x")));
    await settled(model, 21);
    expect(model.files.at(-1)).toMatchObject({ position: 19, count: 30 });
  });

  it("sends a folder as what cannot be read", async () => {
    const model = mount(new FakeModel());
    const folder = file("folder", "");
    folder.arrayBuffer = () => Promise.reject(new DOMException("", "NotFoundError"));
    drop(folder);
    await settled(model, 1);
    expect(model.sent.at(-1)?.buffers).toHaveLength(0);
  });

  it("asks which structure to show, with nothing chosen before", () => {
    const model = mount(new FakeModel());
    const select = find<HTMLSelectElement>("select");
    expect(select.value).toBe("");
    expect([...select.options].map((o) => o.textContent)).toEqual(["choose one of 2 …", "1: NaCl", "2: TiO2"]);
    select.value = "1";
    select.dispatchEvent(new Event("change"));
    expect(model.sent.at(-1)?.content).toEqual({ kind: "show", file: 3, block: 1 });
  });

  it("shows another file on demand", () => {
    const model = mount(new FakeModel());
    find("li[data-state=accepted] button").click();
    expect(model.sent.at(-1)?.content).toEqual({ kind: "show", file: 2, block: -1 });
  });

  it("takes every text as text", () => {
    const error = { code: CANARY, found: CANARY, accepted: CANARY, action: CANARY };
    const row = { name: CANARY, state: "refused", text: CANARY, error, choices: [CANARY, CANARY], chosen: 0 };
    mount(new FakeModel({ ...fixture, hint: CANARY, files: [row], problems: [error] }));
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent?.split(CANARY).length).toBeGreaterThan(10);
  });

  it("says what goes on", () => {
    const model = mount(new FakeModel());
    model.set("message", "Reading a.cif …");
    model.set("status", "running");
    expect(find(".cu-busy").textContent).toBe("Reading a.cif …");
    expect(find(".cn-root").hasAttribute("data-busy")).toBe(true);
  });

  it("disables its controls when the kernel goes", () => {
    const model = mount(new FakeModel());
    model.fire("comm_live_update");
    expect([...el.querySelectorAll("input, select, .cu-file button")].every((c) => c.hasAttribute("disabled"))).toBe(true);
    expect(el.textContent).toContain("Run the cell again");
  });

  it("takes nothing on a saved page", async () => {
    const model = mount(new FakeModel({ ...fixture, enabled: false }));
    expect(find(".cu-drop").hidden).toBe(true);
    drop(file("a.cif", "x"));
    await Promise.resolve();
    expect(model.files).toHaveLength(0);
  });

  it("keeps letters from the notebook", () => {
    mount(new FakeModel());
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    find("select").dispatchEvent(new KeyboardEvent("keydown", { key: "b", bubbles: true }));
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });

  it("reports data that it cannot read instead of failing in silence", () => {
    const model = mount(new FakeModel({ ...fixture, files: 3 }));
    expect(find(".cn-root").dataset["status"]).toBe("error");
    expect(model.sent.at(-1)?.content).toMatchObject({ kind: "js_error" });
  });

  it("leaves no listener and no element behind", () => {
    const model = mount(new FakeModel());
    expect(model.listeners).toBeGreaterThan(0);
    stop?.();
    expect(model.listeners).toBe(0);
    expect(el.childElementCount).toBe(0);
  });
});
