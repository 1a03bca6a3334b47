// What this browser shows the gateway, and where it keeps that.
//
// A secret somebody typed in, or that came with the link, is kept for this tab only, unless it is wished
// that it be remembered. What is kept in any case is the token the gateway gave to this device, which is
// good for nothing without the device's key.

import { isRecord, textOf } from "./error.ts";

/** What is shown. */
export interface Shown {
  token?: string;
  password?: string;
  deviceToken?: string;
  bootstrapToken?: string;
}

export type SecretKind = "token" | "password";

const SECRET = "openclaw.secret";
const DEVICE_TOKEN = "openclaw.device-token";
const SCOPES = "openclaw.scopes";

export class Credentials {
  readonly #place: string;
  #setup: string | null = null;

  /** Credentials for the gateway at `base`: several may share an origin behind a proxy. */
  constructor(base: string) {
    this.#place = base;
  }

  /** What to show next; the device's own token only together with the device's key. */
  shown(hasIdentity: boolean): Shown {
    if (this.#setup && hasIdentity) return { bootstrapToken: this.#setup };
    const secret = this.#secret();
    if (secret) return { [secret.kind]: secret.value };
    const deviceToken = hasIdentity ? read(localStorage, this.#key(DEVICE_TOKEN)) : null;
    return deviceToken ? { deviceToken } : {};
  }

  /** Somebody entered the secret. */
  enter(kind: SecretKind, value: string, remember: boolean): void {
    const text = JSON.stringify({ kind, value });
    write(sessionStorage, this.#key(SECRET), text);
    if (remember) write(localStorage, this.#key(SECRET), text);
    else erase(localStorage, this.#key(SECRET));
  }

  /** A link brought a setup code, which is good once: it is kept nowhere. */
  redeem(code: string | null): void {
    this.#setup = code;
  }

  /** The gateway gave this device a token, which it can come back with. */
  keepDeviceToken(token: string): void {
    write(localStorage, this.#key(DEVICE_TOKEN), token);
  }

  /** What this browser asks to be, where that is not everything. */
  scopes(): readonly string[] | null {
    const kept = read(localStorage, this.#key(SCOPES));
    return kept ? kept.split(" ") : null;
  }

  /** Asks for no more than these from now on; for everything again, if none are named. */
  keepScopes(scopes: readonly string[] | null): void {
    if (scopes?.length) write(localStorage, this.#key(SCOPES), scopes.join(" "));
    else erase(localStorage, this.#key(SCOPES));
  }

  /** What was shown is no good. */
  drop(shown: Shown): void {
    if (shown.bootstrapToken) this.#setup = null;
    if (shown.deviceToken) erase(localStorage, this.#key(DEVICE_TOKEN));
    if (shown.token || shown.password) this.#dropSecret();
  }

  /** Forgets everything. */
  forget(): void {
    this.#setup = null;
    this.#dropSecret();
    erase(localStorage, this.#key(DEVICE_TOKEN));
    this.keepScopes(null);
  }

  #dropSecret(): void {
    erase(sessionStorage, this.#key(SECRET));
    erase(localStorage, this.#key(SECRET));
  }

  #secret(): { kind: SecretKind; value: string } | null {
    const text = read(sessionStorage, this.#key(SECRET)) ?? read(localStorage, this.#key(SECRET));
    if (!text) return null;
    try {
      const { kind, value } = JSON.parse(text) as Record<string, unknown>;
      const isKind = kind === "token" || kind === "password";
      return isKind && typeof value === "string" && value ? { kind, value } : null;
    } catch {
      return null;
    }
  }

  #key(name: string): string {
    return `${name}:${this.#place}`;
  }
}

/**
 * What a link brought along: a setup code (`#setup=…`) or the secret (`#token=…`, and `?token=…` of older
 * links), and what the address is without it. Nothing else in an address is believed, least of all where
 * the gateway is.
 */
export function takenFromAddress(address: URL): { setup: string | null; secret: { kind: SecretKind; value: string } | null; rest: string } {
  const fragment = new URLSearchParams(address.hash.slice(1));
  let secret: { kind: SecretKind; value: string } | null = null;
  for (const params of [fragment, address.searchParams]) {
    for (const kind of ["token", "password"] as const) {
      const value = params.get(kind)?.trim();
      if (value && !secret) secret = { kind, value };
    }
  }
  const query = new URLSearchParams(address.searchParams);
  for (const name of SENSITIVE) query.delete(name);
  const rest = query.toString();
  const setup = tokenIn(fragment.get("setup") ?? "");
  return { setup, secret, rest: address.pathname + (rest ? `?${rest}` : "") };
}

/** The token in a setup code. The address in it is not looked at: this page knows where it came from. */
function tokenIn(code: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(code.trim().replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
    const contents: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(contents) ? (textOf(contents["bootstrapToken"]) ?? null) : null;
  } catch {
    return null;
  }
}

/** What may not stay in an address, or has no business there. */
const SENSITIVE = ["token", "password", "gatewayUrl", "gateway", "deviceToken"];

// Browsers may refuse to keep anything; the page then asks each time.
function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    /* as above */
  }
}

function erase(storage: Storage, key: string): void {
  try {
    storage.removeItem(key);
  } catch {
    /* as above */
  }
}
