import { expect, test } from "vitest";

import type { GatewayClient } from "../../gateway/client.ts";
import type { TailResult } from "../../protocol/index.ts";
import { MOST, Tail } from "./tail.ts";

/** A gateway that answers with these, one after another, and remembers what it was asked. */
function gateway(answers: readonly (Partial<TailResult> | Error)[]) {
  const asked: unknown[] = [];
  const waiting = [...answers];
  const request = async (_method: string, params: unknown) => {
    asked.push(params);
    const answer = waiting.shift();
    if (answer instanceof Error) throw answer;
    return { file: "/log", cursor: 0, size: 0, lines: [], truncated: false, reset: false, ...answer };
  };
  return { tail: new Tail({ request } as Pick<GatewayClient, "request">), asked };
}

const messages = (tail: Tail) => tail.lines.value.map((it) => it.message);

test("it goes on where the last answer ended", async () => {
  const { tail, asked } = gateway([{ cursor: 10, size: 10, lines: ["a", "b"] }, { cursor: 10, size: 10 }, { cursor: 15, size: 15, lines: ["c"] }]);
  await tail.look();
  await tail.look();
  await tail.look();
  expect(messages(tail)).toEqual(["a", "b", "c"]);
  expect(asked).toEqual([{ limit: 2000, maxBytes: 1_000_000 }, { limit: 5000, maxBytes: 1_000_000, cursor: 10 }, { limit: 5000, maxBytes: 1_000_000, cursor: 10 }]);
  expect(tail.gaps.value.size).toBe(0);
});

test("a mark stands where lines are missing", async () => {
  const { tail } = gateway([{ cursor: 1, lines: ["a"] }, { cursor: 9, lines: ["x", "y"], reset: true, truncated: true }]);
  await tail.look();
  await tail.look();
  expect(messages(tail)).toEqual(["a", "x", "y"]);
  expect([...tail.gaps.value]).toEqual([tail.lines.value[1]!.id]);
});

test("two looks at the same time are one", async () => {
  const { tail, asked } = gateway([{ lines: ["a"] }]);
  await Promise.all([tail.look(), tail.look()]);
  expect(asked).toHaveLength(1);
  expect(messages(tail)).toEqual(["a"]);
});

test("a look that fails is said and loses nothing", async () => {
  const failure = new Error("log read failed");
  const { tail, asked } = gateway([{ cursor: 4, lines: ["a"] }, failure, { cursor: 6, lines: ["b"] }]);
  await tail.look();
  await tail.look();
  expect(tail.error.value).toBe(failure);
  await tail.look();
  expect(tail.error.value).toBeNull();
  expect(messages(tail)).toEqual(["a", "b"]);
  expect(asked[2]).toMatchObject({ cursor: 4 });
});

test("no more lines are kept than there is room for", async () => {
  const many = Array.from({ length: MOST }, (_, index) => `${index}`);
  const { tail } = gateway([{ cursor: 1, lines: many }, { cursor: 2, lines: ["last"] }]);
  await tail.look();
  await tail.look();
  expect(tail.lines.value).toHaveLength(MOST);
  expect(tail.lines.value.at(-1)?.message).toBe("last");
  expect(tail.lines.value[0]?.message).toBe("1");
});
