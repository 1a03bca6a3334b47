import { expect, test } from "vitest";

import { busiest, csvOf, dateOf, daysOf, isPriced, largest, offsetOf, questionOf, type Report, type SessionUsage, type Used } from "./sums.ts";

const NOON = Date.UTC(2026, 10, 27, 12);

function used(input: number, output: number, totalCost: number, missingCostEntries = 0): Used {
  return {
    input, output, cacheRead: 2, cacheWrite: 1, totalTokens: input + output + 3, totalCost, inputCost: totalCost, outputCost: 0,
    cacheReadCost: 0, cacheWriteCost: 0, missingCostEntries,
  };
}

function session(key: string, usage: Used | null, more: Partial<SessionUsage> = {}): SessionUsage {
  return { key, agentId: "main", sessionId: key, scope: "family", updatedAt: NOON, creatorKey: "x", hasContextWeight: false, usage: usage as SessionUsage["usage"], ...more };
}

function report(more: Partial<Report["aggregates"]> = {}, sessions: SessionUsage[] = []): Report {
  return {
    updatedAt: NOON, startDate: "2026-11-25", endDate: "2026-11-27", sessions, totals: used(1, 1, 0), creatorOptions: [],
    aggregates: { byModel: [], byAgent: [], costDaily: [], ...more } as unknown as Report["aggregates"],
  };
}

test("days are those of the calendar of whoever looks", () => {
  const zones = [["UTC", "2026-11-27", "UTC+0:00"], ["Asia/Kolkata", "2026-11-27", "UTC+5:30"], ["Pacific/Kiritimati", "2026-11-28", "UTC+14:00"], ["America/New_York", "2026-11-27", "UTC-5:00"]] as const;
  for (const [zone, date, offset] of zones) expect([zone, dateOf(NOON, zone), offsetOf(NOON, zone)]).toEqual([zone, date, offset]);
  expect(questionOf("day", NOON, "Pacific/Kiritimati")).toMatchObject({ startDate: "2026-11-28", endDate: "2026-11-28", timeZone: "Pacific/Kiritimati" });
  expect(questionOf("week", NOON, "UTC")).toMatchObject({ range: "7d", agentScope: "all", groupBy: "family" });
  expect(questionOf("any", NOON, "UTC")).toMatchObject({ range: "all" });
});

test("days in which nothing was used are days, too", () => {
  const costDaily = [{ date: "2026-11-26", ...used(5, 7, 0.5) }];
  expect(daysOf(report({ costDaily }), "week")).toEqual([
    { date: "2026-11-25", cost: 0, read: 0, written: 0 },
    { date: "2026-11-26", cost: 0.5, read: 8, written: 7 },
    { date: "2026-11-27", cost: 0, read: 0, written: 0 },
  ]);
  expect(daysOf(report({ costDaily }), "any").map((it) => it.date)).toEqual(["2026-11-26", "2026-11-27"]);
  expect(daysOf(report(), "any").map((it) => it.date)).toEqual(["2026-11-27"]);
  expect(daysOf({ ...report(), startDate: "1970-01-01" }, "month")).toHaveLength(366);
});

test("the largest come first, and the others are one", () => {
  const all = [1, 5, 0, 3, 2].map((value) => ({ name: String(value), value }));
  expect(largest(all, "others")).toEqual([5, 3, 2, 1].map((value) => ({ name: String(value), value })));
  expect(largest(all, "others", 2)).toEqual([{ name: "5", value: 5 }, { name: "others", value: 6 }]);
});

test("nothing is priced where every answer lacks a price", () => {
  const model = (count: number, missing: number) => ({ provider: "p", model: "m", count, totals: used(1, 1, 0, missing) });
  expect(isPriced(report({ byModel: [model(2, 2)] }))).toBe(false);
  expect(isPriced(report({ byModel: [model(2, 2), model(2, 1)] }))).toBe(true);
  expect(isPriced(report())).toBe(false);
});

test("sessions are ordered by what is looked at", () => {
  const all = report({}, [session("cheap", used(900, 0, 0.1)), session("idle", null), session("dear", used(5, 0, 2))]);
  expect(busiest(all, "cost").map((it) => it.key)).toEqual(["dear", "cheap"]);
  expect(busiest(all, "tokens").map((it) => it.key)).toEqual(["cheap", "dear"]);
});

test("a table for spreadsheets holds texts and no formulas", () => {
  const text = csvOf([session("agent:main:x", used(1, 2, 0.25, 3), { label: '=cmd("x"),1', model: "m" })]);
  const [head, line, end] = text.split("\r\n");
  expect(head).toContain("key,label");
  expect(line).toBe(`agent:main:x,"'=cmd(""x""),1",,m,4,2,0.25,3,${new Date(NOON).toISOString()}`);
  expect(end).toBe("");
});
