// Calling any method, with a form of what it takes.
import { useEffect, useMemo, useState } from "preact/hooks";

import { GatewayError } from "../../gateway/error.ts";
import { gateway } from "../../gateway/index.ts";
import { bytes, duration } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import { go, pathOf, query } from "../../router.ts";
import { wordsFor } from "../../state/toasts.ts";
import { Badge, Empty, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Field, Segments, TextField } from "../../ui/form.tsx";
import { Prose } from "../../ui/prose.tsx";
import { SchemaForm, kindOf } from "../../ui/schema-form.tsx";
import { Json } from "./json.tsx";
import { paramsOf, requiredFirst, type Method, type Tables } from "./tables.ts";

interface Call {
  number: number;
  method: string;
  params: unknown;
  isFine: boolean;
  answer: unknown;
  tookMs: number;
}

const REMEMBERED = 20;
const USUAL_SECONDS = "30";

export function Methods({ tables }: { tables: Tables }) {
  const [text, setText] = useState("");
  const [calls, setCalls] = useState<readonly Call[]>([]);
  const found = useMemo(() => tables.find(text), [tables, text]);
  const name = query.value.get("method") ?? "health";
  const method = tables.methods.find((it) => it.name === name) ?? tables.methods[0];
  const choose = (next: string) => go(pathOf("debug", { method: next }), "replace");
  return (
    <div class="debug-methods">
      <div class="debug-side">
        <input class="input" type="search" aria-label={t("debug.find")} placeholder={t("debug.find")} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <select class="input debug-pick" aria-label={t("debug.methods")} value={method?.name} onChange={(event) => choose(event.currentTarget.value)}>
          {found.map((it) => <option key={it.name} value={it.name} selected={it.name === method?.name}>{it.name}</option>)}
        </select>
        <nav class="debug-names" aria-label={t("debug.methods")}>
          {found.map((it) => (
            <button key={it.name} type="button" {...(it.name === method?.name ? { "aria-current": "true" as const } : {})} onClick={() => choose(it.name)}><code translate={false}>{it.name}</code></button>
          ))}
          {!found.length && <Empty icon="search" title={t("debug.find.nothing")} />}
        </nav>
      </div>
      <div class="debug-main">
        {method && <Caller key={method.name} method={method} tables={tables} onCall={(call) => setCalls((before) => [{ ...call, number: (before[0]?.number ?? 0) + 1 }, ...before].slice(0, REMEMBERED))} />}
        {calls.map((call, index) => <Called key={call.number} call={call} isNewest={index === 0} />)}
      </div>
    </div>
  );
}

function Caller({ method, tables, onCall }: { method: Method; tables: Tables; onCall: (call: Omit<Call, "number">) => void }) {
  const kind = method.params === null ? null : kindOf(method.params, tables.resolve);
  const hasForm = kind?.kind === "object";
  const takesNothing = hasForm && Object.keys(kind.properties).length === 0 && kind.others === null;
  const [how, setHow] = useState<"form" | "raw">(hasForm ? "form" : "raw");
  const [text, setText] = useState("{}");
  const [seconds, setSeconds] = useState(USUAL_SECONDS);
  const [isAsking, setAsking] = useState(false);
  const read = paramsOf(text);
  const timeoutMs = Math.round(Number(seconds) * 1000);
  const isFine = read.error === null && timeoutMs > 0;
  const isAllowed = !method.access.startsWith("operator.") || gateway.may(method.access);
  const call = async () => {
    if (!isFine || isAsking) return;
    setAsking(true);
    const from = performance.now();
    const finish = (isFine: boolean, answer: unknown) => onCall({ method: method.name, params: read.value, isFine, answer, tookMs: performance.now() - from });
    try {
      finish(true, await gateway.call(method.name, read.value, timeoutMs));
    } catch (error) {
      finish(false, error instanceof GatewayError ? { code: error.code, message: wordsFor(error), details: error.details } : String(error));
    }
    setAsking(false);
  };
  return (
    <section
      class="card"
      aria-label={method.name}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void call();
      }}
    >
      <header class="card-head">
        <h2><code translate={false}>{method.name}</code></h2>
        {method.access && <Badge tone={isAllowed ? "plain" : "bad"}>{method.access}</Badge>}
      </header>
      {method.doc.map((part) => <p key={part} class="debug-doc"><Prose>{part}</Prose></p>)}
      {!isAllowed && <p class="field-error">{t("debug.notAllowed")}</p>}
      {takesNothing && <p class="field-hint">{t("debug.params.none")}</p>}
      {hasForm && !takesNothing && (
        <Segments label={t("debug.params")} value={how} options={[["form", t("debug.form")], ["raw", "JSON"]]} onValue={setHow} />
      )}
      {how === "form" && hasForm && !takesNothing && (read.error !== null
        ? <p class="field-error">{read.error}</p>
        : <SchemaForm schema={requiredFirst(kind)} resolve={tables.resolve} label={t("debug.params")} value={read.value} onValue={(next) => setText(JSON.stringify(next ?? {}, null, 2))} isRequired />)}
      {(how === "raw" || !hasForm) && (
        <Field label={t("debug.params.json")} error={read.error}>
          {(attributes) => <textarea class="input code" rows={8} spellcheck={false} {...attributes} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
        </Field>
      )}
      <div class="debug-call">
        <TextField label={t("debug.timeout")} type="number" value={seconds} onValue={setSeconds} />
        <Button kind="primary" icon="play" disabled={!isFine || isAsking} aria-keyshortcuts="Control+Enter" onClick={() => void call()}>{t("debug.call")}</Button>
        {isAsking && <Spinner label={t("debug.asking")} />}
        <span class="field-hint"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
      </div>
    </section>
  );
}

function Called({ call, isNewest }: { call: Call; isNewest: boolean }) {
  const text = useMemo(() => JSON.stringify(call.answer, null, 2) ?? "null", [call.answer]);
  const [isOpen, setOpen] = useState(true);
  useEffect(() => {
    if (!isNewest) setOpen(false);
  }, [isNewest]);
  return (
    <details class="card debug-called" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Badge tone={call.isFine ? "good" : "bad"}>{t(call.isFine ? "debug.fine" : "debug.failed")}</Badge>
        <code translate={false}>{call.method}</code>
        <span class="field-hint" role={isNewest ? "status" : undefined}>{duration(call.tookMs)} · {bytes(new Blob([text]).size)}</span>
      </summary>
      {isOpen && (
        <>
          <p class="field-hint">{t("debug.params")}: <code translate={false}>{JSON.stringify(call.params)}</code></p>
          <Json text={text} name={call.method} />
        </>
      )}
    </details>
  );
}
