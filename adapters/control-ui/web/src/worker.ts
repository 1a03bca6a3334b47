// The service worker: it opens the dashboard while the gateway is away, and shows notifications.
import { base } from "./gateway/index.ts";
import { go } from "./router.ts";

/** Installs it, where browsers let pages have one. */
export function installWorker(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  navigator.serviceWorker.register(new URL("sw.js", base), { scope: base.pathname }).catch(() => {
    // The dashboard works without it; private windows have none.
  });
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<unknown>) => {
    const { data } = event;
    if (typeof data === "object" && data !== null && "path" in data && typeof data.path === "string") go(data.path);
  });
}

/** The installed worker, if there is one. */
export async function worker(): Promise<ServiceWorkerRegistration | undefined> {
  if (!("serviceWorker" in navigator)) return undefined;
  return navigator.serviceWorker.getRegistration(base.pathname);
}
