import { expect, test } from "vitest";

import { idOf, patchOf, removalOf, valuesOf, writtenOf, type Values } from "./changes.ts";

const none: Values = { name: "", emoji: "", theme: "", model: "", systemPrompt: "", isDefault: false };
const listed = {
  agents: {
    list: [
      { id: "main", default: true, identity: { name: "Molty", emoji: "M" }, workspace: "/w" },
      { id: "Ops Team", model: { primary: "p/a", fallbacks: ["p/b"] } },
    ],
  },
};
const named = { agents: { entries: { main: { default: true }, ops: { model: "p/a" } } } };

test("names in keys are made of whatever somebody wrote", () => {
  expect(["Ops Team", " Ada! ", "--x--", "_a_b", "日本", "a".repeat(80)].map(idOf)).toEqual([
    "ops-team", "ada", "x", "a_b", "", "a".repeat(64),
  ]);
});

test("what is written of an agent is found, wherever it stands", () => {
  expect(valuesOf(writtenOf(listed, "main"), true)).toEqual({ ...none, name: "Molty", emoji: "M", isDefault: true });
  expect(valuesOf(writtenOf(listed, "ops-team"), false).model).toBe("p/a");
  expect(valuesOf(writtenOf(named, "ops"), false).model).toBe("p/a");
  expect(valuesOf(writtenOf({}, "main"), true)).toEqual({ ...none, isDefault: true });
  expect(valuesOf(writtenOf(null, "main"), false)).toEqual(none);
});

test("nothing changes when nothing was changed", () => {
  const was = valuesOf(writtenOf(listed, "main"), true);
  expect(patchOf(listed, "main", was, { ...was, name: " Molty " })).toBeNull();
});

test("in a list, everything else stays as it is", () => {
  const was = valuesOf(writtenOf(listed, "main"), true);
  expect(patchOf(listed, "main", was, { ...was, name: "Ada", emoji: "" })).toEqual({
    agents: { list: [{ id: "main", default: true, identity: { name: "Ada" }, workspace: "/w" }, listed.agents.list[1]] },
  });
});

test("what is asked when the first model fails stays", () => {
  const was = valuesOf(writtenOf(listed, "ops-team"), false);
  const list = [listed.agents.list[0], { id: "Ops Team", model: { primary: "p/c", fallbacks: ["p/b"] } }];
  expect(patchOf(listed, "ops-team", was, { ...was, model: "p/c" })).toEqual({ agents: { list } });
});

test("by name, only what was changed is sent", () => {
  const was = valuesOf(writtenOf(named, "ops"), false);
  expect(patchOf(named, "ops", was, { ...was, model: "", theme: "calm" })).toEqual({
    agents: { entries: { ops: { identity: { theme: "calm" }, model: null } } },
  });
});

test("only one agent answers when nobody is named", () => {
  const was = valuesOf(writtenOf(listed, "ops-team"), false);
  expect(patchOf(listed, "ops-team", was, { ...was, isDefault: true })).toEqual({
    agents: { list: [{ id: "main", identity: { name: "Molty", emoji: "M" }, workspace: "/w" }, { ...listed.agents.list[1], default: true }] },
  });
  const wasNamed = valuesOf(writtenOf(named, "ops"), false);
  expect(patchOf(named, "ops", wasNamed, { ...wasNamed, isDefault: true })).toEqual({
    agents: { entries: { main: { default: null }, ops: { default: true } } },
  });
});

test("a new agent stands beside the others", () => {
  expect(patchOf(listed, "ada", none, { ...none, name: "Ada" })).toEqual({
    agents: { list: [...listed.agents.list, { id: "ada", identity: { name: "Ada" } }] },
  });
  expect(patchOf(named, "ada", none, { ...none, name: "Ada" })).toEqual({
    agents: { entries: { ada: { identity: { name: "Ada" } } } },
  });
});

test("a new agent does not push out the one that is there without being written", () => {
  expect(patchOf({}, "ada", none, { ...none, name: "Ada" })).toEqual({
    agents: { entries: { main: { default: true }, ada: { identity: { name: "Ada" } } } },
  });
  expect(patchOf({}, "ada", none, { ...none, name: "Ada", isDefault: true })).toEqual({
    agents: { entries: { main: {}, ada: { identity: { name: "Ada" }, default: true } } },
  });
});

test("an agent is taken out of wherever it stands", () => {
  expect(removalOf(listed, "ops-team")).toEqual({ agents: { list: [listed.agents.list[0]] } });
  expect(removalOf(named, "ops")).toEqual({ agents: { entries: { ops: null } } });
});
