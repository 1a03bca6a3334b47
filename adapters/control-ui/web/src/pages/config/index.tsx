// The configuration: as a form or as a text, checked while it is changed, with a plan before it is written.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { ConfigIssue } from "../../protocol/index.ts";
import { useResource } from "../../state/resource.ts";
import { say } from "../../state/toasts.ts";
import { Badge, Empty, Failure, PageHead, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Segments } from "../../ui/form.tsx";
import { Prose } from "../../ui/prose.tsx";
import type { Schema } from "../../ui/schema-form.tsx";
import { byLine, valueAt, type Path } from "./change.ts";
import { base, check, discard, isChanged, learn, mode, newer, rebase, save, text, tree, verdict, type Mode } from "./draft.ts";
import { Around, Fields, wanted } from "./form.tsx";
import { Issues } from "./issues.tsx";
import { RawEditor } from "./raw.tsx";
import { Review } from "./review.tsx";
import { controlFor, Shape, type Known } from "./shape.ts";
import "./config.css";

/** How long nobody types before the gateway is asked what it thinks. */
const QUIET_MS = 400;
/** The section of keys that are no sections themselves. */
const GENERAL = "";
const FOUND_MOST = 60;

/** The schema, and the start of the gateway it belongs to: it is large, and changes with the program only. */
let kept: { bootId: string; shape: Shape } | null = null;

