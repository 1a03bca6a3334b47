// All sessions: to find them, to see what they used, to set them up, and to be rid of them.
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { compact, number } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import type { Model, SessionRow } from "../../protocol/index.ts";
import { go, pathOf, query } from "../../router.ts";
import { agentOf, agents, assistantOf, canonical, titleOf } from "../../state/assistant.ts";
import { fetchAll, followSessions, sessions, sessionsAreLoaded } from "../../state/sessions.ts";
import { useResource } from "../../state/resource.ts";
import { sayFailed } from "../../state/toasts.ts";
import { Empty, Foreign, PageHead, Spinner, Time } from "../../ui/bits.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { NARROW, useMedia, useNow } from "../../ui/media.ts";
import { Meter } from "../../ui/meter.tsx";
import { DataTable, type Column } from "../../ui/table.tsx";
import { Details, StateBadge } from "./details.tsx";
import { deletions, finishDeletions, isMain } from "./delete.ts";
import { SORTS, SPANS, STATES, contextOf, filterIn, filtered, modelOf, sortOf, stateOf, tokensOf, windowsOf, type Filter, type Windows } from "./rows.ts";
import "./sessions.css";

/** What the gateway calls dashboards. */
const HERE = "webchat";
/** Where there is room for what matters less. */
const WIDE = "(min-width: 90rem)";
const MINUTE_MS = 60_000;
const NO_MODELS: readonly Model[] = [];
const keyOf = (row: SessionRow) => row.key;

export default function Sessions() {
  useEffect(() => followSessions(), []);
  useEffect(finishDeletions, []);
  const [filter, setFilter] = useState(() => filterIn(query.peek()));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const isNarrow = useMedia(NARROW);
  const now = useNow(MINUTE_MS);
  const all = sessions.value;
  const gone = deletions.gone.value;
  const shown = useMemo(() => filtered(all.filter((row) => !gone.has(row.key)), filter, now), [all, gone, filter, now]);
  const mayDelete = gateway.may("operator.admin") && gateway.has("sessions.delete");
  const toggle = useCallback((keys: readonly string[], on: boolean) => {
    setChosen((before) => {
      const after = new Set(before);
      for (const key of keys) {
        if (on) after.add(key);
        else after.delete(key);
      }
      return after;
    });
  }, []);
  const models = useResource("models.list", gateway.has("models.list") ? {} : null, ["config.changed"]).value.value?.models ?? NO_MODELS;
  const windows = useMemo(() => windowsOf(models), [models]);
  const columns = useColumns({ windows, rows: shown, chosen, toggle, mayDelete, isNarrow, isWide: useMedia(WIDE) });
  const opened = query.value.get("key");
  const row = opened === null ? undefined : all.find((it) => it.key === canonical(opened));
  const close = () => go(pathOf("sessions"), "replace");

  return (
    <div class="page tall sessions-page">
      <PageHead title={t("sessions.title")}>
        <Button icon="refresh" onClick={() => void fetchAll()}>{t("common.refresh")}</Button>
        {gateway.may("operator.write") && gateway.has("sessions.create") && (
          <Button kind="primary" icon="plus" onClick={() => void begin()}>{t("sessions.new")}</Button>
        )}
      </PageHead>
      <Filters filter={filter} onFilter={setFilter} />
      {chosen.size > 0 ? <Chosen keys={[...chosen].filter((key) => shown.some((it) => it.key === key))} onNone={() => setChosen(new Set())} /> : <Sum shown={shown} all={all.length} />}
      {sessionsAreLoaded.value ? (
        <DataTable
          label={t("sessions.title")}
          columns={columns}
          rows={shown}
          keyOf={keyOf}
          rowHeight={58}
          order={{ key: "updated", descending: true }}
          onOpen={(it) => go(pathOf("sessions", { key: it.key }))}
          empty={<Empty icon="sessions" title={all.length ? t("sessions.none") : t("sessions.empty")} />}
        />
      ) : <div class="page-loading"><Spinner /></div>}
      {row && <Details key={row.key} row={row} models={models} onClose={close} />}
    </div>
  );
}

async function begin(): Promise<void> {
  try {
    const { key } = await gateway.request("sessions.create", {});
    go(pathOf("chat", { session: key }));
  } catch (error) {
    sayFailed(error);
  }
}

