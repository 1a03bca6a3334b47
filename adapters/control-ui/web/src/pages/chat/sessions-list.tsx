// The sessions, to choose from.
import { useCallback, useMemo, useState } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import type { SessionRow } from "../../protocol/index.ts";
import { pathOf } from "../../router.ts";
import { mainSession, titleOf } from "../../state/assistant.ts";
import { matching, sessions, sessionsAreLoaded } from "../../state/sessions.ts";
import { Foreign, Spinner, Time } from "../../ui/bits.tsx";
import { IconButton } from "../../ui/button.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";

const keyOf = (row: SessionRow) => row.key;

export function SessionsList({ open, onNew, onSplit, search }: { open: readonly string[]; onNew: () => void; onSplit: (session: string) => void; search: { current: HTMLInputElement | null } }) {
  const [text, setText] = useState("");
  const all = sessions.value;
  const rows = useMemo(() => matching(all, text), [all, text]);
  const render = useCallback((row: SessionRow) => {
    const isOpen = open.includes(row.key);
    const title = titleOf(row.key, row);
    return (
      <div class="session">
        <a href={pathOf("chat", { session: row.key })} class="session-link" {...(isOpen ? { "aria-current": "true" as const } : {})}>
          <span class="session-title"><Foreign>{title}</Foreign></span>
          <span class="session-when">
            {row.status === "running" ? <Spinner label={t("chat.working", { name: title })} /> : row.updatedAt ? <Time at={row.updatedAt} /> : null}
          </span>
        </a>
        {!isOpen && <IconButton class="session-split" icon="columns" size="small" label={`${t("chat.split")}: ${title}`} onClick={() => onSplit(row.key)} />}
      </div>
    );
  }, [open.join("\n"), onSplit, mainSession()]);
  return (
    <aside class="sessions" aria-label={t("chat.sessions")}>
      <header class="sessions-head">
        <h2>{t("chat.sessions")}</h2>
        <IconButton icon="plus" label={t("chat.new")} onClick={onNew} />
      </header>
      <input
        ref={search}
        class="input sessions-find"
        type="search"
        placeholder={t("chat.sessions.find")}
        aria-label={t("chat.sessions.find")}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {!sessionsAreLoaded.value ? <div class="pane-middle"><Spinner /></div>
        : rows.length === 0 ? <p class="sessions-none">{t(text.trim() ? "chat.sessions.empty" : "chat.sessions.none")}</p>
        : <VirtualList items={rows} keyOf={keyOf} render={render} estimate={40} label={t("chat.sessions")} class="sessions-rows" />}
    </aside>
  );
}
