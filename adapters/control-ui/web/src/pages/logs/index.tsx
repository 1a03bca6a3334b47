// What the gateway says about itself, as it says it.
import { useCallback, useMemo, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { bytes, exact, number } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import { Card, Empty, Facts, Failure, Foreign, PageHead, Spinner } from "../../ui/bits.tsx";
import { Button, CopyButton } from "../../ui/button.tsx";
import { download } from "../../ui/download.ts";
import { Icon } from "../../ui/icon.tsx";
import { useWhileSeen } from "../../ui/media.ts";
import { VirtualList, type VirtualListHandle } from "../../ui/virtual-list.tsx";
import { LEVELS, cutAt, filtered, roomOf, type Filter, type Level, type Line } from "./line.ts";
import { MOST, Tail } from "./tail.ts";
import "./logs.css";

const LOOK_MS = 1_000;
const keyOf = (line: Line) => String(line.id);

export default function Logs() {
  const tail = useMemo(() => new Tail(gateway), []);
  const [isPaused, setPaused] = useState(false);
  const [filter, setFilter] = useState<Filter>({ text: "", levels: new Set(LEVELS), part: "" });
  useWhileSeen(useCallback(() => void tail.look(), [tail]), LOOK_MS, !isPaused && gateway.phase.value.kind === "connected");
  const lines = tail.lines.value;
  const shown = useMemo(() => filtered(lines, filter), [lines, filter]);
  const save = () => download(`openclaw-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.jsonl`, "application/jsonl", shown.map((line) => `${line.raw}\n`).join(""));
  const isFirst = tail.file.value === null;
  return (
    <div class="page tall logs-page">
      <PageHead title={t("logs.title")}>
        <Button icon={isPaused ? "play" : "pause"} aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>{t(isPaused ? "logs.resume" : "logs.pause")}</Button>
        <Button icon="download" disabled={!shown.length} onClick={save}>{t("logs.export")}</Button>
      </PageHead>
      <Filters lines={lines} filter={filter} onFilter={setFilter} />
      <p class="logs-sum">
        <span>{shown.length === lines.length ? t("logs.count", { count: lines.length }) : t("logs.shown", { shown: shown.length, all: lines.length })}{lines.length === MOST && ` · ${t("logs.most")}`}</span>
        {tail.file.value && <span class="logs-file"><code translate={false}><bdi>{tail.file.value}</bdi></code> {bytes(tail.size.value)}</span>}
      </p>
      {tail.error.value !== null && gateway.phase.value.kind === "connected" && <Failure error={tail.error.value} retry={() => void tail.look()} />}
      {isFirst && tail.error.value === null ? <div class="page-loading"><Spinner /></div>
        : shown.length === 0 ? <Card><Empty icon="log" title={t(lines.length ? "logs.none" : "logs.empty")} /></Card>
        : <Rows lines={shown} gaps={tail.gaps.value} search={filter.text} />}
    </div>
  );
}

function Filters({ lines, filter, onFilter }: { lines: readonly Line[]; filter: Filter; onFilter: (filter: Filter) => void }) {
  const rooms = useMemo(() => [...new Set(lines.map(roomOf))].filter(Boolean).sort(), [lines]);
  const toggle = (level: Level) => {
    const levels = new Set(filter.levels);
    if (!levels.delete(level)) levels.add(level);
    onFilter({ ...filter, levels });
  };
  return (
    <div class="filters" role="search">
      <input class="input filters-text" type="search" aria-label={t("logs.find")} placeholder={t("logs.find")} value={filter.text} onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })} />
      <div class="levels" role="group" aria-label={t("logs.levels")}>
        {LEVELS.map((level) => (
          <button key={level} type="button" class={`level ${level}`} aria-pressed={filter.levels.has(level)} onClick={() => toggle(level)}>{t(`logs.level.${level}`)}</button>
        ))}
      </div>
      <label class="filter">
        <span>{t("logs.part")}</span>
        <select class="input" value={filter.part} onChange={(event) => onFilter({ ...filter, part: event.currentTarget.value })}>
          <option value="" selected={filter.part === ""}>{t("logs.part.all")}</option>
          {rooms.map((room) => <option key={room} value={room} selected={room === filter.part}>{room}</option>)}
        </select>
      </label>
    </div>
  );
}

function Rows({ lines, gaps, search }: { lines: readonly Line[]; gaps: ReadonlySet<number>; search: string }) {
  const list = useRef<VirtualListHandle | null>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  // The newest line that was there when somebody left the end; nothing while he is there.
  const [left, setLeft] = useState<number | null>(null);
  const newest = useRef(0);
  newest.current = lines.at(-1)?.id ?? 0;
  const toggle = useCallback((id: number) => {
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);
  const onEnd = useCallback((isThere: boolean) => setLeft(isThere ? null : newest.current), []);
  const render = useCallback((line: Line) => (
    <>
      {gaps.has(line.id) && <p class="log-gap">{t("logs.gap")}</p>}
      <Row line={line} search={search} isOpen={open.has(line.id)} onToggle={toggle} />
    </>
  ), [gaps, search, open, toggle, language.value]);
  const fresh = left === null ? 0 : lines.filter((line) => line.id > left).length;
  return (
    <div class="logs-rows fills">
      <VirtualList items={lines} keyOf={keyOf} render={render} estimate={28} label={t("logs.lines")} stick onEnd={onEnd} handle={list} />
      {left !== null && (
        <Button class="logs-end" size="small" icon="arrowDown" onClick={() => list.current?.toEnd()}>
          {fresh > 0 ? t("logs.fresh", { count: fresh }) : t("logs.end")}
        </Button>
      )}
    </div>
  );
}

function Row({ line, search, isOpen, onToggle }: { line: Line; search: string; isOpen: boolean; onToggle: (id: number) => void }) {
  return (
    <div class={`log ${line.level}`}>
      <button type="button" class="log-line" aria-expanded={isOpen} onClick={() => onToggle(line.id)}>
        <Icon name={isOpen ? "chevronDown" : "chevronRight"} size={14} />
        <time class="log-time" {...(line.at === null ? {} : { dateTime: new Date(line.at).toISOString(), title: exact(line.at) })}>{line.at === null ? "" : clock(line.at)}</time>
        <span class={`log-level ${line.level}`}>{t(`logs.level.${line.level}`)}</span>
        <span class="log-part"><Found text={line.part} search={search} /></span>
        <span class="log-message">
          <Found text={line.message} search={search} />
          {line.fields.map(([name, value]) => <span key={name} class="log-field"> {name}=<Found text={value} search={search} /></span>)}
        </span>
      </button>
      {isOpen && (
        <div class="log-more">
          <Facts rows={[...(line.at === null ? [] : [[t("logs.time"), exact(line.at)] as const]), [t("logs.part"), line.part || "–"], ...line.fields.map(([name, value]) => [name, <Foreign>{value}</Foreign>] as const)]} />
          <div class="log-raw"><code translate={false}><bdi>{line.raw}</bdi></code><CopyButton text={line.raw} /></div>
        </div>
      )}
    </div>
  );
}

/** A text in which what is searched for stands out. */
function Found({ text, search }: { text: string; search: string }) {
  return <bdi>{cutAt(text, search).map((piece, index) => (index % 2 ? <mark key={index}>{piece}</mark> : piece))}</bdi>;
}

function clock(at: number): string {
  const time = new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(at);
  return `${time}.${number(at % 1000, { minimumIntegerDigits: 3 })}`;
}
