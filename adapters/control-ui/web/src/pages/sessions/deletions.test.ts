import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Deletions, UNDO_MS } from "./deletions.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function world(refused: readonly string[] = []) {
  const forgotten: string[] = [];
  const offers: { keys: readonly string[]; undo: () => void; isOpen: boolean }[] = [];
  const failures: unknown[] = [];
  const kept: string[][] = [];
  const deletions = new Deletions({
    async forget(key) {
      if (refused.includes(key)) throw new Error(`${key} stays`);
      forgotten.push(key);
    },
    offer(keys, undo) {
      const offer = { keys, undo, isOpen: true };
      offers.push(offer);
      return () => {
        offer.isOpen = false;
      };
    },
    failed: (error) => failures.push(error),
    keep: (keys) => kept.push([...keys]),
  });
  return { deletions, forgotten, offers, failures, kept };
}

test("what is deleted disappears at once and is forgotten later", async () => {
  const { deletions, forgotten, offers } = world();
  deletions.delete(["a", "b"]);
  expect([...deletions.gone.value]).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(forgotten).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(forgotten).toEqual(["a", "b"]);
  expect(offers[0]?.isOpen).toBe(false);
  expect(deletions.gone.value.size).toBe(0);
});

test("what is taken back is never forgotten", async () => {
  const { deletions, forgotten, offers } = world();
  deletions.delete(["a"]);
  deletions.delete(["b"]);
  offers[0]?.undo();
  expect([...deletions.gone.value]).toEqual(["b"]);
  await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
  expect(forgotten).toEqual(["b"]);
});

test("it cannot be taken back once it is done", async () => {
  const { deletions, forgotten, offers } = world();
  deletions.delete(["a"]);
  await deletions.finish();
  expect(forgotten).toEqual(["a"]);
  deletions.delete(["c"]);
  offers[0]?.undo();
  expect([...deletions.gone.value]).toEqual(["c"]);
});

test("whoever leaves has it done at once, and once", async () => {
  const { deletions, forgotten } = world();
  deletions.delete(["a"]);
  await Promise.all([deletions.finish(), deletions.finish()]);
  await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
  expect(forgotten).toEqual(["a"]);
});

test("what the gateway refuses to forget comes back, and it is said why", async () => {
  const { deletions, forgotten, failures } = world(["a"]);
  deletions.delete(["a", "b"]);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(forgotten).toEqual(["b"]);
  expect(failures).toEqual([new Error("a stays")]);
  expect(deletions.gone.value.size).toBe(0);
});

test("what is gone already is not deleted twice", () => {
  const { deletions, offers } = world();
  deletions.delete(["a"]);
  deletions.delete(["a"]);
  expect(offers).toHaveLength(1);
});

test("what waits is written down until it is done or taken back", async () => {
  const { deletions, offers, kept } = world();
  deletions.delete(["a"]);
  deletions.delete(["b", "c"]);
  offers[0]?.undo();
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(kept).toEqual([["a"], ["a", "b", "c"], ["b", "c"], []]);
});

test("very many are forgotten, all of them", async () => {
  const { deletions, forgotten } = world();
  const many = Array.from({ length: 120 }, (_, index) => `${index}`);
  deletions.delete(many);
  await deletions.finish();
  expect(forgotten).toEqual(many);
});
