// A form for any value a JSON schema describes.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { isRecord } from "../gateway/error.ts";
import { t } from "../i18n/index.ts";
import { Button, IconButton } from "./button.tsx";
import { Field, SelectField, Switch, TextField } from "./form.tsx";

export type Schema = Record<string, unknown> | boolean;
/** Finds the schema a `$ref` names. */
export type Resolve = (reference: string) => Schema | undefined;

interface SchemaFormProps {
  schema: Schema;
  resolve: Resolve;
  label: string;
  value: unknown;
  /** `undefined` leaves the value out. */
  onValue: (value: unknown) => void;
  isRequired?: boolean;
  depth?: number;
}

/** What kind of control a schema takes. */
export type Kind =
  | { kind: "object"; properties: Record<string, Schema>; required: readonly string[]; others: Schema | null }
  | { kind: "list"; items: Schema }
  | { kind: "choice"; options: readonly (string | number | boolean)[] }
  | { kind: "boolean" | "string" | "number" | "integer" | "any" };

/** How deep forms go before they become JSON. */
const DEEPEST = 6;

/** The control for `schema`, its references followed and `null` left out. */
export function kindOf(schema: Schema, resolve: Resolve): Kind {
  const plain = flat(schema, resolve);
  if (typeof plain === "boolean") return { kind: "any" };
  const choices = Array.isArray(plain["enum"]) ? plain["enum"] : "const" in plain ? [plain["const"]] : alternatives(plain, resolve);
  if (choices) {
    const options = choices.filter((it): it is string | number | boolean => it !== null && typeof it !== "object");
    return { kind: "choice", options };
  }
  const types = [plain["type"]].flat().filter((it) => it !== "null");
  if (isRecord(plain["properties"]) || types[0] === "object") {
    const others = plain["additionalProperties"];
    return {
      kind: "object",
      properties: (plain["properties"] ?? {}) as Record<string, Schema>,
      required: Array.isArray(plain["required"]) ? (plain["required"] as string[]) : [],
      others: isRecord(others) || others === true ? (others as Schema) : null,
    };
  }
  if (types.length !== 1) return { kind: "any" };
  switch (types[0]) {
    case "array": return { kind: "list", items: (plain["items"] ?? true) as Schema };
    case "boolean": case "string": case "number": case "integer": return { kind: types[0] };
    default: return { kind: "any" };
  }
}

function flat(schema: Schema, resolve: Resolve, depth = 0): Schema {
  if (typeof schema === "boolean" || depth > 16) return schema;
  if (typeof schema["$ref"] === "string") return flat(resolve(schema["$ref"]) ?? true, resolve, depth + 1);
  for (const several of ["anyOf", "oneOf", "allOf"]) {
    const parts = schema[several];
    if (!Array.isArray(parts)) continue;
    const real = (parts as Schema[]).filter((part) => typeof part === "boolean" || part["type"] !== "null");
    if (real.length === 1) return flat(real[0]!, resolve, depth + 1);
  }
  return schema;
}

/** The values of `anyOf` or `oneOf`, if it is a list of constants. */
function alternatives(schema: Record<string, unknown>, resolve: Resolve): unknown[] | null {
  const parts = schema["oneOf"] ?? schema["anyOf"];
  if (!Array.isArray(parts)) return null;
  const values = (parts as Schema[]).flatMap((part) => {
    const plain = flat(part, resolve);
    if (typeof plain === "boolean") return [undefined];
    if (plain["type"] === "null") return [];
    return "const" in plain ? [plain["const"]] : Array.isArray(plain["enum"]) ? plain["enum"] : [undefined];
  });
  return values.includes(undefined) ? null : values;
}

function docOf(schema: Schema): string | undefined {
  return typeof schema === "object" && typeof schema["description"] === "string" ? schema["description"] : undefined;
}

/** A form for a value. */
export function SchemaForm(props: SchemaFormProps) {
  const { schema, resolve, label, value, onValue, isRequired = false, depth = 0 } = props;
  const kind = kindOf(schema, resolve);
  const name = isRequired ? label : `${label} (${t("common.optional")})`;
  const hint = docOf(schema);
  if (depth >= DEEPEST) return <JsonField label={name} hint={hint} value={value} onValue={onValue} />;
  switch (kind.kind) {
    case "object": return <ObjectForm {...props} kind={kind} />;
    case "list": return <ListForm {...props} items={kind.items} />;
    case "choice": {
      const options = [["", "–"] as const, ...kind.options.map((it) => [JSON.stringify(it), String(it)] as const)];
      return (
        <SelectField
          label={name}
          hint={hint}
          value={value === undefined || value === null ? "" : JSON.stringify(value)}
          options={options}
          onValue={(text) => onValue(text === "" ? undefined : JSON.parse(text))}
        />
      );
    }
    case "boolean":
      return <Switch label={name} hint={hint} checked={value === true} onValue={(on) => onValue(on || isRequired ? on : undefined)} />;
    case "string":
      return <TextField label={name} hint={hint} value={typeof value === "string" ? value : ""} onValue={(text) => onValue(text === "" && !isRequired ? undefined : text)} />;
    case "number": case "integer":
      return (
        <TextField
          label={name}
          hint={hint}
          type="number"
          step={kind.kind === "integer" ? 1 : "any"}
          value={typeof value === "number" ? String(value) : ""}
          onValue={(text) => onValue(text === "" || Number.isNaN(Number(text)) ? undefined : Number(text))}
        />
      );
    case "any": return <JsonField label={name} hint={hint} value={value} onValue={onValue} />;
  }
}

