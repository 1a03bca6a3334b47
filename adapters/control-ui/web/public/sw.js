// Keeps the shell of the dashboard, so that it opens while the gateway is away, and shows what it is
// told to show. It keeps nothing that was said, and nothing that is secret.
const SHELL = "openclaw-shell-1";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const scope = new URL(self.registration.scope);
  if (!url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length);
  if (request.mode === "navigate") event.respondWith(newestPage(request, scope));
  else if (path.startsWith("assets/")) event.respondWith(keptFile(request));
});

/** The page as the gateway has it now, or else as it was. */
async function newestPage(request, scope) {
  const shell = await caches.open(SHELL);
  try {
    const response = await fetch(request);
    if (response.ok && response.headers.get("content-type")?.startsWith("text/html")) {
      const before = await shell.match(scope.href);
      const isNew = (await before?.text()) !== (await response.clone().text());
      // Another page has other files; those of the old one are not needed any more.
      if (isNew) for (const file of await shell.keys()) await shell.delete(file);
      await shell.put(scope.href, response.clone());
    }
    return response;
  } catch (failure) {
    const kept = await shell.match(scope.href);
    if (kept) return kept;
    throw failure;
  }
}

/** A file that never changes under its name. */
async function keptFile(request) {
  const shell = await caches.open(SHELL);
  const kept = await shell.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await shell.put(request, response.clone());
  return response;
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const target = new URL(event.notification.data?.path ?? "./", self.registration.scope);
  if (target.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const open = windows.find((it) => it.url.startsWith(self.registration.scope));
    if (!open) return self.clients.openWindow(target.href);
    open.postMessage({ type: "open", path: target.pathname + target.search });
    return open.focus();
  })());
});
