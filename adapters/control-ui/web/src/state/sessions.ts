// The list of sessions, the newest first, and the conversations somebody looks at.
import { signal } from "@preact/signals";

import { gateway } from "../gateway/index.ts";
import type { SessionRow } from "../protocol/index.ts";
import { canonical } from "./assistant.ts";
import { Conversation } from "./conversation.ts";

export const sessions = signal<readonly SessionRow[]>([]);
export const sessionsAreLoaded = signal(false);

/** As many as the gateway hands out at once; the list goes on in further parts. */
const PART = 1_000;
/** How many are kept at most. */
const MOST = 10_000;
const conversations = new Map<string, Conversation>();

let users = 0;
let ends: (() => void)[] = [];
let asked = 0;

/** Follows the list for as long as somebody looks at it. Returns what ends that. */
export function followSessions(): () => void {
  users += 1;
  if (users === 1) {
    ends = [
      gateway.onFresh(() => {
        gateway.request("sessions.subscribe", {}).catch(() => undefined);
        void fetchAll();
      }),
      gateway.on("sessions.changed", (changed) => {
        const key = canonical(changed.sessionKey, changed.agentId);
        const others = sessions.peek().filter((it) => it.key !== key);
        const old = sessions.peek().find((it) => it.key === key);
        if (changed.reason === "delete") sessions.value = others;
        else if (changed.session) sessions.value = inOrder([{ ...derived(old), ...changed.session }, ...others]);
      }),
      gateway.on("chat", (chat) => {
        if (!["final", "aborted", "error"].includes(chat.state)) return;
        const key = canonical(chat.sessionKey, chat.agentId);
        const row = sessions.peek().find((it) => it.key === key);
        if (!row || (row.label ?? row.displayName ?? row.derivedTitle)) {
          sessions.value = sessions.peek().map((it) => (it.key === key ? { ...it, status: null } : it));
        } else void fetchAll();
      }),
    ];
  }
  return () => {
    users -= 1;
    if (users === 0) for (const end of ends.splice(0)) end();
  };
}

/** Fetches the list anew. */
export async function fetchAll(): Promise<void> {
  asked += 1;
  const mine = asked;
  // By name: one that is used meanwhile moves to another part of the list, and comes twice.
  const all = new Map<string, SessionRow>();
  try {
    for (let offset = 0; offset < MOST;) {
      const part = await gateway.request("sessions.list", { limit: PART, offset, includeDerivedTitles: true, includeGlobal: true });
      if (mine !== asked) return;
      for (const row of part.sessions) all.set(row.key, row);
      // A list that does not go on has come to its end, whatever is said.
      if ((part.nextOffset ?? 0) <= offset) break;
      offset = part.nextOffset ?? MOST;
    }
  } catch {
    // The next login asks again.
    return;
  }
  sessions.value = inOrder([...all.values()]);
  sessionsAreLoaded.value = true;
}

/** The conversation of a session: one, however many look at it. */
export function conversationOf(key: string): Conversation {
  const known = conversations.get(key);
  if (known) return known;
  const conversation = new Conversation(gateway, key, canonical);
  conversations.set(key, conversation);
  return conversation;
}

/** Those whose names or words have `text` in them. */
export function matching(rows: readonly SessionRow[], text: string): readonly SessionRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  return rows.filter((row) => {
    const said = [row.key, row.label, row.displayName, row.derivedTitle].join(" ").toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

/** What only the list says about a session, and events do not. */
function derived(row: SessionRow | undefined): Partial<SessionRow> {
  return row?.derivedTitle ? { derivedTitle: row.derivedTitle } : {};
}

function inOrder(rows: readonly SessionRow[]): SessionRow[] {
  return [...rows].sort((one, other) => (other.updatedAt ?? 0) - (one.updatedAt ?? 0));
}
