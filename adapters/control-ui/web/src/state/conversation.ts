// One session: what was said in it, what is being said, and what waits to be said.
//
// The truth is the gateway's history. Between two looks at it, events add to what is shown: messages as
// they are written down, and answers while they come. Answers come many times a second; they are shown
// once per frame.
import { computed, signal, type ReadonlySignal } from "@preact/signals";

import { freshId, type GatewayClient } from "../gateway/client.ts";
import type { ChatEvent, EnclosureIn, Message, SessionMessage, SessionRow } from "../protocol/index.ts";
import { picturesToSend, placed, textOf, type Placed } from "./message.ts";

/** Something that was said. */
export interface Entry {
  /** Stays the same while more becomes known about it. */
  readonly key: string;
  readonly message: Message;
  readonly id: string | null;
  readonly seq: number | null;
  /** What is to be said about a message of ours that is not in the history yet. */
  readonly sending: "sending" | "sent" | { failed: unknown } | null;
}

/** An answer that is coming. */
export interface Live {
  readonly run: string;
  readonly text: ReadonlySignal<string>;
  /** Whether it was asked for here. */
  readonly isOurs: boolean;
}

/** Something to say. */
export interface Draft {
  readonly id: string;
  readonly text: string;
  readonly attachments: readonly EnclosureIn[];
}

type Client = Pick<GatewayClient, "request" | "on" | "onFresh">;

/** How many messages are fetched at a time. */
const PAGE = 200;
/** How many where all of them are wanted. */
const MANY = 1_000;
/** After a run, the newest are looked at again: their places in the history become known. */
const RECENT = 40;

interface Growing extends Live {
  readonly text: ReturnType<typeof signal<string>> & ReadonlySignal<string>;
  pending: string;
}

export class Conversation {
  readonly key: string;
  /** What was said, the oldest first. */
  readonly entries = signal<readonly Entry[]>([]);
  /** What is being said. */
  readonly live = signal<readonly Live[]>([]);
  /** What waits until the answer before it is complete. */
  readonly queue = signal<readonly Draft[]>([]);
  /** What is known of the session; nothing while it does not exist. */
  readonly row = signal<SessionRow | null>(null);
  readonly thinkingLevel = signal<string | null>(null);
  readonly isLoaded = signal(false);
  readonly hasOlder = signal(false);
  readonly error = signal<unknown>(null);
  /** Whether an answer is coming, whoever asked for it. */
  readonly isBusy: ReadonlySignal<boolean>;

  readonly #client: Client;
  readonly #canonical: (key: string, agent?: string | null) => string;
  readonly #frame: (draw: () => void) => void;
  readonly #sending = signal(0);
  readonly #ended = new Set<string>();
  /** What was heard of answers that were not written down: the gateway stopped meanwhile. */
  readonly #heardOnly = new Map<string, string>();
  #isDrawing = false;
  #isFetchingOlder = false;
  #looks = 0;
  #ends: (() => void)[] = [];
  #users = 0;

