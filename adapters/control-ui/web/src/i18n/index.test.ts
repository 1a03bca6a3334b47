import { describe, expect, test } from "vitest";

import { LANGUAGES, closest, speak, t, type Catalogue, type Language, type Message } from "./index.ts";

const catalogues = Object.fromEntries(
  await Promise.all(Object.entries(LANGUAGES).map(async ([name, it]) => [name, (await it.load()).default as Catalogue] as const)),
) as Record<Language, Catalogue>;
const english = catalogues.en;
const others = (Object.keys(LANGUAGES) as Language[]).filter((name) => name !== "en");

const forms = (message: Message): string[] => (typeof message === "string" ? [message] : Object.values(message));
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();

describe.each(others)("%s", (name) => {
  const catalogue = catalogues[name];

  test("has every key, and no other", () => {
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(english).sort());
  });

  test("has the placeholders of the English text in every form", () => {
    for (const [key, message] of Object.entries(catalogue)) {
      const expected = new Set(forms(english[key as keyof Catalogue]).flatMap(placeholders));
      const found = new Set(forms(message).flatMap(placeholders));
      expect([...found].sort(), key).toEqual([...expected].sort());
    }
  });

  test("has all forms its language needs", () => {
    const needed = new Intl.PluralRules(name).resolvedOptions().pluralCategories.filter((it) => it === "one" || it === "other");
    for (const [key, message] of Object.entries(catalogue)) {
      if (typeof message !== "string") expect(Object.keys(message), key).toEqual(expect.arrayContaining(needed));
    }
  });

  test("is no copy of the English one", () => {
    const texts = Object.entries(catalogue).filter(([, message]) => forms(message).join("").length > 12);
    const same = texts.filter(([key, message]) => JSON.stringify(message) === JSON.stringify(english[key as keyof Catalogue]));
    expect(same.length / texts.length, same.map(([key]) => key).join(", ")).toBeLessThan(0.05);
  });

  test("says nothing that is empty", () => {
    for (const [key, message] of Object.entries(catalogue)) {
      for (const form of forms(message)) expect(form.trim(), key).not.toBe("");
    }
  });
});

test.each([
  [["de-AT", "en"], "de"],
  [["pt-BR", "fr-CA"], "fr"],
  [["zh-CN"], "zh"],
  [["xx"], "en"],
  [[], "en"],
] as const)("for %j, %s comes closest", (wishes, expected) => {
  expect(closest(wishes)).toBe(expected);
});

test("numbers choose their form, and placeholders are filled", async () => {
  await speak("en");
  expect(t("chat.queued", { count: 1 })).toBe("1 message waits");
  expect(t("chat.queued", { count: 1200 })).toBe("1,200 messages wait");
  await speak("de");
  expect(t("chat.queued", { count: 2 })).toBe("2 Nachrichten warten");
  expect(t("common.failed", { message: "{count} $&" })).toContain("{count} $&");
});
