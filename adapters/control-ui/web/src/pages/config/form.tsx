// The configuration as a form: a row for each key, folded where it goes deeper.
import { signal } from "@preact/signals";
import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useId, useRef, useState } from "preact/hooks";

import { isRecord } from "../../gateway/error.ts";
import { t } from "../../i18n/index.ts";
import type { ConfigIssue } from "../../protocol/index.ts";
import { Badge } from "../../ui/bits.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Prose } from "../../ui/prose.tsx";
import { JsonField, type Schema } from "../../ui/schema-form.tsx";
import { REDACTED, same, spelled, valueAt, type Path } from "./change.ts";
import { base, enter, tree } from "./draft.ts";
import { beginning, controlFor, type Control, type Known, type Shape } from "./shape.ts";

/** What all rows of a form have in common. */
export interface Surroundings {
  shape: Shape;
  isReadOnly: boolean;
  showAdvanced: boolean;
  issues: readonly ConfigIssue[];
}

export const Around = createContext<Surroundings | null>(null);

/** The key somebody looks for: the groups around it are open, and its row is shown. */
export const wanted = signal<Path | null>(null);

interface At {
  /** Where it is in the file. */
  path: Path;
  /** The same, as the hints spell it: free names are `*`. */
  place: Path;
  schema: Schema;
}

/** The rows of a section. */
export function Fields({ at, fields, others }: { at: At; fields: readonly Known[]; others: Schema | null }) {
  const { shape, showAdvanced, isReadOnly } = useContext(Around)!;
  const value = valueAt(tree.value, at.path);
  const present = isRecord(value) ? Object.keys(value) : [];
  const known = new Set(fields.map((it) => it.name));
  const isShown = ({ name }: Known) => {
    const isWanted = wanted.value !== null && at.path.every((it, i) => wanted.value![i] === it) && wanted.value[at.path.length] === name;
    return showAdvanced || present.includes(name) || isWanted || !shape.hint([...at.place, name]).isAdvanced;
  };
  const shown = shape.ordered(fields, at.place).filter(isShown);
  return (
    <div class="config-fields">
      {shown.map(({ name, schema }) => <Row key={name} at={{ path: [...at.path, name], place: [...at.place, name], schema }} />)}
      {present.filter((name) => !known.has(name)).map((name) => (
        <Row key={name} at={{ path: [...at.path, name], place: [...at.place, "*"], schema: others ?? true }} isFree name={name} />
      ))}
      {others !== null && !isReadOnly && (
        <AddNamed taken={present} onAdd={(name) => enter([...at.path, name], beginning(others), [...at.place, "*"])} />
      )}
    </div>
  );
}

/** One key: its name, what it does, and what stands there. */
function Row({ at, isFree = false, name }: { at: At; isFree?: boolean; name?: string }) {
  const { shape, isReadOnly, issues } = useContext(Around)!;
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  const value = valueAt(tree.value, at.path);
  const hint = shape.hint(at.place);
  const label = name ?? hint.label;
  const control = controlFor(at.schema, value);
  const isChanged = !same(value, valueAt(base.value?.parsed, at.path));
  const isWanted = wanted.value !== null && same(wanted.value, at.path);
  const path = spelled(at.path, tree.value);
  const wrong = issues.filter((issue) => issue.path === path).map((issue) => issue.message);
  useEffect(() => {
    if (!isWanted) return;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector<HTMLElement>("summary, input, select, textarea, button")?.focus({ preventScroll: true });
    wanted.value = null;
  }, [isWanted]);
  const onValue = (next: unknown) => enter(at.path, next, at.place);
  const undo = t(isFree ? "config.remove" : "config.reset", { name: label });
  const isRemovable = value !== undefined && !isReadOnly;
  const marks = (
    <>
      {isChanged && <Badge tone="accent">{t("config.changed")}</Badge>}
      {hint.isSecret && <Badge>{t("config.secret")}</Badge>}
    </>
  );
  if (control.kind === "section" || control.kind === "list") {
    return (
      <div ref={row} class="config-group">
        <Folder at={at} label={label} marks={marks} removal={isRemovable && <Button size="small" icon={isFree ? "trash" : "undo"} onClick={() => onValue(undefined)}>{undo}</Button>} count={countOf(value)} help={hint.help} isWrong={issues.some((it) => it.path.startsWith(path))}>
          {control.kind === "section" ? <Fields at={at} fields={control.fields} others={control.others} /> : <Items at={at} items={control.items} />}
        </Folder>
        {wrong.map((message) => <p key={message} class="field-error" role="alert">{message}</p>)}
      </div>
    );
  }
  return (
    <div ref={row} class={`config-row ${isChanged ? "changed" : ""}`}>
      <div class="config-about">
        <span class="config-label"><label for={id}><bdi>{label}</bdi></label>{marks}</span>
        <code class="config-path" translate={false}>{path}</code>
        {hint.help && <p id={`${id}-help`} class="field-hint"><Prose>{hint.help}</Prose></p>}
        {wrong.map((message) => <p key={message} id={`${id}-wrong`} class="field-error" role="alert">{message}</p>)}
      </div>
      <div class="config-control">
        <Entry id={id} at={at} control={control} value={value} isSecret={hint.isSecret} placeholder={hint.placeholder} label={label} isWrong={wrong.length > 0} describedBy={hint.help ? `${id}-help` : undefined} onValue={onValue} />
        {isRemovable && <IconButton icon={isFree ? "trash" : "undo"} size="small" label={undo} onClick={() => onValue(undefined)} />}
      </div>
    </div>
  );
}

