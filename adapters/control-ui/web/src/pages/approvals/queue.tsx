// The commands that wait for consent, to be decided with the mouse or the keyboard.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { duration } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { ExecRequest } from "../../protocol/index.ts";
import { pathOf } from "../../router.ts";
import { waiting, type Question } from "../../state/approvals.ts";
import { sayFailed } from "../../state/toasts.ts";
import { Badge, Empty, Facts, Foreign, Time } from "../../ui/bits.tsx";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Menu } from "../../ui/menu.tsx";
import { actionFor, nextAfter, step, type Decision } from "./keys.ts";

/** How long a question has to be in sight before a key decides about it, unless somebody chose it. */
const IN_SIGHT_MS = 700;
const DAYS = [1, 7, 30] as const;

export function Queue() {
  const [chosen, setChosen] = useState<string | null>(null);
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const order = useRef<readonly string[]>([]);
  const readyAt = useRef(0);
  const questions = waiting.value;
  const ids = questions.map((it) => it.id);
  const current = chosen !== null && ids.includes(chosen) ? chosen : nextAfter(order.current, chosen, ids);
  const question = questions.find((it) => it.id === current);

  // A question somebody else decided about makes room for another one. A key that was meant for the first
  // must not decide about the second. Keys are heard for what is in sight, so both effects come with it and
  // not when the browser has painted.
  useLayoutEffect(() => {
    order.current = ids;
    if (current === chosen) return;
    setChosen(current);
    readyAt.current = performance.now() + IN_SIGHT_MS;
  });

  const choose = (id: string | null) => {
    setChosen(id);
    readyAt.current = 0;
  };
  const decide = async (id: string, decision: Decision, days?: number) => {
    if (busy.has(id)) return;
    setBusy(new Set([...busy, id]));
    try {
      if (days !== undefined) await gateway.request("approval.resolve", { kind: "exec", id, decision, grantExpiresInDays: days });
      else await gateway.request("exec.approval.resolve", { id, decision });
    } catch (error) {
      sayFailed(error);
    }
    setBusy((before) => new Set([...before].filter((it) => it !== id)));
  };
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionFor(event);
      if (!action || !ids.length) return;
      event.preventDefault();
      if (action.kind === "move") choose(step(ids, current, action.by));
      else if (current !== null && performance.now() >= readyAt.current) void decide(current, action.decision);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });

  if (!question) return <Empty icon="approve" title={t("approvals.waiting.none")}><p>{t("approvals.waiting.how")}</p></Empty>;
  return (
    <div class="approvals-queue">
      <ul class="approvals-list" aria-label={t("approvals.waiting")}>
        {questions.map((it) => (
          <li key={it.id}>
            <button type="button" {...(it.id === current ? { "aria-current": "true" as const } : {})} onClick={() => choose(it.id)}>
              <code translate={false}><bdi>{it.request.command}</bdi></code>
              <span class="field-hint">{placeOf(it.request)} · <Left until={it.expiresAtMs} /></span>
            </button>
          </li>
        ))}
      </ul>
      <Detail key={question.id} question={question} isBusy={busy.has(question.id)} decide={(decision, days) => void decide(question.id, decision, days)} />
      <p class="approvals-keys field-hint">
        <kbd>j</kbd> <kbd>k</kbd> {t("approvals.key.move")} · <kbd>a</kbd> {t("approvals.once")} · <kbd>A</kbd> {t("approvals.always")} · <kbd>d</kbd> {t("approvals.deny")}
      </p>
    </div>
  );
}

function Detail({ question, isBusy, decide }: { question: Question; isBusy: boolean; decide: (decision: Decision, days?: number) => void }) {
  const { request } = question;
  return (
    <article class="card approvals-detail" aria-label={t("approvals.question")}>
      <header class="card-head">
        <h2>{t("approvals.question")}</h2>
        <Badge tone="warn"><Left until={question.expiresAtMs} /></Badge>
      </header>
      <div class="approvals-command">
        <pre tabIndex={0}><code translate={false}><bdi>{request.command}</bdi></code></pre>
        <CopyButton text={request.command} />
      </div>
      {request.warningText && <p class="approvals-warning" role="note"><Icon name="alert" size={16} /> <Foreign>{request.warningText}</Foreign></p>}
      <RequestFacts request={request} asked={question.createdAtMs} />
      <div class="approvals-decide">
        <Button kind="primary" icon="check" disabled={isBusy} aria-keyshortcuts="a" onClick={() => decide("allow-once")}>{t("approvals.once")}</Button>
        <span class="approvals-always">
          <Button disabled={isBusy} aria-keyshortcuts="Shift+A" onClick={() => decide("allow-always")}>{t("approvals.always")}</Button>
          {gateway.has("approval.resolve") && (
            <Menu label={t("approvals.always.until")} icon="chevronDown" items={DAYS.map((days) => ({ label: t("approvals.always.days", { count: days }), disabled: isBusy, act: () => decide("allow-always", days) }))} />
          )}
        </span>
        <Button kind="danger" icon="close" disabled={isBusy} aria-keyshortcuts="d" onClick={() => decide("deny")}>{t("approvals.deny")}</Button>
      </div>
      <p class="field-hint">{t(request.bindingHash ? "approvals.always.why" : "approvals.always.unbound")}</p>
    </article>
  );
}

/** Everything that is known about a command. */
export function RequestFacts({ request, asked }: { request: ExecRequest; asked: number }) {
  const rows: (readonly [string, ComponentChildren])[] = [[t("approvals.where"), placeOf(request)]];
  const add = (name: string, value: string | null | undefined, isCode = false) => {
    if (value) rows.push([name, isCode ? <code translate={false}><bdi>{value}</bdi></code> : <Foreign>{value}</Foreign>]);
  };
  if (request.commandArgv?.length) rows.push([t("approvals.words"), <ol class="approvals-words">{request.commandArgv.map((word, index) => <li key={index}><code translate={false}><bdi>{word}</bdi></code></li>)}</ol>]);
  add(t("approvals.program"), request.resolvedPath, true);
  add(t("approvals.cwd"), request.cwd, true);
  add(t("approvals.env"), request.envKeys?.join(", "), true);
  add(t("approvals.agent"), request.agentId);
  if (request.sessionKey) rows.push([t("approvals.session"), <a href={pathOf("chat", { session: request.sessionKey })}><Foreign>{request.sessionKey}</Foreign></a>]);
  rows.push([t("approvals.asked"), <Time at={asked} />]);
  return <Facts rows={rows} />;
}

/** Where it would run. */
export function placeOf(request: ExecRequest): string {
  if (request.nodeId) return t("approvals.on.node", { name: request.nodeId.slice(0, 12) });
  if (request.host === "sandbox") return t("approvals.on.sandbox");
  return t(request.host === "node" ? "approvals.on.any" : "approvals.on.gateway");
}

/** How much time is left, by the second. */
function Left({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span role="timer" aria-live="off">{t("approvals.left", { time: duration(Math.max(0, until - now)) })}</span>;
}
