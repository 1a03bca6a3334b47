// What an agent is, to be changed by administrators: it becomes part of the configuration file.
import { useEffect, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { ConfigFile, Model } from "../../protocol/index.ts";
import { assistantOf } from "../../state/assistant.ts";
import { useResource } from "../../state/resource.ts";
import { say, wordsFor } from "../../state/toasts.ts";
import { Failure, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, SelectField, Switch, TextField } from "../../ui/form.tsx";
import { idOf, patchOf, removalOf, valuesOf, writtenOf, type Values } from "./changes.ts";

interface EditorProps {
  /** The agent; nothing for a new one. */
  id: string | null;
  isDefault: boolean;
  /** The names that are taken. */
  taken: readonly string[];
  models: readonly Model[];
  onClose: () => void;
}

export function Editor(props: EditorProps) {
  const config = useResource("config.get", {});
  const title = props.id === null ? t("agents.new") : t("agents.edit.named", { name: assistantOf(props.id).name });
  // What is edited is the file as it was when the dialog opened.
  const [file, setFile] = useState<ConfigFile | null>(null);
  const now = config.value.value;
  useEffect(() => {
    if (now) setFile((before) => before ?? now);
  }, [now]);
  if (file) return <Form {...props} file={file} title={title} />;
  return (
    <Dialog title={title} onClose={props.onClose}>
      {config.error.value !== null ? <Failure error={config.error.value} retry={() => config.refresh()} /> : <Spinner />}
    </Dialog>
  );
}

function Form({ id, isDefault, taken, models, onClose, file, title }: EditorProps & { file: ConfigFile; title: string }) {
  const [was] = useState(() => valuesOf(id === null ? {} : writtenOf(file.parsed, id), isDefault));
  const [now, setNow] = useState<Values>(was);
  const [error, setError] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const name = id ?? idOf(now.name);
  const isTaken = id === null && taken.includes(name);
  const patch = name && !isTaken ? patchOf(file.parsed, name, was, now) : null;
  const set = (field: keyof Values) => (value: string | boolean) => setNow((before) => ({ ...before, [field]: value }));
  const save = async () => {
    if (!patch || isSaving) return;
    setSaving(true);
    try {
      await gateway.request("config.patch", { raw: JSON.stringify(patch), baseHash: file.hash });
      say({ kind: "done", text: t("agents.saved") });
      onClose();
    } catch (refused) {
      setError(refused);
      setSaving(false);
    }
  };
  const known = models.map((model) => [`${model.provider}/${model.id}`, model.name] as const);
  const chosen = now.model && !known.some(([it]) => it === now.model) ? [[now.model, now.model] as const] : [];
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" icon="save" disabled={!patch || isSaving} onClick={() => void save()}>{t("common.save")}</Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} actions={actions}>
      <form
        class="agent-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {error !== null && <div class="field-error" role="alert">{wordsFor(error)}</div>}
        <TextField
          label={t("agents.name")}
          value={now.name}
          autoFocus
          hint={name && t("agents.id", { id: name })}
          error={isTaken ? t("agents.taken", { id: name }) : null}
          onValue={set("name")}
        />
        <TextField label={t("agents.emoji")} value={now.emoji} onValue={set("emoji")} />
        <TextField label={t("agents.theme")} hint={t("agents.theme.hint")} value={now.theme} onValue={set("theme")} />
        <SelectField label={t("agents.model")} value={now.model} options={[["", t("agents.model.default")], ...known, ...chosen]} onValue={set("model")} />
        <Field label={t("agents.prompt")} hint={t("agents.prompt.hint")}>
          {(attributes) => <textarea class="input" rows={4} {...attributes} value={now.systemPrompt} onInput={(event) => set("systemPrompt")(event.currentTarget.value)} />}
        </Field>
        <Switch label={t("agents.default.make")} hint={t("agents.default.hint")} checked={now.isDefault} disabled={was.isDefault} onValue={set("isDefault")} />
        <button type="submit" class="out-of-sight" tabIndex={-1} aria-hidden="true">{t("common.save")}</button>
      </form>
    </Dialog>
  );
}

/** Takes an agent out of the configuration, as it is now. */
export async function removeAgent(id: string): Promise<void> {
  const file = await gateway.request("config.get", {});
  await gateway.request("config.patch", { raw: JSON.stringify(removalOf(file.parsed, id)), baseHash: file.hash });
}
