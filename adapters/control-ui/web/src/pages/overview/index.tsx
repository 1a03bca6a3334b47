// How things are, at a glance.
import { useComputed } from "@preact/signals";
import { useCallback, useEffect, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { bytes, duration, number } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { HealthSummary, StatusSummary } from "../../protocol/index.ts";
import { agentOf, assistantOf, titleOf } from "../../state/assistant.ts";
import { useResource } from "../../state/resource.ts";
import { useTold } from "../../state/told.ts";
import { pathOf } from "../../router.ts";
import { Badge, Card, Empty, Facts, Failure, Foreign, PageHead, Spinner, Time } from "../../ui/bits.tsx";
import { LineChart } from "../../ui/chart.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useNow, useWhileSeen } from "../../ui/media.ts";
import { Meter } from "../../ui/meter.tsx";
import { Clients } from "./clients.tsx";
import { Models } from "./models.tsx";
import { SAMPLES, SECONDS, countEvents, events, sample, samples } from "./pulse.ts";
import { readiness, type Readiness } from "./readiness.ts";
import { Tiles } from "./tiles.tsx";
import "./overview.css";

/** How many sessions are shown. */
const NEWEST = 8;
const SAMPLE_MS = 3_000;
const READY_MS = 15_000;

export default function Overview() {
  useEffect(countEvents, []);
  useEffect(hearOfSessions, []);
  const isThere = gateway.phase.value.kind === "connected";
  useWhileSeen(useCallback(() => void sample(), []), SAMPLE_MS, isThere && gateway.has("system.info"));
  const [ready, setReady] = useState<Readiness | null>(null);
  useWhileSeen(useCallback(() => void readiness().then(setReady), []), READY_MS, isThere);
  const health = useTold("health", {}, "health", (it) => it);
  const status = useResource("status", gateway.has("status") ? {} : null, ["sessions.changed"]);
  const error = health.error.value ?? status.error.value;
  return (
    <div class="page overview">
      <PageHead title={t("overview.title")} />
      {error !== null && <Failure error={error} retry={() => status.refresh()} />}
      <Condition health={health.value.value} ready={ready} />
      <Tiles health={health.value.value} />
      <Charts />
      <div class="overview-sides">
        <Newest status={status.value.value} />
        <div class="overview-side">
          {gateway.has("system-presence") && <Clients />}
          {ready && ready.parts.length > 0 && <Parts ready={ready} />}
          <Notes status={status.value.value} />
        </div>
      </div>
      {gateway.has("models.list") && <Models />}
    </div>
  );
}

/** Who does not ask to hear of changes to sessions does not hear of them. */
function hearOfSessions(): () => void {
  return gateway.onFresh(() => {
    if (gateway.has("sessions.subscribe")) gateway.request("sessions.subscribe", {}).catch(() => undefined);
  });
}

/** Whether all is well, and what this gateway is. */
function Condition({ health, ready }: { health: HealthSummary | null; ready: Readiness | null }) {
  const now = useNow(1000);
  const sampled = samples.value.at(-1);
  const { hello } = gateway;
  if (!health || !hello.value) return <section class="card condition"><Spinner /></section>;
  const problems = Object.entries(health.problems ?? {});
  const isFine = health.ok && ready?.ready !== false;
  const info = sampled?.info;
  const { server } = hello.value;
  return (
    <section class={`card condition ${isFine ? "good" : "bad"}`} aria-label={t("overview.condition")}>
      <div class="condition-word" role="status">
        <Icon name={isFine ? "check" : "alert"} size={28} />
        <div>
          <h2>{isFine ? t("overview.fine") : health.ok ? t("overview.notReady") : t("overview.broken")}</h2>
          <p class="condition-when">{t("overview.looked")} <Time at={health.ts} key={Math.floor(now / 10_000)} /></p>
        </div>
      </div>
      {problems.length > 0 && (
        <ul class="condition-problems">
          {problems.map(([part, why]) => <li key={part}><strong>{part}</strong> <Foreign>{why}</Foreign></li>)}
        </ul>
      )}
      <Facts
        rows={[
          [t("overview.version"), server.version],
          [t("overview.uptime"), sampled ? duration(sampled.info.uptimeMs + Math.max(0, now - sampled.at)) : "–"],
          ...(info ? [
            [t("overview.host"), <Foreign>{info.machineName}</Foreign>] as const,
            [t("overview.system"), `${info.osLabel} · ${info.arch}`] as const,
            [t("overview.processors"), number(info.cpuCount)] as const,
            [t("overview.process"), `${info.pid} · ${t("overview.port", { port: String(info.port) })}`] as const,
          ] : []),
        ]}
      />
    </section>
  );
}

/** How it went in the last minutes. */
function Charts() {
  const info = useComputed(() => samples.value.at(-1)?.info);
  const all = samples.value;
  const total = info.value?.memoryTotalBytes ?? 0;
  const used = all.map(({ info: it }) => it.memoryTotalBytes - it.memoryFreeBytes);
  return (
    <div class="grid overview-charts">
      <Card>
        <LineChart label={t("overview.events")} values={events.value} room={SECONDS} top={1} format={(value) => number(value, { maximumFractionDigits: 1 })} note={t("overview.events.note")} />
      </Card>
      {info.value && (
        <>
          <Card>
            <LineChart label={t("overview.runs")} values={all.map((it) => it.info.activeRuns)} room={SAMPLES} top={1} format={number} note={t("overview.runs.note")} />
          </Card>
          <Card>
            <LineChart label={t("overview.memory")} values={used} room={SAMPLES} top={total} format={bytes} note={t("overview.memory.note", { total: bytes(total), free: bytes(info.value.memoryFreeBytes) })} />
          </Card>
          <Card>
            <LineChart label={t("overview.answer")} values={all.map((it) => it.tookMs)} room={SAMPLES} format={(value) => number(value, { style: "unit", unit: "millisecond", maximumFractionDigits: 0 })} note={t("overview.answer.note")} />
          </Card>
        </>
      )}
    </div>
  );
}

/** The sessions that were used last. */
function Newest({ status }: { status: StatusSummary | null }) {
  // What they are about is in the list, how full they are in the status.
  const list = useResource("sessions.list", gateway.has("sessions.list") ? { limit: NEWEST, includeDerivedTitles: true, includeGlobal: true } : null, ["sessions.changed"]);
  const full = new Map(status?.sessions.recent.map((row) => [row.key, row.percentUsed]));
  const recent = list.value.value?.sessions;
  return (
    <Card title={t("overview.newest")} actions={<a href={pathOf("sessions")}>{t("overview.newest.all")}</a>}>
      {list.error.value !== null && <Failure error={list.error.value} retry={() => list.refresh()} />}
      {recent?.length === 0 && <Empty icon="chat" title={t("overview.newest.none")} />}
      <ul class="overview-list">
        {recent?.map((row) => (
          <li key={row.key}>
            <div class="overview-what">
              <a href={pathOf("chat", { session: row.key })}><Foreign>{titleOf(row.key, row)}</Foreign></a>
              <small><Foreign>{assistantOf(agentOf(row.key)).name}</Foreign>{row.model && <> · <Foreign>{row.model}</Foreign></>}</small>
            </div>
            {row.status === "running" && <Badge tone="accent"><Spinner label="" />{t("overview.running")}</Badge>}
            <Full percent={full.get(row.key) ?? 0} />
            {row.updatedAt && <span class="overview-when"><Time at={row.updatedAt} /></span>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** How full the memory of its model is. */
function Full({ percent }: { percent: number }) {
  if (percent === 0) return null;
  return (
    <div class="overview-full" title={t("overview.full", { percent })}>
      <span>{number(percent / 100, { style: "percent" })}</span>
      <Meter percent={percent} />
    </div>
  );
}

/** What the gateway needs in order to work, part by part. */
function Parts({ ready }: { ready: Readiness }) {
  return (
    <Card title={t("overview.parts")}>
      <ul class="overview-list">
        {ready.parts.map((part) => (
          <li key={part.name}>
            <span class="overview-what">{part.name}{part.problem && <small><Foreign>{part.problem}</Foreign></small>}</span>
            <Badge tone={part.ok ? "good" : "bad"}>{t(part.ok ? "overview.part.ok" : "overview.part.bad")}</Badge>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What channels say, and what waits to be said to the main agent. */
function Notes({ status }: { status: StatusSummary | null }) {
  if (!status) return null;
  const { channelSummary, queuedSystemEvents } = status;
  return (
    <>
      {channelSummary.length > 0 && (
        <Card title={t("overview.channels")}>
          <ul class="overview-list">{channelSummary.map((line) => <li key={line}><Foreign>{line}</Foreign></li>)}</ul>
        </Card>
      )}
      {queuedSystemEvents.length > 0 && (
        <Card title={t("overview.waiting")}>
          <ul class="overview-list">{queuedSystemEvents.map((line, index) => <li key={index}><Foreign>{line}</Foreign></li>)}</ul>
        </Card>
      )}
    </>
  );
}
