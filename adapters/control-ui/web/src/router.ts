// Which page is shown. The address says it: one word below the dashboard's own path, and a query.
import { computed, signal } from "@preact/signals";

import { base } from "./gateway/index.ts";

const address = signal(new URL(location.href));

/** The word that names the page. */
export const place = computed(() => placeIn(address.value, base.pathname));

/** What else the address says. */
export const query = computed(() => address.value.searchParams);

/** The address of a page. */
export function pathOf(page: string, params?: Record<string, string | string[]>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    for (const each of [value].flat()) search.append(name, each);
  }
  const text = search.toString().replaceAll("%3A", ":");
  return base.pathname + page + (text ? `?${text}` : "");
}

/** Shows a page. */
export function go(path: string, how: "push" | "replace" = "push"): void {
  const target = new URL(path, base);
  if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname)) return;
  if (target.href === address.peek().href) return;
  if (how === "push") history.pushState(null, "", target);
  else history.replaceState(null, "", target);
  address.value = target;
}

/** Follows what the browser does by itself, and links within the dashboard. */
export function follow(): void {
  address.value = new URL(location.href);
  addEventListener("popstate", () => {
    address.value = new URL(location.href);
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    const target = new URL(link.href);
    if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname)) return;
    event.preventDefault();
    go(target.pathname + target.search);
  });
}

function placeIn(url: URL, path: string): string {
  return url.pathname.startsWith(path) ? url.pathname.slice(path.length).split("/")[0]! : "";
}
