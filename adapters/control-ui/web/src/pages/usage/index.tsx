// What answers used, in tokens and in money, as far as prices are known.
import { useEffect, useMemo, useState } from "preact/hooks";

import { compact, dollars, number } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import { pathOf } from "../../router.ts";
import { agents, assistantOf, titleOf } from "../../state/assistant.ts";
import { useResource } from "../../state/resource.ts";
import { followSessions, sessions } from "../../state/sessions.ts";
import { Card, Empty, Foreign, PageHead, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { BarChart } from "../../ui/chart.tsx";
import { download } from "../../ui/download.ts";
import { Segments } from "../../ui/form.tsx";
import { useNow } from "../../ui/media.ts";
import { Columns } from "./columns.tsx";
import { MEASURES, SPANS, amountOf, busiest, csvOf, daysOf, isPriced, largest, questionOf, readOf, type Measure, type Report, type Span } from "./sums.ts";
import "./usage.css";

const MINUTE_MS = 60_000;
/** How many sessions are named. */
const NAMED = 15;

export default function Usage() {
  useEffect(() => followSessions(), []);
  const [span, setSpan] = useState<Span>("month");
  const now = useNow(MINUTE_MS);
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const question = questionOf(span, now, timeZone);
  const resource = useResource("sessions.usage", question);
  // Adding up takes the gateway a moment, so it is not asked with every answer.
  useEffect(() => {
    if (!resource.isLoading.peek()) resource.refresh();
  }, [now]);
  const report = resource.value.value;
  const failed = resource.error.value;
  return (
    <div class="page usage">
      <PageHead title={t("usage.title")}>
        <Button icon="refresh" onClick={() => resource.refresh()}>{t("common.refresh")}</Button>
        <Button icon="download" disabled={!report?.sessions.length} onClick={() => report && download("openclaw-usage.csv", "text/csv", csvOf(report.sessions))}>{t("usage.export")}</Button>
      </PageHead>
      <Segments label={t("usage.span")} value={span} options={SPANS.map((it) => [it, t(`usage.span.${it}`)] as const)} onValue={setSpan} />
      {failed && !report ? <Card><Empty icon="alert" title={failed instanceof Error ? failed.message : String(failed)} /></Card>
        : !report ? <div class="page-loading"><Spinner /></div>
        : report.totals.totalTokens === 0 ? <Card><Empty icon="chart" title={t("usage.none")} /></Card>
        : <Sums report={report} span={span} />}
    </div>
  );
}

function Sums({ report, span }: { report: Report; span: Span }) {
  const { aggregates, totals } = report;
  const priced = isPriced(report);
  const [chosen, setChosen] = useState<Measure | null>(null);
  const measure = chosen ?? (priced ? "cost" : "tokens");
  const known = agents.value;
  const byAgent = useMemo(() => largest(aggregates.byAgent.map((it) => ({ name: assistantOf(it.agentId).name, value: amountOf(it.totals, measure) })), t("usage.other")), [report, measure, known, language.value]);
  const byModel = useMemo(() => largest(aggregates.byModel.map((it) => ({ name: [it.provider, it.model].filter(Boolean).join("/") || t("usage.unknown"), value: amountOf(it.totals, measure) })), t("usage.other")), [report, measure, language.value]);
  const days = useMemo(() => daysOf(report, span), [report, span]);
  const top = useMemo(() => busiest(report, measure).slice(0, NAMED), [report, measure]);
  const format = measure === "cost" ? dollars : compact;
  const row = (key: string) => sessions.value.find((it) => it.key === key);
  const tile = (label: Parameters<typeof t>[0], value: string, exact: string) => (
    <div class="tile" key={label}>
      <dt class="tile-label">{t(label)}</dt>
      <dd class="tile-value" title={exact}>{value}</dd>
    </div>
  );
  const count = (label: Parameters<typeof t>[0], value: number) => tile(label, compact(value), number(value));
  return (
    <>
      <dl class="tiles usage-tiles">
        {priced ? tile("usage.cost", dollars(totals.totalCost), dollars(totals.totalCost)) : tile("usage.cost", t("usage.unknown"), t("usage.unknown"))}
        {count("usage.tokens", totals.totalTokens)}
        {count("usage.read", readOf(totals))}
        {count("usage.written", totals.output)}
        {count("usage.sessions", aggregates.sessionCount)}
      </dl>
      <p class="usage-since">{t("usage.since")}</p>
      {totals.missingCostEntries > 0 && <Missing by={totals.missingCostByModel ?? {}} count={totals.missingCostEntries} />}
      <Segments label={t("usage.measure")} value={measure} options={MEASURES.map((it) => [it, t(`usage.${it}`)] as const)} onValue={setChosen} />
      <Card title={t("usage.byDay")}>
        <Columns label={t("usage.byDay")} measure={measure} days={days} />
      </Card>
      <div class="usage-charts">
        <Chart title={t("usage.byModel")} bars={byModel} format={format} />
        <Chart title={t("usage.byAgent")} bars={byAgent} format={format} />
      </div>
      <Card title={t("usage.top")}>
        <ol class="usage-top">
          {top.map(({ key, usage }) => usage && (
            <li key={key}>
              <a href={pathOf("sessions", { key })}><Foreign>{titleOf(key, row(key))}</Foreign></a>
              <small>
                {t("usage.split", { read: readOf(usage), written: usage.output })}
                {usage.missingCostEntries > 0 && ` · ${t("usage.partly")}`}
              </small>
              <strong>{format(amountOf(usage, measure))}</strong>
            </li>
          ))}
        </ol>
      </Card>
    </>
  );
}

/** Says in words that the cost is not all of it, and of whom the price is missing. */
function Missing({ by, count }: { by: Readonly<Record<string, number>>; count: number }) {
  const models = Object.entries(by).sort(([, one], [, other]) => other - one);
  return (
    <div class="usage-missing" role="note">
      <p>{t("usage.missing", { count })}</p>
      <ul>{models.map(([model, answers]) => <li key={model}><Foreign>{model}</Foreign>: {number(answers)}</li>)}</ul>
      <p>{t("usage.missing.how", { key: "models.providers.*.models[].cost" })}</p>
    </div>
  );
}

function Chart({ title, bars, format }: { title: string; bars: readonly { name: string; value: number }[]; format: (value: number) => string }) {
  return (
    <Card title={title}>
      {bars.length ? <BarChart label={title} bars={bars} format={format} /> : <p class="usage-since">{t("usage.unknown")}</p>}
    </Card>
  );
}