function Filters({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) {
  const known = [...new Set([...agents.value.map((agent) => agent.id), ...sessions.value.map((row) => agentOf(row.key))])];
  const choice = <F extends "sort" | "span" | "state" | "agent">(field: F, label: string, options: readonly (readonly [Filter[F], string])[]) => (
    <label class="filter">
      <span>{label}</span>
      <select
        class="input"
        value={filter[field]}
        onChange={(event) => {
          const found = options.find(([value]) => value === event.currentTarget.value);
          if (found) onFilter({ ...filter, [field]: found[0] });
        }}
      >
        {options.map(([value, text]) => <option key={value} value={value} selected={value === filter[field]}>{text}</option>)}
      </select>
    </label>
  );
  return (
    <div class="filters" role="search">
      <input
        class="input filters-text"
        type="search"
        aria-label={t("sessions.find")}
        placeholder={t("sessions.find")}
        value={filter.text}
        onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      {known.length > 1 && choice("agent", t("sessions.agent"), [["", t("sessions.all")], ...known.map((id) => [id, assistantOf(id).name] as const)])}
      {choice("sort", t("sessions.kind"), [["any", t("sessions.all")], ...SORTS.map((it) => [it, t(`sessions.kind.${it}`)] as const)])}
      {choice("state", t("sessions.state"), STATES.map((it) => [it, it === "any" ? t("sessions.all") : t(`sessions.state.${it}`)] as const))}
      {choice("span", t("sessions.updated"), SPANS.map((it) => [it, t(`sessions.span.${it}`)] as const))}
    </div>
  );
}

/** How many they are, and what they used. */
function Sum({ shown, all }: { shown: readonly SessionRow[]; all: number }) {
  const { input, output } = tokensOf(shown);
  return (
    <p class="sessions-sum" aria-live="polite">
      {shown.length === all ? t("sessions.count", { count: all }) : t("sessions.shown", { shown: shown.length, all })}
      {input + output > 0 && ` · ${t("sessions.sum", { read: compact(input), written: compact(output) })}`}
    </p>
  );
}

function Chosen({ keys, onNone }: { keys: readonly string[]; onNone: () => void }) {
  return (
    <div class="sessions-chosen" role="group" aria-label={t("sessions.chosen", { count: keys.length })}>
      <span aria-live="polite">{t("sessions.chosen", { count: keys.length })}</span>
      <Button
        kind="danger"
        size="small"
        icon="trash"
        disabled={!keys.length}
        onClick={() => {
          deletions.delete(keys);
          onNone();
        }}
      >
        {t("common.delete")}
      </Button>
      <Button size="small" onClick={onNone}>{t("sessions.chosen.none")}</Button>
    </div>
  );
}

interface ColumnsOf {
  windows: Windows;
  rows: readonly SessionRow[];
  chosen: ReadonlySet<string>;
  toggle: (keys: readonly string[], on: boolean) => void;
  mayDelete: boolean;
  isNarrow: boolean;
  isWide: boolean;
}

function useColumns({ windows, rows, chosen, toggle, mayDelete, isNarrow, isWide }: ColumnsOf): readonly Column<SessionRow>[] {
  return useMemo(() => {
    const order = new Intl.Collator(language.value, { numeric: true });
    const deletable = rows.map(keyOf).filter((key) => !isMain(key));
    const isAll = deletable.length > 0 && deletable.every((key) => chosen.has(key));
    const choice: Column<SessionRow> = {
      key: "chosen",
      label: t("sessions.chooseAll"),
      head: <input type="checkbox" aria-label={t("sessions.chooseAll")} checked={isAll} disabled={!deletable.length} onChange={() => toggle(deletable, !isAll)} />,
      width: "3rem",
      cell: (row) => (isMain(row.key) ? null : (
        <input type="checkbox" aria-label={t("sessions.choose", { name: titleOf(row.key, row) })} checked={chosen.has(row.key)} onChange={(event) => toggle([row.key], event.currentTarget.checked)} />
      )),
    };
    const name: Column<SessionRow> = {
      key: "name",
      label: t("sessions.session"),
      width: isNarrow ? "minmax(7rem, 1fr)" : "minmax(13rem, 4fr)",
      cell: (row) => <Name row={row} />,
      compare: (one, other) => order.compare(titleOf(one.key, one), titleOf(other.key, other)),
    };
    const updated: Column<SessionRow> = {
      key: "updated",
      label: t("sessions.updated"),
      width: isNarrow ? "6.5rem" : "minmax(7.75rem, 1fr)",
      cell: (row) => (row.updatedAt ? <Time at={row.updatedAt} /> : "–"),
      compare: (one, other) => (one.updatedAt ?? 0) - (other.updatedAt ?? 0),
    };
    const actions: Column<SessionRow> = {
      key: "actions",
      label: t("sessions.actions"),
      head: <span class="out-of-sight">{t("sessions.actions")}</span>,
      width: isNarrow ? "3.6rem" : "7.5rem",
      end: true,
      cell: (row) => <Actions row={row} mayDelete={mayDelete} isNarrow={isNarrow} />,
    };
    if (isNarrow) return [name, updated, actions];
    const kind: Column<SessionRow> = {
      key: "kind",
      label: t("sessions.kind"),
      width: "minmax(7rem, 1fr)",
      cell: (row) => <Kind row={row} />,
      compare: (one, other) => order.compare(sortOf(one), sortOf(other)),
    };
    const more: Column<SessionRow>[] = [
      {
        key: "state",
        label: t("sessions.state"),
        width: "minmax(7rem, 1fr)",
        cell: (row) => <StateBadge row={row} />,
        compare: (one, other) => order.compare(stateOf(one), stateOf(other)),
      },
      {
        key: "model",
        label: t("sessions.model"),
        width: "minmax(8rem, 1.3fr)",
        cell: (row) => <Foreign>{modelOf(row) || "–"}</Foreign>,
        compare: (one, other) => order.compare(modelOf(one), modelOf(other)),
      },
      {
        key: "tokens",
        label: t("sessions.tokens"),
        width: "minmax(8.5rem, 1fr)",
        end: true,
        cell: (row) => <Tokens row={row} windows={windows} />,
        compare: (one, other) => one.inputTokens + one.outputTokens - other.inputTokens - other.outputTokens,
      },
    ];
    return [...(mayDelete ? [choice] : []), name, ...(isWide ? [kind] : []), ...more, updated, actions];
  }, [windows, rows, chosen, toggle, mayDelete, isNarrow, isWide, agents.value, language.value]);
}

function Name({ row }: { row: SessionRow }) {
  return (
    <div class="session-name">
      <a href={pathOf("chat", { session: row.key })}><Foreign>{titleOf(row.key, row)}</Foreign></a>
      <small translate={false}><bdi>{row.key}</bdi></small>
    </div>
  );
}

/** What kind it is, and where its messages come from unless that is here. */
function Kind({ row }: { row: SessionRow }) {
  const kind = t(`sessions.kind.${sortOf(row)}`);
  return row.channel && row.channel !== HERE ? <>{kind} · <Foreign>{row.channel}</Foreign></> : <>{kind}</>;
}

function Tokens({ row, windows }: { row: SessionRow; windows: Windows }) {
  const used = contextOf(row, windows)?.percent ?? null;
  return (
    <div class="session-tokens" title={t("sessions.sum", { read: number(row.inputTokens), written: number(row.outputTokens) })}>
      <span>{compact(row.inputTokens + row.outputTokens)}{used !== null && used > 0 && <small> · {t("sessions.full", { percent: used })}</small>}</span>
      {used !== null && <Meter percent={used} />}
    </div>
  );
}

function Actions({ row, mayDelete, isNarrow }: { row: SessionRow; mayDelete: boolean; isNarrow: boolean }) {
  const name = titleOf(row.key, row);
  return (
    <>
      {!isNarrow && <IconButton icon="chat" size="small" label={t("sessions.open.named", { name })} onClick={() => go(pathOf("chat", { session: row.key }))} />}
      <IconButton icon="settings" size="small" label={t("sessions.settings.named", { name })} onClick={() => go(pathOf("sessions", { key: row.key }))} />
      {!isNarrow && mayDelete && !isMain(row.key) && <IconButton icon="trash" size="small" label={t("sessions.delete.named", { name })} onClick={() => deletions.delete([row.key])} />}
    </>
  );
}