export default function Config() {
  const bootId = gateway.hello.value?.server.bootId ?? "";
  const isKept = kept?.bootId === bootId;
  const file = useResource("config.get", {}, ["config.changed"]);
  const schema = useResource("config.schema", isKept ? null : {});
  const shape = useMemo(() => {
    if (schema.value.value) kept = { bootId, shape: new Shape(schema.value.value) };
    return kept?.shape ?? null;
  }, [schema.value.value]);
  const isReadOnly = !gateway.may("operator.admin");
  const [dialog, setDialog] = useState<"review" | "discard" | Mode | null>(null);
  const goTo = useRef<((line: number) => void) | null>(null);

  useEffect(() => {
    if (file.value.value) learn(file.value.value);
  }, [file.value.value]);
  useEffect(() => {
    if (isReadOnly || dialog === "review") return;
    const timer = setTimeout(() => void check(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [tree.value, text.value, mode.value, base.value, isReadOnly, dialog]);
  useEffect(() => {
    if (!isChanged.value) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isChanged.value]);

  const error = file.error.value ?? schema.error.value;
  if (!base.value || !shape) {
    return (
      <div class="page">
        <PageHead title={t("config.title")} />
        {error ? <Failure error={error} retry={() => { file.refresh(); schema.refresh(); }} /> : <div class="page-loading"><Spinner /></div>}
      </div>
    );
  }
  const store = async () => {
    const outcome = await save();
    if (!outcome) return;
    setDialog(null);
    say({ kind: "done", text: t(outcome.restart ? "config.saved.restart" : "config.saved") });
    file.refresh();
  };
  const choose = (next: Mode) => {
    if (isChanged.peek()) setDialog(next);
    else mode.value = next;
  };
  const open = (issue: ConfigIssue) => {
    if (mode.value === "text" && typeof issue.line === "number") goTo.current?.(issue.line);
    else if (issue.path) wanted.value = pathOf(issue.path);
  };
  const found = verdict.value;
  const wrong = found.kind === "bad" ? found.issues : [];
  return (
    <div class="page config">
      <PageHead title={t("config.title")}>
        <Standing />
        {isChanged.value && !isReadOnly && (
          <>
            <Button onClick={() => setDialog("discard")}>{t("config.discard")}</Button>
            <Button kind="primary" onClick={() => setDialog("review")} disabled={newer.value !== null}>{t("config.review.open")}</Button>
          </>
        )}
      </PageHead>
      <p class="config-file"><code translate={false}>{base.value.path}</code>{!base.value.exists && <Badge>{t("config.absent")}</Badge>}</p>
      {isReadOnly && <p class="config-note">{t("config.readOnly")}</p>}
      {error !== null && error !== undefined && <Failure error={error} retry={file.refresh.bind(file)} />}
      {newer.value && <Conflict />}
      {found.kind === "bad" && !wrong.length && <Failure error={new Error(found.message)} />}
      <Issues title={t("config.issues.draft")} issues={wrong} tone="bad" onOpen={open} />
      <Issues title={t("config.issues.file")} issues={base.value.issues} tone="bad" onOpen={open} />
      <Issues title={t("config.issues.running")} issues={base.value.runningIssues.filter((it) => !base.value!.issues.some((other) => other.path === it.path && other.message === it.message))} tone="bad" onOpen={open} />
      <Issues title={t("config.issues.warnings")} issues={[...base.value.warnings, ...base.value.legacyIssues]} tone="warn" onOpen={open} />
      <div>
        <Segments label={t("config.mode")} value={mode.value} options={[["form", t("config.mode.form")], ["text", t("config.mode.text")]]} onValue={choose} />
      </div>
      {mode.value === "text"
        ? <RawEditor issues={byLine([...wrong, ...base.value.issues], found.kind === "bad" ? found.message : null)} isReadOnly={isReadOnly} goTo={goTo} />
        : <Form shape={shape} isReadOnly={isReadOnly} issues={wrong} />}
      {dialog === "review" && <Review shape={shape} onSave={() => void store()} onClose={() => setDialog(null)} />}
      {dialog !== null && dialog !== "review" && (
        <Confirm
          title={t("config.discard")}
          verb={t("config.discard")}
          danger
          onClose={() => setDialog(null)}
          onConfirm={() => {
            discard();
            if (dialog !== "discard") mode.value = dialog;
          }}
        >
          <p>{t("config.discard.sure")}</p>
        </Confirm>
      )}
    </div>
  );
}

/** How the draft is, always in sight. */
function Standing() {
  const found = verdict.value;
  return (
    <span class="config-standing" role="status">
      {!isChanged.value && (base.value?.valid === false
        ? <Badge tone="bad">{t("config.invalid")}</Badge>
        : <Badge tone="good">{t("config.valid")}</Badge>)}
      {isChanged.value && found.kind === "asking" && <Spinner label={t("config.checking")} />}
      {isChanged.value && found.kind === "bad" && <Badge tone="bad">{t("config.invalid")}</Badge>}
      {isChanged.value && found.kind === "fine" && <Badge tone="accent">{t("config.keys", { count: found.outcome.changed.length })}</Badge>}
    </span>
  );
}

/** Somebody else wrote the file meanwhile. */
function Conflict() {
  return (
    <div class="config-conflict" role="alert">
      <span>{t("config.conflict")}</span>
      <Button size="small" onClick={rebase}>{t(mode.value === "form" ? "config.conflict.form" : "config.conflict.text")}</Button>
      <Button size="small" onClick={discard}>{t("config.conflict.discard")}</Button>
    </div>
  );
}

function Form({ shape, isReadOnly, issues }: { shape: Shape; isReadOnly: boolean; issues: readonly ConfigIssue[] }) {
  const search = useSignal("");
  const section = useSignal<string | null>(null);
  const [showAdvanced, setAdvanced] = useState(false);
  const root = controlFor(shape.root, {});
  const known = root.kind === "section" ? root.fields : [];
  const isSection = (it: Known) => ["section", "list", "json"].includes(controlFor(it.schema, undefined).kind);
  const present = Object.keys((tree.value ?? {}) as object);
  const sections = shape.ordered(known.filter(isSection), []).filter((it) => showAdvanced || present.includes(it.name) || it.name === section.value || !shape.hint([it.name]).isAdvanced);
  const general = known.filter((it) => !isSection(it));
  const target = wanted.value;
  useEffect(() => {
    if (target?.[0] === undefined) return;
    search.value = "";
    section.value = known.some((it) => it.name === target[0] && isSection(it)) ? target[0] : GENERAL;
  }, [target]);
  const current = section.value ?? (sections.some((it) => it.name === "gateway") ? "gateway" : sections[0]?.name ?? GENERAL);
  const shown = known.find((it) => it.name === current);
  const hint = shape.hint([current]);
  const found = useMemo(() => shape.find(search.value, FOUND_MOST), [shape, search.value]);
  const control = shown && controlFor(shown.schema, valueAt(tree.value, [current]));
  const at = (known: Known) => ({ path: [known.name], place: [known.name], schema: known.schema as Schema });
  return (
    <Around.Provider value={{ shape, isReadOnly, showAdvanced, issues }}>
      <div class="config-form">
        <div class="config-side">
          <input class="input" type="search" aria-label={t("config.search")} placeholder={t("config.search")} value={search.value} onInput={(event) => { search.value = event.currentTarget.value; }} />
          <label class="config-advanced"><input type="checkbox" checked={showAdvanced} onChange={(event) => setAdvanced(event.currentTarget.checked)} /> {t("config.advanced")}</label>
          <select class="input config-pick" aria-label={t("config.sections")} value={current} onChange={(event) => { section.value = event.currentTarget.value; search.value = ""; }}>
            {sections.map((it) => <option key={it.name} value={it.name} selected={it.name === current}>{shape.hint([it.name]).label}</option>)}
            {general.length > 0 && <option value={GENERAL} selected={current === GENERAL}>{t("config.general")}</option>}
          </select>
          <nav class="config-sections" aria-label={t("config.sections")}>
            {[...sections.map((it) => it.name), ...(general.length ? [GENERAL] : [])].map((name) => (
              <button key={name} type="button" {...(name === current && !search.value ? { "aria-current": "true" as const } : {})} onClick={() => { section.value = name; search.value = ""; }}>
                {name === GENERAL ? t("config.general") : shape.hint([name]).label}
                {present.includes(name) && <span class="config-dot" title={t("config.present")} />}
              </button>
            ))}
          </nav>
        </div>
        <div class="config-main">
          {search.value.trim() !== "" ? (
            <Found found={found} />
          ) : (
            <section class="card" aria-label={hint.label}>
              <header class="config-head">
                <h2>{current === GENERAL ? t("config.general") : hint.label}</h2>
                {hint.help && <p class="field-hint"><Prose>{hint.help}</Prose></p>}
              </header>
              {current === GENERAL && <Fields at={{ path: [], place: [], schema: shape.root }} fields={general} others={null} />}
              {shown && control?.kind === "section" && <Fields key={current} at={at(shown)} fields={control.fields} others={control.others} />}
              {shown && control && control.kind !== "section" && <Fields key={current} at={{ path: [], place: [], schema: shape.root }} fields={[shown]} others={null} />}
            </section>
          )}
        </div>
      </div>
    </Around.Provider>
  );
}

/** What the search found. What is below free names leads to where those are. */
function Found({ found }: { found: readonly { place: Path; hint: { label: string; help: string } }[] }) {
  if (!found.length) return <Empty icon="search" title={t("config.search.nothing")} />;
  return (
    <>
      <p class="out-of-sight" role="status">{t("config.search.found", { count: found.length })}</p>
      <ul class="config-found">
        {found.map(({ place, hint }) => (
          <li key={place.join(".")}>
            <button
              type="button"
              onClick={() => {
                const free = place.indexOf("*");
                wanted.value = free === -1 ? place : place.slice(0, free);
              }}
            >
              <span class="config-label">{hint.label}</span>
              <code class="config-path" translate={false}>{place.join(".")}</code>
              <span class="field-hint"><Prose>{hint.help}</Prose></span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The path an issue names: `agents.list[0].name`. */
function pathOf(spelling: string): Path {
  return spelling.replace(/\[(\d+)\]/g, ".$1").split(".").filter(Boolean);
}
