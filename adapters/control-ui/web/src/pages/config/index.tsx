// The configuration: as a form or as a text, checked while it is changed, with a plan before it is written.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { ConfigIssue } from "../../protocol/index.ts";
import { useResource } from "../../state/resource.ts";
import { say } from "../../state/toasts.ts";
import { Badge, Failure, PageHead, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Segments } from "../../ui/form.tsx";
import { AskForScopes } from "../../ui/scopes.tsx";
import { byLine, type Path } from "./change.ts";
import { base, check, discard, isChanged, learn, mode, newer, rebase, save, text, tree, verdict, type Mode } from "./draft.ts";
import { wanted } from "./form.tsx";
import { Issues } from "./issues.tsx";
import { RawEditor } from "./raw.tsx";
import { Review } from "./review.tsx";
import { Sections } from "./sections.tsx";
import { Shape } from "./shape.ts";
import "./config.css";

/** How long nobody types before the gateway is asked what it thinks. */
const QUIET_MS = 400;

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
      {isReadOnly && <p class="config-note">{t("config.readOnly")} <AskForScopes scopes={["operator.admin"]} /></p>}
      {error !== null && error !== undefined && <Failure error={error} retry={file.refresh.bind(file)} />}
      {newer.value && <Conflict />}
      {found.kind === "bad" && !wrong.length && <Failure error={new Error(found.message)} />}
      <Issues title={t("config.issues.draft")} issues={wrong} tone="bad" onOpen={open} />
      <Issues title={t("config.issues.file")} issues={base.value.issues} tone="bad" onOpen={open} />
      <Issues title={t("config.issues.running")} issues={base.value.runningIssues.filter((it) => !base.value!.issues.some((other) => other.path === it.path && other.message === it.message))} tone="bad" onOpen={open} />
      <Issues title={t("config.issues.warnings")} issues={[...base.value.warnings, ...base.value.legacyIssues]} tone="warn" onOpen={open} />
      <div>
        <Segments label={t("config.mode")} isPlain value={mode.value} options={[["form", t("config.mode.form")], ["text", t("config.mode.text")]]} onValue={choose} />
      </div>
      {mode.value === "text"
        ? <RawEditor issues={byLine([...wrong, ...base.value.issues], found.kind === "bad" ? found.message : null)} isReadOnly={isReadOnly} goTo={goTo} />
        : <Sections shape={shape} isReadOnly={isReadOnly} issues={wrong} />}
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

/** The path an issue names: `agents.list[0].name`. */
function pathOf(spelling: string): Path {
  return spelling.replace(/\[(\d+)\]/g, ".$1").split(".").filter(Boolean);
}
