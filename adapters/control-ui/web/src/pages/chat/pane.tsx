// One session: its head, what was said, and where one writes.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { agentOf, assistantOf, titleOf } from "../../state/assistant.ts";
import type { Conversation, Entry } from "../../state/conversation.ts";
import { conversationOf } from "../../state/sessions.ts";
import { Avatar, Failure, Foreign, Spinner } from "../../ui/bits.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { VirtualList, type VirtualListHandle } from "../../ui/virtual-list.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import { Find } from "./find.tsx";
import { itemsOf, type Item } from "./items.ts";
import { Coming, Said, Working } from "./message.tsx";
import { ModelChoice, SessionMenu, ThinkingChoice } from "./session-menu.tsx";

interface PaneProps {
  session: string;
  isFirst: boolean;
  isAlone: boolean;
  onClose: () => void;
  onSplit: () => void;
  onList: () => void;
  onGone: () => void;
  /** Shows another session here. */
  onGo: (session: string) => void;
}

export function Pane({ session, isFirst, isAlone, onClose, onSplit, onList, onGone, onGo }: PaneProps) {
  const conversation = useMemo(() => conversationOf(session), [session]);
  const composer = useRef<ComposerHandle | null>(null);
  const [isOver, setOver] = useState(false);
  const [isFinding, setFinding] = useState(false);
  useEffect(() => conversation.follow(), [conversation]);
  const who = assistantOf(agentOf(session));
  const row = conversation.row.value;

  return (
    <section
      class={`pane ${isOver ? "over" : ""}`}
      aria-label={titleOf(session, row)}
      onKeyDown={(event) => {
        // Only a few of the messages exist, so what browsers look through is not what was said. Whoever
        // wants that all the same asks twice.
        if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f" && !event.shiftKey && !isFinding) {
          event.preventDefault();
          setFinding(true);
        }
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        composer.current?.add(Array.from(event.dataTransfer?.files ?? []));
      }}
    >
      <header class="pane-head">
        {isFirst && <IconButton icon="sidebar" label={t("chat.sessions.open")} onClick={onList} />}
        <h1><Foreign>{titleOf(session, row)}</Foreign></h1>
        {gateway.may("operator.admin") && <ModelChoice conversation={conversation} />}
        {gateway.may("operator.admin") && <ThinkingChoice conversation={conversation} />}
        <IconButton icon="columns" class="pane-split" label={t("chat.split")} onClick={onSplit} />
        <SessionMenu conversation={conversation} onGone={onGone} onFind={() => setFinding(true)} />
        {!isAlone && <IconButton icon="close" label={t("chat.pane.close")} onClick={onClose} />}
      </header>
      <Messages key={session} conversation={conversation} isFinding={isFinding} onFound={() => setFinding(false)} onEdit={(entry) => composer.current?.edit(entry)} onIdea={(text) => composer.current?.write(text)} />
      <p class="out-of-sight" role="status">{conversation.live.value.length ? t("chat.answering", { name: who.name }) : ""}</p>
      <Composer key={`composer:${session}`} conversation={conversation} who={who} handle={composer} isFirst={isFirst} onElsewhere={onGo} />
      {isOver && <div class="pane-drop">{t("chat.attach.drop")}</div>}
    </section>
  );
}

const keyOf = (item: Item) => item.key;

/** What somebody could begin with who does not know yet. */
const IDEAS = ["chat.idea.abilities", "chat.idea.plan", "chat.idea.explain"] as const;

interface MessagesProps {
  conversation: Conversation;
  isFinding: boolean;
  /** Nothing is looked for any more. */
  onFound: () => void;
  onEdit: (entry: Entry) => void;
  onIdea: (text: string) => void;
}

function Messages({ conversation, isFinding, onFound, onEdit, onIdea }: MessagesProps) {
  const [foundKey, setFoundKey] = useState<string | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const list = useRef<VirtualListHandle | null>(null);
  const who = assistantOf(agentOf(conversation.key));
  const entries = conversation.entries.value;
  const live = conversation.live.value;
  const isBusy = conversation.isBusy.value;
  const items = useMemo(() => itemsOf(entries, live, isBusy), [entries, live, isBusy]);
  const resend = useCallback((entry: Entry) => conversation.resend(entry), [conversation]);
  const showFound = (index: number | null) => {
    setFoundKey(index === null ? null : items[index]!.key);
    if (index !== null) list.current?.toRow(index);
  };
  const render = useCallback((item: Item) => {
    if (item.kind === "said" && item.key === foundKey) return <div class="found">{drawn(item)}</div>;
    return drawn(item);
  }, [who.name, who.avatar, resend, foundKey]);
  const drawn = (item: Item) => {
    switch (item.kind) {
      case "said": return <Said entry={item.entry} tools={item.tools} asked={item.asked} who={who} onEdit={onEdit} onResend={resend} />;
      case "live": return <Coming live={item.live} who={who} />;
      case "working": return <article class="said them"><Working who={who} /></article>;
    }
  };

  const error = conversation.error.value;
  if (error && !entries.length) return <div class="pane-middle"><Failure error={error} retry={() => void conversation.look(200)} /></div>;
  if (!conversation.isLoaded.value && !entries.length) return <div class="pane-middle"><Spinner /></div>;
  if (!items.length) {
    return (
      <div class="pane-middle">
        <div class="empty welcome">
          <Avatar text={who.avatar} />
          <p class="empty-title">{t("chat.empty.title", { name: who.name })}</p>
          <p>{t("chat.empty.how")}</p>
          {gateway.may("operator.write") && (
            <ul class="ideas" aria-label={t("chat.ideas")}>
              {IDEAS.map((idea) => <li key={idea}><Button onClick={() => onIdea(t(idea))}>{t(idea)}</Button></li>)}
            </ul>
          )}
        </div>
      </div>
    );
  }
  return (
    <div class="messages">
      {isFinding && <Find conversation={conversation} items={items} onShow={showFound} onClose={onFound} />}
      <VirtualList
        items={items}
        keyOf={keyOf}
        render={render}
        estimate={96}
        label={t("chat.messages")}
        class="messages-list"
        stick
        handle={list}
        onStart={() => void conversation.older()}
        onEnd={setAtEnd}
      />
      {!isAtEnd && (
        <Button class="to-end" size="small" icon="arrowDown" onClick={() => list.current?.toEnd()}>{t("chat.end")}</Button>
      )}
    </div>
  );
}
