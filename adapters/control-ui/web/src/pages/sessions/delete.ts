// Deleting sessions here: who is told, and in which words.
import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { titleOf } from "../../state/assistant.ts";
import { sessions } from "../../state/sessions.ts";
import { say, sayFailed } from "../../state/toasts.ts";
import { Deletions } from "./deletions.ts";

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
});

addEventListener("pagehide", () => void deletions.finish());

/** The main session of an agent stays. */
export function isMain(key: string): boolean {
  const main = gateway.hello.value?.snapshot.sessionDefaults.mainKey ?? "main";
  return key.replace(/^agent:[^:]*:/, "") === main || key === "global";
}
