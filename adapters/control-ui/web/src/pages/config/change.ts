// What a draft of the configuration changes, and how to say it to the gateway.
import { isRecord } from "../../gateway/error.ts";
import type { ConfigIssue } from "../../protocol/index.ts";

/** The names on the way to a value; places in lists are numbers, written out. */
export type Path = readonly string[];

/** What the gateway shows in the place of a secret, and takes as "leave it as it is". */
export const REDACTED = "__OPENCLAW_REDACTED__";

/** The value at `path`. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const name of path) {
    if (Array.isArray(value)) value = value[Number(name)];
    else if (isRecord(value) && Object.hasOwn(value, name)) value = value[name];
    else return undefined;
  }
  return value;
}

/**
 * `tree` with `value` at `path`; `undefined` takes the value away, and with it the objects that were only
 * there to hold it, unless somebody named them (`isNamed`, by how deep they are).
 */
export function withValue(tree: unknown, path: Path, value: unknown, isNamed: (depth: number) => boolean = () => false, depth = 0): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(tree)) {
    const next = withValue(tree[Number(name)], rest, value, isNamed, depth + 1);
    return next === undefined ? tree.toSpliced(Number(name), 1) : tree.with(Number(name), next);
  }
  const fields = isRecord(tree) ? tree : {};
  const next = withValue(Object.hasOwn(fields, name) ? fields[name] : undefined, rest, value, isNamed, depth + 1);
  if (next !== undefined) return { ...fields, [name]: next };
  const { [name]: _, ...left } = fields;
  const isHolder = depth > 0 && !isNamed(depth) && Object.keys(left).length === 0;
  return isHolder ? undefined : left;
}

/** What has to be merged into `before` to get `after` (RFC 7386); `undefined` if they are the same. */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return same(before, after) ? undefined : after;
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) patch[name] = null;
  }
  for (const [name, value] of Object.entries(after)) {
    const change = Object.hasOwn(before, name) ? mergePatch(before[name], value) : value;
    if (change !== undefined) patch[name] = change;
  }
  return Object.keys(patch).length ? patch : undefined;
}

/** `tree` with `patch` merged into it (RFC 7386). */
export function merged(tree: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const whole: Record<string, unknown> = isRecord(tree) ? { ...tree } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete whole[name];
    else whole[name] = merged(whole[name], value);
  }
  return whole;
}

export interface Change {
  path: Path;
  before: unknown;
  after: unknown;
}

/** Every value that differs, the deepest that can be named. */
export function changesBetween(before: unknown, after: unknown, path: Path = []): Change[] {
  if (same(before, after)) return [];
  const isInside = (isRecord(before) || before === undefined) && (isRecord(after) || after === undefined);
  if (!isInside || (!isRecord(before) && !isRecord(after))) return [{ path, before, after }];
  const fields = [isRecord(before) ? before : {}, isRecord(after) ? after : {}] as const;
  const names = [...new Set(fields.flatMap((it) => Object.keys(it)))];
  if (!names.length) return [{ path, before, after }];
  return names.flatMap((name) => changesBetween(own(fields[0], name), own(fields[1], name), [...path, name]));
}

function own(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((it, i) => same(it, other[i]));
  if (!isRecord(one) || !isRecord(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]));
}

/** A path as the gateway spells it: `agents.list[0].name`. */
export function spelled(path: Path, tree?: unknown): string {
  let text = "";
  let value = tree;
  for (const name of path) {
    text += Array.isArray(value) ? `[${name}]` : text ? `.${name}` : name;
    value = valueAt(value, [name]);
  }
  return text;
}

/** What becomes of a key that changes. */
export interface Effect {
  path: string;
  kind: "now" | "read" | "restart" | "waits" | "ignored" | "unused" | "other";
  /** What the gateway said, where it is none of these. */
  text: string;
  /** The parts of the gateway that look at it again. */
  parts: string;
}

const KINDS: readonly (readonly [string, Effect["kind"]])[] = [
  ["in force at once", "now"],
  ["in force for whoever reads it next", "read"],
  ["the gateway starts again", "restart"],
  ["in force when the gateway starts again", "waits"],
  ["ignored", "ignored"],
  ["this gateway does not use it", "unused"],
];

/** A line of `effects`, as the gateway words it. */
export function effectOf(line: string): Effect {
  const at = line.indexOf(": ");
  const [text = "", parts = ""] = line.slice(at + 2).split("; looked at again: ");
  const kind = KINDS.find(([words]) => text.startsWith(words))?.[1] ?? "other";
  return { path: line.slice(0, Math.max(0, at)), kind, text, parts };
}

/** The lines of a text that have issues, and which. Messages name lines where the gateway gave none. */
export function byLine(issues: readonly ConfigIssue[], message: string | null): Map<number, string[]> {
  const lines = new Map<number, string[]>();
  const add = (line: number, text: string) => lines.set(line, [...(lines.get(line) ?? []), text]);
  for (const issue of issues) {
    if (typeof issue.line === "number") add(issue.line, issue.path ? `${issue.path}: ${issue.message}` : issue.message);
  }
  const [, named] = /\bline (\d+)\b/.exec(message ?? "") ?? [];
  if (named) add(Number(named), message!);
  return lines;
}
