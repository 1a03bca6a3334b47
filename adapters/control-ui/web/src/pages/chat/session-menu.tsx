// What can be done with a session, and what answers in it.
import { useEffect, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { Model } from "../../protocol/index.ts";
import { agentOf, agents, assistantOf, mainSession, titleOf } from "../../state/assistant.ts";
import type { Conversation } from "../../state/conversation.ts";
import { sayFailed } from "../../state/toasts.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm, Dialog } from "../../ui/dialog.tsx";
import { download } from "../../ui/download.ts";
import { TextField } from "../../ui/form.tsx";
import { Menu } from "../../ui/menu.tsx";
import { signal } from "@preact/signals";

import { asMarkdown, fileName } from "./export.ts";

const models = signal<readonly Model[]>([]);

/** Knows the models from now on. Returns what ends that. */
export function followModels(): () => void {
  return gateway.onFresh(() => {
    gateway.request("models.list", {}).then((list) => {
      models.value = list.models;
    }, () => undefined);
  });
}

/** Which model answers. */
export function ModelChoice({ conversation }: { conversation: Conversation }) {
  const row = conversation.row.value;
  const chosen = row?.modelOverride ? `${row.providerOverride ?? ""}/${row.modelOverride}` : "";
  const choose = (model: string) => {
    gateway.request("sessions.patch", { key: conversation.key, model: model || null }).then(() => conversation.look(1), sayFailed);
  };
  const names = models.value.map((model) => [`${model.provider}/${model.id}`, model.name] as const);
  if (!names.length) return null;
  const primary = agents.value.find((agent) => agent.id === agentOf(conversation.key))?.model?.primary;
  const usual = names.find(([id]) => id === primary)?.[1] ?? primary;
  return (
    <select class="model-choice" aria-label={t("chat.model")} value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="" selected={chosen === ""}>{usual ? t("chat.model.usual", { name: usual }) : t("chat.model.default")}</option>
      {names.map(([id, name]) => <option key={id} value={id} selected={id === chosen}>{name}</option>)}
    </select>
  );
}

/** How long it may think, from not at all. */
const LEVELS = ["off", "minimal", "low", "medium", "high", "xhigh"] as const;

/** How long the model thinks before it answers. */
export function ThinkingChoice({ conversation }: { conversation: Conversation }) {
  const chosen = conversation.row.value?.thinkingLevel ?? "";
  const choose = (level: string) => {
    gateway.request("sessions.patch", { key: conversation.key, thinkingLevel: level || null }).then(() => conversation.look(1), sayFailed);
  };
  return (
    <select class="model-choice thinking-choice" aria-label={t("chat.thinkingLevel")} value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="" selected={chosen === ""}>{t("chat.thinkingLevel.default")}</option>
      {LEVELS.map((level) => <option key={level} value={level} selected={level === chosen}>{t("chat.thinkingLevel.is", { level })}</option>)}
    </select>
  );
}

type Asking = "rename" | "reset" | "delete" | null;

interface SessionMenuProps {
  conversation: Conversation;
  onGone: () => void;
  onFind: () => void;
}

export function SessionMenu({ conversation, onGone, onFind }: SessionMenuProps) {
  const [asking, setAsking] = useState<Asking>(null);
  const { key } = conversation;
  const close = () => setAsking(null);
  const exists = conversation.row.value !== null;
  const keep = async () => {
    await conversation.all();
    const title = titleOf(key, conversation.row.peek());
    const messages = conversation.entries.peek().map((entry) => entry.message);
    download(fileName(title), "text/markdown", asMarkdown(title, assistantOf(agentOf(key)).name, messages));
  };
  const forAll = [
    { label: t("chat.find"), icon: "search" as const, disabled: !exists, act: onFind },
    { label: t("chat.export"), icon: "download" as const, disabled: !exists, act: () => void keep() },
  ];
  const items = !gateway.may("operator.admin") ? forAll : [
    ...forAll,
    { label: t("chat.rename"), icon: "edit" as const, disabled: !exists, act: () => setAsking("rename") },
    { label: t("chat.compact"), icon: "minus" as const, disabled: !exists, act: () => void gateway.request("sessions.compact", { key }).catch(sayFailed) },
    { label: t("chat.reset"), icon: "refresh" as const, disabled: !exists, act: () => setAsking("reset") },
    { label: t("common.delete"), icon: "trash" as const, danger: true, disabled: !exists || key === mainSession(), act: () => setAsking("delete") },
  ];
  return (
    <>
      <Menu label={t("chat.actions")} items={items} />
      {asking === "rename" && <Rename conversation={conversation} onClose={close} />}
      {asking === "reset" && (
        <Confirm title={t("chat.reset")} verb={t("chat.reset")} danger onClose={close} onConfirm={() => void gateway.request("sessions.reset", { key }).catch(sayFailed)}>
          <p>{t("chat.reset.sure")}</p>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm title={t("common.delete")} verb={t("common.delete")} danger onClose={close} onConfirm={() => void gateway.request("sessions.delete", { key }).then(onGone, sayFailed)}>
          <p>{t("chat.delete.sure")}</p>
        </Confirm>
      )}
    </>
  );
}

function Rename({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const [label, setLabel] = useState("");
  useEffect(() => setLabel(conversation.row.peek()?.label ?? titleOf(conversation.key, conversation.row.peek())), []);
  const save = () => {
    onClose();
    gateway.request("sessions.patch", { key: conversation.key, label: label.trim() || null }).then(() => conversation.look(1), sayFailed);
  };
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" onClick={save}>{t("common.save")}</Button>
    </>
  );
  return (
    <Dialog title={t("chat.rename")} onClose={onClose} actions={actions}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <TextField label={t("chat.rename.label")} value={label} onValue={(text) => setLabel(text.slice(0, 64))} autoFocus />
      </form>
    </Dialog>
  );
}
