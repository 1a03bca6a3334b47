// Which rows of a long list have to exist, when only some are in sight and nobody knows how high the
// others are.

/** Where rows begin: `offsets[i]` for row `i`, and the end of all at `offsets[length]`. */
export function offsetsOf(keys: readonly string[], heights: ReadonlyMap<string, number>, estimate: number): Float64Array {
  const offsets = new Float64Array(keys.length + 1);
  for (let i = 0; i < keys.length; i += 1) offsets[i + 1] = offsets[i]! + (heights.get(keys[i]!) ?? estimate);
  return offsets;
}

/** The row at a height: the last one that begins there or above. */
export function rowAt(offsets: Float64Array, height: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle]! <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rows between two heights and some more on each side: from the first up to, but without, the second. */
export function rowsBetween(offsets: Float64Array, top: number, bottom: number, more: number): [number, number] {
  const count = offsets.length - 1;
  if (count <= 0) return [0, 0];
  const first = Math.max(0, rowAt(offsets, top) - more);
  const last = Math.min(count, rowAt(offsets, bottom) + 1 + more);
  return [first, last];
}
