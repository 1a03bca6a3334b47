import { expect, test } from "vitest";

import { actionFor, nextAfter, step } from "./keys.ts";

const press = (key: string, more: Partial<Parameters<typeof actionFor>[0]> = {}) =>
  actionFor({ key, target: document.body, ctrlKey: false, metaKey: false, altKey: false, repeat: false, defaultPrevented: false, ...more });

test.each([
  ["j", { kind: "move", by: 1 }],
  ["k", { kind: "move", by: -1 }],
  ["a", { kind: "decide", decision: "allow-once" }],
  ["A", { kind: "decide", decision: "allow-always" }],
  ["d", { kind: "decide", decision: "deny" }],
  ["D", null],
  ["Enter", null],
])("%s means %j", (key, action) => {
  expect(press(key)).toEqual(action);
});

test("keys with others are left to the browser, and held keys decide once", () => {
  expect(press("a", { ctrlKey: true })).toBeNull();
  expect(press("d", { metaKey: true })).toBeNull();
  expect(press("a", { repeat: true })).toBeNull();
  expect(press("j", { repeat: true })).toEqual({ kind: "move", by: 1 });
});

test.each(["<input>", "<textarea></textarea>", "<select></select>", "<dialog><button></button></dialog>", "<div role=menu><button></button></div>"])("nothing is decided inside of %s", (html) => {
  const box = document.createElement("div");
  box.append(new DOMParser().parseFromString(html, "text/html").body.firstElementChild!);
  const target = box.querySelector("button") ?? box.firstElementChild!;
  expect(press("a", { target })).toBeNull();
});

test("moving stays within the list", () => {
  expect(step(["x", "y"], "y", 1)).toBe("y");
  expect(step(["x", "y"], "y", -1)).toBe("x");
  expect(step(["x", "y"], null, 1)).toBe("x");
  expect(step([], null, 1)).toBeNull();
});

test.each([
  [["x", "y", "z"], "y", ["x", "z"], "z"],
  [["x", "y", "z"], "z", ["x", "y"], "y"],
  [["x"], "x", [], null],
  [[], null, ["x", "y"], "x"],
  [["x", "y", "z"], "x", ["z", "new"], "z"],
])("of %j, when %s is gone and %j are left, %s is next", (before, gone, left, next) => {
  expect(nextAfter(before, gone, left)).toBe(next);
});
