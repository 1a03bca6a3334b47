import { expect, test, vi } from "vitest";

import type { ChatEvent, Message } from "../protocol/index.ts";
import { itemsOf } from "../pages/chat/items.ts";
import { Conversation } from "./conversation.ts";
import { textOf } from "./message.ts";

const KEY = "agent:main:main";
const canonical = (key: string) => (key.startsWith("agent:") ? key : `agent:main:${key}`);

type Wire = Message & { __openclaw?: { id: string; seq: number } };

function message(role: Message["role"], text: string, more: Partial<Message> = {}, seq?: number): Wire {
  const said: Wire = { role, content: [{ type: "text", text }], timestamp: seq ?? 1, ...more };
  if (seq !== undefined) said.__openclaw = { id: `m${seq}`, seq };
  return said;
}

/** A gateway that has a history, and a conversation that follows it. */
function scene(history: Wire[] = []) {
  const hearers = new Map<string, (payload: never) => void>();
  const it = {
    history,
    status: null as string | null,
    sent: [] as { message: string; idempotencyKey: string }[],
    aborted: 0,
    fail: null as Error | null,
    fresh: () => undefined as void,
    draw: [] as (() => void)[],
    async request(method: string, params: Record<string, unknown>): Promise<unknown> {
      if (method === "chat.history") {
        const offset = (params["offset"] as number | undefined) ?? 0;
        const end = it.history.length - offset;
        const from = Math.max(0, end - (params["limit"] as number));
        return { messages: it.history.slice(from, end), hasMore: from > 0, sessionInfo: { key: KEY, status: it.status }, thinkingLevel: "off" };
      }
      if (method === "chat.send") {
        if (it.fail) throw it.fail;
        it.sent.push(params as never);
        return { runId: params["idempotencyKey"], status: "started" };
      }
      if (method === "chat.abort") it.aborted += 1;
      return {};
    },
    hear(event: string, payload: object) {
      hearers.get(event)?.(payload as never);
    },
    chat(state: ChatEvent["state"], runId: string, more: object = {}) {
      it.hear("chat", { state, runId, sessionKey: "main", agentId: "main", seq: 1, ...more });
    },
    drawAll() {
      for (const draw of it.draw.splice(0)) draw();
    },
    conversation: undefined as unknown as Conversation,
    texts: () => it.conversation.entries.peek().map((entry) => textOf(entry.message)),
  };
  const client = {
    request: it.request,
    on: (event: string, hear: (payload: never) => void) => {
      hearers.set(event, hear);
      return () => hearers.delete(event);
    },
    onFresh: (fetch: () => void) => {
      it.fresh = fetch;
      fetch();
      return () => undefined;
    },
  };
  it.conversation = new Conversation(client as never, KEY, canonical, (draw) => it.draw.push(draw));
  it.conversation.follow();
  return it;
}

const settled = (it: ReturnType<typeof scene>) => vi.waitFor(() => expect(it.conversation.isLoaded.peek()).toBe(true));

test("what is said is shown at once, and becomes the history's own", async () => {
  const it = scene([message("user", "old", {}, 1)]);
  await settled(it);
  it.conversation.say("hello");
  expect(it.texts()).toEqual(["old", "hello"]);
  expect(it.conversation.entries.peek()[1]?.sending).toBe("sending");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  const run = it.sent[0]!.idempotencyKey;
  const key = it.conversation.entries.peek()[1]!.key;

  it.chat("delta", run, { message: message("assistant", "Hi") });
  it.drawAll();
  expect(it.conversation.live.peek()[0]!.text.peek()).toBe("Hi");

  const answer = message("assistant", "Hi there", { runId: run });
  it.history.push(message("user", "hello", { idempotencyKey: run }, 2), { ...answer, __openclaw: { id: "m3", seq: 3 } });
  it.chat("final", run, { message: answer });
  expect(it.conversation.live.peek()).toEqual([]);
  expect(it.texts()).toEqual(["old", "hello", "Hi there"]);
  await vi.waitFor(() => expect(it.conversation.entries.peek().map((entry) => entry.seq)).toEqual([1, 2, 3]));
  expect(it.conversation.entries.peek()[1]!.key, "its row stays the same").toBe(key);
  expect(it.texts()).toEqual(["old", "hello", "Hi there"]);
});

test("two hundred pieces are drawn once", async () => {
  const it = scene();
  await settled(it);
  it.conversation.say("x");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  const run = it.sent[0]!.idempotencyKey;
  const seen = vi.fn();
  it.conversation.live.peek()[0]!.text.subscribe(seen);
  for (let length = 1; length <= 200; length += 1) it.chat("delta", run, { message: message("assistant", "a".repeat(length)) });
  expect(it.draw.length).toBe(1);
  it.drawAll();
  expect(seen).toHaveBeenCalledTimes(2);
  expect(it.conversation.live.peek()[0]!.text.peek().length).toBe(200);
});

