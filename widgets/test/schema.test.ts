import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import structureSchema from "../schema/structure.schema.json";
import tensorSchema from "../schema/tensor.schema.json";
import { MODEL_KEYS, State, type HostModel } from "../src/model";
import { SchemaError } from "../src/read";
import { parseTensor } from "../src/schema";
import { parseStructure } from "../src/structure_schema";
import * as fixtures from "./fixtures";

const ajv = new Ajv({ strict: false });
const tensors = { elastic: fixtures.elastic, forbidden: fixtures.forbidden, prediction: fixtures.prediction };

describe("the states that Python writes", () => {
  it.each(Object.entries(tensors))("%s fits the schema and survives reading unchanged", (_, state) => {
    expect(ajv.validate(tensorSchema, state), JSON.stringify(ajv.errors)).toBe(true);
    // Every key that Python sends is read, and nothing is invented.
    expect(parseTensor(state)).toEqual(state);
  });

  it("structure likewise", () => {
    expect(ajv.validate(structureSchema, fixtures.structure), JSON.stringify(ajv.errors)).toBe(true);
    expect(parseStructure(fixtures.structure)).toEqual(fixtures.structure);
  });
});

describe("reading", () => {
  const broken: [string, (d: Record<string, unknown>) => void][] = [
    ["a missing title", (d) => { delete d["title"]; }],
    ["a number as verdict", (d) => { d["verdict"] = 3; }],
    ["an unknown severity", (d) => { d["severity"] = "fatal"; }],
    ["seven rows", (d) => { d["shape"] = [7, 6]; }],
    ["cells that are no list", (d) => { d["cells"] = {}; }],
    ["a cell outside the matrix", (d) => { (d["cells"] as Record<string, unknown>[])[0]!["row"] = 6; }],
    ["an unknown role", (d) => { (d["cells"] as Record<string, unknown>[])[0]!["role"] = "free"; }],
  ];

  it.each(broken)("refuses %s", (_, damage) => {
    const state = structuredClone(fixtures.elastic) as Record<string, unknown>;
    damage(state);
    expect(() => parseTensor(state)).toThrow(SchemaError);
  });

  it.each([null, undefined, 3, "x", [], new Map()])("refuses %o", (value) => {
    expect(() => parseTensor(value)).toThrow(SchemaError);
    expect(() => parseStructure(value)).toThrow(SchemaError);
  });

  it("refuses a picture that is not ours", () => {
    for (const picture of ["https://example.org/x.svg", "javascript:alert(1)", "data:text/html;base64,AAAA"]) {
      expect(() => parseStructure({ ...fixtures.structure, picture })).toThrow(SchemaError);
    }
  });
});

describe("State", () => {
  const host = (values: Record<string, unknown>): HostModel => ({
    get: (k) => values[k], set: (k, v) => { values[k] = v; }, save_changes: () => {}, send: () => {}, on: () => {}, off: () => {},
  });

  it("makes wrong values harmless", () => {
    const state = new State(host({ kind: 3, status: "odd", message: null, cells: ["c11", 4, null], pairs: [[0, 1], [0], "x"], fallback_id: {} }));
    expect([state.kind, state.status, state.message, state.fallbackId]).toEqual(["", "error", "", ""]);
    expect(state.selected("cells")).toEqual(["c11"]);
    expect(state.selected("pairs")).toEqual([[0, 1]]);
    expect(state.selected("atoms")).toEqual([]);
  });

  it("names each key once", () => {
    expect(new Set(MODEL_KEYS).size).toBe(MODEL_KEYS.length);
  });
});
