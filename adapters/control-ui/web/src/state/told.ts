// Something the gateway is asked for once, and tells by itself whenever it changes.
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { gateway } from "../gateway/index.ts";
import type { EventName, MethodName, Params, Payload, Result } from "../protocol/index.ts";

interface Told<T> {
  value: ReadonlySignal<T | null>;
  error: ReadonlySignal<unknown>;
}

/**
 * What `method` says, and what `event` says since. To ask again whenever the event is heard would be
 * wrong where asking is what makes the gateway tell.
 */
export function useTold<M extends MethodName, E extends EventName>(
  method: M,
  params: Params<M>,
  event: E,
  read: (payload: Payload<E>) => Result<M>,
): Told<Result<M>> {
  const value = useMemo(() => signal<Result<M> | null>(null), [method]);
  const error = useMemo(() => signal<unknown>(null), [method]);
  useEffect(() => {
    let changes = 0;
    const ends = [
      gateway.onFresh(() => {
        const before = changes;
        gateway.request(method, params).then(
          (said) => {
            error.value = null;
            // What was told meanwhile is newer.
            if (before === changes) value.value = said;
          },
          (why: unknown) => {
            error.value = why;
          },
        );
      }),
      gateway.on(event, (payload) => {
        changes += 1;
        value.value = read(payload);
        error.value = null;
      }),
    ];
    return () => ends.forEach((end) => end());
  }, [method, event]);
  return { value, error };
}