  constructor(client: Client, key: string, canonical: (key: string, agent?: string | null) => string, frame: (draw: () => void) => void = whenDrawn) {
    this.#client = client;
    this.key = key;
    this.#canonical = canonical;
    this.#frame = frame;
    this.isBusy = computed(() => this.live.value.length > 0 || this.#sending.value > 0 || this.row.value?.status === "running");
  }

  /** Follows the session for as long as somebody looks at it. Returns what ends that. */
  follow(): () => void {
    this.#users += 1;
    if (this.#users === 1) this.#begin();
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      for (const end of this.#ends.splice(0)) end();
      this.#client.request("sessions.messages.unsubscribe", { key: this.key }).catch(() => undefined);
    };
  }

  /** Says something: at once, or when the answer before it is complete. */
  say(text: string, attachments: readonly EnclosureIn[] = []): void {
    const draft = { id: freshId(), text, attachments };
    const isWord = /^\/(stop|abort)\b/i.test(text.trim());
    if (this.isBusy.peek() && !isWord) this.queue.value = [...this.queue.peek(), draft];
    else void this.#send(draft);
  }

  /** Takes a draft out of the queue. */
  unqueue(id: string): Draft | undefined {
    const draft = this.queue.peek().find((it) => it.id === id);
    this.queue.value = this.queue.peek().filter((it) => it.id !== id);
    return draft;
  }

  /** Stops the answers that are coming. */
  async stop(): Promise<void> {
    await this.#client.request("chat.abort", { sessionKey: this.key });
  }

  /** Says something again. What was not sent is not shown twice. */
  resend(entry: Entry): void {
    this.#unsay(entry);
    this.say(textOf(entry.message), picturesToSend(entry.message));
  }

  /**
   * Says something in place of `entry`. The history keeps both: gateways take nothing back. An answer that is
   * coming to the newest message is stopped, for it answers what nobody means any more.
   */
  async amend(entry: Entry, text: string, attachments: readonly EnclosureIn[]): Promise<void> {
    const isNewest = this.newestOwn()?.key === entry.key;
    this.#unsay(entry);
    const isAnswered = isNewest && this.live.peek().length > 0;
    this.say(text, attachments);
    if (isAnswered) await this.stop();
  }

  /** What somebody said last, whoever it was. */
  newestOwn(): Entry | undefined {
    return this.entries.peek().findLast((it) => it.message.role === "user");
  }

  /** Takes away what was never sent. */
  #unsay(entry: Entry): void {
    const isThere = entry.sending === null || entry.sending === "sent";
    if (!isThere) this.entries.value = this.entries.peek().filter((it) => it.key !== entry.key);
  }

  /** Fetches all that was ever said, until nobody wants it any more. */
  async all(isOver: () => boolean = () => false): Promise<void> {
    while (this.hasOlder.peek() && !isOver()) {
      const before = this.entries.peek().length;
      await this.older(MANY);
      if (this.entries.peek().length > before) continue;
      // Somebody else is fetching them, or they do not come.
      if (!this.#isFetchingOlder) return;
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Fetches older messages, if there are any. */
  async older(limit = PAGE): Promise<void> {
    if (this.#isFetchingOlder || !this.hasOlder.peek() || !this.isLoaded.peek()) return;
    this.#isFetchingOlder = true;
    try {
      const offset = this.entries.peek().filter((it) => it.seq !== null).length;
      const history = await this.#client.request("chat.history", { sessionKey: this.key, limit, offset });
      const known = new Set(this.entries.peek().map((it) => it.id));
      const older = history.messages.map(placed).filter((it) => !known.has(it.id)).map(entryOf);
      this.entries.value = [...older, ...this.entries.peek()];
      this.hasOlder.value = history.hasMore && older.length > 0;
    } catch {
      // Whoever scrolls there again tries again.
    } finally {
      this.#isFetchingOlder = false;
    }
  }

  #begin(): void {
    const isMine = (key: string, agent?: string | null) => this.#canonical(key, agent) === this.key;
    this.#ends = [
      this.#client.onFresh(() => {
        this.#client.request("sessions.messages.subscribe", { key: this.key }).catch(() => undefined);
        void this.look(PAGE);
      }),
      this.#client.on("chat", (chat) => {
        if (isMine(chat.sessionKey, chat.agentId)) this.#heard(chat);
      }),
      this.#client.on("session.message", (told) => {
        if (isMine(told.sessionKey, told.agentId)) this.#written(told);
      }),
      this.#client.on("sessions.changed", (changed) => {
        if (!isMine(changed.sessionKey, changed.agentId)) return;
        if (changed.session) this.row.value = changed.session;
        if (["reset", "delete", "compact"].includes(changed.reason)) this.#forget();
        this.#next();
      }),
    ];
  }

  /** Looks at the newest messages of the history, and puts what is known in order. */
  async look(limit: number): Promise<void> {
    this.#looks += 1;
    const mine = this.#looks;
    const running = this.live.peek();
    try {
      const history = await this.#client.request("chat.history", { sessionKey: this.key, limit });
      if (mine !== this.#looks) return;
      for (const { run, text } of running) if (text.peek()) this.#heardOnly.set(run, text.peek());
      this.row.value = history.sessionInfo ?? null;
      this.thinkingLevel.value = history.thinkingLevel;
      this.#merge(history.messages.map((message) => placed(this.#completed(message))), history.hasMore);
      // Those that began since may not have been seen there.
      if (history.sessionInfo?.status !== "running") this.#drop(running);
      this.error.value = null;
      this.isLoaded.value = true;
      this.#next();
    } catch (error) {
      if (mine === this.#looks) this.error.value = error;
    }
  }

  #forget(): void {
    this.entries.value = [];
    this.#drop(this.live.peek());
    void this.look(PAGE);
  }

  /** An answer that was interrupted, with what was heard of it. */
  #completed(message: Message): Message {
    const heard = message.runId && message.stopReason === "interrupted" && this.#heardOnly.get(message.runId);
    return heard && !textOf(message) ? { ...message, content: [{ type: "text", text: heard }] } : message;
  }

  /** Puts a part of the history in place of what was known of it. */
  #merge(newest: readonly Placed[], hasMore: boolean): void {
    const before = this.entries.peek();
    const first = newest[0]?.seq ?? Infinity;
    const older = before.filter((it) => it.seq !== null && it.seq < first);
    // A hole between what was known and what is known now: what is older is fetched again when it is
    // looked at.
    const isConnected = older.length > 0 && hasMore && older.at(-1)!.seq! >= first - 1;
    const names = namesOf(before);
    const fresh = newest.map((it) => {
      const known = names.get(nameOf(it.message)) ?? (it.id ? names.get(`id:${it.id}`) : undefined);
      return known ? { ...entryOf(it), key: known.key } : entryOf(it);
    });
    const here = new Set(fresh.map((it) => it.key));
    const runs = new Set(fresh.map((it) => it.message.role === "assistant" && it.message.runId));
    const isOwn = (it: Entry) => (it.sending === null ? !runs.has(it.message.runId) : it.sending !== "sent");
    const local = before.filter((it) => it.seq === null && !here.has(it.key) && isOwn(it));
    this.entries.value = [...(isConnected ? older : []), ...fresh, ...local];
    if (!isConnected) this.hasOlder.value = hasMore;
  }

  /** A message was written down. */
  #written(told: SessionMessage): void {
    const { message, messageId: id, messageSeq: seq } = told;
    const before = this.entries.peek();
    if (before.some((it) => it.id === id)) return;
    // What was heard until an answer was stopped may be shorter than what was written down.
    const heard = before.find((it) => it.id === null && message.role === "assistant" && it.key === `run:${message.runId}`);
    const known = namesOf(before).get(nameOf(message)) ?? heard;
    const entry: Entry = { key: known?.key ?? `id:${id}`, message, id, seq, sending: null };
    this.entries.value = known ? before.map((it) => (it === known ? entry : it)) : [...before, entry];
    if (message.role === "assistant" && message.runId) this.#show(message.runId, "");
  }

  #heard(chat: ChatEvent): void {
    switch (chat.state) {
      case "status": return this.#grow(chat.runId, null);
      case "delta": return this.#grow(chat.runId, chat.message ? textOf(chat.message) : null);
      case "final": case "aborted": case "error": return this.#conclude(chat);
    }
  }

  /** An answer begins, or there is more of it. */
  #grow(run: string, text: string | null): void {
    if (this.#ended.has(run)) return;
    const known = this.#find(run);
    if (!known) {
      const growing: Growing = { run, text: signal(text ?? ""), isOurs: this.#isOurs(run), pending: text ?? "" };
      this.live.value = [...this.live.peek(), growing];
      // Somebody else asked. What he said is in the history.
      if (!growing.isOurs) void this.look(RECENT);
      return;
    }
    if (text === null) return;
    known.pending = text;
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    this.#frame(() => {
      this.#isDrawing = false;
      for (const live of this.live.peek() as readonly Growing[]) live.text.value = live.pending;
    });
  }

  #show(run: string, text: string): void {
    const known = this.#find(run);
    if (known) known.text.value = known.pending = text;
  }

  #conclude(chat: ChatEvent): void {
    const run = chat.runId;
    const spoken = this.#find(run)?.pending ?? "";
    this.#end(run);
    const message = concluding(chat, spoken);
    const before = this.entries.peek();
    const isKnown = before.some((it) => it.message.role !== "user" && it.message.runId === run);
    if (message && !isKnown) {
      const entry: Entry = { key: `run:${run}`, message: { ...message, runId: run }, id: null, seq: null, sending: null };
      this.entries.value = [...before, entry];
    }
    void this.look(RECENT);
  }

  #end(run: string): void {
    this.#ended.add(run);
    this.live.value = this.live.peek().filter((it) => it.run !== run);
    const row = this.row.peek();
    if (row?.status === "running" && !this.live.peek().length) this.row.value = { ...row, status: null };
    this.#next();
  }

  /** These do not run any more, whatever was heard. */
  #drop(gone: readonly Live[]): void {
    if (gone.length) this.live.value = this.live.peek().filter((it) => !gone.includes(it));
  }

  #find(run: string): Growing | undefined {
    return (this.live.peek() as readonly Growing[]).find((it) => it.run === run);
  }

  #isOurs(run: string): boolean {
    return this.entries.peek().some((it) => it.key === `sent:${run}`);
  }

  /** Sends what waits, if its turn has come. */
  #next(): void {
    const [draft, ...rest] = this.queue.peek();
    if (!draft || this.isBusy.peek()) return;
    this.queue.value = rest;
    void this.#send(draft);
  }

  async #send(draft: Draft): Promise<void> {
    const key = `sent:${draft.id}`;
    const message: Message = { role: "user", content: contentOf(draft), timestamp: Date.now(), idempotencyKey: draft.id };
    this.entries.value = [...this.entries.peek(), { key, message, id: null, seq: null, sending: "sending" }];
    const mark = (sending: Entry["sending"]) => {
      this.entries.value = this.entries.peek().map((it) => (it.key === key && it.sending ? { ...it, sending } : it));
    };
    this.#sending.value += 1;
    try {
      const answer = await this.#client.request("chat.send", {
        sessionKey: this.key,
        message: draft.text,
        idempotencyKey: draft.id,
        ...(draft.attachments.length && { attachments: [...draft.attachments] }),
      });
      mark("sent");
      const isStarted = "status" in answer && answer.status === "started";
      if (isStarted) this.#grow(draft.id, null);
    } catch (failed) {
      mark({ failed });
    } finally {
      this.#sending.value -= 1;
      this.#next();
    }
  }
}

