// How the configuration has to change for an agent to be different.
//
// Agents are written in a list, or by name, or not at all: then there is one, `main`. A list is replaced
// as a whole, what is written by name is merged.
import { isRecord, textOf } from "../../gateway/error.ts";

/** What can be chosen for an agent here. An empty text is the default. */
export interface Values {
  name: string;
  emoji: string;
  theme: string;
  /** `provider/model`. */
  model: string;
  systemPrompt: string;
  isDefault: boolean;
}

type Written = Record<string, unknown>;

/** The name of an agent in keys, made of whatever somebody wrote. */
export function idOf(text: string): string {
  return text.trim().toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|-+$/g, "").slice(0, 64);
}

/** What the file says of an agent. */
export function writtenOf(parsed: unknown, id: string): Written {
  const { list, entries } = agentsIn(parsed);
  return list?.find((it) => isCalled(it, id)) ?? entryOf(entries, id)?.[1] ?? {};
}

/** What is chosen for an agent now. */
export function valuesOf(written: Written, isDefault: boolean): Values {
  const identity = isRecord(written["identity"]) ? written["identity"] : {};
  const { model } = written;
  return {
    name: textOf(identity["name"]) ?? textOf(written["name"]) ?? "",
    emoji: textOf(identity["emoji"]) ?? "",
    theme: textOf(identity["theme"]) ?? "",
    model: textOf(model) ?? (isRecord(model) ? textOf(model["primary"]) ?? "" : ""),
    systemPrompt: textOf(written["systemPrompt"]) ?? "",
    isDefault,
  };
}

/** The patch that makes of an agent what was chosen; nothing, if nothing was changed. */
export function patchOf(parsed: unknown, id: string, was: Values, now: Values): Written | null {
  const written = writtenOf(parsed, id);
  const changes = changesOf(written, was, now);
  const becomesDefault = now.isDefault && !was.isDefault;
  if (!Object.keys(changes).length && !becomesDefault) return null;
  const { list, entries } = agentsIn(parsed);
  const patch: Written = {};
  if (list?.length) {
    const isInList = list.some((it) => isCalled(it, id));
    const others = becomesDefault ? list.map((it) => without(it, "default")) : list;
    const own = becomesDefault ? { ...changes, default: true } : changes;
    if (isInList || !entryOf(entries, id)) {
      patch["list"] = isInList
        ? others.map((it) => (isCalled(it, id) ? merged(it, own) : it))
        : [...others, merged({ id }, own)];
    } else if (becomesDefault) patch["list"] = others;
  }
  if (!list?.length || entryOf(entries, id)) {
    const all: Written = {};
    if (becomesDefault) for (const [name, it] of Object.entries(entries)) if (isRecord(it) && it["default"] === true) all[name] = { default: null };
    // Where nothing is written there is `main`, which another one beside it must not push out.
    if (!list?.length && !Object.keys(entries).length && id !== MAIN) all[MAIN] = becomesDefault ? {} : { default: true };
    all[entryOf(entries, id)?.[0] ?? id] = becomesDefault ? { ...changes, default: true } : changes;
    patch["entries"] = all;
  }
  return { agents: patch };
}

/** The patch that takes an agent out of the configuration. */
export function removalOf(parsed: unknown, id: string): Written {
  const { list, entries } = agentsIn(parsed);
  const entry = entryOf(entries, id);
  return {
    agents: {
      ...(list?.some((it) => isCalled(it, id)) ? { list: list.filter((it) => !isCalled(it, id)) } : {}),
      ...(entry ? { entries: { [entry[0]]: null } } : {}),
    },
  };
}

const MAIN = "main";

/** What was changed, as a patch of what is written of the agent. */
function changesOf(written: Written, was: Values, now: Values): Written {
  const changes: Written = {};
  const identity: Written = {};
  const text = (field: "name" | "emoji" | "theme" | "model" | "systemPrompt") => (now[field].trim() === was[field] ? undefined : now[field].trim() || null);
  for (const field of ["name", "emoji", "theme"] as const) {
    const value = text(field);
    if (value !== undefined) identity[field] = value;
  }
  if (Object.keys(identity).length) changes["identity"] = identity;
  const model = text("model");
  // Those that are asked when the first one fails stay.
  if (model !== undefined) changes["model"] = isRecord(written["model"]) ? { primary: model } : model;
  const prompt = text("systemPrompt");
  if (prompt !== undefined) changes["systemPrompt"] = prompt;
  return changes;
}

function agentsIn(parsed: unknown): { list: readonly Written[] | null; entries: Written } {
  const agents = isRecord(parsed) && isRecord(parsed["agents"]) ? parsed["agents"] : {};
  return {
    list: Array.isArray(agents["list"]) ? agents["list"].filter(isRecord) : null,
    entries: isRecord(agents["entries"]) ? agents["entries"] : {},
  };
}

function isCalled(written: Written, id: string): boolean {
  return idOf(textOf(written["id"]) ?? MAIN) === id;
}

function entryOf(entries: Written, id: string): [string, Written] | undefined {
  const found = Object.entries(entries).find(([name]) => idOf(name) === id);
  return found && [found[0], isRecord(found[1]) ? found[1] : {}];
}

/** `patch` merged into `target`, as the gateway would (RFC 7386). */
function merged(target: Written, patch: Written): Written {
  const result: Written = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const before = result[name];
    if (value === null) delete result[name];
    else result[name] = isRecord(value) ? merged(isRecord(before) ? before : {}, value) : value;
  }
  return result;
}

function without(written: Written, name: string): Written {
  return Object.fromEntries(Object.entries(written).filter(([it]) => it !== name));
}
