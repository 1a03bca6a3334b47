// Those who answer: what they are called, which models they ask, and what they did.
import { useEffect, useMemo, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { compact } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { Agent, AgentHealth, Model, SessionRow } from "../../protocol/index.ts";
import { go, pathOf } from "../../router.ts";
import { agentOf, assistantOf } from "../../state/assistant.ts";
import { useResource } from "../../state/resource.ts";
import { followSessions, sessions } from "../../state/sessions.ts";
import { useTold } from "../../state/told.ts";
import { say, sayFailed } from "../../state/toasts.ts";
import { Avatar, Badge, Facts, Failure, Foreign, PageHead, Spinner, Time } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Menu, type Item } from "../../ui/menu.tsx";
import { Editor, removeAgent } from "./editor.tsx";
import "./agents.css";

const NO_MODELS: readonly Model[] = [];

type Asking = { kind: "edit"; id: string } | { kind: "new" } | { kind: "remove"; id: string } | null;

export default function Agents() {
  useEffect(() => (gateway.has("sessions.subscribe") ? followSessions() : undefined), []);
  const roster = useResource("agents.list", {}, ["config.changed"]);
  const health = useTold("health", {}, "health", (it) => it).value.value;
  const models = useResource("models.list", gateway.has("models.list") ? {} : null, ["config.changed"]).value.value?.models ?? NO_MODELS;
  const [asking, setAsking] = useState<Asking>(null);
  const known = roster.value.value;
  const mayChange = gateway.may("operator.admin") && gateway.has("config.patch") && gateway.has("config.get");
  const used = useMemo(() => byAgent(sessions.value), [sessions.value]);
  const close = () => setAsking(null);
  return (
    <div class="page agents">
      <PageHead title={t("agents.title")}>
        {mayChange && <Button kind="primary" icon="plus" onClick={() => setAsking({ kind: "new" })}>{t("agents.new")}</Button>}
      </PageHead>
      {roster.error.value !== null && <Failure error={roster.error.value} retry={() => roster.refresh()} />}
      {!known && roster.error.value === null && <div class="page-loading"><Spinner /></div>}
      <ul class="agents-list">
        {known?.agents.map((agent) => (
          <AgentCard
            key={agent.id}
            agent={agent}
            mainSession={`agent:${agent.id}:${known.mainKey}`}
            isDefault={agent.id === known.defaultId}
            beats={(health?.heartbeatSeconds ?? 0) > 0}
            health={health?.agents.find((it) => it.agentId === agent.id)}
            rows={used.get(agent.id) ?? []}
            items={mayChange ? [
              { label: t("agents.edit"), icon: "edit", act: () => setAsking({ kind: "edit", id: agent.id }) },
              { label: t("agents.remove"), icon: "trash", danger: true, disabled: known.agents.length === 1 || agent.id === known.defaultId, act: () => setAsking({ kind: "remove", id: agent.id }) },
            ] : []}
          />
        ))}
      </ul>
      {(asking?.kind === "edit" || asking?.kind === "new") && known && (
        <Editor
          id={asking.kind === "edit" ? asking.id : null}
          isDefault={asking.kind === "edit" && asking.id === known.defaultId}
          taken={known.agents.map((agent) => agent.id)}
          models={models}
          onClose={close}
        />
      )}
      {asking?.kind === "remove" && (
        <Confirm
          title={t("agents.remove")}
          verb={t("agents.remove")}
          danger
          onClose={close}
          onConfirm={() => void removeAgent(asking.id).then(() => say({ kind: "done", text: t("agents.removed") }), sayFailed)}
        >
          <p>{t("agents.remove.sure", { name: assistantOf(asking.id).name })}</p>
        </Confirm>
      )}
    </div>
  );
}

interface AgentProps {
  agent: Agent;
  mainSession: string;
  isDefault: boolean;
  /** Whether agents look around by themselves at all. */
  beats: boolean;
  health: AgentHealth | undefined;
  rows: readonly SessionRow[];
  items: readonly Item[];
}

function AgentCard({ agent, mainSession, isDefault, beats, health, rows, items }: AgentProps) {
  const { id } = agent;
  const { name, avatar } = assistantOf(id);
  const last = Math.max(0, ...rows.map((row) => row.updatedAt ?? 0));
  const running = rows.filter((row) => row.status === "running").length;
  const tokens = rows.reduce((sum, row) => sum + row.inputTokens + row.outputTokens, 0);
  const count = Math.max(health?.sessions.count ?? 0, rows.length);
  return (
    <li class="card agent" aria-label={name}>
      <header class="agent-head">
        <Avatar text={avatar} />
        <div class="agent-name">
          <h2><Foreign>{name}</Foreign></h2>
          <code translate={false}>{id}</code>
        </div>
        {isDefault && <Badge tone="accent">{t("agents.default")}</Badge>}
        {running > 0 && <Badge tone="good"><Spinner label="" />{t("agents.running", { count: running })}</Badge>}
        {items.length > 0 && <Menu label={t("agents.actions", { name })} items={items} />}
      </header>
      {agent.identity?.theme && <p class="agent-theme"><Foreign>{agent.identity.theme}</Foreign></p>}
      <Facts
        rows={[
          [t("agents.model"), agent.model ? <Foreign>{agent.model.primary}</Foreign> : t("agents.model.none")],
          [t("agents.sessions"), <a href={pathOf("sessions", { agent: id })}>{t("agents.sessions.count", { count })}</a>],
          [t("agents.tokens"), compact(tokens)],
          [t("agents.last"), last ? <Time at={last} /> : t("agents.never")],
          ...(beats && health?.heartbeat.enabled ? [[t("agents.heartbeat"), t("agents.heartbeat.every", { every: health.heartbeat.every })] as const] : []),
        ]}
      />
      <footer class="agent-actions">
        <Button kind="primary" icon="chat" onClick={() => go(pathOf("chat", { session: mainSession }))}>{t("agents.talk")}</Button>
        {gateway.may("operator.write") && gateway.has("sessions.create") && <Button icon="plus" onClick={() => void begin(id)}>{t("agents.session")}</Button>}
      </footer>
    </li>
  );
}

async function begin(agentId: string): Promise<void> {
  try {
    const { key } = await gateway.request("sessions.create", { agentId });
    go(pathOf("chat", { session: key }));
  } catch (error) {
    sayFailed(error);
  }
}

function byAgent(rows: readonly SessionRow[]): ReadonlyMap<string, SessionRow[]> {
  const all = new Map<string, SessionRow[]>();
  for (const row of rows) {
    const id = agentOf(row.key);
    const own = all.get(id);
    if (own) own.push(row);
    else all.set(id, [row]);
  }
  return all;
}
