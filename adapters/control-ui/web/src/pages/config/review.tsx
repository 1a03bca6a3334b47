// What is about to be written, and what will become of it.
import { useEffect } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import { Badge, Failure, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { changesBetween, effectOf, REDACTED, spelled, type Effect } from "./change.ts";
import { Diff } from "./diff.tsx";
import { base, check, mode, text, tree, verdict } from "./draft.ts";
import { Issues } from "./issues.tsx";
import type { Shape } from "./shape.ts";

const TONES: Record<Effect["kind"], "good" | "warn" | "plain" | "accent"> = {
  now: "good", read: "good", restart: "warn", waits: "warn", ignored: "plain", unused: "plain", other: "plain",
};

export function Review({ shape, onSave, onClose }: { shape: Shape; onSave: () => void; onClose: () => void }) {
  useEffect(() => void check(), []);
  const found = verdict.value;
  const effects = found.kind === "fine" ? found.outcome.effects.map(effectOf) : [];
  const restarts = effects.some((it) => it.kind === "restart");
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" icon="save" disabled={found.kind !== "fine"} onClick={onSave}>{t(restarts ? "config.save.restart" : "common.save")}</Button>
    </>
  );
  return (
    <Dialog title={t("config.review")} onClose={onClose} actions={actions} wide>
      {mode.value === "form" ? <Changes shape={shape} /> : <Diff before={base.value?.raw ?? ""} after={text.value} label={t("config.diff.title")} />}
      <h3>{t("config.plan")}</h3>
      {found.kind === "asking" && <p><Spinner /> {t("config.checking")}</p>}
      {found.kind === "bad" && <Failure error={new Error(found.message)} />}
      {found.kind === "bad" && <Issues issues={found.issues} tone="bad" />}
      {found.kind === "fine" && (
        <>
          <ul class="config-plan">
            {effects.map((effect) => (
              <li key={effect.path}>
                <code translate={false}>{effect.path}</code>
                <Badge tone={TONES[effect.kind]}>{effect.kind === "other" ? effect.text : t(`config.effect.${effect.kind}`)}</Badge>
                {effect.parts && <span class="field-hint">{t("config.effect.parts", { parts: effect.parts })}</span>}
              </li>
            ))}
            {!effects.length && <li>{t("config.plan.nothing")}</li>}
          </ul>
          <Issues issues={found.outcome.warnings} tone="warn" />
        </>
      )}
    </Dialog>
  );
}

function Changes({ shape }: { shape: Shape }) {
  const changes = changesBetween(base.value?.parsed ?? {}, tree.value);
  return (
    <ul class="config-changes">
      {changes.map(({ path, before, after }) => {
        const isSecret = shape.hint(shape.placeOf(path)).isSecret;
        return (
          <li key={path.join("\n")}>
            <code translate={false}>{spelled(path, base.value?.parsed)}</code>
            <span class="config-was"><Value of={before} isSecret={isSecret} /> <span aria-label={t("config.becomes")}>→</span> <Value of={after} isSecret={isSecret} /></span>
          </li>
        );
      })}
    </ul>
  );
}

function Value({ of, isSecret }: { of: unknown; isSecret: boolean }) {
  if (of === undefined) return <em>{t("config.default")}</em>;
  if (of === REDACTED) return <span>••••••••</span>;
  if (isSecret) return <span>{t("config.secret.new")}</span>;
  const text = JSON.stringify(of);
  return <code>{text.length > 300 ? `${text.slice(0, 300)}…` : text}</code>;
}
