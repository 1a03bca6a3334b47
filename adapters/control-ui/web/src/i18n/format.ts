// Times, sizes and numbers, as the language in use writes them.
import { computed } from "@preact/signals";

import { language, t } from "./index.ts";

/** The language in use as it is written where its reader lives. */
const locale = computed(() => {
  const wishes = navigator.languages ?? [];
  return wishes.find((wish) => wish.toLowerCase().split("-")[0] === language.value) ?? language.value;
});

/** A number, with separators. */
export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(locale.value, options).format(value);
}

/** A number in few characters, as in `12K`. */
export function compact(value: number): string {
  return number(value, { notation: "compact", maximumFractionDigits: 1 });
}

/** An amount of US dollars; small ones to the hundredth of a cent. */
export function dollars(value: number): string {
  return number(value, { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: value !== 0 && value < 1 ? 4 : 2 });
}

/** A number of bytes. */
export function bytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const unit = units[step]!;
  return number(value / 1024 ** step, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: step ? 1 : 0 });
}

/** A point in time: the hour today, the day before that. */
export function moment(at: number, now = Date.now()): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(now).toDateString();
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale.value, isToday
    ? { hour: "2-digit", minute: "2-digit" }
    : { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }).format(date);
}

/** A point in time, in full. */
export function exact(at: number): string {
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}

/** How long ago, or until when. */
export function relative(at: number, now = Date.now()): string {
  const seconds = Math.round((at - now) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400], ["hour", 3_600], ["minute", 60],
  ];
  const format = new Intl.RelativeTimeFormat(locale.value, { numeric: "auto", style: "narrow" });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? t("common.now") : format.format(seconds, "second");
}

/** A span of time, in its two largest units. */
export function duration(milliseconds: number): string {
  const units: [string, number][] = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];
  const first = units.findIndex(([, size]) => milliseconds >= size);
  const unit = (value: number, name: string) => number(value, { style: "unit", unit: name, unitDisplay: "narrow" });
  if (first === -1) return unit(Math.round(milliseconds), "millisecond");
  const [name, size] = units[first]!;
  const whole = Math.floor(milliseconds / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((milliseconds % size) / next[1]) : 0;
  return next && rest ? `${unit(whole, name)} ${unit(rest, next[0])}` : unit(whole, name);
}
