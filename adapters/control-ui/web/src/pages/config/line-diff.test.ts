import { expect, test } from "vitest";

import { diffLines, withContext } from "./line-diff.ts";

const signs = { same: " ", gone: "-", new: "+" };
const patch = (before: string, after: string) => diffLines(before, after).map((line) => signs[line.kind] + line.text);

test.each([
  ["a", "a", [" a"]],
  ["a\nb\nc", "a\nc", [" a", "-b", " c"]],
  ["a\nc", "a\nb\nc", [" a", "+b", " c"]],
  ["a\nb", "a\nx", [" a", "-b", "+x"]],
  ["a\nb\nc\nd", "b\nd\ne", ["-a", " b", "-c", " d", "+e"]],
])("%j becomes %j", (before, after, lines) => {
  expect(patch(before, after)).toEqual(lines);
});

test("any two texts can be read off their difference", () => {
  let seed = 7;
  const random = (most: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % most;
  const sample = () => Array.from({ length: random(12) }, () => "abcd"[random(4)]).join("\n");
  for (let round = 0; round < 300; round += 1) {
    const [before, after] = [sample(), sample()];
    const lines = diffLines(before, after);
    expect(lines.filter((it) => it.kind !== "new").map((it) => it.text).join("\n")).toBe(before);
    expect(lines.filter((it) => it.kind !== "gone").map((it) => it.text).join("\n")).toBe(after);
    lines.forEach((line) => {
      if (line.old !== null) expect(before.split("\n")[line.old - 1]).toBe(line.text);
      if (line.new !== null) expect(after.split("\n")[line.new - 1]).toBe(line.text);
    });
  }
});

test("texts that have nothing in common are not compared for long", () => {
  const many = (name: string) => Array.from({ length: 5_000 }, (_, i) => `${name} ${i}`).join("\n");
  expect(diffLines(many("a"), many("b"))).toHaveLength(10_000);
});

test("what is far from a difference is left out", () => {
  const before = Array.from({ length: 20 }, (_, i) => String(i)).join("\n");
  const shown = withContext(diffLines(before, before.replace("10", "ten")), 1);
  expect(shown.map((line) => line?.text ?? "…")).toEqual(["…", "9", "10", "ten", "11", "…"]);
  expect(withContext(diffLines("a", "a"))).toEqual([]);
});
