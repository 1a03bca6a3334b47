// How lively the gateway is. What was counted stays while other pages are shown.
import { signal } from "@preact/signals";

import { gateway } from "../../gateway/index.ts";
import type { Info } from "../../protocol/index.ts";

/** How many seconds are kept. */
export const SECONDS = 120;
/** How many answers of `system.info` are kept. */
export const SAMPLES = 120;

/** What was found out about the machine at one time. */
export interface Sample {
  info: Info;
  /** When, by the clock of this browser. */
  at: number;
  /** How long the answer took, in milliseconds. */
  tookMs: number;
}

/** How many events this browser heard in each of the last seconds, the newest last. */
export const events = signal<readonly number[]>([]);
/** What the gateway said about its machine, the newest last. */
export const samples = signal<readonly Sample[]>([]);

let isCounting = false;

/** Counts events from now on. */
export function countEvents(): void {
  if (isCounting) return;
  isCounting = true;
  let heard = 0;
  let since = performance.now();
  gateway.onAny(() => {
    heard += 1;
  });
  setInterval(() => {
    const now = performance.now();
    events.value = spread(events.peek(), heard, now - since);
    heard = 0;
    since = now;
  }, 1000);
}

/** Asks the gateway about its machine. */
export async function sample(): Promise<void> {
  const began = performance.now();
  try {
    const info = await gateway.request("system.info", {});
    const tookMs = performance.now() - began;
    // Another process is another story.
    const before = samples.peek().filter((it) => it.info.processInstanceId === info.processInstanceId);
    samples.value = [...before.slice(1 - SAMPLES), { info, at: Date.now(), tookMs }];
  } catch {
    // The frame says that the connection is away.
  }
}

/**
 * The seconds with those since the last look. Browsers let pages nobody sees look only once a minute, so
 * that what was heard belongs to many seconds.
 */
export function spread(seconds: readonly number[], heard: number, elapsedMs: number): readonly number[] {
  const passed = Math.max(1, Math.round(elapsedMs / 1000));
  const fresh = Array.from({ length: Math.min(passed, SECONDS) }, () => heard / passed);
  return [...seconds, ...fresh].slice(-SECONDS);
}
