import { expect, test } from "vitest";

import { LEVELS, cutAt, filtered, lineOf, type Filter, type Level } from "./line.ts";

const OURS = JSON.stringify({
  0: "let in connection=c1 client=35", time: "2026-11-27T08:44:23.628Z", level: "debug", subsystem: "ws-server/handshake",
  message: "let in", fields: { connection: "c1", client: "35" }, _meta: { logLevelName: "DEBUG" },
});

test("a line of the gateway is taken apart", () => {
  expect(lineOf(7, OURS)).toMatchObject({
    id: 7, at: Date.UTC(2026, 10, 27, 8, 44, 23, 628), level: "debug", part: "ws-server/handshake", message: "let in",
    fields: [["connection", "c1"], ["client", "35"]],
  });
});

test("a line of OpenClaw is taken apart", () => {
  const raw = JSON.stringify({ 0: "ws", 1: { code: 1001 }, _meta: { logLevelName: "FATAL", date: "2026-01-01T00:00:00Z" } });
  expect(lineOf(1, raw)).toMatchObject({ level: "error", message: 'ws {"code":1001}', at: Date.UTC(2026, 0, 1), part: "" });
});

test("whatever is no record is a message", () => {
  for (const raw of ["plain words", "{ broken", "[1]", "null", ""]) {
    expect(lineOf(1, raw)).toMatchObject({ message: raw, level: "info", at: null, fields: [] });
  }
});

test("levels go by several names", () => {
  const level = (word: string) => lineOf(1, JSON.stringify({ level: word })).level;
  expect(["trace", "SILLY", "Debug", "info", "warning", "WARN", "error", "fatal", "odd"].map(level)).toEqual([
    "trace", "trace", "debug", "info", "warn", "warn", "error", "error", "info",
  ]);
});

test("filters let through what they say", () => {
  const line = (id: number, level: Level, subsystem: string, message: string) => lineOf(id, JSON.stringify({ level, subsystem, message }));
  const lines = [line(1, "info", "ws-server/hub", "joined"), line(2, "error", "ws-server", "Left in anger"), line(3, "warn", "store", "slow")];
  const all: Filter = { text: "", levels: new Set(LEVELS), part: "" };
  const ids = (filter: Partial<Filter>) => filtered(lines, { ...all, ...filter }).map((it) => it.id);
  expect(filtered(lines, all)).toBe(lines);
  expect(ids({ text: "ANGER left" })).toEqual([2]);
  expect(ids({ part: "ws-server" })).toEqual([1, 2]);
  expect(ids({ levels: new Set(["warn", "error"]) })).toEqual([2, 3]);
  expect(ids({ levels: new Set() })).toEqual([]);
});

test("what is searched for is cut out, whatever signs it has", () => {
  expect(cutAt("one two One", "one")).toEqual(["", "one", " two ", "One", ""]);
  expect(cutAt("a.b(c", "b( .")).toEqual(["a", ".", "", "b(", "c"]);
  expect(cutAt("text", "  ")).toEqual(["text"]);
});
