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
import type { Schema } from "../../ui/schema-form.tsx";
import { same, spelled, valueAt, type Path } from "./change.ts";
import { base, enter, revision, tree } from "./draft.ts";
import { Entry } from "./entry.tsx";
import { beginning, controlFor, type Known, type Shape } from "./shape.ts";

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
  const [resets, setResets] = useState(0);
  const onValue = (next: unknown) => enter(at.path, next, at.place);
  const reset = () => {
    setResets(resets + 1);
    onValue(undefined);
  };
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
        <Folder at={at} label={label} marks={marks} removal={isRemovable && <Button size="small" icon={isFree ? "trash" : "undo"} onClick={reset}>{undo}</Button>} count={countOf(value)} help={hint.help} isWrong={issues.some((it) => it.path.startsWith(path))}>
          {control.kind === "section" ? <Fields at={at} fields={control.fields} others={control.others} /> : <Items at={at} items={control.items} />}
        </Folder>
        {wrong.map((message) => <p key={message} class="field-error" role="alert">{message}</p>)}
      </div>
    );
  }
  return (
    <div ref={row} class={`config-row ${isChanged ? "changed" : ""}`}>
      <div class="config-about">
        <span class="config-label">{control.kind === "json" ? <bdi>{label}</bdi> : <label for={id}><bdi>{label}</bdi></label>}{marks}</span>
        <code class="config-path" translate={false}>{path}</code>
        {hint.help && <p id={`${id}-help`} class="field-hint"><Prose>{hint.help}</Prose></p>}
        {wrong.map((message) => <p key={message} id={`${id}-wrong`} class="field-error" role="alert">{message}</p>)}
      </div>
      <div class="config-control">
        <Entry
          key={`${revision.value} ${resets}`}
          id={id}
          path={at.path}
          control={control}
          value={value}
          label={label}
          isSecret={hint.isSecret}
          isWrong={wrong.length > 0}
          isReadOnly={isReadOnly}
          placeholder={hint.placeholder}
          describedBy={hint.help ? `${id}-help` : undefined}
          onValue={onValue}
        />
        {isRemovable && <IconButton icon={isFree ? "trash" : "undo"} size="small" label={undo} onClick={reset} />}
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

function countOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}

/** How an entry of a list can be told from the others. */
function nameOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  return ["name", "id", "label", "pattern"].map((key) => item[key]).find((it): it is string => typeof it === "string" && it !== "");
}
