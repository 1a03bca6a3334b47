// News for somebody who looks elsewhere: that an answer is complete, that a command waits.
import { gateway } from "../gateway/index.ts";
import { t } from "../i18n/index.ts";
import { pathOf } from "../router.ts";
import { worker } from "../worker.ts";
import { assistantOf, canonical } from "./assistant.ts";
import { preferences } from "./preferences.ts";

/** Whether browsers could show news of this page at all, and whether they may. */
export function permission(): NotificationPermission | "impossible" {
  return typeof Notification === "undefined" || !isSecureContext ? "impossible" : Notification.permission;
}

/** Asks whether news may be shown. Only when somebody just switched them on. */
export async function askPermission(): Promise<boolean> {
  if (permission() === "default") await Notification.requestPermission();
  return permission() === "granted";
}

/** Shows news from now on, as far as somebody wishes to have them. */
export function notifyOfNews(): void {
  gateway.on("chat", (chat) => {
    if (chat.state !== "final" || !preferences.notifyRuns.peek() || isSeen()) return;
    const session = canonical(chat.sessionKey, chat.agentId);
    void show(t("chat.notice.finished", { name: assistantOf(chat.agentId).name }), session, pathOf("chat", { session }));
  });
  gateway.on("exec.approval.requested", (asked) => {
    if (!preferences.notifyApprovals.peek() || isSeen()) return;
    void show(t("chat.notice.approval"), asked.id, pathOf("approvals"));
  });
}

function isSeen(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** What was said is not in it: others may see the screen. */
async function show(title: string, tag: string, path: string): Promise<void> {
  if (permission() !== "granted") return;
  const options = { tag, data: { path } };
  const registration = await worker();
  if (registration?.active) await registration.showNotification(title, options);
  else new Notification(title, options);
}
