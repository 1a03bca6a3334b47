// What sessions used, added up in several ways.
import type { SessionRow } from "../../protocol/index.ts";

export const SPANS = ["any", "month", "week", "day"] as const;
export type Span = (typeof SPANS)[number];

export interface Sum {
  name: string;
  read: number;
  written: number;
}

const DAY_MS = 86_400_000;
const SPAN_DAYS: Record<Span, number> = { any: Infinity, month: 30, week: 7, day: 1 };

/** The sessions that were used within `span`, and used anything. */
export function within(rows: readonly SessionRow[], span: Span, now: number): readonly SessionRow[] {
  const since = now - SPAN_DAYS[span] * DAY_MS;
  return rows.filter((row) => totalOf(row) > 0 && (span === "any" || (row.updatedAt ?? 0) >= since));
}

export function totalOf(row: SessionRow): number {
  return row.inputTokens + row.outputTokens;
}

/** Everything together. */
export function sumOf(rows: readonly SessionRow[]): Omit<Sum, "name"> {
  return rows.reduce((sum, row) => ({ read: sum.read + row.inputTokens, written: sum.written + row.outputTokens }), { read: 0, written: 0 });
}

/** What each of several used, the largest first. Beyond the first `most`, all others are one. */
export function sumsBy(rows: readonly SessionRow[], nameOf: (row: SessionRow) => string, others: string, most = 10): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = sums.get(name) ?? { name, read: 0, written: 0 };
    sum.read += row.inputTokens;
    sum.written += row.outputTokens;
    sums.set(name, sum);
  }
  const ordered = [...sums.values()].sort((one, other) => other.read + other.written - one.read - one.written);
  if (ordered.length <= most) return ordered;
  const rest = ordered.slice(most - 1).reduce((sum, it) => ({ name: others, read: sum.read + it.read, written: sum.written + it.written }), { name: others, read: 0, written: 0 });
  return [...ordered.slice(0, most - 1), rest];
}

/** What was used by sessions last used on each of the last `days` days, by the calendar of whoever looks. */
export function sumsByDay(rows: readonly SessionRow[], days: number, now: number): readonly { day: Date; read: number; written: number }[] {
  const all = Array.from({ length: days }, (_, index) => {
    const day = new Date(now);
    day.setHours(0, 0, 0, 0);
    day.setDate(day.getDate() - (days - 1 - index));
    return { day, read: 0, written: 0 };
  });
  for (const row of rows) {
    const at = row.updatedAt ?? 0;
    const found = all.findLast(({ day }) => day.getTime() <= at);
    if (!found) continue;
    found.read += row.inputTokens;
    found.written += row.outputTokens;
  }
  return all;
}

/** A table for spreadsheets. Texts that spreadsheets would take for formulas are marked as texts. */
export function csvOf(rows: readonly SessionRow[]): string {
  const cell = (value: string | number | null | undefined) => {
    const text = String(value ?? "");
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const head = ["key", "label", "model_provider", "model", "tokens_read", "tokens_written", "created", "updated"];
  const iso = (at: number | null) => (at === null ? "" : new Date(at).toISOString());
  const lines = rows.map((row) => [row.key, row.label, row.modelProvider, row.model, row.inputTokens, row.outputTokens, iso(row.createdAt), iso(row.updatedAt)]);
  return [head, ...lines].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}
