// Whether the gateway is ready, as it says to anybody who asks over HTTP.
import { isRecord, textOf } from "../../gateway/error.ts";

export interface Readiness {
  ready: boolean;
  /** Each part, for those who sit near the gateway: what is wrong with it, or nothing. */
  parts: readonly { name: string; problem: string | null; ok: boolean }[];
}

/** What the gateway says; nothing where something in between answers in its place. */
export async function readiness(): Promise<Readiness | null> {
  try {
    const response = await fetch(new URL("/readyz", location.origin), { headers: { accept: "application/json" } });
    return readinessIn(await response.json());
  } catch {
    return null;
  }
}

export function readinessIn(said: unknown): Readiness | null {
  if (!isRecord(said) || typeof said["ready"] !== "boolean") return null;
  const parts = isRecord(said["parts"]) ? Object.entries(said["parts"]) : [];
  return {
    ready: said["ready"],
    parts: parts.flatMap(([name, part]) => (isRecord(part) ? [{ name, ok: part["ok"] === true, problem: textOf(part["problem"]) ?? null }] : [])),
  };
}
