// What the gateway says unasked, as it comes.
import { useMemo, useState } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import { Badge, Empty } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { download } from "../../ui/download.ts";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { Json } from "./json.tsx";
import { exported, matching, recorder, type Heard } from "./recorder.ts";
import type { Tables } from "./tables.ts";

/** How much of a payload is shown in its line. */
const LINE = 240;

export function Events({ tables }: { tables: Tables }) {
  const [kind, setKind] = useState("");
  const [text, setText] = useState("");
  const [open, setOpen] = useState<Heard | null>(null);
  const all = recorder.shown.value;
  const found = useMemo(() => matching(all, kind, text), [all, kind, text]);
  const kinds = useMemo(() => [...new Set([...tables.events.keys(), ...all.map((it) => it.event)])].sort(), [tables, all]);
  const isPaused = recorder.isPaused.value;
  return (
    <section class="debug-events" aria-label={t("debug.events")}>
      <div class="debug-filters">
        <select class="input" aria-label={t("debug.events.kind")} value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          <option value="" selected={kind === ""}>{t("debug.events.all")}</option>
          {kinds.map((it) => <option key={it} value={it} selected={it === kind}>{it}</option>)}
        </select>
        <input class="input" type="search" aria-label={t("common.search")} placeholder={t("common.search")} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <Button icon={isPaused ? "play" : "pause"} aria-pressed={isPaused} onClick={() => recorder.pause(!isPaused)}>{t(isPaused ? "debug.events.go" : "debug.events.pause")}</Button>
        <Button icon="trash" disabled={!all.length} onClick={() => { recorder.clear(); setOpen(null); }}>{t("debug.events.clear")}</Button>
        <Button icon="download" disabled={!found.length} onClick={() => download(`events-${new Date().toISOString().replaceAll(":", "-")}.jsonl`, "application/x-ndjson", exported(found))}>{t("debug.events.export")}</Button>
      </div>
      <p class="field-hint" role="status">
        {t("debug.events.count", { shown: found.length, count: all.length })}
        {isPaused && <> · {t("debug.events.held", { count: recorder.held.value })}</>}
      </p>
      {!found.length && <Empty icon="spark" title={t(all.length ? "debug.events.nothing" : "debug.events.none")} />}
      {found.length > 0 && (
        <div class="debug-stream">
          <VirtualList items={found} keyOf={keyOf} estimate={34} label={t("debug.events")} stick render={(heard) => <Line heard={heard} isOpen={heard === open} onOpen={() => setOpen(heard === open ? null : heard)} />} />
        </div>
      )}
      {open && (
        <section class="card" aria-label={open.event}>
          <header class="card-head">
            <h2><code translate={false}>{open.event}</code></h2>
            <Button size="small" icon="close" onClick={() => setOpen(null)}>{t("common.close")}</Button>
          </header>
          {tables.events.get(open.event) && <p class="field-hint">{tables.events.get(open.event)}</p>}
          <Json text={JSON.stringify(open.payload, null, 2) ?? "null"} name={open.event} />
        </section>
      )}
    </section>
  );
}

const keyOf = (heard: Heard) => String(heard.number);

function Line({ heard, isOpen, onOpen }: { heard: Heard; isOpen: boolean; onOpen: () => void }) {
  return (
    <button type="button" class="debug-line" aria-expanded={isOpen} onClick={onOpen}>
      <time dateTime={new Date(heard.at).toISOString()}>{clock(heard.at)}</time>
      <Badge tone="accent">{heard.event}</Badge>
      <code translate={false}><bdi>{heard.text.slice(0, LINE)}</bdi></code>
    </button>
  );
}

function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8) + "." + String(at % 1000).padStart(3, "0");
}
