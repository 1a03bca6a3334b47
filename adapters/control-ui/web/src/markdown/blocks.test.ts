import { expect, test } from "vitest";

import { Growing, blocksOf } from "./blocks.ts";

const TEXTS = [
  "Plain.\r\n\r\nAnd more.\n",
  "# Head\n\nA list:\n\n- one\n\n  still one\n- two\n\n1. first\n2. second\n\nend",
  "```js\nlet a;\n\n\nlet b;\n```\n\n> quoted\nlazy\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nafter",
  "a\n\n    code\n\n    more code\n\nb\n\n[x]: https://example.org\n\nc",
];

test.each(TEXTS)("however a text arrives, it ends up in the same blocks: %j", (text) => {
  for (const step of [1, 3, 7]) {
    const growing = new Growing();
    let blocks: { raw: string }[] = [];
    for (let end = step; end < text.length + step; end += step) blocks = growing.grow(text.slice(0, end));
    expect(blocks.map((block) => block.raw.trim())).toEqual(blocksOf(text).map((block) => block.raw.trim()));
  }
});

test("a text that is replaced begins anew", () => {
  const growing = new Growing();
  growing.grow("one\n\ntwo\n\nthree\n\nfour");
  expect(growing.grow("other").map((block) => block.raw)).toEqual(["other"]);
});

test("what is complete stays the very same object", () => {
  const growing = new Growing();
  growing.grow("one\n\ntwo\n\nthree\n\n");
  const [before] = growing.grow("one\n\ntwo\n\nthree\n\nfour");
  const [after] = growing.grow("one\n\ntwo\n\nthree\n\nfour and more");
  expect(after).toBe(before);
});
