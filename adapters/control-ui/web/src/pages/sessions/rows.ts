// Which sessions are shown, and what their numbers mean.
import type { Model, SessionRow } from "../../protocol/index.ts";
import { agentOf } from "../../state/assistant.ts";
import { matching } from "../../state/sessions.ts";

/** Where a session comes from: people, a group of them, another agent, or nobody. */
export const SORTS = ["talk", "group", "subagent", "automatic"] as const;
export type Sort = (typeof SORTS)[number];

export const SPANS = ["any", "hour", "day", "week", "month"] as const;
export type Span = (typeof SPANS)[number];

export const STATES = ["any", "running", "stopped", "idle"] as const;
export type State = (typeof STATES)[number];

export interface Filter {
  text: string;
  /** Empty for all of them. */
  agent: string;
  sort: Sort | "any";
  span: Span;
  state: State;
}

const HOUR_MS = 3_600_000;
const SPAN_MS: Record<Span, number> = {
  any: Infinity, hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS,
};

/** The filter an address asks for. */
export function filterIn(params: URLSearchParams): Filter {
  const known = <T extends string>(name: string, words: readonly T[]): T | "any" => {
    const word = params.get(name);
    return words.find((it) => it === word) ?? "any";
  };
  return {
    text: params.get("find") ?? "",
    agent: params.get("agent") ?? "",
    sort: known("kind", SORTS),
    span: known("used", SPANS),
    state: known("state", STATES),
  };
}

/** The sessions a filter lets through. */
export function filtered(rows: readonly SessionRow[], filter: Filter, now: number): readonly SessionRow[] {
  const since = now - SPAN_MS[filter.span];
  return matching(rows, filter.text).filter((row) => (
    (!filter.agent || agentOf(row.key) === filter.agent)
    && (filter.sort === "any" || sortOf(row) === filter.sort)
    && (filter.state === "any" || stateOf(row) === filter.state)
    && (filter.span === "any" || (row.updatedAt ?? 0) >= since)
  ));
}

/** Where a session comes from. Its key says it. */
export function sortOf(row: SessionRow): Sort {
  const place = row.key.replace(/^agent:[^:]*:/, "");
  if (/^(subagent|acp):/.test(place)) return "subagent";
  if (/^(cron|hook|node-|heartbeat)/.test(place)) return "automatic";
  return row.kind === "group" ? "group" : "talk";
}

/** What goes on in a session. */
export function stateOf(row: SessionRow): Exclude<State, "any"> {
  if (row.status === "running") return "running";
  return row.abortedLastRun ? "stopped" : "idle";
}

/** How much each model can have in mind, in tokens, where that is known. */
export type Windows = ReadonlyMap<string, number>;

export function windowsOf(models: readonly Model[]): Windows {
  return new Map(models.flatMap((it) => (it.contextWindow ? [[`${it.provider}/${it.id}`, it.contextWindow] as const] : [])));
}

/** How much the model of a session can have in mind, and how full that is, in percent. */
export function contextOf(row: SessionRow, windows: Windows): { window: number; percent: number } | null {
  const chosen = row.modelOverride ? `${row.providerOverride ?? ""}/${row.modelOverride}` : `${row.modelProvider ?? ""}/${row.model ?? ""}`;
  const window = windows.get(chosen);
  return window ? { window, percent: Math.round((row.totalTokens / window) * 100) } : null;
}

/** What sessions used together. */
export function tokensOf(rows: readonly SessionRow[]): { input: number; output: number } {
  const sum = { input: 0, output: 0 };
  for (const row of rows) {
    sum.input += row.inputTokens;
    sum.output += row.outputTokens;
  }
  return sum;
}

/** What answers in it, or answered last. */
export function modelOf(row: SessionRow): string {
  return row.modelOverride ?? row.model ?? "";
}
