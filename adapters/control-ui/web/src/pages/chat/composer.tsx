// Where one writes.
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { agentOf, type Assistant } from "../../state/assistant.ts";
import type { Conversation, Entry } from "../../state/conversation.ts";
import { textOf } from "../../state/message.ts";
import { preferences } from "../../state/preferences.ts";
import { say, sayFailed } from "../../state/toasts.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { AskForScopes } from "../../ui/scopes.tsx";
import { added, enclosures, picturesIn, withTexts, type Added } from "./attachments.ts";
import { commands, fitting } from "./commands.ts";

export interface ComposerHandle {
  /** Begins to change what was said. */
  edit(entry: Entry): void;
  /** Puts words where somebody may go on with them. */
  write(text: string): void;
  add(files: Iterable<File>): void;
  focus(): void;
}

/** What is being changed, and what was being written before. */
interface Change {
  entry: Entry;
  text: string;
  files: readonly Added[];
}

/** What somebody began to write in each session, so that it is there when he comes back. */
const drafts = new Map<string, string>();

interface ComposerProps {
  conversation: Conversation;
  who: Assistant;
  handle: { current: ComposerHandle | null };
  isFirst: boolean;
  /** A message went to another session. */
  onElsewhere: (session: string) => void;
}

export function Composer({ conversation, who, handle, isFirst, onElsewhere }: ComposerProps) {
  const [text, setText] = useState(drafts.get(conversation.key) ?? "");
  const [files, setFiles] = useState<readonly Added[]>([]);
  const [chosen, setChosen] = useState(0);
  const [isClosed, setClosed] = useState(false);
  const [changing, setChanging] = useState<Change | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const palette = useId();
  const isBusy = conversation.isBusy.value;
  const offers = isClosed ? [] : fitting(text, commands.value);
  const mayWrite = gateway.may("operator.write");

  const change = (next: string) => {
    setText(next);
    setChosen(0);
    setClosed(false);
    if (next) drafts.set(conversation.key, next);
    else drafts.delete(conversation.key);
  };
  const add = async (list: Iterable<File>) => {
    for (const file of list) {
      try {
        const one = await added(file);
        setFiles((all) => [...all, one]);
      } catch (why) {
        say({ kind: "failed", text: (why as Error).message });
      }
    }
  };
  const begin = (entry: Entry) => {
    setChanging((before) => ({ text: before?.text ?? text, files: before?.files ?? files, entry }));
    change(textOf(entry.message));
    setFiles(picturesIn(entry.message));
    box.current?.focus();
  };
  /** Leaves what was changed as it is. */
  const leave = () => {
    change(changing?.text ?? "");
    setFiles(changing?.files ?? []);
    setChanging(null);
    box.current?.focus();
  };
  const send = () => {
    const whole = withTexts(text.trim(), files);
    if (!whole && !files.length) return;
    if (changing) {
      conversation.amend(changing.entry, whole, enclosures(files)).catch(sayFailed);
      return leave();
    }
    conversation.say(whole, enclosures(files));
    change("");
    setFiles([]);
  };
  /** Sends it in a session of its own: nothing that was said before is known there. */
  const sendElsewhere = async () => {
    try {
      const message = withTexts(text.trim(), files);
      const { key } = await gateway.request("sessions.create", { agentId: agentOf(conversation.key), message, attachments: enclosures(files) });
      leave();
      onElsewhere(key);
    } catch (error) {
      sayFailed(error);
    }
  };
  const complete = (name: string, takesMore: boolean) => {
    change(`/${name}${takesMore ? " " : ""}`);
    if (!takesMore) setClosed(true);
    box.current?.focus();
  };

  handle.current = {
    edit: begin,
    write(words) {
      change(words);
      box.current?.focus();
    },
    add: (list) => void add(list),
    focus: () => box.current?.focus(),
  };
  useEffect(() => {
    if (isFirst && matchMedia("(hover: hover)").matches) box.current?.focus();
  }, [conversation.key]);
  useEffect(() => {
    const element = box.current;
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, 240)}px`;
  }, [text]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const mod = event.ctrlKey || event.metaKey;
    if (offers.length) {
      const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
      const move = moves[event.key];
      if (move) {
        event.preventDefault();
        setChosen((chosen + move + offers.length) % offers.length);
        return;
      }
      const offer = offers[chosen];
      const isExact = offer && text === `/${offer.name}`;
      if (offer && (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !isExact))) {
        event.preventDefault();
        complete(offer.name, offer.acceptsArgs);
        return;
      }
      if (event.key === "Escape") {
        event.preventDefault();
        setClosed(true);
        return;
      }
    }
    const newest = conversation.newestOwn();
    if (event.key === "ArrowUp" && !text && !files.length && !changing && newest && !mod && !event.shiftKey) {
      event.preventDefault();
      return begin(newest);
    }
    if (event.key === "Escape" && changing) {
      event.preventDefault();
      return leave();
    }
    if (event.key === "Escape" && isBusy) {
      event.preventDefault();
      conversation.stop().catch(sayFailed);
    }
    const wantsMod = preferences.sendKey.peek() === "modEnter";
    if (event.key === "Enter" && !event.shiftKey && (wantsMod ? mod : true)) {
      event.preventDefault();
      send();
    }
  };

  if (!mayWrite) return <p class="composer-closed">{t("chat.readOnly")} <AskForScopes scopes={["operator.write"]} /></p>;
  return (
    <div class="composer">
      <Waiting conversation={conversation} onEdit={change} />
      {changing && (
        <section class="changing" aria-label={t("chat.changing")}>
          <Icon name="edit" size={16} />
          <p><strong>{t("chat.changing")}</strong> {t("chat.changing.how")}</p>
          {gateway.has("sessions.create") && <Button size="small" kind="quiet" disabled={!text.trim()} onClick={() => void sendElsewhere()}>{t("chat.changing.elsewhere")}</Button>}
          <Button size="small" onClick={leave}>{t("common.cancel")}</Button>
        </section>
      )}
      {offers.length > 0 && (
        <ul class="palette" id={palette} role="listbox" aria-label={t("chat.commands")}>
          {offers.map((offer, index) => (
            <li
              key={offer.name}
              id={`${palette}-${index}`}
              role="option"
              aria-selected={index === chosen}
              ref={(element) => {
                if (index === chosen) element?.scrollIntoView({ block: "nearest" });
              }}
              onPointerDown={(event) => {
                event.preventDefault();
                complete(offer.name, offer.acceptsArgs);
              }}
            >
              <code translate={false}>/{offer.name}</code>
              <span>{offer.description}</span>
            </li>
          ))}
        </ul>
      )}
      {files.length > 0 && (
        <ul class="files">
          {files.map((file, index) => (
            <li key={index}>
              {file.kind === "picture" ? <img src={file.url} alt="" /> : <Icon name="file" />}
              <bdi>{file.name}</bdi>
              <IconButton icon="close" size="small" label={`${t("common.remove")}: ${file.name}`} onClick={() => setFiles(files.toSpliced(index, 1))} />
            </li>
          ))}
        </ul>
      )}
      <div class="composer-box">
        <IconButton icon="paperclip" label={t("chat.attach")} onClick={() => picker.current?.click()} />
        <input
          ref={picker}
          class="out-of-sight"
          type="file"
          multiple
          tabIndex={-1}
          aria-hidden="true"
          onChange={(event) => {
            void add(Array.from(event.currentTarget.files ?? []));
            event.currentTarget.value = "";
          }}
        />
        <textarea
          ref={box}
          rows={1}
          dir="auto"
          value={text}
          placeholder={t("chat.message", { name: who.name })}
          aria-label={t("chat.message", { name: who.name })}
          {...(offers.length ? { "aria-controls": palette, "aria-activedescendant": `${palette}-${chosen}`, "aria-autocomplete": "list" as const } : {})}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const pasted = Array.from(event.clipboardData?.files ?? []);
            if (!pasted.length) return;
            event.preventDefault();
            void add(pasted);
          }}
        />
        {isBusy && <IconButton class="stop" icon="stop" label={t("chat.stop")} onClick={() => void conversation.stop().catch(sayFailed)} />}
        <IconButton class="send" icon="send" label={isBusy ? t("chat.queue") : t("chat.send")} disabled={!text.trim() && !files.length} onClick={send} />
      </div>
    </div>
  );
}

/** What waits until the answer before it is complete. */
function Waiting({ conversation, onEdit }: { conversation: Conversation; onEdit: (text: string) => void }) {
  const queue = conversation.queue.value;
  if (!queue.length) return null;
  return (
    <section class="queue" aria-label={t("chat.queued", { count: queue.length })}>
      <h3>{t("chat.queued", { count: queue.length })}</h3>
      <ul>
        {queue.map((draft) => (
          <li key={draft.id}>
            <bdi>{draft.text || t("chat.attach.picture")}</bdi>
            <Button size="small" kind="quiet" onClick={() => onEdit(conversation.unqueue(draft.id)?.text ?? "")}>{t("chat.queued.edit")}</Button>
            <IconButton icon="close" size="small" label={t("common.remove")} onClick={() => conversation.unqueue(draft.id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}