/** What is in it is made when somebody opens it: the whole form has thousands of rows. */
function Folder({ at, label, marks, removal, count, help, isWrong, children }: {
  at: At; label: string; marks: ComponentChildren; removal: ComponentChildren; count: number; help: string; isWrong: boolean; children: ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(count > 0 && at.path.length < 3);
  const isAround = wanted.value !== null && wanted.value.length > at.path.length && at.path.every((name, i) => wanted.value![i] === name);
  useEffect(() => {
    if (isAround || isWrong) setOpen(true);
  }, [isAround, isWrong]);
  return (
    <details class="config-folder" open={isOpen || isAround} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="config-label"><bdi>{label}</bdi>{count > 0 && <Badge>{count}</Badge>}{marks}</span>
        {help && <span class="field-hint"><Prose>{help}</Prose></span>}
      </summary>
      {(isOpen || isAround) && (
        <div class="config-inside">
          {children}
          {removal && <div class="config-removal">{removal}</div>}
        </div>
      )}
    </details>
  );
}

function Items({ at, items }: { at: At; items: Schema }) {
  const { isReadOnly } = useContext(Around)!;
  const value = valueAt(tree.value, at.path);
  const list = Array.isArray(value) ? value : [];
  return (
    <div class="config-fields">
      {list.map((item, index) => (
        <Row key={index} isFree at={{ path: [...at.path, String(index)], place: [...at.place, "*"], schema: items }} name={nameOf(item) ?? String(index + 1)} />
      ))}
      {!isReadOnly && (
        <div><Button size="small" icon="plus" onClick={() => enter(at.path, [...list, beginning(items)], at.place)}>{t("common.add")}</Button></div>
      )}
    </div>
  );
}

function AddNamed({ taken, onAdd }: { taken: readonly string[]; onAdd: (name: string) => void }) {
  const [name, setName] = useState("");
  const isFine = name.trim() !== "" && !taken.includes(name.trim());
  return (
    <form
      class="config-add"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isFine) return;
        onAdd(name.trim());
        setName("");
      }}
    >
      <input class="input" aria-label={t("config.add.name")} placeholder={t("config.add.name")} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" size="small" icon="plus" disabled={!isFine}>{t("common.add")}</Button>
    </form>
  );
}

interface EntryProps {
  id: string;
  at: At;
  control: Exclude<Control, { kind: "section" | "list" }>;
  value: unknown;
  label: string;
  isSecret: boolean;
  isWrong: boolean;
  placeholder: string | undefined;
  describedBy: string | undefined;
  onValue: (value: unknown) => void;
}

function Entry({ id, at, control, value, label, isSecret, isWrong, placeholder, describedBy, onValue }: EntryProps) {
  const { isReadOnly } = useContext(Around)!;
  const inForce = valueAt(base.value?.config, at.path);
  const standard = inForce === undefined || typeof inForce === "object" ? placeholder ?? "" : String(inForce);
  const common = { id, disabled: isReadOnly, "aria-describedby": describedBy, ...(isWrong ? { "aria-invalid": true as const } : {}) };
  if (value === REDACTED || (isSecret && control.kind !== "json")) {
    return <Secret id={id} label={label} value={value} before={valueAt(base.value?.parsed, at.path)} isReadOnly={isReadOnly} describedBy={describedBy} onValue={onValue} />;
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
      {doc && <p class="field-hint">{doc}</p>}
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

function countOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}

/** How an entry of a list can be told from the others. */
function nameOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  return ["name", "id", "label", "pattern"].map((key) => item[key]).find((it): it is string => typeof it === "string" && it !== "");
}
