import { beforeEach, expect, test, vi } from "vitest";

import { exported, Heard, KEPT, matching, Recorder } from "./recorder.ts";

let frames: (() => void)[] = [];
const frame = () => frames.splice(0).forEach((draw) => draw());

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => frames.push(draw));
});

test("however many events come between two frames, they are shown together", () => {
  const recorder = new Recorder();
  for (let i = 0; i < 50; i += 1) recorder.hear("tick", { i }, i);
  expect(recorder.shown.value).toEqual([]);
  expect(frames).toHaveLength(1);
  frame();
  expect(recorder.shown.value).toHaveLength(50);
});

test("what comes while it is paused is shown afterwards", () => {
  const recorder = new Recorder();
  recorder.pause(true);
  recorder.hear("a", null, 1);
  frame();
  expect([recorder.shown.value.length, recorder.held.value]).toEqual([0, 1]);
  recorder.pause(false);
  expect([recorder.shown.value.length, recorder.held.value]).toEqual([1, 0]);
});

test("only the newest are kept", () => {
  const recorder = new Recorder();
  for (let i = 0; i < KEPT * 2; i += 1) recorder.hear("tick", i, i);
  frame();
  expect(recorder.shown.value).toHaveLength(KEPT);
  expect(recorder.shown.value.at(-1)!.payload).toBe(KEPT * 2 - 1);
  recorder.clear();
  expect(recorder.shown.value).toEqual([]);
});

const EVENTS = [new Heard(1, 0, "chat", { text: "Good morning" }), new Heard(2, 1, "tick", {}), new Heard(3, 2, "chat", { text: "evening" })];

test.each([
  ["", "", [1, 2, 3]],
  ["chat", "", [1, 3]],
  ["", "good MORNING", [1]],
  ["tick", "morning", []],
])("of kind %j with %j in them there are %j", (kind, text, numbers) => {
  expect(matching(EVENTS, kind, text).map((it) => it.number)).toEqual(numbers);
});

test("an export is a line of JSON for each event", () => {
  const lines = exported(EVENTS).trimEnd().split("\n").map((line) => JSON.parse(line) as unknown);
  expect(lines[0]).toEqual({ at: "1970-01-01T00:00:00.000Z", event: "chat", payload: { text: "Good morning" } });
  expect(lines).toHaveLength(3);
});
