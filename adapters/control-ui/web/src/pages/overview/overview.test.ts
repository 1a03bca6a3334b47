import { expect, test } from "vitest";

import { connected } from "./clients.tsx";
import { SECONDS, spread } from "./pulse.ts";
import { readinessIn } from "./readiness.ts";

test("each second has the events that were heard in it", () => {
  expect(spread([1, 2], 5, 1003)).toEqual([1, 2, 5]);
  expect(spread([], 0, 400)).toEqual([0]);
});

test("events heard while nobody looked belong to all of that time", () => {
  expect(spread([1], 6, 3000)).toEqual([1, 2, 2, 2]);
  expect(spread([1], 3600, 3_600_000)).toEqual(Array(SECONDS).fill(1));
});

test("no more seconds are kept than there is room for", () => {
  const full = Array<number>(SECONDS).fill(1);
  expect(spread(full, 9, 1000)).toEqual([...full.slice(1), 9]);
});

test("readiness is read as far as it is told", () => {
  expect(readinessIn({ ready: true })).toEqual({ ready: true, parts: [] });
  expect(readinessIn({ ready: false, parts: { store: { ok: false, problem: "full" }, log: { ok: true }, odd: 3 } })).toEqual({
    ready: false,
    parts: [{ name: "store", ok: false, problem: "full" }, { name: "log", ok: true, problem: null }],
  });
  for (const odd of [null, "ready", [], { ready: "yes" }, { ok: true }]) expect(readinessIn(odd)).toBeNull();
});

test("who is gone is not shown, and the gateway comes first", () => {
  const entry = (host: string, ts: number, more = {}) => ({ host, ts, reason: "connect", ...more });
  const shown = connected([entry("old", 1), entry("gone", 9, { reason: "disconnect" }), entry("new", 5), entry("gw", 2, { mode: "gateway", reason: "self" })]);
  expect(shown.map((it) => it.host)).toEqual(["gw", "new", "old"]);
});
