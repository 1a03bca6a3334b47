// The end of the log, kept up to date.
//
// The gateway is asked again and again for what was written since. Where it had to leave something out,
// or the file is another one, what was there before stays, and a mark stands between.
import { signal, type ReadonlySignal } from "@preact/signals";

import type { GatewayClient } from "../../gateway/client.ts";
import type { TailResult } from "../../protocol/index.ts";
import { lineOf, type Line } from "./line.ts";

/** How many lines are kept. */
export const MOST = 20_000;
const FIRST = { limit: 2_000, maxBytes: 1_000_000 };
const NEXT = { limit: 5_000, maxBytes: 1_000_000 };

export class Tail {
  readonly lines: ReadonlySignal<readonly Line[]>;
  /** The lines before which something is missing, by their names. */
  readonly gaps: ReadonlySignal<ReadonlySet<number>>;
  readonly file: ReadonlySignal<string | null>;
  readonly size: ReadonlySignal<number>;
  readonly error: ReadonlySignal<unknown>;

  readonly #client: Pick<GatewayClient, "request">;
  readonly #lines = signal<readonly Line[]>([]);
  readonly #gaps = signal<ReadonlySet<number>>(new Set());
  readonly #file = signal<string | null>(null);
  readonly #size = signal(0);
  readonly #error = signal<unknown>(null);
  #cursor: number | null = null;
  #last = 0;
  #isLooking = false;

  constructor(client: Pick<GatewayClient, "request">) {
    this.#client = client;
    this.lines = this.#lines;
    this.gaps = this.#gaps;
    this.file = this.#file;
    this.size = this.#size;
    this.error = this.#error;
  }

  /** Fetches what was written since the last look. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const params = this.#cursor === null ? FIRST : { ...NEXT, cursor: this.#cursor };
      this.#take(await this.#client.request("logs.tail", params));
      this.#error.value = null;
    } catch (error) {
      this.#error.value = error;
    } finally {
      this.#isLooking = false;
    }
  }

  #take(tail: TailResult): void {
    this.#cursor = tail.cursor;
    this.#file.value = tail.file;
    this.#size.value = tail.size;
    if (!tail.lines.length) return;
    const fresh = tail.lines.map((raw) => {
      this.#last += 1;
      return lineOf(this.#last, raw);
    });
    const before = this.#lines.peek();
    if ((tail.truncated || tail.reset) && fresh[0]) this.#gaps.value = new Set([...this.#gaps.peek(), fresh[0].id]);
    this.#lines.value = [...before, ...fresh].slice(-MOST);
  }
}
