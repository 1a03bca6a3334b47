import { expect, test } from "vitest";

import english from "../../i18n/en/index.ts";
import type { SessionRow } from "../../protocol/index.ts";
import { WORDS, patchOf, valuesOf, wordKey, type WordField } from "./changes.ts";

const row: SessionRow = {
  key: "agent:main:x", kind: "direct", sessionId: "s", createdAt: 1, updatedAt: 1, abortedLastRun: false,
  compactionCount: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0,
  label: "Old", thinkingLevel: "high", providerOverride: "p", modelOverride: "m", execAsk: null,
};

test("nothing is sent when nothing was changed", () => {
  const was = valuesOf(row);
  expect(patchOf(was, was)).toBeNull();
  expect(patchOf(was, { ...was, label: " Old " })).toBeNull();
});

test("only what was changed is sent, and the default is `null`", () => {
  const was = valuesOf(row);
  expect(was.model).toBe("p/m");
  expect(patchOf(was, { ...was, label: " New ", thinkingLevel: "", model: "", execAsk: "on-miss" })).toEqual({
    label: "New", thinkingLevel: null, model: null, execAsk: "on-miss",
  });
});

test("every word of every setting has a text", () => {
  for (const field of Object.keys(WORDS) as WordField[]) {
    expect(english).toHaveProperty([`sessions.set.${field}`]);
    for (const word of WORDS[field]) expect(english).toHaveProperty([wordKey(field, word as never)]);
  }
});
