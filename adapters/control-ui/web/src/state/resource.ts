// Something a page shows that the gateway is asked for.
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { gateway } from "../gateway/index.ts";
import type { EventName, MethodName, Params, Result } from "../protocol/index.ts";

/** What is known so far. The value stays while it is fetched again. */
export interface Resource<T> {
  readonly value: ReadonlySignal<T | null>;
  readonly error: ReadonlySignal<unknown>;
  readonly isLoading: ReadonlySignal<boolean>;
  /** Asks again. */
  refresh(): void;
}

/** How long to collect events before asking again because of them. */
const TOGETHER_MS = 150;

/**
 * The result of `method`, fetched when the page is shown, after every gap, and whenever one of `events`
 * is heard. `params` of `null` wait: nothing is asked yet.
 */
export function useResource<M extends MethodName>(
  method: M,
  params: Params<M> | null,
  events: readonly EventName[] = [],
): Resource<Result<M>> {
  const key = JSON.stringify(params);
  const resource = useMemo(() => new Fetched<M>(method, params), [method, key]);
  useEffect(() => resource.follow(events), [resource]);
  return resource;
}

class Fetched<M extends MethodName> implements Resource<Result<M>> {
  readonly value = signal<Result<M> | null>(null);
  readonly error = signal<unknown>(null);
  readonly isLoading = signal(false);
  #newest = 0;
  #soon: ReturnType<typeof setTimeout> | undefined;
  readonly #method: M;
  readonly #params: Params<M> | null;

  constructor(method: M, params: Params<M> | null) {
    this.#method = method;
    this.#params = params;
  }

  follow(events: readonly EventName[]): () => void {
    const soon = () => {
      clearTimeout(this.#soon);
      this.#soon = setTimeout(() => this.refresh(), TOGETHER_MS);
    };
    const ends = [gateway.onFresh(() => this.refresh()), ...events.map((event) => gateway.on(event, soon))];
    return () => {
      clearTimeout(this.#soon);
      this.#newest += 1;
      for (const end of ends) end();
    };
  }

  refresh(): void {
    if (this.#params === null) return;
    this.#newest += 1;
    const mine = this.#newest;
    this.isLoading.value = true;
    gateway.request(this.#method, this.#params).then(
      (value) => {
        if (mine !== this.#newest) return;
        this.value.value = value;
        this.error.value = null;
        this.isLoading.value = false;
      },
      (error: unknown) => {
        if (mine !== this.#newest) return;
        this.error.value = error;
        this.isLoading.value = false;
      },
    );
  }
}
