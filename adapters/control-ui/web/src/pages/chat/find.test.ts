import { beforeAll, expect, test } from "vitest";

import { speak } from "../../i18n/index.ts";
import type { Message } from "../../protocol/index.ts";
import type { Entry } from "../../state/conversation.ts";
import { asMarkdown, fileName } from "./export.ts";
import { found } from "./find.tsx";
import { itemsOf } from "./items.ts";

beforeAll(() => speak("en"));

function said(role: Message["role"], content: Message["content"], more: Partial<Message> = {}): Message {
  return { role, content, timestamp: 0, ...more };
}

function entries(messages: readonly Message[]): Entry[] {
  return messages.map((message, index) => ({ key: `m${index}`, message, id: `m${index}`, seq: index, sending: null }));
}

const CALL = { type: "toolCall" as const, id: "c1", name: "exec", arguments: { command: "ls" } };
const TALK = [
  said("user", "Where is the Fox?"),
  said("assistant", [CALL]),
  said("toolResult", "a fox in a `box`", { toolCallId: "c1" }),
  said("assistant", "In the box."),
];

test.each([
  ["FOX", [1, 0]],
  [" box", [2, 1]],
  ["nowhere", []],
  ["  ", []],
])("%j is found in the rows %j, the newest first", (text, rows) => {
  expect(found(itemsOf(entries(TALK), [], false), text)).toEqual(rows);
});

test("an export says who said what, and nothing in it changes what is around it", () => {
  const text = asMarkdown("My\n session", "Claw", TALK);
  expect(text).toContain("# My session\n\n## You · ");
  expect(text).toContain("Where is the Fox?");
  expect(text).toContain("**Tool**: exec\n\n```\n{\n  \"command\": \"ls\"\n}\n```");
  expect(text).toMatch(/## Tool · .*\n\n```\na fox in a `box`\n```/);
  expect(text).toMatch(/## Claw · .*\n\nIn the box\.\n$/);
  expect(asMarkdown("x", "Claw", [said("toolResult", "```\n# not a heading\n```")])).toContain("````\n```\n# not a heading\n```\n````");
});

test.each([
  ["My session: a/b\\c", "My-session-a-b-c.md"],
  ["../../etc", "etc.md"],
  ["日本", "日本.md"],
  ["\u202e", "session.md"],
])("a file about %j is called %j", (title, name) => {
  expect(fileName(title)).toBe(name);
});
