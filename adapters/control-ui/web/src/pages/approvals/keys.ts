// What keys do where commands wait for consent.

export type Decision = "allow-once" | "allow-always" | "deny";
export type Action = { kind: "move"; by: 1 | -1 } | { kind: "decide"; decision: Decision };

interface Press {
  key: string;
  target: EventTarget | null;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  defaultPrevented: boolean;
}

/** What a key means. Nothing where somebody types, chooses from a menu or answers a dialog. */
export function actionFor(press: Press): Action | null {
  if (press.defaultPrevented || press.ctrlKey || press.metaKey || press.altKey) return null;
  const place = press.target instanceof Element ? press.target : null;
  if (place?.closest("input, textarea, select, [contenteditable], dialog, [role=menu]")) return null;
  const isMove = press.key === "j" || press.key === "k";
  if (isMove) return { kind: "move", by: press.key === "j" ? 1 : -1 };
  // A key that is held down decides once.
  if (press.repeat) return null;
  switch (press.key) {
    case "a": return { kind: "decide", decision: "allow-once" };
    case "A": return { kind: "decide", decision: "allow-always" };
    case "d": return { kind: "decide", decision: "deny" };
    default: return null;
  }
}

/** The entry beside the current one; at the ends it stays. */
export function step(ids: readonly string[], current: string | null, by: 1 | -1): string | null {
  const at = current === null ? -1 : ids.indexOf(current);
  if (at === -1) return ids[0] ?? null;
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
}

/** Which entry is chosen when the chosen one is gone: the one that came after it, else the last. */
export function nextAfter(before: readonly string[], gone: string | null, ids: readonly string[]): string | null {
  const at = gone === null ? -1 : before.indexOf(gone);
  const after = before.slice(at + 1).find((id) => ids.includes(id));
  return after ?? (at === -1 ? ids[0] : ids.at(-1)) ?? null;
}
