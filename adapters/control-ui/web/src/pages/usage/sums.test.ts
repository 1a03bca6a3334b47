import { expect, test } from "vitest";

import type { SessionRow } from "../../protocol/index.ts";
import { csvOf, sumOf, sumsBy, sumsByDay, within } from "./sums.ts";

const DAY = 86_400_000;
const NOW = new Date(2026, 10, 27, 15).getTime();

function row(key: string, read: number, written: number, updatedAt: number | null, more: Partial<SessionRow> = {}): SessionRow {
  return {
    key, kind: "direct", sessionId: key, createdAt: NOW - DAY, updatedAt, abortedLastRun: false, compactionCount: 0,
    inputTokens: read, outputTokens: written, totalTokens: 0, ...more,
  };
}

const rows = [
  row("agent:main:a", 10, 5, NOW - 1),
  row("agent:main:b", 100, 0, NOW - 3 * DAY),
  row("agent:ops:c", 1, 1, NOW - 20 * DAY),
  row("agent:ops:d", 0, 0, NOW),
];

test("sessions that used nothing, or were used too long ago, do not count", () => {
  const keys = (span: "any" | "day" | "week" | "month") => within(rows, span, NOW).map((it) => it.key.slice(-1)).join("");
  expect([keys("any"), keys("month"), keys("week"), keys("day")]).toEqual(["abc", "abc", "ab", "a"]);
});

test("what was used is added up, the largest first", () => {
  expect(sumOf(rows)).toEqual({ read: 111, written: 6 });
  expect(sumsBy(rows, (it) => it.key.slice(0, 9), "others")).toEqual([
    { name: "agent:mai", read: 110, written: 5 },
    { name: "agent:ops", read: 1, written: 1 },
  ]);
  expect(sumsBy(rows, (it) => it.key, "others", 2)).toEqual([
    { name: "agent:main:b", read: 100, written: 0 },
    { name: "others", read: 11, written: 6 },
  ]);
});

test("days are those of the calendar, and what is older is in none", () => {
  const days = sumsByDay(rows, 4, NOW);
  expect(days.map(({ day }) => day.getDate())).toEqual([24, 25, 26, 27]);
  expect(days.map(({ read, written }) => [read, written])).toEqual([[100, 0], [0, 0], [0, 0], [10, 5]]);
});

test("a table for spreadsheets holds texts and no formulas", () => {
  const text = csvOf([row("agent:main:x", 1, 2, null, { label: '=cmd("x"),1', model: "m" })]);
  const [head, line, end] = text.split("\r\n");
  expect(head).toContain("key,label");
  expect(line).toBe(`agent:main:x,"'=cmd(""x""),1",,m,1,2,${new Date(NOW - DAY).toISOString()},`);
  expect(end).toBe("");
});
