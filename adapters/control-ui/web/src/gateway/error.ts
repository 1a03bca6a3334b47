// What the gateway says when it does not do what it was asked.

/** The error of a response, as it comes over the wire. */
export interface ErrorShape {
  code: string;
  message: string;
  details?: unknown;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** A request the gateway refused, or could not be asked. */
export class GatewayError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;
  readonly retryAfterMs: number | undefined;

  constructor(shape: ErrorShape) {
    super(shape.message);
    this.name = "GatewayError";
    this.code = shape.code;
    this.details = isRecord(shape.details) ? shape.details : {};
    this.retryAfterMs = shape.retryAfterMs;
  }

  /** The scope somebody lacks who asked for this, if that is why it was refused. */
  get missingScope(): string | undefined {
    const named = textOf(this.details["missingScope"]);
    return this.detailCode === "MISSING_SCOPE" ? named : undefined;
  }

  /** The finer code programs act on. */
  get detailCode(): string | undefined {
    return textOf(this.details["code"]);
  }
}

/** The connection is not there, or went away before the answer came. */
export const DISCONNECTED = "DISCONNECTED";
/** The answer did not come in time. */
export const TIMEOUT = "TIMEOUT";

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
