// How two texts differ, line by line (Myers, "An O(ND) Difference Algorithm", 1986).

export interface DiffLine {
  kind: "same" | "gone" | "new";
  text: string;
  /** Its number in the old and in the new text, from 1. */
  old: number | null;
  new: number | null;
}

/** Past so many differences it is not worth looking for the shortest way: everything is replaced. */
const DIFFERENT_MOST = 600;

/** Every line of both, in order. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const keep = (text: string, i: number, j: number): DiffLine => ({ kind: "same", text, old: i + 1, new: j + 1 });
  const middle = different(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const shifted = middle.map((line) => ({ ...line, old: line.old && line.old + start, new: line.new && line.new + start }));
  const head = a.slice(0, start).map((text, i) => keep(text, i, i));
  const tail = a.slice(a.length - end).map((text, i) => keep(text, a.length - end + i, b.length - end + i));
  return [...head, ...shifted, ...tail];
}

function different(a: readonly string[], b: readonly string[]): DiffLine[] {
  const most = Math.min(a.length + b.length, DIFFERENT_MOST);
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  for (let steps = 0; steps <= most; steps += 1) {
    trace.push(new Map(reach));
    const next = new Map(reach);
    for (let k = -steps; k <= steps; k += 2) {
      const down = k === -steps || (k !== steps && (next.get(k - 1) ?? -1) < (next.get(k + 1) ?? -1));
      let x = down ? next.get(k + 1) ?? 0 : (next.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return wayBack(a, b, trace, steps);
    }
    reach = next;
  }
  return [
    ...a.map((text, i): DiffLine => ({ kind: "gone", text, old: i + 1, new: null })),
    ...b.map((text, j): DiffLine => ({ kind: "new", text, old: null, new: j + 1 })),
  ];
}

function wayBack(a: readonly string[], b: readonly string[], trace: readonly Map<number, number>[], steps: number): DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let step = steps; step >= 0; step -= 1) {
    const reach = trace[step]!;
    const k = x - y;
    const down = k === -step || (k !== step && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const fromX = step === 0 ? 0 : reach.get(from) ?? 0;
    const fromY = step === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY) {
      lines.push({ kind: "same", text: a[x - 1]!, old: x, new: y });
      x -= 1;
      y -= 1;
    }
    if (step === 0) break;
    if (down) lines.push({ kind: "new", text: b[y - 1]!, old: null, new: y });
    else lines.push({ kind: "gone", text: a[x - 1]!, old: x, new: null });
    x = fromX;
    y = fromY;
  }
  return lines.reverse();
}

/** The lines that differ with some around them; `null` stands where others were left out. */
export function withContext(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, i) => {
    if (line.kind !== "same") near.fill(1, Math.max(0, i - around), i + around + 1);
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, i) => {
    if (near[i]) shown.push(line);
    else if (i > 0 ? near[i - 1] : true) shown.push(null);
  });
  return shown.some((line) => line !== null) ? shown : [];
}
