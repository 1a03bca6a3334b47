import { signal } from "@preact/signals";
import { beforeEach, expect, test, vi } from "vitest";

import type { Question } from "./approvals.ts";

type Hear = (payload: object) => void;

/** A gateway whose answers come when the test lets them. */
const fake = vi.hoisted(() => ({ hearers: new Map<string, Hear>(), fresh: [] as (() => void)[], answers: [] as ((list: object[]) => void)[] }));

vi.mock("../gateway/index.ts", () => ({
  gateway: {
    hello: signal(null),
    has: () => true,
    may: () => true,
    request: () => new Promise((answer) => fake.answers.push(answer)),
    onFresh: (ask: () => void) => {
      fake.fresh.push(ask);
      ask();
      return () => undefined;
    },
    on: (event: string, hear: Hear) => {
      fake.hearers.set(event, hear);
      return () => fake.hearers.delete(event);
    },
  },
}));

const { followApprovals, waiting } = await import("./approvals.ts");

const question = (id: string, createdAtMs: number) => ({ id, createdAtMs, expiresAtMs: createdAtMs + 1000, request: { command: id } }) as Question;
const tell = (event: string, payload: object) => fake.hearers.get(event)!(payload);
const answer = async (list: object[]) => {
  fake.answers.shift()!(list);
  await Promise.resolve();
};
const ids = () => waiting.value.map((it) => it.id);

beforeEach(() => {
  fake.hearers.clear();
  fake.fresh.length = fake.answers.length = 0;
  waiting.value = [];
  followApprovals();
});

test("what waits is listed, the oldest first", async () => {
  await answer([question("b", 2), question("a", 1)]);
  expect(ids()).toEqual(["a", "b"]);
  tell("exec.approval.requested", question("c", 3));
  expect(ids()).toEqual(["a", "b", "c"]);
  tell("exec.approval.resolved", { id: "b" });
  expect(ids()).toEqual(["a", "c"]);
});

test("what was decided while the list was on its way does not come back with it", async () => {
  tell("exec.approval.resolved", { id: "a" });
  await answer([question("a", 1), question("b", 2)]);
  expect(ids()).toEqual(["b"]);
});

test("what was asked while the list was on its way is kept, once", async () => {
  tell("exec.approval.requested", question("new", 9));
  tell("exec.approval.requested", question("new", 9));
  await answer([question("a", 1)]);
  expect(ids()).toEqual(["a", "new"]);
});

test("after a gap, what is not listed any more is gone", async () => {
  await answer([question("a", 1), question("b", 2)]);
  fake.fresh[0]!();
  await answer([question("b", 2)]);
  expect(ids()).toEqual(["b"]);
});
