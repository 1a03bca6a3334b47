// What the configuration may hold: the schema and the hints of `config.schema`, as a form needs them.
import { isRecord, textOf } from "../../gateway/error.ts";
import type { ConfigShape } from "../../protocol/index.ts";
import type { Schema } from "../../ui/schema-form.tsx";
import type { Path } from "./change.ts";

/** How to show a key. */
export interface Hint {
  label: string;
  help: string;
  order: number;
  placeholder: string | undefined;
  isAdvanced: boolean;
  isSecret: boolean;
}

/** A key that is known, with what may stand there. */
export interface Known {
  name: string;
  schema: Schema;
}

/** What can be entered at a place. */
export type Control =
  | { kind: "section"; fields: readonly Known[]; others: Schema | null }
  | { kind: "list"; items: Schema }
  | { kind: "choice"; options: readonly Option[]; isOpen: boolean }
  | { kind: "switch" | "text" | "json" }
  | { kind: "number"; isWhole: boolean; least: number | undefined; most: number | undefined };

export interface Option {
  value: string | number | boolean;
  doc: string | undefined;
}

/** A schema with its hints. */
export class Shape {
  readonly root: Schema;
  readonly #hints: ReadonlyMap<string, Record<string, unknown>>;

  constructor(shape: ConfigShape) {
    this.root = (isRecord(shape.schema) ? shape.schema : true) as Schema;
    this.#hints = new Map(Object.entries(shape.uiHints).filter((it): it is [string, Record<string, unknown>] => isRecord(it[1])));
  }

  /** How to show the key at `place`, whose free names are `*`. */
  hint(place: Path): Hint {
    const hint = this.#hints.get(place.join(".")) ?? {};
    return {
      label: textOf(hint["label"]) ?? place.at(-1) ?? "",
      help: textOf(hint["help"]) ?? "",
      order: typeof hint["order"] === "number" ? hint["order"] : Number.MAX_SAFE_INTEGER,
      placeholder: textOf(hint["placeholder"]),
      isAdvanced: hint["advanced"] === true,
      isSecret: hint["sensitive"] === true,
    };
  }

