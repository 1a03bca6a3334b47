// What the dashboard says, in the language of whoever reads it.
//
// English is where the keys come from: a catalogue that lacks one does not compile. Texts have
// placeholders in braces; one that depends on a number is an object with a form for each plural category
// of its language.
import { signal } from "@preact/signals";

import type english from "./en/index.ts";

/** A text, or its forms by plural category. */
export type Message = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);
export type Key = keyof typeof english;
export type Catalogue = Record<Key, Message>;

/** The languages, by what they call themselves. */
export const LANGUAGES = {
  en: { name: "English", load: () => import("./en/index.ts") },
  de: { name: "Deutsch", load: () => import("./de/index.ts") },
  es: { name: "Español", load: () => import("./es/index.ts") },
  fr: { name: "Français", load: () => import("./fr/index.ts") },
  zh: { name: "简体中文", load: () => import("./zh/index.ts") },
} satisfies Record<string, { name: string; load: () => Promise<{ default: Catalogue }> }>;

export type Language = keyof typeof LANGUAGES;

/** The language in use. */
export const language = signal<Language>("en");
const catalogue = signal<Catalogue | null>(null);

/** The language of ours that comes closest to what somebody wishes for. */
export function closest(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const begin = wish.toLowerCase().split("-")[0]!;
    if (begin in LANGUAGES) return begin as Language;
  }
  return "en";
}

/** Speaks `wanted` from now on. */
export async function speak(wanted: Language): Promise<void> {
  catalogue.value = (await LANGUAGES[wanted].load()).default;
  language.value = wanted;
  document.documentElement.lang = wanted === "zh" ? "zh-Hans" : wanted;
}

/** The text of `key`, its placeholders filled. `count` chooses among the forms of a number. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const message = catalogue.value?.[key] ?? key;
  return filled(formOf(message, values["count"], language.value), values, language.value);
}

function formOf(message: Message, count: string | number | undefined, of: Language): string {
  if (typeof message === "string") return message;
  const category = typeof count === "number" ? new Intl.PluralRules(of).select(count) : "other";
  return message[category] ?? message.other;
}

function filled(text: string, values: Record<string, string | number>, of: Language): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(of).format(value) : value;
  });
}
