import { expect, test } from "vitest";

import { beginning, controlFor, Shape } from "./shape.ts";

const consts = (...values: string[]) => values.map((value) => ({ const: value, type: "string" }));

test.each([
  [{ type: ["boolean", "null"] }, undefined, "switch"],
  [{ type: "integer" }, 3, "number"],
  [{ type: ["string", "null"] }, undefined, "text"],
  [{ oneOf: consts("a", "b") }, "a", "choice"],
  [{ anyOf: [...consts("a", "b"), { type: "null" }] }, undefined, "choice"],
  [{ anyOf: [...consts("loopback"), { type: "string", format: "ip" }] }, "192.0.2.7", "choice"],
  [{ type: "array", items: { type: "string" } }, [], "list"],
  [{ type: "object", properties: { a: {} } }, undefined, "section"],
  [{ type: "object", additionalProperties: { type: "string" } }, undefined, "section"],
  [{ type: "object", additionalProperties: true }, undefined, "json"],
  [{ anyOf: [{ type: "string" }, { type: "object", properties: { primary: {} } }] }, undefined, "text"],
  [{ anyOf: [{ type: "string" }, { type: "object", properties: { primary: {} } }] }, { primary: "x" }, "section"],
  [{ type: "string" }, { source: "env" }, "json"],
  [{ oneOf: consts("a") }, "something else", "text"],
  [true, undefined, "json"],
])("for %j with %j in it there is a %s", (schema, value, kind) => {
  expect(controlFor(schema, value).kind).toBe(kind);
});

test("words beside any other text are proposals", () => {
  const control = controlFor({ anyOf: [...consts("loopback", "lan"), { type: "string" }] }, "lan");
  expect(control).toMatchObject({ kind: "choice", isOpen: true });
});

test("a new entry begins as what its schema allows", () => {
  expect(beginning({ type: "object", properties: { id: {} } })).toEqual({});
  expect(beginning({ oneOf: consts("a", "b") })).toBe("a");
  expect(beginning({ type: "string" })).toBe("");
});

const shape = new Shape({
  schema: {}, version: "", generatedAt: "",
  uiHints: {
    gateway: { label: "Gateway", help: "How it can be reached.", order: 2 },
    "gateway.port": { label: "Port", help: "Where it listens.", order: 1 },
    "gateway.portals": { label: "Portals", help: "", order: 3 },
    "hooks.transport": { label: "Transport", help: "", order: 1 },
    models: { label: "Models", help: "", order: 1 },
    "models.providers": { label: "Providers", help: "", order: 1 },
    "models.providers.*.apiKey": { label: "Api key", help: "", order: 1, sensitive: true },
  },
});

test("what is looked for is found, the nearest first", () => {
  expect(shape.find("port", 9).map((it) => it.place.join("."))).toEqual(["gateway.port", "gateway.portals", "hooks.transport"]);
  expect(shape.find("listens", 9).map((it) => it.hint.label)).toEqual(["Port"]);
  expect(shape.find("  ", 9)).toEqual([]);
});

test("names somebody gave are free places", () => {
  const place = shape.placeOf(["models", "providers", "mine", "apiKey"]);
  expect(place).toEqual(["models", "providers", "*", "apiKey"]);
  expect(shape.hint(place).isSecret).toBe(true);
});