function entryOf({ message, id, seq }: Placed): Entry {
  return { key: id ? `id:${id}` : nameOf(message), message, id, seq, sending: null };
}

/** By what a message is known before the history has a name for it. */
function nameOf(message: Message): string {
  if (message.role === "user" && message.idempotencyKey) return `sent:${message.idempotencyKey}`;
  if (message.role === "assistant" && message.runId) return `run:${message.runId}:${textOf(message).length}`;
  return `at:${message.timestamp}:${message.role}`;
}

function namesOf(entries: readonly Entry[]): Map<string, Entry> {
  const names = new Map<string, Entry>();
  for (const entry of entries) {
    names.set(nameOf(entry.message), entry);
    if (entry.id) names.set(`id:${entry.id}`, entry);
  }
  return names;
}

function contentOf(draft: Draft): Message["content"] {
  const pictures = draft.attachments.flatMap((it) => {
    const { mimeType, content } = it as { mimeType?: string | null; content?: unknown };
    return mimeType?.startsWith("image/") && typeof content === "string" ? [{ type: "image" as const, data: content, mimeType }] : [];
  });
  return [...pictures, { type: "text", text: draft.text }];
}

/** What an answer that ended leaves behind, as long as the history says nothing else. */
function concluding(chat: ChatEvent, spoken: string): Message | null {
  const said = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }], timestamp: Date.now() });
  switch (chat.state) {
    case "final": return chat.message ?? null;
    case "aborted": return { ...(chat.message ?? said(spoken)), stopReason: "aborted" };
    case "error": return { ...said(spoken), stopReason: "error", errorMessage: chat.errorMessage ?? "" };
    case "status": case "delta": return null;
  }
}

/** In the next frame; at once where nobody sees frames. */
function whenDrawn(draw: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(draw);
  else setTimeout(draw, 250);
}
