import { expect, test } from "vitest";

import { offsetsOf, rowAt, rowsBetween } from "./window.ts";

const offsets = offsetsOf(["a", "b", "c", "d"], new Map([["b", 100], ["d", 1]]), 10);

test("rows begin where the ones before them end", () => {
  expect(Array.from(offsets)).toEqual([0, 10, 110, 120, 121]);
});

test.each([
  [-5, 0], [0, 0], [9.9, 0], [10, 1], [109, 1], [110, 2], [120.5, 3], [121, 3], [9999, 3],
])("at height %f there is row %i", (height, row) => {
  expect(rowAt(offsets, height)).toBe(row);
});

test.each([
  [0, 5, 0, [0, 1]],
  [0, 50, 0, [0, 2]],
  [50, 115, 0, [1, 3]],
  [50, 115, 1, [0, 4]],
  [0, 9999, 5, [0, 4]],
])("between %i and %i, with %i more, there are the rows %j", (top, bottom, more, rows) => {
  expect(rowsBetween(offsets, top, bottom, more)).toEqual(rows);
});

test("an empty list has no rows", () => {
  const none = offsetsOf([], new Map(), 10);
  expect(rowsBetween(none, 0, 100, 3)).toEqual([0, 0]);
});

test("ten thousand rows are found in no time worth speaking of", () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => String(i));
  const many = offsetsOf(keys, new Map(), 80);
  expect(rowsBetween(many, 400_000, 400_800, 4)).toEqual([4_996, 5_015]);
});
