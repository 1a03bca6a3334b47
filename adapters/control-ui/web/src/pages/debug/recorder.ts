// The events of the connection, as they were heard.
import { signal } from "@preact/signals";

import { gateway } from "../../gateway/index.ts";

/** An event that was heard. Its text is made when somebody looks at it: there may be hundreds a second. */
export class Heard {
  #text: string | null = null;

  constructor(readonly number: number, readonly at: number, readonly event: string, readonly payload: unknown) {}

  get text(): string {
    this.#text ??= JSON.stringify(this.payload) ?? "";
    return this.#text;
  }
}

/** How many are kept. */
export const KEPT = 5_000;

/** The newest events. While it is paused it keeps listening, and shows nothing new. */
export class Recorder {
  readonly shown = signal<readonly Heard[]>([]);
  readonly isPaused = signal(false);
  /** How many came while it was paused. */
  readonly held = signal(0);
  #kept: Heard[] = [];
  #count = 0;
  #isShowing = false;

  hear(event: string, payload: unknown, at: number): void {
    this.#count += 1;
    this.#kept.push(new Heard(this.#count, at, event, payload));
    if (this.#kept.length > KEPT * 1.2) this.#kept = this.#kept.slice(-KEPT);
    if (this.isPaused.peek()) this.held.value += 1;
    else this.#showSoon();
  }

  pause(isPaused: boolean): void {
    this.isPaused.value = isPaused;
    if (isPaused) return;
    this.held.value = 0;
    this.#show();
  }

  clear(): void {
    this.#kept = [];
    this.held.value = 0;
    this.#show();
  }

  /** Once a frame, however many there are. */
  #showSoon(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    requestAnimationFrame(() => {
      this.#isShowing = false;
      if (!this.isPaused.peek()) this.#show();
    });
  }

  #show(): void {
    this.shown.value = this.#kept.slice(-KEPT);
  }
}

/** What was heard while this page was open. */
export const recorder = new Recorder();

/** Records from now on. */
export function record(): () => void {
  return gateway.onAny((event, payload) => recorder.hear(event, payload, Date.now()));
}

/** The events of one kind, or all, with every word of `text` in them. */
export function matching(events: readonly Heard[], kind: string, text: string): Heard[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return events.filter((it) => {
    if (kind && it.event !== kind) return false;
    if (!words.length) return true;
    const known = `${it.event} ${it.text}`.toLowerCase();
    return words.every((word) => known.includes(word));
  });
}

/** Events as lines of JSON. */
export function exported(events: readonly Heard[]): string {
  return events.map((it) => JSON.stringify({ at: new Date(it.at).toISOString(), event: it.event, payload: it.payload })).join("\n") + "\n";
}