  /** The place of a path: names nobody declared are `*`. */
  placeOf(path: Path): string[] {
    const place: string[] = [];
    for (const name of path) place.push(this.#hints.has([...place, name].join(".")) ? name : "*");
    return place;
  }

  /** What is directly in `fields`, in the order of the hints. */
  ordered(fields: readonly Known[], place: Path): Known[] {
    const order = (it: Known) => this.hint([...place, it.name]).order;
    return [...fields].sort((one, other) => order(one) - order(other) || one.name.localeCompare(other.name));
  }

  /** The keys that have every word of `text` in their name or their help; those with it in the name first. */
  find(text: string, most: number): { place: Path; hint: Hint }[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const found: { place: string[]; rank: number }[] = [];
    for (const [path, hint] of this.#hints) {
      const name = `${path} ${textOf(hint["label"]) ?? ""}`.toLowerCase();
      const help = (textOf(hint["help"]) ?? "").toLowerCase();
      if (!words.every((word) => name.includes(word) || help.includes(word))) continue;
      const place = path.split(".");
      const label = (textOf(hint["label"]) ?? "").toLowerCase();
      found.push({ place, rank: nearness(words, label, name) + place.length + 3 * place.filter((it) => it === "*").length + (hint["advanced"] === true ? 2 : 0) });
    }
    return found
      .sort((one, other) => one.rank - other.rank)
      .slice(0, most)
      .map(({ place }) => ({ place, hint: this.hint(place) }));
  }
}

/** How far a key is from what somebody looks for: its own name is nearer than one around it. */
function nearness(words: readonly string[], label: string, name: string): number {
  if (label === words.join(" ")) return 0;
  const own = label.split(" ");
  if (words.every((word) => own.some((it) => it.startsWith(word)))) return 5;
  if (words.every((word) => name.split(/[\s.]/).some((it) => it.startsWith(word)))) return 12;
  return words.every((word) => name.includes(word)) ? 24 : 40;
}

/**
 * The control for what may stand at a place, when `value` stands there. Where several kinds may, it is
 * the one that fits the value; without one, the simplest.
 */
export function controlFor(schema: Schema, value: unknown): Control {
  const parts = partsOf(schema);
  const choice = choiceOf(parts, value);
  if (choice) return choice;
  const fitting = parts.filter((part) => fits(part, value));
  const simple = value === undefined || value === null ? [...parts].sort((one, other) => effort(one) - effort(other)).slice(0, 1) : fitting;
  const part = simple[0];
  return simple.length === 1 && part !== undefined ? controlOf(part) : { kind: "json" };
}

/** The kinds of values a schema allows, `null` left out: absent says the same. */
function partsOf(schema: Schema): Record<string, unknown>[] {
  if (typeof schema === "boolean") return [];
  const several = schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"];
  if (Array.isArray(several)) return (several as Schema[]).flatMap(partsOf);
  const types = [schema["type"]].flat().filter((it) => it !== "null");
  if (!types.length) return schema["type"] === undefined && Object.keys(schema).length && ("const" in schema || "enum" in schema || "properties" in schema) ? [schema] : [];
  return types.map((type) => ({ ...schema, type }));
}

/** One of several words, perhaps or any other text. */
function choiceOf(parts: readonly Record<string, unknown>[], value: unknown): Control | null {
  const options: Option[] = [];
  let isOpen = false;
  for (const part of parts) {
    const doc = textOf(part["description"]);
    if ("const" in part) options.push({ value: part["const"] as Option["value"], doc });
    else if (Array.isArray(part["enum"])) options.push(...part["enum"].filter((it) => it !== null).map((it) => ({ value: it as Option["value"], doc: undefined })));
    else if (part["type"] === "string") isOpen = true;
    else if (value === undefined || value === null || !fits(part, value)) continue;
    else return null;
  }
  if (!options.length || (isOpen && options.some((it) => typeof it.value !== "string"))) return null;
  const isFine = value === undefined || value === null || isOpen ? typeof value !== "object" || value === null : options.some((it) => it.value === value);
  return isFine ? { kind: "choice", options, isOpen } : null;
}

function fits(part: Record<string, unknown>, value: unknown): boolean {
  switch (part["type"]) {
    case "string": return typeof value === "string";
    case "boolean": return typeof value === "boolean";
    case "integer": return Number.isInteger(value);
    case "number": return typeof value === "number";
    case "array": return Array.isArray(value);
    case "object": return isRecord(value);
    default: return isRecord(part["properties"]) && isRecord(value);
  }
}

/** How much one has to know to enter a value of this kind. */
function effort(part: Record<string, unknown>): number {
  const order = ["boolean", "string", "integer", "number", "array", "object"];
  return order.indexOf(String(part["type"]));
}

function controlOf(part: Record<string, unknown>): Control {
  const bound = (name: string) => (typeof part[name] === "number" ? part[name] : undefined);
  switch (part["type"]) {
    case "boolean": return { kind: "switch" };
    case "string": return { kind: "text" };
    case "integer": case "number":
      return { kind: "number", isWhole: part["type"] === "integer", least: bound("minimum"), most: bound("maximum") };
    case "array": return { kind: "list", items: (part["items"] ?? true) as Schema };
    default: {
      const fields = Object.entries(isRecord(part["properties"]) ? part["properties"] : {});
      const more = part["additionalProperties"];
      const others = isRecord(more) || more === true ? (more as Schema) : null;
      if (!fields.length && typeof others !== "object") return { kind: "json" };
      return { kind: "section", fields: fields.map(([name, schema]) => ({ name, schema: schema as Schema })), others };
    }
  }
}

/** What a new entry of a list or a map begins as. */
export function beginning(schema: Schema): unknown {
  const control = controlFor(schema, undefined);
  switch (control.kind) {
    case "section": return {};
    case "list": return [];
    case "switch": return false;
    case "number": return control.least ?? 0;
    case "choice": return control.options[0]?.value ?? "";
    case "text": return "";
    case "json": return {};
  }
}
