// What agents are called, and what sessions are.
import { computed, signal } from "@preact/signals";

import { base, gateway } from "../gateway/index.ts";
import type { Agent, SessionRow } from "../protocol/index.ts";
import { t } from "../i18n/index.ts";
import { isRecord, textOf } from "../gateway/error.ts";

/** Somebody who answers. */
export interface Assistant {
  id: string;
  name: string;
  /** A letter, a sign, or a picture in a `data:` URL. */
  avatar: string;
}

export const agents = signal<readonly Agent[]>([]);
const first = signal<Assistant>({ id: "main", name: "OpenClaw", avatar: "O" });

/** Who answers when nobody is named. */
export const assistant = computed<Assistant>(() => {
  const id = gateway.hello.value?.snapshot.sessionDefaults.defaultAgentId;
  return id ? assistantOf(id) : first.value;
});

/** An agent, as it presents itself. */
export function assistantOf(id: string): Assistant {
  const agent = agents.value.find((it) => it.id === id);
  if (!agent) return id === first.value.id ? first.value : { id, name: id, avatar: initial(id) };
  const name = agent.identity?.name ?? agent.name ?? (id === first.value.id ? first.value.name : id);
  const { avatarUrl, avatar, emoji } = agent.identity ?? {};
  return { id, name, avatar: face([avatarUrl, avatar, emoji]) ?? initial(name) };
}

/** The first of these that can be shown without asking anybody: a picture that is here, a letter or a sign. */
function face(looks: readonly (string | null | undefined)[]): string | undefined {
  return looks.find((it) => it && (it.startsWith("data:image/") || [...it].length <= 4)) ?? undefined;
}

/** Knows the agents from now on. */
export function followAgents(): () => void {
  void fetch(new URL("control-ui-config.json", base)).then(async (response) => {
    const known: unknown = response.ok ? await response.json() : null;
    if (!isRecord(known)) return;
    const name = textOf(known["assistantName"]) ?? first.peek().name;
    first.value = { id: textOf(known["assistantAgentId"]) ?? "main", name, avatar: face([textOf(known["assistantAvatar"])]) ?? initial(name) };
  }).catch(() => undefined);
  const ask = () => {
    gateway.request("agents.list", {}).then((list) => {
      agents.value = list.agents;
    }, () => undefined);
  };
  const ends = [gateway.onFresh(ask), gateway.on("config.changed", ask)];
  return () => ends.forEach((end) => end());
}

/** The full name of a session, of which others may speak in short. */
export function canonical(key: string, agent?: string | null): string {
  const defaults = gateway.hello.peek()?.snapshot.sessionDefaults;
  if (key.startsWith("agent:")) return key;
  return `agent:${agent ?? defaults?.defaultAgentId ?? "main"}:${key}`;
}

/** The session shown where none is named. */
export function mainSession(): string {
  const defaults = gateway.hello.value?.snapshot.sessionDefaults;
  return defaults?.mainSessionKey ?? "agent:main:main";
}

/** What to call a session. */
export function titleOf(key: string, row?: SessionRow | null): string {
  if (row?.label) return row.label;
  if (key === mainSession()) return t("chat.main");
  const derived = row?.derivedTitle && !NAMELESS.test(row.derivedTitle) ? row.derivedTitle : null;
  const given = row?.displayName ?? derived;
  if (given) return given;
  const place = key.replace(/^agent:[^:]*:/, "");
  return BEGUN_HERE.test(place) ? t("chat.new") : place;
}

/** What the gateway calls a session in which nothing was said: its transcript and the day. */
const NAMELESS = /^[0-9a-f]{8} \(\d{4}-\d\d-\d\d\)$/;
/** Sessions begun in a dashboard have a name nobody wants to read. */
const BEGUN_HERE = /^dashboard:[0-9a-f-]{36}$/;

/** Whose a session is. */
export function agentOf(key: string): string {
  const [, agent] = /^agent:([^:]+):/.exec(key) ?? [];
  return agent ?? gateway.hello.value?.snapshot.sessionDefaults.defaultAgentId ?? "main";
}

function initial(name: string): string {
  return [...name.trim()][0]?.toUpperCase() ?? "?";
}
