// What sessions used, in tokens: the gateway counts nothing else.
import { useEffect, useMemo, useState } from "preact/hooks";

import { compact, number } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import type { SessionRow } from "../../protocol/index.ts";
import { pathOf } from "../../router.ts";
import { agentOf, agents, assistantOf, titleOf } from "../../state/assistant.ts";
import { followSessions, sessions, sessionsAreLoaded } from "../../state/sessions.ts";
import { Card, Empty, Foreign, PageHead, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { BarChart } from "../../ui/chart.tsx";
import { download } from "../../ui/download.ts";
import { Segments } from "../../ui/form.tsx";
import { useNow } from "../../ui/media.ts";
import { sortOf } from "../sessions/rows.ts";
import { Columns } from "./columns.tsx";
import { SPANS, csvOf, sumOf, sumsBy, sumsByDay, totalOf, within, type Span, type Sum } from "./sums.ts";
import "./usage.css";

const MINUTE_MS = 60_000;
/** How many days are drawn. */
const DAYS: Record<Span, number> = { any: 30, month: 30, week: 7, day: 2 };
/** How many sessions are named. */
const NAMED = 15;

export default function Usage() {
  useEffect(() => followSessions(), []);
  const [span, setSpan] = useState<Span>("any");
  const now = useNow(MINUTE_MS);
  const rows = useMemo(() => within(sessions.value, span, now), [sessions.value, span, now]);
  return (
    <div class="page usage">
      <PageHead title={t("usage.title")}>
        <Button icon="download" disabled={!rows.length} onClick={() => download("openclaw-usage.csv", "text/csv", csvOf(rows))}>{t("usage.export")}</Button>
      </PageHead>
      <Segments label={t("usage.span")} value={span} options={SPANS.map((it) => [it, t(`usage.span.${it}`)] as const)} onValue={setSpan} />
      {!sessionsAreLoaded.value ? <div class="page-loading"><Spinner /></div>
        : rows.length === 0 ? <Card><Empty icon="chart" title={t("usage.none")} /></Card>
        : <Sums rows={rows} days={DAYS[span]} now={now} />}
    </div>
  );
}

function Sums({ rows, days, now }: { rows: readonly SessionRow[]; days: number; now: number }) {
  const all = sumOf(rows);
  const known = agents.value;
  const byAgent = useMemo(() => sumsBy(rows, (row) => assistantOf(agentOf(row.key)).name, t("usage.other")), [rows, known, language.value]);
  const byModel = useMemo(() => sumsBy(rows, (row) => [row.modelProvider, row.model].filter(Boolean).join("/") || t("usage.unknown"), t("usage.other")), [rows, language.value]);
  const byKind = useMemo(() => sumsBy(rows, (row) => t(`sessions.kind.${sortOf(row)}`), t("usage.other")), [rows, language.value]);
  const byDay = useMemo(() => sumsByDay(rows, days, now), [rows, days, now]);
  const top = useMemo(() => [...rows].sort((one, other) => totalOf(other) - totalOf(one)).slice(0, NAMED), [rows]);
  return (
    <>
      <dl class="tiles usage-tiles">
        {([
          ["usage.tokens", all.read + all.written],
          ["usage.read", all.read],
          ["usage.written", all.written],
          ["usage.sessions", rows.length],
          ["usage.average", Math.round((all.read + all.written) / rows.length)],
        ] as const).map(([label, value]) => (
          <div class="tile" key={label}>
            <dt class="tile-label">{t(label)}</dt>
            <dd class="tile-value" title={number(value)}>{compact(value)}</dd>
          </div>
        ))}
      </dl>
      <p class="usage-since">{t("usage.since")}</p>
      <Card title={t("usage.byDay")}>
        <Columns label={t("usage.byDay")} days={byDay} />
      </Card>
      <div class="usage-charts">
        <Chart title={t("usage.byAgent")} sums={byAgent} />
        <Chart title={t("usage.byModel")} sums={byModel} />
        <Chart title={t("usage.byKind")} sums={byKind} />
      </div>
      <Card title={t("usage.top")}>
        <ol class="usage-top">
          {top.map((row) => (
            <li key={row.key}>
              <a href={pathOf("sessions", { key: row.key })}><Foreign>{titleOf(row.key, row)}</Foreign></a>
              <small>{t("usage.split", { read: row.inputTokens, written: row.outputTokens })}</small>
              <strong>{compact(totalOf(row))}</strong>
            </li>
          ))}
        </ol>
      </Card>
    </>
  );
}

function Chart({ title, sums }: { title: string; sums: readonly Sum[] }) {
  return (
    <Card title={title}>
      <BarChart label={title} bars={sums.map((sum) => ({ name: sum.name, value: sum.read + sum.written }))} format={compact} />
    </Card>
  );
}
