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
}

const SHOWN_MS = 6_000;

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

/** Says why something did not work. */
export function sayFailed(error: unknown): void {
  say({ kind: "failed", text: t("common.failed", { message: wordsFor(error) }) });
}

/** Why something did not work, for a person. */
export function wordsFor(error: unknown): string {
  if (!(error instanceof GatewayError)) return String(error instanceof Error ? error.message : error);
  switch (error.code) {
    case DISCONNECTED: return t("common.offline");
    case TIMEOUT: return t("common.timeout");
    case "FORBIDDEN": return t("common.forbidden");
    default: return error.message;
  }
}
