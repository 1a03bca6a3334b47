// How the connection is, for a person.
import { DISCONNECTED, GatewayError, TIMEOUT, textOf } from "./error.ts";
import type { SecretKind } from "./credentials.ts";

export type Phase =
  /** Connecting for the first time, or again. */
  | { kind: "connecting" }
  | { kind: "connected" }
  /** The gateway wants its secret. */
  | { kind: "secret"; wants: SecretKind; wrong: boolean }
  /**
   * Somebody has to let this browser in. It asks again by itself. Where it is known already, and only asked
   * for more, `approved` is what it may.
   */
  | { kind: "pairing"; requestId: string | undefined; command: string; approved: readonly string[] }
  /** Tried too often. */
  | { kind: "limited"; until: number }
  /** Browsers let this page have no identity, and the gateway insists on one. */
  | { kind: "insecure" }
  /** Refused for good, until somebody changes something. */
  | { kind: "refused"; message: string; next: string | undefined }
  /** The gateway is not there. It is tried again by itself. */
  | { kind: "away"; until: number; restarting: boolean };

/** How long to wait until the next look whether somebody let this browser in. */
export const PAIRING_LOOK_MS = 2_500;

/** What a refused login means; nothing where it is worth trying again. */
export function phaseOf(refused: GatewayError, now: number): Phase | null {
  const next = textOf(refused.details["next"]);
  switch (refused.detailCode) {
    case "AUTH_TOKEN_MISSING":
      return { kind: "secret", wants: "token", wrong: false };
    case "AUTH_TOKEN_MISMATCH":
    case "AUTH_DEVICE_TOKEN_MISMATCH":
    case "AUTH_UNAUTHORIZED":
      return { kind: "secret", wants: "token", wrong: true };
    case "AUTH_PASSWORD_MISSING":
      return { kind: "secret", wants: "password", wrong: false };
    case "AUTH_PASSWORD_MISMATCH":
      return { kind: "secret", wants: "password", wrong: true };
    case "DEVICE_IDENTITY_REQUIRED":
      return { kind: "secret", wants: "token", wrong: false };
    case "CONTROL_UI_DEVICE_IDENTITY_REQUIRED":
      return { kind: "insecure" };
    case "AUTH_RATE_LIMITED":
      return { kind: "limited", until: now + (refused.retryAfterMs ?? 60_000) };
    case "PAIRING_REQUIRED": {
      const requestId = textOf(refused.details["requestId"]);
      const approved = namesIn(refused.details["approvedScopes"]);
      return { kind: "pairing", requestId, command: commandFor(requestId), approved };
    }
    default:
      break;
  }
  if ([DISCONNECTED, TIMEOUT, "UNAVAILABLE"].includes(refused.code)) return null;
  return { kind: "refused", message: refused.message, next };
}

/** What an operator types to decide about a request. */
export function commandFor(requestId: string | undefined): string {
  return requestId ? `openclaw devices approve ${requestId}` : "openclaw devices list";
}

function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((it) => typeof it === "string") : [];
}
