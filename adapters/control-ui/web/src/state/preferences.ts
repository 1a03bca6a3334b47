// What somebody chose for this browser.
import { effect, signal, type Signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
export type SendKey = "enter" | "modEnter";

export interface Preferences {
  theme: Signal<Theme>;
  language: Signal<string | null>;
  sendKey: Signal<SendKey>;
  showThinking: Signal<boolean>;
  notifyRuns: Signal<boolean>;
  notifyApprovals: Signal<boolean>;
  showSessions: Signal<boolean>;
}

/** Kept in this browser, and the same in all of its tabs from their next start. */
export const preferences: Preferences = {
  theme: kept("theme", "system", oneOf<Theme>(["system", "light", "dark"])),
  language: kept<string | null>("language", null, (it) => it === null || typeof it === "string"),
  sendKey: kept("send-key", "enter", oneOf<SendKey>(["enter", "modEnter"])),
  showThinking: kept("show-thinking", true, isBoolean),
  notifyRuns: kept("notify-runs", false, isBoolean),
  notifyApprovals: kept("notify-approvals", false, isBoolean),
  showSessions: kept("show-sessions", true, isBoolean),
};

/** The page has the colours that were chosen, from now on. */
export function applyTheme(): void {
  effect(() => {
    const theme = preferences.theme.value;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  });
}

function kept<T>(name: string, otherwise: T, isFine: (value: unknown) => boolean): Signal<T> {
  const key = `openclaw.preference.${name}`;
  const value = signal(read(key, otherwise, isFine));
  effect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(value.value));
    } catch {
      /* Browsers may refuse to keep anything. */
    }
  });
  return value;
}

function read<T>(key: string, otherwise: T, isFine: (value: unknown) => boolean): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return isFine(value) ? (value as T) : otherwise;
  } catch {
    return otherwise;
  }
}

function oneOf<T>(values: readonly T[]): (value: unknown) => boolean {
  return (value) => values.includes(value as T);
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}
