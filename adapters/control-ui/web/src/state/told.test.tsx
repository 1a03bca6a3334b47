import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { useTold } from "./told.ts";

const { world } = vi.hoisted(() => ({
  world: {
    fresh: new Set<() => void>(),
    hearers: new Set<(payload: unknown) => void>(),
    waiting: [] as { done: (said: unknown) => void; fail: (why: Error) => void }[],
  },
}));

vi.mock("../gateway/index.ts", () => ({
  gateway: {
    onFresh(fetch: () => void) {
      world.fresh.add(fetch);
      fetch();
      return () => world.fresh.delete(fetch);
    },
    on(_event: string, hear: (payload: unknown) => void) {
      world.hearers.add(hear);
      return () => world.hearers.delete(hear);
    },
    request: () => new Promise((done, fail) => world.waiting.push({ done, fail })),
  },
}));

let place: HTMLElement;

/** Shows the number of clients that are told to be there. */
function Shown() {
  const told = useTold("system-presence", {}, "presence", (it) => it.presence);
  return <p>{told.error.value !== null ? String(told.error.value) : told.value.value?.length ?? "nothing"}</p>;
}

const text = () => place.textContent;
const tell = (count: number) => {
  for (const hear of world.hearers) hear({ presence: Array(count).fill({ ts: 0 }) });
};

beforeEach(async () => {
  world.waiting = [];
  place = document.createElement("div");
  render(<Shown />, place);
  await vi.waitFor(() => expect(world.waiting).toHaveLength(1));
});
afterEach(() => render(null, place));

test("what was asked for is shown, and then what is told", async () => {
  expect(text()).toBe("nothing");
  world.waiting[0]!.done([{ ts: 0 }]);
  await vi.waitFor(() => expect(text()).toBe("1"));
  tell(3);
  await vi.waitFor(() => expect(text()).toBe("3"));
  expect(world.waiting).toHaveLength(1);
});

test("an answer that comes after what was told is older", async () => {
  await act(() => tell(3));
  await act(async () => world.waiting[0]!.done([{ ts: 0 }]));
  expect(text()).toBe("3");
});

test("after a gap it is asked for anew, and what was known stays meanwhile", async () => {
  world.waiting[0]!.done([{ ts: 0 }]);
  await vi.waitFor(() => expect(text()).toBe("1"));
  for (const fetch of world.fresh) fetch();
  expect(text()).toBe("1");
  world.waiting[1]!.done([]);
  await vi.waitFor(() => expect(text()).toBe("0"));
});

test("a refusal is shown until something is told", async () => {
  world.waiting[0]!.fail(new Error("not now"));
  await vi.waitFor(() => expect(text()).toBe("Error: not now"));
  tell(2);
  await vi.waitFor(() => expect(text()).toBe("2"));
});

test("nobody asks or hears once it is not shown any more", async () => {
  expect([world.fresh.size, world.hearers.size]).toEqual([1, 1]);
  render(null, place);
  await vi.waitFor(() => expect([world.fresh.size, world.hearers.size]).toEqual([0, 0]));
});
