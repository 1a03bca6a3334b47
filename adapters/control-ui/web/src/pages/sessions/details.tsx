// One session: what it used, what was said last, what is chosen for it, and what can be done with it.
import { useMemo, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { number } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { Model, SessionRow } from "../../protocol/index.ts";
import { go, pathOf } from "../../router.ts";
import { agentOf, assistantOf, titleOf } from "../../state/assistant.ts";
import { useResource } from "../../state/resource.ts";
import { say, sayFailed, wordsFor } from "../../state/toasts.ts";
import { Badge, Empty, Facts, Failure, Foreign, Spinner, Time } from "../../ui/bits.tsx";
import { Button, CopyButton } from "../../ui/button.tsx";
import { Confirm, Dialog } from "../../ui/dialog.tsx";
import { SelectField, TextField } from "../../ui/form.tsx";
import { Meter } from "../../ui/meter.tsx";
import { AskForScopes } from "../../ui/scopes.tsx";
import { ANSWERING, COMMANDS, LABEL_MOST, SPEAKING, WORDS, patchOf, valuesOf, wordKey, type Field, type Values, type WordField } from "./changes.ts";
import { deletions, isMain } from "./delete.ts";
import { contextOf, sortOf, stateOf, windowsOf } from "./rows.ts";

const PREVIEWED = 6;
/** As many as the gateway keeps when nobody says. */
const KEPT = 400;

export function Details({ row, models, onClose }: { row: SessionRow; models: readonly Model[]; onClose: () => void }) {
  const [was, setWas] = useState(() => valuesOf(row));
  const [now, setNow] = useState(was);
  const [error, setError] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const changes = patchOf(was, now);
  const mayChange = gateway.may("operator.admin") && gateway.has("sessions.patch");
  const save = async () => {
    if (!changes) return;
    setSaving(true);
    try {
      await gateway.request("sessions.patch", { key: row.key, ...changes });
      setWas(now);
      setError(null);
      say({ kind: "done", text: t("sessions.saved") });
    } catch (refused) {
      setError(refused);
    } finally {
      setSaving(false);
    }
  };
  const actions = mayChange && (
    <>
      <Button onClick={onClose}>{t("common.close")}</Button>
      <Button kind="primary" icon="save" disabled={!changes || isSaving} onClick={() => void save()}>{t("common.save")}</Button>
    </>
  );
  return (
    <Dialog title={titleOf(row.key, row)} wide onClose={onClose} actions={actions || undefined}>
      <Doing row={row} onClose={onClose} />
      <div class="session-sides">
        <div class="session-side">
          <Known row={row} models={models} />
          <Said session={row.key} />
        </div>
        <form
          class="session-side"
          aria-label={t("sessions.settings")}
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          {!mayChange && <p class="field-hint">{t("sessions.readOnly")} <AskForScopes scopes={["operator.admin"]} /></p>}
          {error !== null && <div class="field-error" role="alert">{wordsFor(error)}</div>}
          <Settings row={row} models={models} values={now} disabled={!mayChange} onField={(field, value) => setNow((before) => ({ ...before, [field]: value }))} />
          <button type="submit" class="out-of-sight" tabIndex={-1} aria-hidden="true">{t("common.save")}</button>
        </form>
      </div>
    </Dialog>
  );
}

type Asking = "compact" | "reset" | null;

/** What can be done with it. */
function Doing({ row, onClose }: { row: SessionRow; onClose: () => void }) {
  const [asking, setAsking] = useState<Asking>(null);
  const { key } = row;
  const isAdmin = gateway.may("operator.admin");
  const close = () => setAsking(null);
  return (
    <div class="session-doing">
      <Button kind="primary" icon="chat" onClick={() => go(pathOf("chat", { session: key }))}>{t("sessions.open")}</Button>
      {row.status === "running" && gateway.may("operator.write") && gateway.has("sessions.abort") && (
        <Button icon="stop" onClick={() => void gateway.request("sessions.abort", { key }).catch(sayFailed)}>{t("sessions.stop")}</Button>
      )}
      {isAdmin && gateway.has("sessions.compact") && <Button icon="minus" onClick={() => setAsking("compact")}>{t("sessions.compact")}</Button>}
      {isAdmin && gateway.has("sessions.reset") && <Button icon="refresh" onClick={() => setAsking("reset")}>{t("sessions.reset")}</Button>}
      {isAdmin && gateway.has("sessions.delete") && !isMain(key) && (
        <Button
          icon="trash"
          class="session-delete"
          onClick={() => {
            onClose();
            deletions.delete([key]);
          }}
        >
          {t("common.delete")}
        </Button>
      )}
      {asking === "compact" && <Compact session={key} onClose={close} />}
      {asking === "reset" && (
        <Confirm title={t("sessions.reset")} verb={t("sessions.reset")} danger onClose={close} onConfirm={() => void gateway.request("sessions.reset", { key }).then(() => say({ kind: "done", text: t("sessions.reset.done") }), sayFailed)}>
          <p>{t("sessions.reset.sure")}</p>
        </Confirm>
      )}
    </div>
  );
}

function Compact({ session, onClose }: { session: string; onClose: () => void }) {
  const [most, setMost] = useState(String(KEPT));
  const maxLines = Number(most);
  const isFine = Number.isSafeInteger(maxLines) && maxLines > 0;
  const compact = async () => {
    if (!isFine) return;
    onClose();
    try {
      const { compacted, kept } = await gateway.request("sessions.compact", { key: session, maxLines });
      const text = compacted ? t("sessions.compact.done", { count: kept ?? maxLines }) : t("sessions.compact.nothing");
      say({ kind: "done", text });
    } catch (error) {
      sayFailed(error);
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" disabled={!isFine} onClick={() => void compact()}>{t("sessions.compact")}</Button>
    </>
  );
  return (
    <Dialog title={t("sessions.compact")} onClose={onClose} actions={actions}>
      <p>{t("sessions.compact.sure")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void compact();
        }}
      >
        <TextField type="number" step={1} label={t("sessions.compact.keep")} value={most} error={isFine ? null : t("sessions.compact.number")} onValue={setMost} />
      </form>
    </Dialog>
  );
}

/** What is known about it. */
function Known({ row, models }: { row: SessionRow; models: readonly Model[] }) {
  const context = contextOf(row, windowsOf(models));
  const agent = assistantOf(agentOf(row.key));
  const text = (value: string | null | undefined) => (value ? <Foreign>{value}</Foreign> : "–");
  return (
    <section class="session-part">
      <h3>{t("sessions.about")}</h3>
      <Facts
        rows={[
          [t("sessions.key"), <span class="session-copy"><code translate={false}><bdi>{row.key}</bdi></code><CopyButton text={row.key} /></span>],
          [t("sessions.agent"), <Foreign>{agent.name}</Foreign>],
          [t("sessions.kind"), t(`sessions.kind.${sortOf(row)}`)],
          ...(row.channel ? [[t("sessions.channel"), text(row.channel)] as const] : []),
          [t("sessions.state"), <StateBadge row={row} />],
          [t("sessions.model"), text([row.modelProvider, row.model].filter(Boolean).join("/"))],
          [t("sessions.context"), context === null ? number(row.totalTokens) : (
            <span class="session-context">
              {t("sessions.context.of", { used: row.totalTokens, all: context.window, percent: context.percent })}
              <Meter percent={context.percent} />
            </span>
          )],
          [t("sessions.read"), number(row.inputTokens)],
          [t("sessions.written"), number(row.outputTokens)],
          [t("sessions.compactions"), number(row.compactionCount)],
          [t("sessions.created"), <Time at={row.createdAt} />],
          [t("sessions.updated"), row.updatedAt ? <Time at={row.updatedAt} /> : "–"],
          ...(row.spawnedBy ? [[t("sessions.spawnedBy"), <a href={pathOf("sessions", { key: row.spawnedBy })}><bdi>{row.spawnedBy}</bdi></a>] as const] : []),
          [t("sessions.transcript"), <code translate={false}>{row.sessionId}</code>],
        ]}
      />
    </section>
  );
}

/** What goes on in it, in a word. */
export function StateBadge({ row }: { row: SessionRow }) {
  const state = stateOf(row);
  const tone = ({ running: "accent", stopped: "warn", idle: "plain" } as const)[state];
  return <Badge tone={tone}>{state === "running" && <Spinner label="" />}{t(`sessions.state.${state}`)}</Badge>;
}

/** What was said in it last. */
function Said({ session }: { session: string }) {
  const params = useMemo(() => (gateway.has("sessions.preview") ? { keys: [session], limit: PREVIEWED, maxChars: 200 } : null), [session]);
  const previews = useResource("sessions.preview", params, ["sessions.changed"]);
  if (!params) return null;
  const lines = previews.value.value?.previews[0]?.items ?? [];
  return (
    <section class="session-part">
      <h3>{t("sessions.last")}</h3>
      {previews.error.value !== null ? <Failure error={previews.error.value} retry={() => previews.refresh()} />
        : previews.value.value === null ? <Spinner />
        : lines.length === 0 ? <Empty icon="chat" title={t("sessions.last.none")} />
        : (
          <ol class="session-said">
            {lines.map((line, index) => (
              <li key={index}><Badge>{speakerOf(line.role, session)}</Badge> <Foreign>{line.text}</Foreign></li>
            ))}
          </ol>
        )}
    </section>
  );
}

function speakerOf(role: string, session: string): string {
  if (role === "user") return t("chat.you");
  return role === "assistant" ? assistantOf(agentOf(session)).name : role;
}

interface SettingsProps {
  row: SessionRow;
  models: readonly Model[];
  values: Values;
  disabled: boolean;
  onField: (field: Field, value: string) => void;
}

function Settings({ row, models, values, disabled, onField }: SettingsProps) {
  const known = models.map((model) => [`${model.provider}/${model.id}`, model.name] as const);
  // Who chose a model that is not there any more sees that.
  const chosen = values.model && !known.some(([id]) => id === values.model) ? [[values.model, values.model] as const] : [];
  const word = (field: WordField) => (
    <SelectField
      key={field}
      label={t(`sessions.set.${field}`)}
      value={values[field]}
      disabled={disabled}
      options={[["", t("sessions.set.default")], ...WORDS[field].map((it) => [it, t(wordKey(field, it as never))] as const)]}
      onValue={(value) => onField(field, value)}
    />
  );
  const isGroup = row.kind === "group" || values.groupActivation !== "";
  return (
    <fieldset class="session-settings" disabled={disabled}>
      <legend class="out-of-sight">{t("sessions.settings")}</legend>
      <TextField label={t("sessions.set.label")} value={values.label} onValue={(label) => onField("label", label.slice(0, LABEL_MOST))} />
      <section class="session-part">
        <h3>{t("sessions.answers")}</h3>
        <SelectField label={t("sessions.model")} value={values.model} disabled={disabled} options={[["", t("sessions.set.default")], ...known, ...chosen]} onValue={(model) => onField("model", model)} />
        <div class="session-fields">{ANSWERING.map(word)}</div>
        <div class="session-fields">{SPEAKING.filter((field) => field !== "groupActivation" || isGroup).map(word)}</div>
      </section>
      <details class="schema-group" open={COMMANDS.some((field) => values[field]) || values.execNode !== ""}>
        <summary>{t("sessions.commands")}</summary>
        <div class="session-fields">
          {COMMANDS.map(word)}
          {values.execHost === "node" || values.execNode ? <TextField label={t("sessions.set.execNode")} value={values.execNode} onValue={(node) => onField("execNode", node)} /> : null}
        </div>
      </details>
    </fieldset>
  );
}
