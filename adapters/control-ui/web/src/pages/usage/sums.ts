// What was used, as charts and spreadsheets take it.
import type { Params, Result } from "../../protocol/index.ts";

export const SPANS = ["month", "week", "day", "any"] as const;
export type Span = (typeof SPANS)[number];

export const MEASURES = ["cost", "tokens"] as const;
/** What is looked at. */
export type Measure = (typeof MEASURES)[number];

export type Report = Result<"sessions.usage">;
export type SessionUsage = Report["sessions"][number];
/** What some answers used. */
export type Used = Report["totals"];

export interface Day {
  /** As in `2026-01-27`. */
  date: string;
  cost: number;
  read: number;
  written: number;
}

const DAY_MS = 86_400_000;
/** More days are not drawn. */
const MOST_DAYS = 366;
const RANGES = { any: "all", month: "30d", week: "7d" } as const;

/** What the gateway is asked: the days of `span`, by the calendar of whoever looks. */
export function questionOf(span: Span, now: number, timeZone: string): Params<"sessions.usage"> {
  const today = dateOf(now, timeZone);
  const days = span === "day" ? { startDate: today, endDate: today } : { range: RANGES[span] };
  return { ...days, mode: "specific", timeZone, utcOffset: offsetOf(now, timeZone), agentScope: "all", groupBy: "family", limit: 1000 };
}

/** The day `at` lies in, as in `2026-01-27`. */
export function dateOf(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(at);
  const part = (type: string) => parts.find((it) => it.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** How far `timeZone` is from UTC, for gateways that do not know it, as in `UTC+5:30`. */
export function offsetOf(at: number, timeZone: string): string {
  const name = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(at).find((it) => it.type === "timeZoneName")?.value ?? "";
  const [, sign = "+", hours = "0", minutes = "00"] = /^GMT([+-])(\d{1,2}):?(\d{2})?/.exec(name) ?? [];
  return `UTC${sign}${Number(hours)}:${minutes}`;
}

export const readOf = (used: Used) => used.input + used.cacheRead + used.cacheWrite;

/** So much of what is looked at. */
export function amountOf(used: Used | null | undefined, measure: Measure): number {
  return measure === "cost" ? (used?.totalCost ?? 0) : (used?.totalTokens ?? 0);
}

/** Whether there is anything whose price is known. */
export function isPriced(report: Report): boolean {
  return report.aggregates.byModel.some((it) => it.totals.missingCostEntries < it.count);
}

/** Every day of the report, also those in which nothing was used; from the first one that was where there is no beginning. */
export function daysOf(report: Report, span: Span): readonly Day[] {
  const used = new Map(report.aggregates.costDaily.map((it) => [it.date, it]));
  const first = span === "any" ? (report.aggregates.costDaily[0]?.date ?? report.endDate) : report.startDate;
  const last = Date.parse(report.endDate);
  const begin = Math.max(Date.parse(first), last - (MOST_DAYS - 1) * DAY_MS);
  return Array.from({ length: Math.max(1, Math.round((last - begin) / DAY_MS) + 1) }, (_, index) => {
    const date = new Date(begin + index * DAY_MS).toISOString().slice(0, 10);
    const it = used.get(date);
    return { date, cost: it?.totalCost ?? 0, read: it ? readOf(it) : 0, written: it?.output ?? 0 };
  });
}

/** The largest of several, the largest first. Beyond the first `most`, all others are one. */
export function largest(all: readonly { name: string; value: number }[], others: string, most = 10): readonly { name: string; value: number }[] {
  const ordered = all.filter((it) => it.value > 0).sort((one, other) => other.value - one.value);
  if (ordered.length <= most) return ordered;
  const rest = ordered.slice(most - 1).reduce((sum, it) => sum + it.value, 0);
  return [...ordered.slice(0, most - 1), { name: others, value: rest }];
}

/** The sessions that used something, those first that used most. */
export function busiest(report: Report, measure: Measure): readonly SessionUsage[] {
  const amount = (it: SessionUsage) => amountOf(it.usage, measure);
  return report.sessions.filter((it) => it.usage).sort((one, other) => amount(other) - amount(one));
}

/** A table for spreadsheets. Texts that spreadsheets would take for formulas are marked as texts. */
export function csvOf(sessions: readonly SessionUsage[]): string {
  const cell = (value: string | number | null | undefined) => {
    const text = String(value ?? "");
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const head = ["key", "label", "model_provider", "model", "tokens_read", "tokens_written", "cost_usd", "answers_without_price", "updated"];
  const line = ({ key, label, modelProvider, model, usage, updatedAt }: SessionUsage) => [
    key, label, modelProvider, model, usage ? readOf(usage) : 0, usage?.output ?? 0, usage?.totalCost ?? 0, usage?.missingCostEntries ?? 0, new Date(updatedAt).toISOString(),
  ];
  return [head, ...sessions.map(line)].map((it) => `${it.map(cell).join(",")}\r\n`).join("");
}
