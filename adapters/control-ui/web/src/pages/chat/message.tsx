// One thing that was said.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { moment, exact, number } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import { Markdown } from "../../markdown/markdown.tsx";
import { memo } from "../../markdown/memo.ts";
import type { Message } from "../../protocol/index.ts";
import type { Assistant } from "../../state/assistant.ts";
import type { Entry, Live } from "../../state/conversation.ts";
import { preferences } from "../../state/preferences.ts";
import { wordsFor } from "../../state/toasts.ts";
import { Avatar, Foreign, Spinner } from "../../ui/bits.tsx";
import { Button, CopyButton, IconButton } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { picturesOf, textOf, thoughtsOf, type ToolUse } from "./items.ts";

interface SaidProps {
  entry: Entry;
  tools: readonly ToolUse[];
  /** What it answers. */
  asked: Entry | null;
  who: Assistant;
  onEdit: (entry: Entry) => void;
  onResend: (entry: Entry) => void;
}

/** A message of the history. */
export const Said = memo(SaidNow, (one, other) => one.entry === other.entry && one.tools === other.tools && one.asked === other.asked && one.who.name === other.who.name && one.who.avatar === other.who.avatar);

function SaidNow({ entry, tools, asked, who, onEdit, onResend }: SaidProps) {
  const { message } = entry;
  const text = textOf(message);
  if (message.role === "user") return <FromUser entry={entry} text={text} onEdit={onEdit} onResend={onResend} />;
  if (message.role === "system") return <div class="said note"><Icon name="info" size={16} /><Markdown text={text} /></div>;
  const isTool = message.role === "toolResult";
  const thoughts = thoughtsOf(message);
  return (
    <article class="said them">
      <Avatar text={isTool ? "⚙" : who.avatar} />
      <div class="said-body">
        <header class="said-head">
          <span class="said-who">{isTool ? t("chat.tool") : <Foreign>{who.name}</Foreign>}</span>
          <When at={message.timestamp} />
        </header>
        {thoughts && preferences.showThinking.value && <Thoughts text={thoughts} />}
        {picturesOf(message).map((src, index) => <img key={index} class="said-picture" src={src} alt={t("chat.attach.picture")} />)}
        {text && !isTool && <Markdown text={text} name={entry.key} />}
        {tools.length > 0 && <Tools uses={tools} />}
        <Ending message={message}>
          {asked && <Button size="small" icon="refresh" onClick={() => onResend(asked)}>{t("common.retry")}</Button>}
        </Ending>
        <footer class="said-foot">
          {text && <CopyButton text={text} label={t("chat.message.copy")} />}
          <Used message={message} />
        </footer>
      </div>
    </article>
  );
}

function FromUser({ entry, text, onEdit, onResend }: { entry: Entry; text: string } & Pick<SaidProps, "onEdit" | "onResend">) {
  const { message, sending } = entry;
  const failed = typeof sending === "object" && sending !== null ? sending.failed : null;
  return (
    <article class="said me" aria-label={t("chat.you")}>
      <div class="bubble">
        {picturesOf(message).map((src, index) => <img key={index} class="said-picture" src={src} alt={t("chat.attach.picture")} />)}
        <Markdown text={text} name={entry.key} />
      </div>
      <footer class="said-foot">
        {failed !== null && (
          <span class="said-failed">
            <Icon name="alert" size={14} /> {t("chat.notSent", { message: wordsFor(failed) })}
            <Button size="small" icon="refresh" onClick={() => onResend(entry)}>{t("chat.resend")}</Button>
          </span>
        )}
        {sending === "sending" && <span>{t("chat.sending")}</span>}
        <CopyButton text={text} label={t("chat.message.copy")} />
        <IconButton icon="edit" size="small" label={t("chat.edit")} onClick={() => onEdit(entry)} />
        <IconButton icon="refresh" size="small" label={t("chat.resend")} onClick={() => onResend(entry)} />
        <When at={message.timestamp} />
      </footer>
    </article>
  );
}

/** An answer while it comes. */
export function Coming({ live, who }: { live: Live; who: Assistant }) {
  const text = live.text.value;
  return (
    <article class="said them coming" aria-busy="true">
      <Avatar text={who.avatar} />
      <div class="said-body">
        <header class="said-head"><span class="said-who"><Foreign>{who.name}</Foreign></span></header>
        {text ? <Markdown text={text} isGrowing /> : <Working who={who} />}
      </div>
    </article>
  );
}

/** That somebody works, and nothing is said yet. */
export function Working({ who }: { who: Assistant }) {
  const label = t("chat.working", { name: who.name });
  return <p class="working"><Spinner label={label} /> {label}…</p>;
}

function When({ at }: { at: number }) {
  return <time class="said-when" dateTime={new Date(at).toISOString()} title={exact(at)}>{moment(at)}</time>;
}

function Thoughts({ text }: { text: string }) {
  return (
    <details class="fold">
      <summary><Icon name="spark" size={16} /> {t("chat.thinking")}</summary>
      <Markdown text={text} />
    </details>
  );
}

function Tools({ uses }: { uses: readonly ToolUse[] }) {
  const names = [...new Set(uses.map((use) => use.call?.name ?? t("chat.tool")))].join(", ");
  const hasFailed = uses.some((use) => use.result?.isError);
  return (
    <details class={`fold ${hasFailed ? "failed" : ""}`}>
      <summary>
        <Icon name="tool" size={16} />
        <bdi>{t("chat.tool.calls", { count: uses.length, name: names })}</bdi>
        {hasFailed && <span class="badge bad">{t("chat.tool.failed")}</span>}
      </summary>
      {uses.map((use, index) => <Use key={index} use={use} />)}
    </details>
  );
}

/** How much of what a tool was given or said is shown at first. */
const AT_FIRST = 4_000;

function Use({ use: { call, result } }: { use: ToolUse }) {
  const given = call && (typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments, null, 2));
  return (
    <section class="use">
      <h4><code translate={false}>{call?.name ?? result?.toolCallId ?? t("chat.tool")}</code></h4>
      {given && <Text label={t("chat.tool.input")} text={given} />}
      {result && <Text label={t("chat.tool.output")} text={textOf(result)} />}
    </section>
  );
}

function Text({ label, text }: { label: string; text: string }) {
  const [isWhole, setWhole] = useState(text.length <= AT_FIRST);
  return (
    <div class="use-text">
      <span class="field-hint">{label}</span>
      <pre tabIndex={0} translate={false}>{isWhole ? text : text.slice(0, AT_FIRST)}</pre>
      {!isWhole && <Button size="small" kind="quiet" onClick={() => setWhole(true)}>{t("common.more")}</Button>}
    </div>
  );
}

/** Why an answer ended where it did, if not because it was complete. */
function Ending({ message, children }: { message: Message; children?: ComponentChildren }) {
  switch (message.stopReason) {
    case "aborted": return <p class="ending">{t("chat.stopped")}</p>;
    case "length": return <p class="ending">{t("chat.cutShort")}</p>;
    case "interrupted": return <p class="ending">{t("chat.interrupted")} {children}</p>;
    case "error": return <p class="ending failed" role="alert"><Icon name="alert" size={16} /> {t("chat.failed", { message: message.errorMessage || "–" })} {children}</p>;
    default: return null;
  }
}

function Used({ message }: { message: Message }) {
  const total = message.usage?.totalTokens;
  return (
    <span class="said-used" translate={false}>
      {message.model && <bdi>{message.model}</bdi>}
      {total ? <span title={number(total)}>{t("chat.tokens", { count: total })}</span> : null}
    </span>
  );
}
