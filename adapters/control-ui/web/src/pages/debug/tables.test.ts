import { expect, test } from "vitest";

import whole from "../../protocol/schema.json";
import { kindOf } from "../../ui/schema-form.tsx";
import { paramsOf, requiredFirst, Tables } from "./tables.ts";

const tables = new Tables(whole, [...Object.keys(whole.methods), "of.another.version"]);

test("every method the gateway has can be called, those the tables do not know as well", () => {
  expect(tables.methods.map((it) => it.name)).toContain("of.another.version");
  expect(tables.methods.map((it) => it.name)).not.toContain("connect");
  expect(tables.methods.find((it) => it.name === "config.get")).toMatchObject({ access: "operator.read" });
});

test("the parameters of every known method make a form", () => {
  for (const method of tables.methods) {
    if (method.name === "of.another.version") continue;
    expect([method.name, ["object", "any"]]).toEqual([method.name, expect.arrayContaining([kindOf(method.params!, tables.resolve).kind])]);
  }
});

test("names count before descriptions", () => {
  const names = tables.find("chat.send").map((it) => it.name);
  expect(names[0]).toBe("chat.send");
  expect(tables.find("no such words anywhere")).toEqual([]);
});

test.each([
  ["", {}, null],
  ['{"a":1}', { a: 1 }, null],
])("%j is parameters", (text, value, error) => {
  expect(paramsOf(text)).toEqual({ value, error });
});

test("what is no JSON says why", () => {
  expect(paramsOf("{").error).not.toBeNull();
});

test("what has to be filled in comes first", () => {
  const kind = kindOf({ type: "object", properties: { a: {}, b: {}, c: {} }, required: ["c"] }, () => undefined);
  const ordered = kind.kind === "object" && requiredFirst(kind);
  expect(ordered && typeof ordered === "object" && Object.keys(ordered["properties"] as object)).toEqual(["c", "a", "b"]);
});
