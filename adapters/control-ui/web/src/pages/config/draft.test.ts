import { beforeEach, expect, test } from "vitest";

import type { ConfigFile } from "../../protocol/index.ts";
import { REDACTED } from "./change.ts";
import { base, begin, discard, enter, isChanged, learn, mode, newer, patch, rebase, revision, text, tree } from "./draft.ts";

const file = (hash: string, parsed: object): ConfigFile => ({
  hash, appliedConfigHash: hash, parsed, config: parsed, raw: JSON.stringify(parsed), exists: true, path: "/x", valid: true,
  issues: [], legacyIssues: [], runningIssues: [], warnings: [],
});

beforeEach(() => {
  mode.value = "form";
  begin(file("1", { gateway: { port: 1 }, hooks: { token: REDACTED } }));
});

test("without a draft, the newest file is what is shown", () => {
  learn(file("2", { gateway: { port: 2 } }));
  expect([base.value!.hash, isChanged.value, newer.value]).toEqual(["2", false, null]);
  expect(tree.value).toEqual({ gateway: { port: 2 } });
});

test("a draft outlives what somebody else writes, and is made anew on top of it", () => {
  enter(["gateway", "bind"], "lan", ["gateway", "bind"]);
  learn(file("2", { gateway: { port: 2 }, hooks: { token: REDACTED } }));
  expect([base.value!.hash, newer.value!.hash]).toEqual(["1", "2"]);
  rebase();
  expect([base.value!.hash, newer.value]).toEqual(["2", null]);
  expect(patch.value).toEqual({ gateway: { bind: "lan" } });
  expect(tree.value).toEqual({ gateway: { port: 2, bind: "lan" }, hooks: { token: REDACTED } });
});

test("a text stays as it was written when it is compared with a newer file", () => {
  mode.value = "text";
  text.value = "{ mine: true }";
  learn(file("2", {}));
  rebase();
  expect([text.value, base.value!.hash, isChanged.value]).toEqual(["{ mine: true }", "2", true]);
});

test("giving a draft up takes the newest file", () => {
  enter(["gateway", "port"], 9, ["gateway", "port"]);
  learn(file("2", { gateway: { port: 2 } }));
  discard();
  expect([base.value!.hash, isChanged.value, newer.value]).toEqual(["2", false, null]);
});

test("what is entered and taken back is no change", () => {
  enter(["gateway", "tls", "enabled"], true, ["gateway", "tls", "enabled"]);
  expect(isChanged.value).toBe(true);
  enter(["gateway", "tls", "enabled"], undefined, ["gateway", "tls", "enabled"]);
  expect(patch.value).toBeUndefined();
});

test("a file that is only read again begins nothing anew", () => {
  const before = revision.value;
  learn(file("1", { gateway: { port: 1 }, hooks: { token: REDACTED } }));
  expect(revision.value).toBe(before);
});
