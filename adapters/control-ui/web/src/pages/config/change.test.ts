import { expect, test } from "vitest";

import { byLine, changesBetween, effectOf, merged, mergePatch, REDACTED, spelled, valueAt, withValue } from "./change.ts";

const FILE = { gateway: { port: 1, auth: { token: REDACTED } }, agents: { list: [{ id: "a" }, { id: "b" }] } };

test.each([
  [["gateway", "port"], 1],
  [["agents", "list", "1", "id"], "b"],
  [["agents", "list", "7", "id"], undefined],
  [["gateway", "toString"], undefined],
  [[], FILE],
] as const)("at %j there is %j", (path, value) => {
  expect(valueAt(FILE, path)).toEqual(value);
});

test("a value is entered where nothing was around it", () => {
  expect(withValue({}, ["a", "b", "c"], 1)).toEqual({ a: { b: { c: 1 } } });
});

test("objects that only held a value go with it, and named ones stay", () => {
  expect(withValue({ a: { b: { c: 1 } } }, ["a", "b", "c"], undefined)).toEqual({});
  expect(withValue({ providers: { mine: { key: 1 } } }, ["providers", "mine", "key"], undefined, (depth) => depth === 2)).toEqual({ providers: { mine: {} } });
});

test("an entry taken out of a list lets the others move up", () => {
  expect(withValue(FILE, ["agents", "list", "0"], undefined)).toEqual({ ...FILE, agents: { list: [{ id: "b" }] } });
});

test("only what changed is sent, so a redacted secret never is", () => {
  const patch = mergePatch(FILE, withValue(FILE, ["gateway", "port"], 2));
  expect(patch).toEqual({ gateway: { port: 2 } });
  expect(JSON.stringify(patch)).not.toContain(REDACTED);
});

test.each([
  [{}, { a: 1 }],
  [{ a: 1, b: 2 }, { b: 2 }],
  [{ a: { b: [1, 2] } }, { a: { b: [1] } }],
  [{ a: { b: 1 } }, { a: "text" }],
  [{ a: 1 }, { a: 1 }],
])("what is merged into %j makes it %j", (before, after) => {
  expect(merged(before, mergePatch(before, after) ?? {})).toEqual(after);
});

test("changes are named as deep as they go", () => {
  const after = withValue(withValue(FILE, ["gateway", "port"], undefined), ["hooks", "path"], "/x");
  expect(changesBetween(FILE, after)).toEqual([
    { path: ["gateway", "port"], before: 1, after: undefined },
    { path: ["hooks", "path"], before: undefined, after: "/x" },
  ]);
});

test("paths are spelled as the gateway spells them", () => {
  expect(spelled(["agents", "list", "0", "id"], FILE)).toBe("agents.list[0].id");
});

test.each([
  ["gateway.port: in force at once; looked at again: the listener, discovery", { path: "gateway.port", kind: "now", parts: "the listener, discovery" }],
  ["a.b: the gateway starts again", { path: "a.b", kind: "restart", parts: "" }],
  ["a: in force when the gateway starts again, which mode hot leaves to you", { path: "a", kind: "waits", parts: "" }],
  ["a: ignored, because gateway.reload.mode is off", { path: "a", kind: "ignored", parts: "" }],
  ["a: this gateway does not use it", { path: "a", kind: "unused", parts: "" }],
  ["a: something nobody thought of", { path: "a", kind: "other", parts: "" }],
])("%s", (line, effect) => {
  expect(effectOf(line)).toMatchObject(effect);
});

test("issues stand at their lines, and messages name lines, too", () => {
  const lines = byLine([{ path: "a", message: "no", line: 3 }, { path: "b", message: "nowhere" }], "unterminated object on line 7");
  expect([...lines]).toEqual([[3, ["a: no"]], [7, ["unterminated object on line 7"]]]);
});
