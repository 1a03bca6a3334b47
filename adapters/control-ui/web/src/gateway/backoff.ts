// How long to wait before trying again.

const FIRST_MS = 400;
const MOST_MS = 15_000;

/**
 * How long to wait before attempt number `attempt` (from 1): twice as long each time, up to a quarter
 * of a minute. A part of it is left to chance, so that many pages do not all come back at once.
 */
export function delayBefore(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random());
}
