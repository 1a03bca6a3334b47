// Short words about what just happened.
import { signal } from "@preact/signals";

import { t } from "../i18n/index.ts";
import { DISCONNECTED, GatewayError, TIMEOUT } from "../gateway/error.ts";

export interface Toast {
  id: number;
  kind: "done" | "failed";
  text: string;
  /** What can be done about it, for as long as it is shown. */
  action?: { label: string; act: () => void };
  /** The scope this browser lacks, if that is why something did not work, and what to try again with it. */
  lacks?: { scope: string; again: (() => void) | undefined };
}

const SHOWN_MS = 6_000;
/** What something can be done about is shown for longer. */
const SHOWN_LONG_MS = 20_000;

export const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Says something. Returns what takes it back. */
export function say(toast: Omit<Toast, "id">, shownMs = SHOWN_MS): () => void {
  last += 1;
  const id = last;
  const dismiss = () => {
    toasts.value = toasts.value.filter((it) => it.id !== id);
  };
  toasts.value = [...toasts.value.slice(-3), { ...toast, id }];
  setTimeout(dismiss, shownMs);
  return dismiss;
}

/** Says why something did not work. `again` tries it again, should this browser be allowed to. */
export function sayFailed(error: unknown, again?: () => void): void {
  const scope = error instanceof GatewayError ? error.missingScope : undefined;
  if (scope) say({ kind: "failed", text: wordsFor(error), lacks: { scope, again } }, SHOWN_LONG_MS);
  else say({ kind: "failed", text: t("common.failed", { message: wordsFor(error) }) });
}

/** Why something did not work, for a person. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof GatewayError)) return String(error instanceof Error ? error.message : error);
  if (error.missingScope) return t("scopes.lacking", { scopes: error.missingScope.replace(/^operator\./, "") });
  switch (error.code) {
    case DISCONNECTED: return t("common.offline");
    case TIMEOUT: return t("common.timeout");
    case "FORBIDDEN": return t("common.forbidden");
    default: return error.message;
  }
}
