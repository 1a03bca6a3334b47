// The one connection of this page.
import { GatewayClient } from "./client.ts";
import { Credentials, takenFromAddress } from "./credentials.ts";
import { identity } from "./identity.ts";

export { GatewayClient, SCOPES } from "./client.ts";
export { GatewayError } from "./error.ts";
export { commandFor, type Phase } from "./phase.ts";

/** The version of the protocol's client, for the list of those who are connected. */
const VERSION = "1.0.0";

/**
 * Where the dashboard is, with a slash at its end. Its program lies in `assets/` below that; while it is
 * developed, in `src/`.
 */
export const base: URL = new URL(import.meta.env.DEV ? "/" : "..", import.meta.env.DEV ? location.href : import.meta.url);

export const credentials = new Credentials(base.pathname);

/** The gateway this page came from. There is no other one it would talk to. */
export const gateway = new GatewayClient({
  url: socketAddress(base),
  credentials,
  identity,
  open: (url) => new WebSocket(url),
  about: {
    version: VERSION,
    platform: navigator.platform || "web",
    locale: navigator.language,
    userAgent: navigator.userAgent,
  },
});

/** Takes the secret out of the address, and connects. */
export function begin(): void {
  const { setup, secret, rest } = takenFromAddress(new URL(location.href));
  if (rest !== location.pathname + location.search || location.hash) history.replaceState(null, "", rest);
  credentials.redeem(setup);
  if (secret) credentials.enter(secret.kind, secret.value, false);
  gateway.connect();
  addEventListener("online", () => gateway.hurry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") gateway.hurry();
  });
}

function socketAddress(page: URL): string {
  const url = new URL(page);
  url.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