function ObjectForm({ label, schema, resolve, value, onValue, kind, depth = 0 }: SchemaFormProps & { kind: Extract<Kind, { kind: "object" }> }) {
  const fields = isRecord(value) ? value : {};
  const known = Object.keys(kind.properties);
  const others = Object.keys(fields).filter((name) => !known.includes(name));
  const change = (name: string, next: unknown) => {
    const { [name]: _, ...rest } = fields;
    const whole = next === undefined ? rest : { ...fields, [name]: next };
    onValue(Object.keys(whole).length || depth === 0 ? whole : undefined);
  };
  const body = (
    <>
      {known.map((name) => (
        <SchemaForm
          key={name}
          schema={kind.properties[name]!}
          resolve={resolve}
          label={name}
          value={fields[name]}
          onValue={(next) => change(name, next)}
          isRequired={kind.required.includes(name)}
          depth={depth + 1}
        />
      ))}
      {kind.others !== null && (
        <Others names={others} onRemove={(name) => change(name, undefined)} onAdd={(name) => change(name, null)}>
          {(name) => <SchemaForm schema={kind.others!} resolve={resolve} label={name} value={fields[name]} onValue={(next) => change(name, next ?? null)} isRequired depth={depth + 1} />}
        </Others>
      )}
    </>
  );
  if (depth === 0) return <div class="schema-form">{body}</div>;
  const hint = docOf(schema);
  return (
    <details class="schema-group" open={Object.keys(fields).length > 0}>
      <summary>{label}</summary>
      {hint && <p class="field-hint">{hint}</p>}
      <div class="schema-form">{body}</div>
    </details>
  );
}

/** Fields whose names are free. */
function Others({ names, onAdd, onRemove, children }: { names: readonly string[]; onAdd: (name: string) => void; onRemove: (name: string) => void; children: (name: string) => ComponentChildren }) {
  const [name, setName] = useState("");
  return (
    <div class="schema-others">
      {names.map((it) => (
        <div class="schema-row" key={it}>
          {children(it)}
          <IconButton icon="trash" size="small" label={`${t("common.remove")}: ${it}`} onClick={() => onRemove(it)} />
        </div>
      ))}
      <div class="schema-row">
        <input class="input" aria-label={t("common.add")} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        <Button
          size="small"
          icon="plus"
          disabled={!name || names.includes(name)}
          onClick={() => {
            onAdd(name);
            setName("");
          }}
        >
          {t("common.add")}
        </Button>
      </div>
    </div>
  );
}

function ListForm({ label, schema, resolve, value, onValue, items, depth = 0 }: SchemaFormProps & { items: Schema }) {
  const list = Array.isArray(value) ? value : [];
  const hint = docOf(schema);
  const change = (next: unknown[]) => onValue(next.length ? next : undefined);
  return (
    <fieldset class="schema-list">
      <legend>{label}</legend>
      {hint && <p class="field-hint">{hint}</p>}
      {list.map((item, index) => (
        <div class="schema-row" key={index}>
          <SchemaForm schema={items} resolve={resolve} label={`${label} ${index + 1}`} value={item} onValue={(next) => change(list.with(index, next ?? null))} isRequired depth={depth + 1} />
          <IconButton icon="trash" size="small" label={`${t("common.remove")} ${index + 1}`} onClick={() => change(list.toSpliced(index, 1))} />
        </div>
      ))}
      <Button size="small" icon="plus" onClick={() => change([...list, emptyOf(kindOf(items, resolve))])}>{t("common.add")}</Button>
    </fieldset>
  );
}

function emptyOf(kind: Kind): unknown {
  switch (kind.kind) {
    case "object": return {};
    case "list": return [];
    case "string": return "";
    case "boolean": return false;
    case "choice": return kind.options[0] ?? null;
    case "number": case "integer": return 0;
    case "any": return null;
  }
}

/** A value as JSON, for what no form fits. */
export function JsonField({ label, hint, value, onValue }: { label: string; hint?: string | undefined; value: unknown; onValue: (value: unknown) => void }) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [error, setError] = useState<string | null>(null);
  const change = (next: string) => {
    setText(next);
    try {
      onValue(next.trim() === "" ? undefined : JSON.parse(next));
      setError(null);
    } catch (why) {
      setError((why as Error).message);
    }
  };
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => <textarea class="input code" rows={Math.min(12, text.split("\n").length + 1)} spellcheck={false} {...attributes} value={text} onInput={(event) => change(event.currentTarget.value)} />}
    </Field>
  );
}
