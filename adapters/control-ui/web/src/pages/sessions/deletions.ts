// Deleting sessions in a way that can be taken back.
//
// What the gateway forgets is gone. So a session that is deleted here disappears at once, but the gateway
// is told only when nobody took it back for some time, or when the page goes away. A browser may close the
// connection before that is heard: what waits is written down, and done when somebody looks again, if
// nobody used the session meanwhile.
import { signal, type ReadonlySignal } from "@preact/signals";

export interface Teller {
  /** Tells the gateway to forget a session. */
  forget: (key: string) => Promise<unknown>;
  /** Says that these are deleted and offers to take it back. Returns what takes the offer away. */
  offer: (keys: readonly string[], undo: () => void, forMs: number) => () => void;
  failed: (error: unknown) => void;
  /** Writes down what waits, in place of what was written before. */
  keep: (keys: readonly string[]) => void;
}

/** How long it can be taken back. */
export const UNDO_MS = 10_000;
/** How many the gateway is told about at a time. */
const AT_ONCE = 50;

interface Batch {
  keys: readonly string[];
  timer: ReturnType<typeof setTimeout>;
  withdraw: () => void;
}

export class Deletions {
  /** The sessions that are not shown any more. */
  readonly gone: ReadonlySignal<ReadonlySet<string>>;
  readonly #gone = signal<ReadonlySet<string>>(new Set());
  readonly #waiting = new Set<Batch>();
  readonly #teller: Teller;

  constructor(teller: Teller) {
    this.#teller = teller;
    this.gone = this.#gone;
  }

  /** Deletes sessions, unless somebody takes it back. */
  delete(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !this.#gone.peek().has(key));
    if (!fresh.length) return;
    this.#gone.value = new Set([...this.#gone.peek(), ...fresh]);
    const batch: Batch = {
      keys: fresh,
      timer: setTimeout(() => void this.#carryOut(batch), UNDO_MS),
      withdraw: () => undefined,
    };
    this.#waiting.add(batch);
    this.#keep();
    batch.withdraw = this.#teller.offer(fresh, () => this.#undo(batch), UNDO_MS);
  }

  /** Does now what waits: nobody will be here to take it back. */
  async finish(): Promise<void> {
    await Promise.all([...this.#waiting].map((batch) => this.#carryOut(batch)));
  }

  #undo(batch: Batch): void {
    if (!this.#waiting.delete(batch)) return;
    clearTimeout(batch.timer);
    this.#keep();
    this.#show(batch.keys);
  }

  async #carryOut(batch: Batch): Promise<void> {
    if (!this.#waiting.delete(batch)) return;
    clearTimeout(batch.timer);
    batch.withdraw();
    let failure: PromiseRejectedResult | undefined;
    for (let from = 0; from < batch.keys.length; from += AT_ONCE) {
      const part = batch.keys.slice(from, from + AT_ONCE);
      const results = await Promise.allSettled(part.map((key) => this.#teller.forget(key)));
      failure ??= results.find((it) => it.status === "rejected");
    }
    this.#keep();
    if (failure) this.#teller.failed(failure.reason);
    // Those that are forgotten are not in the list any more; the others are back.
    this.#show(batch.keys);
  }

  #keep(): void {
    this.#teller.keep([...this.#waiting].flatMap((batch) => batch.keys));
  }

  #show(keys: readonly string[]): void {
    this.#gone.value = new Set([...this.#gone.peek()].filter((key) => !keys.includes(key)));
  }
}
