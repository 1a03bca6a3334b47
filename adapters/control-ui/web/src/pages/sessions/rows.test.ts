import { expect, test } from "vitest";

import type { Model, SessionRow } from "../../protocol/index.ts";
import { contextOf, filterIn, filtered, sortOf, stateOf, tokensOf, windowsOf, type Filter } from "./rows.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const all: Filter = { text: "", agent: "", sort: "any", span: "any", state: "any" };

function row(key: string, more: Partial<SessionRow> = {}): SessionRow {
  return {
    key, kind: "direct", sessionId: key, createdAt: NOW, updatedAt: NOW, abortedLastRun: false, compactionCount: 0,
    inputTokens: 0, outputTokens: 0, totalTokens: 0, ...more,
  };
}

const rows = [
  row("agent:main:main", { label: "Garden", updatedAt: NOW - HOUR / 2 }),
  row("agent:main:telegram:group:-1", { kind: "group", updatedAt: NOW - 3 * HOUR }),
  row("agent:ops:cron:nightly", { status: "running", updatedAt: NOW - 30 * HOUR }),
  row("agent:ops:subagent:7", { abortedLastRun: true, updatedAt: null }),
];

test("where a session comes from", () => {
  expect(rows.map(sortOf)).toEqual(["talk", "group", "automatic", "subagent"]);
  expect(sortOf(row("agent:main:hook:mail"))).toBe("automatic");
  expect(sortOf(row("agent:main:node-1234"))).toBe("automatic");
  expect(sortOf(row("agent:main:acp:1"))).toBe("subagent");
});

test("what goes on in a session", () => {
  expect(rows.map(stateOf)).toEqual(["idle", "idle", "running", "stopped"]);
  expect(stateOf(row("a", { status: "running", abortedLastRun: true }))).toBe("running");
});

test("filters let through what they say", () => {
  const table: [Partial<Filter>, number[]][] = [
    [{}, [0, 1, 2, 3]],
    [{ text: "gard" }, [0]],
    [{ text: "NIGHT ops" }, [2]],
    [{ text: "nobody" }, []],
    [{ agent: "ops" }, [2, 3]],
    [{ sort: "group" }, [1]],
    [{ state: "running" }, [2]],
    [{ state: "stopped" }, [3]],
    [{ span: "hour" }, [0]],
    [{ span: "day" }, [0, 1]],
    [{ span: "week" }, [0, 1, 2]],
    [{ agent: "ops", span: "hour" }, []],
  ];
  for (const [filter, expected] of table) {
    const shown = filtered(rows, { ...all, ...filter }, NOW).map((it) => rows.indexOf(it));
    expect(shown, JSON.stringify(filter)).toEqual(expected);
  }
});

test("an address can ask for a filter, and only for one there is", () => {
  expect(filterIn(new URLSearchParams("agent=ops&state=running&kind=group&used=day&find=x"))).toEqual({
    text: "x", agent: "ops", state: "running", sort: "group", span: "day",
  });
  expect(filterIn(new URLSearchParams("state=asleep&kind=__proto__"))).toEqual(all);
});

test("how full a model is follows the model that is asked next", () => {
  const model = (id: string, contextWindow: number | null): Model => ({ provider: "p", id, name: id, available: true, reasoning: false, contextWindow });
  const windows = windowsOf([model("small", 1000), model("large", 10_000), model("unknown", null)]);
  const used = row("a", { modelProvider: "p", model: "small", totalTokens: 500 });
  expect(contextOf(used, windows)).toEqual({ window: 1000, percent: 50 });
  expect(contextOf({ ...used, providerOverride: "p", modelOverride: "large" }, windows)).toEqual({ window: 10_000, percent: 5 });
  expect(contextOf({ ...used, model: "unknown" }, windows)).toBeNull();
  expect(contextOf(row("a"), windows)).toBeNull();
});

test("tokens are added up", () => {
  expect(tokensOf([row("a", { inputTokens: 3, outputTokens: 4 }), row("b", { inputTokens: 10 })])).toEqual({ input: 13, output: 4 });
});