test("while an answer comes, the next message waits for its turn", async () => {
  const it = scene();
  await settled(it);
  it.conversation.say("one");
  await vi.waitFor(() => expect(it.sent.length).toBe(1));
  it.conversation.say("two");
  it.conversation.say("three");
  expect(it.conversation.queue.peek().map((draft) => draft.text)).toEqual(["two", "three"]);
  it.conversation.unqueue(it.conversation.queue.peek()[1]!.id);
  it.chat("final", it.sent[0]!.idempotencyKey);
  await vi.waitFor(() => expect(it.sent.map((sent) => sent.message)).toEqual(["one", "two"]));
  expect(it.conversation.queue.peek()).toEqual([]);
});

test("a word that stops does not wait", async () => {
  const it = scene();
  await settled(it);
  it.conversation.say("one");
  await vi.waitFor(() => expect(it.sent.length).toBe(1));
  it.conversation.say("/stop");
  await vi.waitFor(() => expect(it.sent.map((sent) => sent.message)).toEqual(["one", "/stop"]));
});

test("what was not sent says why, stays, and can be sent again", async () => {
  const it = scene([message("user", "old", {}, 1)]);
  await settled(it);
  it.fail = new Error("away");
  it.conversation.say("hello");
  await vi.waitFor(() => expect(it.conversation.entries.peek()[1]?.sending).toEqual({ failed: it.fail }));
  it.fresh();
  await vi.waitFor(() => expect(it.texts()).toEqual(["old", "hello"]));
  it.fail = null;
  it.conversation.resend(it.conversation.entries.peek()[1]!);
  await vi.waitFor(() => expect(it.sent.length).toBe(1));
  expect(it.texts()).toEqual(["old", "hello"]);
});

test.each([
  ["aborted", { message: message("assistant", "half") }, "aborted", "half"],
  ["aborted", {}, "aborted", "so f"],
  ["error", { errorMessage: "no money" }, "error", "so f"],
] as const)("an answer that ended as %s with %j leaves that behind", async (state, more, stopReason, text) => {
  const it = scene();
  await settled(it);
  it.conversation.say("x");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  const run = it.sent[0]!.idempotencyKey;
  it.chat("delta", run, { message: message("assistant", "so f") });
  it.chat(state, run, more);
  const last = it.conversation.entries.peek().at(-1)!.message;
  expect([last.stopReason, textOf(last)]).toEqual([stopReason, text]);
  it.chat("delta", run, { message: message("assistant", "late") });
  expect(it.conversation.live.peek()).toEqual([]);
});

test("an answer that was stopped is there once, though more of it was written down than heard", async () => {
  const it = scene();
  await settled(it);
  it.conversation.say("x");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  const run = it.sent[0]!.idempotencyKey;
  it.chat("delta", run, { message: message("assistant", "so f") });
  it.chat("aborted", run);
  const written = message("assistant", "so far", { runId: run, stopReason: "aborted" }, 2);
  it.hear("session.message", { sessionKey: KEY, messageId: "m2", messageSeq: 2, message: written });
  expect(it.texts()).toEqual(["x", "so far"]);
});

test("after a gap nothing is missing, twice or out of order", async () => {
  const it = scene([message("user", "1", {}, 1), message("assistant", "2", { runId: "a" }, 2)]);
  await settled(it);
  it.history.push(message("user", "3", {}, 3), message("assistant", "4", { runId: "b" }, 4));
  it.hear("session.message", { sessionKey: KEY, messageId: "m4", messageSeq: 4, message: it.history[3] });
  it.fresh();
  await vi.waitFor(() => expect(it.texts()).toEqual(["1", "2", "3", "4"]));
});

test("when more was missed than is fetched, what is older is fetched again when it is looked at", async () => {
  const it = scene(Array.from({ length: 10 }, (_, index) => message("user", `${index}`, {}, index + 1)));
  await settled(it);
  for (let seq = 11; seq <= 400; seq += 1) it.history.push(message("user", `${seq - 1}`, {}, seq));
  it.fresh();
  await vi.waitFor(() => expect(it.texts().length).toBe(200));
  expect(it.conversation.hasOlder.peek()).toBe(true);
  await it.conversation.older();
  expect(it.texts()).toEqual(Array.from({ length: 400 }, (_, index) => `${index}`));
  expect(it.conversation.hasOlder.peek()).toBe(false);
});

