// The commands that wait for somebody's consent.
import { signal } from "@preact/signals";

import { gateway } from "../gateway/index.ts";
import type { ExecApprovalRequested } from "../protocol/index.ts";

/** A command that waits. */
export type Question = ExecApprovalRequested;

/** Those that wait, the oldest first. */
export const waiting = signal<readonly Question[]>([]);

/** How many decisions to remember, in case a list was made before them and comes after. */
const REMEMBERED = 200;

/** Knows what waits from now on. */
export function followApprovals(): () => void {
  const decided: string[] = [];
  const learn = (questions: readonly Question[]) => {
    waiting.value = questions
      .filter((it) => !decided.includes(it.id))
      .sort((one, other) => one.createdAtMs - other.createdAtMs || one.id.localeCompare(other.id));
  };
  const ask = () => {
    if (!gateway.has("exec.approval.list") || !gateway.may("operator.approvals")) return;
    const before = waiting.peek();
    gateway.request("exec.approval.list", {}).then((list) => {
      const listed = list.map(({ id, createdAtMs, expiresAtMs, request }) => ({ id, createdAtMs, expiresAtMs, request }));
      // What was heard of while the list was on its way is kept.
      const heard = waiting.peek().filter((it) => !before.some((other) => other.id === it.id) && !listed.some((other) => other.id === it.id));
      learn([...listed, ...heard]);
    }, () => undefined);
  };
  const ends = [
    gateway.onFresh(ask),
    gateway.on("exec.approval.requested", (question) => {
      learn([...waiting.peek().filter((it) => it.id !== question.id), question]);
    }),
    gateway.on("exec.approval.resolved", ({ id }) => {
      decided.push(id);
      decided.splice(0, decided.length - REMEMBERED);
      learn(waiting.peek());
    }),
  ];
  return () => ends.forEach((end) => end());
}
