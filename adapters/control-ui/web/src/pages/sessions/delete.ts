// Deleting sessions here: who is told, and in which words.
import { isRecord } from "../../gateway/error.ts";
import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { titleOf } from "../../state/assistant.ts";
import { sessions } from "../../state/sessions.ts";
import { say, sayFailed } from "../../state/toasts.ts";
import { Deletions, UNDO_MS } from "./deletions.ts";

export const deletions = new Deletions({
  async forget(key) {
    await gateway.request("sessions.delete", { key });
    sessions.value = sessions.peek().filter((row) => row.key !== key);
  },
  offer(keys, undo, forMs) {
    const [first] = keys;
    const row = sessions.peek().find((it) => it.key === first);
    const text = keys.length === 1 && first !== undefined
      ? t("sessions.deleted.one", { name: titleOf(first, row) })
      : t("sessions.deleted", { count: keys.length });
    return say({ kind: "done", text, action: { label: t("common.undo"), act: undo } }, forMs);
  },
  failed: sayFailed,
  keep: (keys) => write(keys.map((key) => [key, sessions.peek().find((row) => row.key === key)?.updatedAt ?? null] as const)),
});

addEventListener("pagehide", () => void deletions.finish());

/** Does what was left undone when the browser was closed. Returns what ends waiting for the gateway. */
export function finishDeletions(): () => void {
  return gateway.onFresh(() => {
    const left = read();
    // Another tab may still be about to take it back.
    if (!left || Date.now() < left.until || deletions.gone.peek().size > 0) return;
    write([]);
    for (const [key, updatedAt] of left.sessions) void forgetUnlessUsed(key, updatedAt);
  });
}

async function forgetUnlessUsed(key: string, updatedAt: number | null): Promise<void> {
  try {
    const { session } = await gateway.request("sessions.describe", { key });
    if (session && session.updatedAt === updatedAt) await gateway.request("sessions.delete", { key });
  } catch (error) {
    sayFailed(error);
  }
}

/** Where deletions that wait are written down. */
const KEPT = "openclaw.deletions";

interface Kept {
  until: number;
  /** Which, and when each had been used last. */
  sessions: readonly (readonly [string, number | null])[];
}

function write(list: Kept["sessions"]): void {
  try {
    if (list.length) localStorage.setItem(KEPT, JSON.stringify({ until: Date.now() + UNDO_MS, sessions: list } satisfies Kept));
    else localStorage.removeItem(KEPT);
  } catch {
    /* Browsers may refuse to keep anything. */
  }
}

function read(): Kept | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    if (!isRecord(kept) || typeof kept["until"] !== "number" || !Array.isArray(kept["sessions"])) return null;
    return { until: kept["until"], sessions: kept["sessions"] as Kept["sessions"] };
  } catch {
    return null;
  }
}

/** The main session of an agent stays. */
export function isMain(key: string): boolean {
  const main = gateway.hello.value?.snapshot.sessionDefaults.mainKey ?? "main";
  return key.replace(/^agent:[^:]*:/, "") === main || key === "global";
}