test("an answer somebody else asked for is shown, and so is the question", async () => {
  const it = scene();
  await settled(it);
  it.history.push(message("user", "from elsewhere", {}, 1));
  it.status = "running";
  it.chat("delta", "other", { message: message("assistant", "so") });
  expect(it.conversation.live.peek().map((live) => live.isOurs)).toEqual([false]);
  await vi.waitFor(() => expect(it.texts()).toEqual(["from elsewhere"]));
  expect(it.conversation.isBusy.peek()).toBe(true);
});

test("what runs no more after a reconnect is not shown as running", async () => {
  const it = scene();
  await settled(it);
  it.status = "running";
  it.chat("delta", "other", { message: message("assistant", "so") });
  await vi.waitFor(() => expect(it.conversation.row.peek()?.status).toBe("running"));
  it.status = null;
  it.fresh();
  await vi.waitFor(() => expect(it.conversation.live.peek()).toEqual([]));
});

test("other sessions are none of its business", async () => {
  const it = scene();
  await settled(it);
  it.hear("chat", { state: "delta", runId: "r", sessionKey: "agent:main:other", agentId: "main", seq: 1, message: message("assistant", "x") });
  expect(it.conversation.live.peek()).toEqual([]);
});

test("what tools said stands with the message that asked for them", () => {
  const call = (id: string) => ({ type: "toolCall" as const, id, name: "weather", arguments: {} });
  const asked: Message = { role: "assistant", content: [call("a"), call("b")], timestamp: 1 };
  const result = (toolCallId: string, text: string) => message("toolResult", text, { toolCallId });
  const entries = [asked, result("b", "rain"), result("a", "sun"), result("zz", "lost")].map((it, index) => ({
    key: `k${index}`, message: it, id: null, seq: index, sending: null,
  }));
  const items = itemsOf(entries, [], true);
  expect(items.map((item) => item.key)).toEqual(["k0", "k3", "working"]);
  const [first] = items;
  expect(first?.kind === "said" && first.tools.map((use) => use.result && textOf(use.result))).toEqual(["sun", "rain"]);
});

test("what is said in place of the newest message stops the answer to it", async () => {
  const it = scene([message("user", "old", {}, 1), message("assistant", "yes", {}, 2)]);
  await it.conversation.look(10);
  it.conversation.say("first");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  const [run] = it.conversation.live.peek();
  await it.conversation.amend(it.conversation.newestOwn()!, "second", []);
  expect([it.aborted, it.conversation.queue.peek().map((draft) => draft.text)]).toEqual([1, ["second"]]);
  it.chat("aborted", run!.run);
  await vi.waitFor(() => expect(it.sent.map((sent) => sent.message)).toEqual(["first", "second"]));
});

test("what is said in place of an older message stops nothing", async () => {
  const it = scene([message("user", "old", {}, 1), message("assistant", "yes", {}, 2)]);
  await it.conversation.look(10);
  const [old] = it.conversation.entries.peek();
  it.conversation.say("first");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  await it.conversation.amend(old!, "second", []);
  expect([it.aborted, it.conversation.queue.peek().length]).toEqual([0, 1]);
});

test("what was never sent gives way to what is said in its place", async () => {
  const it = scene([]);
  it.fail = new Error("no");
  await it.conversation.look(10);
  it.conversation.say("lost");
  await vi.waitFor(() => expect(it.conversation.entries.peek()[0]?.sending).toEqual({ failed: it.fail }));
  it.fail = null;
  await it.conversation.amend(it.conversation.newestOwn()!, "found", []);
  expect(it.texts()).toEqual(["found"]);
});

test("all that was ever said is fetched, and no more once nobody wants it", async () => {
  const it = scene(Array.from({ length: 3_500 }, (_, index) => message("user", `m${index}`, {}, index + 1)));
  await it.conversation.look(200);
  await it.conversation.all(() => it.texts().length > 1_000);
  expect(it.texts().length).toBe(1_200);
  await it.conversation.all();
  expect([it.texts().length, it.texts()[0]]).toEqual([3_500, "m0"]);
});

test("what was heard of an answer is kept when the gateway stops in the middle of it", async () => {
  const it = scene([]);
  await it.conversation.look(10);
  it.conversation.say("go");
  await vi.waitFor(() => expect(it.conversation.live.peek().length).toBe(1));
  const run = it.conversation.live.peek()[0]!.run;
  it.chat("delta", run, { message: message("assistant", "half of it") });
  it.drawAll();
  it.history.push(message("user", "go", { idempotencyKey: run }, 1), message("assistant", "", { runId: run, stopReason: "interrupted" }, 2));
  for (let look = 0; look < 2; look += 1) {
    await it.conversation.look(10);
    expect([it.texts(), it.conversation.live.peek().length]).toEqual([["go", "half of it"], 0]);
  }
});
