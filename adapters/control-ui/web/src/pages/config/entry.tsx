// What one enters a value with.
import { useId, useState } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/button.tsx";
import { Prose } from "../../ui/prose.tsx";
import { JsonField } from "../../ui/schema-form.tsx";
import { REDACTED, valueAt, type Path } from "./change.ts";
import { base } from "./draft.ts";
import type { Control } from "./shape.ts";

interface EntryProps {
  id: string;
  path: Path;
  control: Exclude<Control, { kind: "section" | "list" }>;
  value: unknown;
  label: string;
  isSecret: boolean;
  isWrong: boolean;
  isReadOnly: boolean;
  placeholder: string | undefined;
  describedBy: string | undefined;
  onValue: (value: unknown) => void;
}

/** The control for a value, whatever kind it is. */
export function Entry({ id, path, control, value, label, isSecret, isWrong, isReadOnly, placeholder, describedBy, onValue }: EntryProps) {
  const inForce = valueAt(base.value?.config, path);
  const standard = inForce === undefined || typeof inForce === "object" ? placeholder ?? "" : String(inForce);
  const common = { id, disabled: isReadOnly, "aria-describedby": describedBy, ...(isWrong ? { "aria-invalid": true as const } : {}) };
  if (value === REDACTED || (isSecret && control.kind !== "json")) {
    return <Secret id={id} label={label} value={value} before={valueAt(base.value?.parsed, path)} isReadOnly={isReadOnly} describedBy={describedBy} onValue={onValue} />;
  }
  switch (control.kind) {
    case "switch":
      return (
        <span class="switch">
          <input {...common} type="checkbox" role="switch" checked={(value ?? inForce) === true} onChange={(event) => onValue(event.currentTarget.checked)} />
          {value === undefined && <span class="field-hint">{t("config.default")}</span>}
        </span>
      );
    case "choice": return <Choice common={common} control={control} value={value} standard={standard} onValue={onValue} />;
    case "number":
      return (
        <input
          {...common}
          class="input"
          type="number"
          step={control.isWhole ? 1 : "any"}
          min={control.least}
          max={control.most}
          placeholder={standard}
          value={typeof value === "number" ? value : ""}
          onInput={(event) => onValue(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))}
        />
      );
    case "text": {
      const words = typeof value === "string" ? value : "";
      const shared = { ...common, class: "input", placeholder: standard, value: words, dir: "auto" as const };
      if (words.includes("\n") || words.length > 120) return <textarea {...shared} rows={4} onInput={(event) => onValue(event.currentTarget.value)} />;
      return <input {...shared} type="text" autocomplete="off" spellcheck={false} onInput={(event) => onValue(event.currentTarget.value === "" ? undefined : event.currentTarget.value)} />;
    }
    case "json":
      return isReadOnly
        ? <pre id={id} class="config-json">{JSON.stringify(value ?? inForce, null, 2) ?? "–"}</pre>
        : <JsonField label={t("config.json")} value={value} onValue={onValue} />;
  }
}

function Choice({ common, control, value, standard, onValue }: { common: object; control: Extract<Control, { kind: "choice" }>; value: unknown; standard: string; onValue: (value: unknown) => void }) {
  const list = useId();
  if (control.isOpen) {
    return (
      <>
        <input {...common} class="input" list={list} placeholder={standard} value={typeof value === "string" ? value : ""} onInput={(event) => onValue(event.currentTarget.value === "" ? undefined : event.currentTarget.value)} />
        <datalist id={list}>{control.options.map((it) => <option key={String(it.value)} value={String(it.value)}>{it.doc}</option>)}</datalist>
      </>
    );
  }
  const doc = control.options.find((it) => it.value === value)?.doc;
  return (
    <div class="config-choice">
      <select {...common} class="input" value={value === undefined || value === null ? "" : JSON.stringify(value)} onChange={(event) => onValue(event.currentTarget.value === "" ? undefined : JSON.parse(event.currentTarget.value))}>
        <option value="" selected={value === undefined || value === null}>{standard ? t("config.default.is", { value: standard }) : t("config.default")}</option>
        {control.options.map((it) => <option key={String(it.value)} value={JSON.stringify(it.value)} selected={it.value === value}>{String(it.value)}</option>)}
      </select>
      {doc && <p class="field-hint"><Prose>{doc}</Prose></p>}
    </div>
  );
}

/** A secret can be replaced, not read. Until somebody enters another one, it stays what it is. */
function Secret({ id, label, value, before, isReadOnly, describedBy, onValue }: { id: string; label: string; value: unknown; before: unknown; isReadOnly: boolean; describedBy: string | undefined; onValue: (value: unknown) => void }) {
  const [isEntering, setEntering] = useState(value === undefined ? false : value !== before);
  if (!isEntering && value !== undefined) {
    return (
      <span class="config-secret">
        <span id={id} class="config-hidden" role="img" aria-label={t("config.secret.set")}>••••••••</span>
        {!isReadOnly && <Button size="small" aria-label={`${t("config.secret.replace")}: ${label}`} onClick={() => setEntering(true)}>{t("config.secret.replace")}</Button>}
      </span>
    );
  }
  const keep = () => {
    setEntering(false);
    onValue(before);
  };
  return (
    <span class="config-secret">
      <input
        id={id}
        class="input"
        type="password"
        autocomplete="new-password"
        disabled={isReadOnly}
        aria-describedby={describedBy}
        placeholder={before === undefined ? "" : t("config.secret.kept")}
        value={typeof value === "string" && value !== REDACTED ? value : ""}
        onInput={(event) => {
          setEntering(true);
          onValue(event.currentTarget.value === "" ? before : event.currentTarget.value);
        }}
      />
      {before !== undefined && <Button size="small" onClick={keep}>{t("common.cancel")}</Button>}
    </span>
  );
}
