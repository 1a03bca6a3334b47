// A gateway for tests: a socket whose other end does what it is told.
import { vi } from "vitest";

import { GatewayClient, type ClientOptions, type Socket } from "./client.ts";
import { Credentials } from "./credentials.ts";

export class FakeSocket implements Socket {
  onmessage: ((message: MessageEvent) => void) | null = null;
  onclose: ((closed: CloseEvent) => void) | null = null;
  readonly sent: { type: string; id: string; method: string; params: Record<string, unknown> }[] = [];
  closed: number | undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code = 1000): void {
    this.closed ??= code;
  }

  /** The gateway says something. */
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }

  event(event: string, payload: object, seq?: number): void {
    this.say({ type: "event", event, payload, ...(seq !== undefined && { seq }) });
  }

  /** The gateway answers the last request for `method`. */
  answer(method: string, payload: unknown): void {
    const { id } = this.last(method);
    this.say({ type: "res", id, ok: true, payload });
  }

  refuse(method: string, error: object): void {
    const { id } = this.last(method);
    this.say({ type: "res", id, ok: false, error });
  }

  /** The connection goes away. */
  drop(code = 1006): void {
    this.onclose?.({ code, reason: "" } as CloseEvent);
  }

  last(method: string) {
    const found = this.sent.findLast((it) => it.method === method);
    if (!found) throw new Error(`nobody asked for ${method}`);
    return found;
  }
}

export const HELLO = {
  type: "hello-ok",
  protocol: 4,
  server: { version: "1", host: "h", bootId: "b", connId: "c" },
  features: { methods: ["health", "chat.send"], events: [], capabilities: [] },
  snapshot: {
    sessionDefaults: { defaultAgentId: "main", mainKey: "main", mainSessionKey: "agent:main:main", scope: "per-sender" },
    uptimeMs: 1,
  },
  auth: { method: "token", role: "operator", scopes: ["operator.read"], deviceToken: "device-token" },
  policy: { tickIntervalMs: 30_000 },
};

/** A client, and the sockets it opens. */
export function fakeGateway(options: Partial<ClientOptions> = {}) {
  const sockets: FakeSocket[] = [];
  let ids = 0;
  const client = new GatewayClient({
    url: "ws://gateway/",
    credentials: new Credentials("/"),
    identity: async () => null,
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    about: { version: "1", platform: "Linux", locale: "en", userAgent: "test" },
    random: () => 1,
    uuid: () => `id-${++ids}`,
    ...options,
  });
  const it = {
    client,
    sockets,
    get socket() {
      return sockets.at(-1)!;
    },
    /** The gateway asks who is there, and is told. */
    async challenge() {
      it.socket.event("connect.challenge", { nonce: "nonce-1", ts: 1_000 });
      await vi.waitFor(() => it.socket.last("connect"));
    },
    async letIn(hello: object = HELLO) {
      await it.challenge();
      it.socket.answer("connect", hello);
      await vi.waitFor(() => {
        if (client.phase.peek().kind !== "connected") throw new Error("not yet");
      });
    },
    async refuse(code: string, more: object = {}) {
      await it.challenge();
      it.socket.refuse("connect", { code: "INVALID_REQUEST", message: code, details: { code, ...more }, ...more });
      await vi.waitFor(() => {
        if (it.socket.closed === undefined) throw new Error("not yet");
      });
    },
  };
  return it;
}
