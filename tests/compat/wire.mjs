// A client for the two older ways of speaking, strict about what it hears.
//
// Protocol 3 is read as the January 2026 Node client read it: every frame against a closed schema, so an
// unknown key or a null where a key should be absent is a frame lost. What it would have dropped is kept
// in `dropped`; a test ends by finding that list empty.
import { WebSocket } from "ws";
import { within } from "./harness.mjs";
import { any, bool, closed, count, int, literal, open, problems, string, text } from "./shape.mjs";

const error = closed({ code: text, message: text, "details?": any, "retryable?": bool, "retryAfterMs?": count });

const dialects = {
  protocol3: {
    request: "req",
    response: closed({ type: literal("res"), id: text, ok: bool, "payload?": any, "error?": error }),
    event: closed({
      type: literal("event"),
      event: text,
      "payload?": any,
      "seq?": count,
      "stateVersion?": closed({ presence: count, health: count }),
    }),
    isResponse: (frame) => frame.type === "res",
    payload: (frame) => frame.payload,
  },
  brief: {
    request: "request",
    response: open({ type: literal("response"), id: text, ok: bool, "payload?": any, "error?": open({ code: text, message: string }) }),
    event: open({ type: literal("broadcast"), event: text, data: any }),
    isResponse: (frame) => frame.type === "response",
    payload: (frame) => frame.data,
  },
};

export class RequestError extends Error {
  constructor(frame) {
    super(`${frame.error?.code}: ${frame.error?.message}`);
    this.code = frame.error?.code;
    this.reason = frame.error?.message;
    this.details = frame.error?.details;
    this.payload = frame.payload;
  }
}

export class Wire {
  /** Opens a socket and waits for the challenge, which is the first thing any gateway says. */
  static async open(url, { dialect = "protocol3", binary = false } = {}) {
    const wire = new Wire(url, dialects[dialect], binary);
    wire.challenge = await within("the challenge", wire.#challenge);
    return wire;
  }

  #pending = new Map();
  #watchers = new Set();
  #next = 0;
  #challenge;

  constructor(url, dialect, binary) {
    this.dialect = dialect;
    this.binary = binary;
    this.dropped = [];
    this.events = [];
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.closed = new Promise((done) => this.socket.once("close", (code, reason) => done({ code, reason: reason.toString() })));
    this.#challenge = new Promise((done, fail) => {
      this.socket.once("error", fail);
      this.socket.once("message", (data) => {
        const frame = JSON.parse(data.toString());
        const wrong = problems(dialects.protocol3.event, frame).concat(problems(open({ nonce: text, ts: int }), frame.payload));
        if (wrong.length || frame.event !== "connect.challenge") fail(new Error(`not a challenge: ${data} ${wrong}`));
        done(frame.payload);
        this.socket.on("message", (next) => this.#hear(next.toString()));
      });
    });
    this.socket.on("close", () => {
      for (const { fail } of this.#pending.values()) fail(new Error("closed"));
    });
  }

  #hear(raw) {
    const frame = JSON.parse(raw);
    const isResponse = this.dialect.isResponse(frame);
    const wrong = problems(isResponse ? this.dialect.response : this.dialect.event, frame);
    if (wrong.length) return this.dropped.push({ wrong, raw: raw.slice(0, 400) });
    if (!isResponse) {
      const event = { event: frame.event, payload: this.dialect.payload(frame), seq: frame.seq, stateVersion: frame.stateVersion };
      this.events.push(event);
      for (const watcher of [...this.#watchers]) watcher(event);
      return;
    }
    const call = this.#pending.get(frame.id);
    if (!call) return;
    if (call.expectFinal && frame.ok && frame.payload?.status === "accepted") return call.accepted?.(frame.payload);
    this.#pending.delete(frame.id);
    if (frame.ok) call.done(frame.payload);
    else call.fail(new RequestError(frame));
  }

  /** Sends one frame as this client does, in text or in binary. */
  send(frame) {
    const raw = JSON.stringify(frame);
    this.socket.send(this.binary ? Buffer.from(raw) : raw, { binary: this.binary });
  }

  request(method, params, { expectFinal = false, onAccepted } = {}) {
    const id = `${method}-${++this.#next}`;
    const answer = new Promise((done, fail) => this.#pending.set(id, { done, fail, expectFinal, accepted: onAccepted }));
    this.send({ type: this.dialect.request, id, method, ...(params === undefined ? {} : { params }) });
    return within(`an answer to ${method}`, answer);
  }

  /** Resolves with the first event, from now on, that `matches`. */
  event(what, matches) {
    const seen = new Promise((done) => {
      const watcher = (event) => {
        if (!matches(event)) return;
        this.#watchers.delete(watcher);
        done(event);
      };
      this.#watchers.add(watcher);
    });
    return within(what, seen);
  }

  /** The chat events of one run up to its last one. */
  async chat(runId, start) {
    const mine = (event) => event.event === "chat" && event.payload.runId === runId;
    const from = this.events.length;
    const last = this.event(`the end of run ${runId}`, (event) => mine(event) && ["final", "aborted", "error"].includes(event.payload.state));
    const ack = await start();
    await last;
    return { ack, events: this.events.slice(from).filter(mine).map((event) => event.payload) };
  }

  async close() {
    this.socket.close(1000);
    return within("the close", this.closed);
  }
}
