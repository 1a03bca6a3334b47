// What can be chosen for a session, and what of it was changed.
import type { Key } from "../../i18n/index.ts";
import type { PatchParamsIn, SessionRow } from "../../protocol/index.ts";

/** Settings that are one of a few words. */
export const WORDS = {
  thinkingLevel: ["minimal", "low", "medium", "high", "xhigh"],
  reasoningLevel: ["on", "stream"],
  verboseLevel: ["off", "on", "full"],
  responseUsage: ["tokens", "full"],
  sendPolicy: ["allow", "deny"],
  groupActivation: ["mention", "always"],
  execHost: ["sandbox", "gateway", "node"],
  execSecurity: ["deny", "allowlist", "full"],
  execAsk: ["off", "on-miss", "always"],
  elevatedLevel: ["off", "on", "ask", "full"],
} as const;

export type WordField = keyof typeof WORDS;
export type Field = WordField | "label" | "model" | "execNode";
/** Every setting as a form has it: an empty text is the default. */
export type Values = Record<Field, string>;

export const ANSWERING: readonly WordField[] = ["thinkingLevel", "reasoningLevel", "verboseLevel", "responseUsage"];
export const SPEAKING: readonly WordField[] = ["sendPolicy", "groupActivation"];
export const COMMANDS: readonly WordField[] = ["execHost", "execSecurity", "execAsk", "elevatedLevel"];

/** As long as the gateway lets a name be. */
export const LABEL_MOST = 64;

/** The text for a word of a setting. */
export function wordKey<F extends WordField>(field: F, word: (typeof WORDS)[F][number]): Key {
  return `sessions.set.${field}.${word}` as Key;
}

/** What is chosen for a session now. */
export function valuesOf(row: SessionRow): Values {
  const text = (field: Exclude<Field, "model">) => row[field] ?? "";
  return {
    label: text("label"),
    model: row.modelOverride ? `${row.providerOverride ?? ""}/${row.modelOverride}` : "",
    thinkingLevel: text("thinkingLevel"),
    reasoningLevel: text("reasoningLevel"),
    verboseLevel: text("verboseLevel"),
    responseUsage: text("responseUsage"),
    sendPolicy: text("sendPolicy"),
    groupActivation: text("groupActivation"),
    execHost: text("execHost"),
    execSecurity: text("execSecurity"),
    execAsk: text("execAsk"),
    execNode: text("execNode"),
    elevatedLevel: text("elevatedLevel"),
  };
}

/** What the gateway has to be told; nothing, if nothing was changed. What others changed meanwhile stays. */
export function patchOf(was: Values, now: Values): Omit<PatchParamsIn, "key"> | null {
  const changes: Partial<Record<Field, string | null>> = {};
  for (const field of Object.keys(was) as Field[]) {
    const text = now[field].trim();
    if (text !== was[field]) changes[field] = text || null;
  }
  // The words come from `WORDS`, which are the ones the protocol has.
  return Object.keys(changes).length ? (changes as Omit<PatchParamsIn, "key">) : null;
}
