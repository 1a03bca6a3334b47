// What is around a page: how wide it is, and what time it is.
import { useEffect, useState } from "preact/hooks";

/** Where there is room for one column only. */
export const NARROW = "(max-width: 52rem)";

/** Whether a media query matches, from now on. */
export function useMedia(media: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(media).matches);
  useEffect(() => {
    const list = matchMedia(media);
    const change = () => setMatches(list.matches);
    change();
    list.addEventListener("change", change);
    return () => list.removeEventListener("change", change);
  }, [media]);
  return matches;
}

/** The time, told anew every `stepMs`. */
export function useNow(stepMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), stepMs);
    return () => clearInterval(timer);
  }, [stepMs]);
  return now;
}

/** Calls `act` now and every `stepMs`, as long as somebody can see the page. */
export function useWhileSeen(act: () => void, stepMs: number, isOn = true): void {
  useEffect(() => {
    if (!isOn) return;
    const tick = () => {
      if (document.visibilityState === "visible") act();
    };
    tick();
    const timer = setInterval(tick, stepMs);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [act, stepMs, isOn]);
}
