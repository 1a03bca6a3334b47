import { expect, test } from "vitest";

import { DEFAULTS, ruleOf, withRule } from "./rules.ts";

const FILE = { version: 1 as const, defaults: { security: "deny" }, agents: { main: { ask: "always" }, other: { allowlist: [{ pattern: "/bin/ls" }] } } };

test("everybody and each agent have rules of their own", () => {
  expect(ruleOf(FILE, DEFAULTS)).toEqual({ security: "deny" });
  expect(ruleOf(FILE, "main")).toEqual({ ask: "always" });
  expect(ruleOf(FILE, "nobody")).toEqual({});
});

test("a rule that says nothing is left out", () => {
  expect(withRule(FILE, "main", { ask: null, allowlist: [] }).agents).toEqual({ other: FILE.agents.other });
  expect(withRule({ version: 1, defaults: { ask: "off" } }, DEFAULTS, { ask: null })).toEqual({ version: 1 });
});

test("another rule changes nothing else", () => {
  const changed = withRule(FILE, "main", { ask: "off", allowlist: [{ pattern: "/usr/bin/git" }] });
  expect(changed).toEqual({ ...FILE, agents: { ...FILE.agents, main: { ask: "off", allowlist: [{ pattern: "/usr/bin/git" }] } } });
  expect(FILE.agents.main).toEqual({ ask: "always" });
});
