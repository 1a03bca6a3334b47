// The gateway, over one WebSocket that is opened again whenever it closes.
//
// Whoever shows something that changes asks for it in `onFresh`: it is called after every login, and
// whenever the numbers of the events show that one was missed. Between two such calls no event is
// missing, so what was fetched then and the events since are the whole truth.
import { signal, type ReadonlySignal } from "@preact/signals";

import type { EventName, HelloOk, MethodName, Params, Payload, Result } from "../protocol/index.ts";
import { delayBefore } from "./backoff.ts";
import type { Credentials, Shown } from "./credentials.ts";
import { DISCONNECTED, GatewayError, TIMEOUT, isRecord, textOf, type ErrorShape } from "./error.ts";
import { signedLine, type DeviceIdentity } from "./identity.ts";
import { PAIRING_LOOK_MS, phaseOf, type Phase } from "./phase.ts";

/** What a browser's WebSocket is to this client. */
export interface Socket {
  onmessage: ((message: MessageEvent) => void) | null;
  onclose: ((closed: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface ClientOptions {
  url: string;
  credentials: Credentials;
  identity: () => Promise<DeviceIdentity | null>;
  open: (url: string) => Socket;
  about: { version: string; platform: string; locale: string; userAgent: string };
  now?: () => number;
  random?: () => number;
  uuid?: () => string;
}

/** What the dashboard may be, if the gateway lets it. */
export const SCOPES = [
  "operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing",
] as const;
const CLIENT_ID = "openclaw-control-ui";
const CLIENT_MODE = "webchat";
const ROLE = "operator";

/** How long an answer may take, unless the caller knows better. */
const ANSWER_MS = 30_000;
/** How long it may take until the gateway let us in or not. */
const LOGIN_MS = 15_000;
/** Our own reason to close: nothing was heard for too long. */
const SILENT = 4000;
/** Our own reason to close: the login was refused. */
const NOT_LET_IN = 4008;
/** The gateway's reason to close when it starts anew. */
const RESTART = 1012;

interface Waiting {
  done: (payload: unknown) => void;
  fail: (error: GatewayError) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class GatewayClient {
  /** How the connection is. */
  readonly phase: ReadonlySignal<Phase>;
  /** What the gateway said at the last login. It stays while the connection is away. */
  readonly hello: ReadonlySignal<HelloOk | null>;

  readonly #options: Required<ClientOptions>;
  readonly #phase = signal<Phase>({ kind: "connecting" });
  readonly #hello = signal<HelloOk | null>(null);
  readonly #waiting = new Map<string, Waiting>();
  readonly #hearers = new Map<string, Set<(payload: never) => void>>();
  readonly #anyHearers = new Set<(event: string, payload: unknown) => void>();
  readonly #fresh = new Set<() => void>();
  #socket: Socket | null = null;
  #isReady = false;
  #attempt = 0;
  #seq: number | null = null;
  #restarting = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #login: ReturnType<typeof setTimeout> | undefined;
  #refusal: Phase | null = null;

  constructor(options: ClientOptions) {
    this.#options = {
      now: Date.now,
      random: Math.random,
      uuid: freshId,
      ...options,
    };
    this.phase = this.#phase;
    this.hello = this.#hello;
  }

  /** Connects now, whatever it was waiting for. */
  connect(): void {
    this.#forgetTimers();
    this.#drop();
    const phase = this.#phase.peek();
    if (phase.kind !== "pairing") this.#phase.value = { kind: "connecting" };
    const socket = this.#options.open(this.#options.url);
    this.#socket = socket;
    this.#refusal = null;
    this.#login = setTimeout(() => socket.close(SILENT, "no answer"), LOGIN_MS);
    socket.onmessage = (message) => {
      if (socket === this.#socket) this.#hear(socket, message.data);
    };
    socket.onclose = (closed) => {
      if (socket === this.#socket) this.#closed(closed.code);
    };
  }

  /** Tries at once what would be tried later: the network is back, somebody looks again. */
  hurry(): void {
    const { kind } = this.#phase.peek();
    if (kind === "away" || kind === "pairing") this.connect();
  }

  /** Ends the connection and leaves it at that. */
  stop(): void {
    this.#forgetTimers();
    this.#drop();
  }

  /** Shows the gateway this secret from now on. */
  enter(kind: "token" | "password", value: string, remember: boolean): void {
    this.#options.credentials.enter(kind, value, remember);
    this.#attempt = 0;
    this.connect();
  }

  /** Comes in with no more than `scopes`, which this browser was approved for. */
  settleFor(scopes: readonly string[]): void {
    this.#options.credentials.keepScopes(scopes);
    this.connect();
  }

  /** Somebody allowed this browser more: comes back with the token that says so. */
  upgrade(deviceToken: string, scopes: readonly string[]): void {
    this.#options.credentials.keepDeviceToken(deviceToken);
    const isAll = SCOPES.every((scope) => scopes.includes(scope));
    this.#options.credentials.keepScopes(isAll ? null : scopes.filter(isOurs));
    this.connect();
  }

  /** Whether the gateway has a method. */
  has(method: MethodName): boolean {
    return this.#hello.value?.features.methods.includes(method) ?? false;
  }

  /** Whether this browser was given a scope. */
  may(scope: string): boolean {
    const scopes = this.#hello.value?.auth.scopes ?? [];
    return scopes.includes(scope) || scopes.includes("operator.admin");
  }

  /** Asks the gateway for something. */
  request<M extends MethodName>(method: M, params: Params<M>, timeoutMs = ANSWER_MS): Promise<Result<M>> {
    return this.call(method, params, timeoutMs) as Promise<Result<M>>;
  }

  /** The same for a method whose name is known only at run time. */
  call(method: string, params: unknown, timeoutMs = ANSWER_MS): Promise<unknown> {
    if (!this.#isReady) return Promise.reject(disconnected());
    return this.#ask(method, params, timeoutMs);
  }

  /** Hears an event from now on. Returns what ends that. */
  on<E extends EventName>(event: E, hear: (payload: Payload<E>) => void): () => void {
    const hearers = this.#hearers.get(event) ?? new Set();
    this.#hearers.set(event, hearers);
    hearers.add(hear as (payload: never) => void);
    return () => hearers.delete(hear as (payload: never) => void);
  }

  /** Hears every event from now on. Returns what ends that. */
  onAny(hear: (event: string, payload: unknown) => void): () => void {
    this.#anyHearers.add(hear);
    return () => this.#anyHearers.delete(hear);
  }

  /**
   * Calls `fetch` whenever everything has to be fetched anew: now, if the connection is there, after
   * every login, and after a gap. Returns what ends that.
   */
  onFresh(fetch: () => void): () => void {
    this.#fresh.add(fetch);
    if (this.#isReady) fetch();
    return () => this.#fresh.delete(fetch);
  }

  #ask(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const id = this.#options.uuid();
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        fail(new GatewayError({ code: TIMEOUT, message: `${method}: no answer` }));
      }, timeoutMs);
      this.#waiting.set(id, { done, fail, timer });
      this.#socket?.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  #hear(socket: Socket, data: unknown): void {
    const frame = parsed(data);
    if (!frame) return;
    this.#rewind();
    if (frame["type"] === "res") this.#answered(frame);
    else if (frame["type"] === "event" && frame["event"] === "connect.challenge") {
      const challenge = isRecord(frame["payload"]) ? frame["payload"] : {};
      void this.#logIn(socket, challenge);
    } else if (frame["type"] === "event") this.#told(frame);
  }

  #answered(frame: Record<string, unknown>): void {
    const id = textOf(frame["id"]) ?? "";
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (frame["ok"] === true) waiting.done(frame["payload"]);
    else waiting.fail(new GatewayError(shapeOf(frame["error"])));
  }

  #told(frame: Record<string, unknown>): void {
    const event = textOf(frame["event"]) ?? "";
    const seq = frame["seq"];
    const before = this.#seq;
    if (typeof seq === "number") this.#seq = seq;
    if (event === "shutdown") this.#restarting = isRecord(frame["payload"]) && typeof frame["payload"]["restartExpectedMs"] === "number";
    for (const hear of this.#hearers.get(event) ?? []) hear(frame["payload"] as never);
    for (const hear of this.#anyHearers) hear(event, frame["payload"]);
    const isGap = typeof seq === "number" && before !== null && seq > before + 1;
    if (isGap && this.#isReady) this.#refresh();
  }

  async #logIn(socket: Socket, challenge: Record<string, unknown>): Promise<void> {
    const device = await this.#options.identity();
    if (socket !== this.#socket) return;
    const shown = this.#options.credentials.shown(device !== null);
    const answer = this.#ask("connect", await this.#knock(device, shown, challenge), LOGIN_MS);
    try {
      const hello = (await answer) as HelloOk;
      if (socket === this.#socket) this.#letIn(hello);
    } catch (error) {
      if (socket === this.#socket) this.#refused(socket, shown, error as GatewayError);
    }
  }

  async #knock(device: DeviceIdentity | null, shown: Shown, challenge: Record<string, unknown>): Promise<object> {
    const { about } = this.#options;
    const scopes = this.#options.credentials.scopes() ?? SCOPES;
    const nonce = textOf(challenge["nonce"]) ?? "";
    const signedAt = typeof challenge["ts"] === "number" ? challenge["ts"] : this.#options.now();
    const token = shown.token ?? shown.deviceToken ?? shown.bootstrapToken ?? "";
    const signature = device && await device.sign(signedLine({
      deviceId: device.id,
      clientId: CLIENT_ID,
      clientMode: CLIENT_MODE,
      role: ROLE,
      scopes,
      signedAt,
      token,
      nonce,
      platform: about.platform,
      deviceFamily: "",
    }));
    return {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: CLIENT_ID, version: about.version, platform: about.platform, mode: CLIENT_MODE },
      role: ROLE,
      scopes,
      caps: ["tool-events", "exec-approvals"],
      auth: shown,
      locale: about.locale,
      userAgent: about.userAgent,
      ...(device && { device: { id: device.id, publicKey: device.publicKey, signature, signedAt, nonce } }),
    };
  }

  #letIn(hello: HelloOk): void {
    clearTimeout(this.#login);
    const { deviceToken } = hello.auth;
    if (deviceToken) this.#options.credentials.keepDeviceToken(deviceToken);
    this.#options.credentials.redeem(null);
    this.#attempt = 0;
    this.#seq = null;
    this.#restarting = false;
    this.#isReady = true;
    this.#hello.value = hello;
    this.#phase.value = { kind: "connected" };
    this.#rewind();
    this.#refresh();
  }

  #refused(socket: Socket, shown: Shown, error: GatewayError): void {
    if (error.detailCode === "AUTH_BOOTSTRAP_TOKEN_INVALID") {
      // The link was used before. This browser may well be known by now.
      this.#options.credentials.drop(shown);
      this.connect();
      return;
    }
    const phase = phaseOf(error, this.#options.now());
    if (phase?.kind === "secret" && phase.wrong) {
      this.#options.credentials.drop(shown);
      // The device's token was taken back. That is no reason to speak of a wrong secret: nobody
      // entered one.
      if (shown.deviceToken) this.#refusal = { ...phase, wrong: false };
      else this.#refusal = phase;
    } else this.#refusal = phase;
    socket.close(NOT_LET_IN, "not let in");
    this.#closed(NOT_LET_IN);
  }

  #closed(code: number): void {
    this.#forgetTimers();
    this.#drop();
    const refusal = this.#refusal;
    this.#refusal = null;
    if (refusal) {
      this.#phase.value = refusal;
      if (refusal.kind === "pairing") this.#later(PAIRING_LOOK_MS);
      if (refusal.kind === "limited") this.#later(Math.max(0, refusal.until - this.#options.now()));
      return;
    }
    this.#attempt += 1;
    const delay = delayBefore(this.#attempt, this.#options.random);
    const until = this.#options.now() + delay;
    this.#phase.value = { kind: "away", until, restarting: this.#restarting || code === RESTART };
    this.#later(delay);
  }

  #later(delay: number): void {
    this.#retry = setTimeout(() => this.connect(), delay);
  }

  #refresh(): void {
    for (const fetch of this.#fresh) fetch();
  }

  /** Something was heard; begins to wait for the next sign of life. */
  #rewind(): void {
    clearTimeout(this.#watchdog);
    const tick = this.#hello.peek()?.policy.tickIntervalMs;
    const socket = this.#socket;
    if (!this.#isReady || !tick || !socket) return;
    this.#watchdog = setTimeout(() => {
      socket.close(SILENT, "tick timeout");
      // A socket whose other end is gone may take minutes to notice that it is closed.
      if (socket === this.#socket) this.#closed(SILENT);
    }, 2 * tick);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.fail(disconnected());
    }
    this.#waiting.clear();
  }

  #forgetTimers(): void {
    for (const timer of [this.#retry, this.#watchdog, this.#login]) clearTimeout(timer);
  }
}

/** Whether the dashboard knows what to do with a scope. */
function isOurs(scope: string): boolean {
  return (SCOPES as readonly string[]).includes(scope);
}

/** A name nobody else has. Also where browsers give pages no `randomUUID`. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function disconnected(): GatewayError {
  return new GatewayError({ code: DISCONNECTED, message: "not connected" });
}

function parsed(data: unknown): Record<string, unknown> | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    return isRecord(frame) ? frame : null;
  } catch {
    return null;
  }
}

function shapeOf(error: unknown): ErrorShape {
  if (!isRecord(error)) return { code: "UNAVAILABLE", message: "no reason was given" };
  const { code, message, details, retryAfterMs } = error;
  return {
    code: textOf(code) ?? "UNAVAILABLE",
    message: textOf(message) ?? "",
    details,
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : undefined,
  };
}
