// What this browser may not do yet, and asking to be allowed it.
//
// The browser goes on with what it may while somebody decides. Then it comes back with the new token, and
// whatever it was refused is tried again.
import { signal } from "@preact/signals";

import { DISCONNECTED, GatewayError, TIMEOUT } from "../gateway/error.ts";
import { SCOPES, commandFor, gateway } from "../gateway/index.ts";
import { t } from "../i18n/index.ts";
import { say } from "./toasts.ts";

/** What somebody is being asked for. */
export interface Plea {
  /** What this browser lacks. */
  readonly lacks: readonly string[];
  /** What to do once it may. */
  readonly then: (() => void) | undefined;
  readonly state: "explained" | "asking" | "refused" | "over" | { command: string } | { failed: unknown };
}

/** What is asked for; there is one request at a time. */
export const plea = signal<Plea | null>(null);
/** Whether somebody looks at it. */
export const isPleading = signal(false);

/** How long the gateway is waited for at a time. A decision may take as long as people take. */
const WAIT_MS = 10 * 60_000;

/** What this browser could be allowed, and is not. */
export function lacking(): string[] {
  return SCOPES.filter((scope) => !gateway.may(scope));
}

/** Whether the gateway can be asked for more. */
export function canAsk(): boolean {
  return gateway.has("device.scopes.requestUpgrade") && gateway.has("device.scopes.waitUpgrade");
}

/** Explains what is lacking, and offers to ask for it. One that waits already is shown instead. */
export function plead(lacks: readonly string[], then?: () => void): void {
  const before = plea.peek();
  const isSame = before !== null && before.lacks.join() === lacks.join();
  const isWaiting = before !== null && (before.state === "asking" || isCommand(before.state));
  if (!isSame || !isWaiting) plea.value = { lacks, then, state: "explained" };
  isPleading.value = true;
}

/** Asks, and waits for what becomes of it. */
export async function ask(): Promise<void> {
  const asked = plea.peek();
  if (!asked) return;
  const mine: Plea = { ...asked, state: "asking" };
  plea.value = mine;
  // Something else may be asked for meanwhile; then this one is nobody's business any more.
  const isMine = () => plea.peek()?.lacks === mine.lacks;
  const become = (state: Plea["state"]) => {
    if (isMine()) plea.value = { ...mine, state };
  };
  const has = gateway.hello.peek()?.auth.scopes ?? [];
  try {
    const { requestId } = await gateway.request("device.scopes.requestUpgrade", { scopes: [...new Set([...has, ...mine.lacks])] });
    become({ command: commandFor(requestId) });
    const decided = await decision(requestId);
    if (!isMine()) return;
    if (decided === null) return become("over");
    if (decided.status !== "approved" || !decided.deviceToken) return become("refused");
    await back(decided.deviceToken, decided.scopes ?? []);
    plea.value = null;
    isPleading.value = false;
    const stillLacks = mine.lacks.filter((scope) => !gateway.may(scope));
    if (stillLacks.length) return void say({ kind: "failed", text: t("scopes.notYours", { scopes: named(stillLacks) }) });
    say({ kind: "done", text: t("scopes.approved", { scopes: named(mine.lacks) }) });
    mine.then?.();
  } catch (error) {
    become({ failed: error });
  }
}

/** Forgets what was asked for. The request itself runs out by itself. */
export function giveUp(): void {
  plea.value = null;
  isPleading.value = false;
}

export function isCommand(state: Plea["state"]): state is { command: string } {
  return typeof state === "object" && "command" in state;
}

/** Scopes without what all of them begin with, in one line. */
export function named(scopes: readonly string[]): string {
  return scopes.map((scope) => scope.replace(/^operator\./, "")).join(", ");
}

/** Waits for a decision, whatever happens to the connection meanwhile. Nothing where nobody decided in time. */
async function decision(requestId: string) {
  for (;;) {
    try {
      return await gateway.request("device.scopes.waitUpgrade", { requestId }, WAIT_MS);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      // The gateway does not know the request any more.
      if (error.code === "INVALID_REQUEST") return null;
      if (![DISCONNECTED, TIMEOUT].includes(error.code)) throw error;
      await connected();
    }
  }
}

/** Comes back with `token`. */
async function back(token: string, scopes: readonly string[]): Promise<void> {
  const before = gateway.hello.peek();
  gateway.upgrade(token, scopes);
  await new Promise<void>((done) => {
    const end = gateway.hello.subscribe((hello) => {
      if (hello !== before) queueMicrotask(() => (end(), done()));
    });
  });
}

/** The next time the connection is there. */
function connected(): Promise<void> {
  return new Promise((done) => {
    const end = gateway.phase.subscribe((phase) => {
      if (phase.kind === "connected") queueMicrotask(() => (end(), done()));
    });
  });
}
