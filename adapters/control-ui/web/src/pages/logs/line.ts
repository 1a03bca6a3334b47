// One line of the log, taken apart.
import { isRecord, textOf } from "../../gateway/error.ts";

export const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

export interface Line {
  /** Tells it from all others of this page. */
  readonly id: number;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number | null;
  readonly level: Level;
  /** The part of the gateway that says it. */
  readonly part: string;
  readonly message: string;
  readonly fields: readonly (readonly [string, string])[];
  /** As it stands in the file. */
  readonly raw: string;
  /** What is searched: everything, in small letters. */
  readonly words: string;
}

/** Takes a line apart. One that is not JSON is all message. */
export function lineOf(id: number, raw: string): Line {
  const record = parsed(raw);
  const meta = record && isRecord(record["_meta"]) ? record["_meta"] : {};
  const fields = record && isRecord(record["fields"]) ? Object.entries(record["fields"]) : [];
  const time = Date.parse(textOf(record?.["time"]) ?? textOf(meta["date"]) ?? "");
  return {
    id,
    at: Number.isNaN(time) ? null : time,
    level: levelOf(textOf(record?.["level"]) ?? textOf(meta["logLevelName"]) ?? ""),
    part: textOf(record?.["subsystem"]) ?? "",
    message: record ? textOf(record["message"]) ?? numbered(record) : raw,
    fields: fields.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const),
    raw,
    words: raw.toLowerCase(),
  };
}

/** The level of a word: programs call the same levels by different names. */
function levelOf(word: string): Level {
  switch (word.toLowerCase()) {
    case "trace": case "silly": return "trace";
    case "debug": return "debug";
    case "warn": case "warning": return "warn";
    case "error": case "fatal": return "error";
    default: return "info";
  }
}

/** What OpenClaw writes under the keys `0`, `1`, … */
function numbered(record: Record<string, unknown>): string {
  const parts: string[] = [];
  for (let index = 0; String(index) in record; index += 1) {
    const part = record[String(index)];
    parts.push(typeof part === "string" ? part : JSON.stringify(part));
  }
  return parts.join(" ");
}

function parsed(raw: string): Record<string, unknown> | null {
  if (!raw.startsWith("{")) return null;
  try {
    const record: unknown = JSON.parse(raw);
    return isRecord(record) ? record : null;
  } catch {
    return null;
  }
}

export interface Filter {
  text: string;
  levels: ReadonlySet<Level>;
  /** The beginning of the name of a part; empty for all. */
  part: string;
}

/** The lines a filter lets through. */
export function filtered(lines: readonly Line[], { text, levels, part }: Filter): readonly Line[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length && levels.size === LEVELS.length && !part) return lines;
  return lines.filter((line) => (
    levels.has(line.level)
    && (!part || roomOf(line) === part)
    && words.every((word) => line.words.includes(word))
  ));
}

/** The larger part of the gateway a line comes from. */
export function roomOf(line: Line): string {
  return line.part.split("/")[0] ?? "";
}

/** A text cut where one of the words begins and ends; every second piece is one of the words. */
export function cutAt(text: string, search: string): string[] {
  const words = search.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return words.length ? text.split(new RegExp(`(${words.join("|")})`, "gi")) : [text];
}
