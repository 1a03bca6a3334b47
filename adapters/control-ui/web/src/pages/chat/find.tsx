// Finding something that was said in a session, however long ago.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import type { Message } from "../../protocol/index.ts";
import type { Conversation } from "../../state/conversation.ts";
import { textOf } from "../../state/message.ts";
import { IconButton } from "../../ui/button.tsx";
import type { Item } from "./items.ts";

const lowered = new WeakMap<Message, string>();

/** What a message says, to look through. */
function words(message: Message): string {
  const known = lowered.get(message);
  if (known !== undefined) return known;
  const text = textOf(message).toLowerCase();
  lowered.set(message, text);
  return text;
}

/** The rows in which `text` was said, the newest first. What tools said counts as well. */
export function found(items: readonly Item[], text: string): number[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const messagesOf = (item: Item) => (item.kind === "said" ? [item.entry.message, ...item.tools.flatMap((use) => use.result ?? [])] : []);
  const says = (item: Item) => messagesOf(item).some((message) => words(message).includes(wanted));
  return items.flatMap((item, index) => (says(item) ? [index] : [])).reverse();
}

interface FindProps {
  conversation: Conversation;
  items: readonly Item[];
  /** Shows a row; nothing is found any more where there is none. */
  onShow: (index: number | null) => void;
  onClose: () => void;
}

export function Find({ conversation, items, onShow, onClose }: FindProps) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [isFetching, setFetching] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const rows = useMemo(() => found(items, text), [items, text]);
  const key = rows[at] === undefined ? null : items[rows[at]]!.key;
  const isWanted = text.trim() !== "";

  useEffect(() => box.current?.focus(), []);
  useEffect(() => onShow(rows[at] ?? null), [key]);
  useEffect(() => {
    if (!isWanted) return;
    let isOver = false;
    void (async () => {
      setFetching(true);
      await conversation.all(() => isOver);
      if (!isOver) setFetching(false);
    })();
    return () => {
      isOver = true;
      setFetching(false);
    };
  }, [conversation, isWanted]);

  const move = (by: number) => {
    if (rows.length) setAt((at + by + rows.length) % rows.length);
  };
  const close = () => {
    onShow(null);
    onClose();
  };
  return (
    <search class="find">
      <input
        ref={box}
        class="input"
        type="search"
        value={text}
        placeholder={t("chat.find")}
        aria-label={t("chat.find")}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Enter") move(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape") close();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <span class="find-count" role="status">
        {isWanted && (rows.length ? t("chat.find.count", { at: at + 1, count: rows.length }) : isFetching ? t("common.loading") : t("chat.find.nothing"))}
      </span>
      <IconButton icon="arrowUp" size="small" label={t("chat.find.older")} disabled={!rows.length} onClick={() => move(1)} />
      <IconButton icon="arrowDown" size="small" label={t("chat.find.newer")} disabled={!rows.length} onClick={() => move(-1)} />
      <IconButton icon="close" size="small" label={t("common.close")} onClick={close} />
    </search>
  );
}
