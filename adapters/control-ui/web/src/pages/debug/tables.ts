// The gateway's methods and events as its tables declare them: who may call them, with what, and why.
import { isRecord, textOf } from "../../gateway/error.ts";
import type { Kind, Resolve, Schema } from "../../ui/schema-form.tsx";

export interface Method {
  name: string;
  /** What it takes to call it: `operator.read`, `role node`, `anyone`. */
  access: string;
  /** Paragraphs. */
  doc: readonly string[];
  params: Schema | null;
}

export class Tables {
  readonly methods: readonly Method[];
  /** What each event is about. */
  readonly events: ReadonlyMap<string, string>;
  readonly #whole: unknown;

  /** `advertised` are the methods of the gateway at hand: those the tables do not know can be called, too. */
  constructor(whole: unknown, advertised: readonly string[]) {
    this.#whole = whole;
    const tables = isRecord(whole) ? whole : {};
    const known = isRecord(tables["methods"]) ? tables["methods"] : {};
    const events = isRecord(tables["events"]) ? tables["events"] : {};
    this.methods = [...advertised].filter((name) => name !== "connect").sort().map((name) => methodOf(name, known[name]));
    this.events = new Map(Object.entries(events).map(([name, it]) => [name, (isRecord(it) ? textOf(it["doc"]) : undefined) ?? ""]));
  }

  /** Finds what a `$ref` names. */
  readonly resolve: Resolve = (reference) => {
    let found: unknown = this.#whole;
    for (const name of reference.replace(/^#\//, "").split("/")) found = isRecord(found) ? found[name.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
    return isRecord(found) || typeof found === "boolean" ? (found as Schema) : undefined;
  };

  /** The methods with every word of `text` in their name, else in their description. */
  find(text: string): Method[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const inName = (it: Method) => words.every((word) => it.name.toLowerCase().includes(word));
    const inDoc = (it: Method) => words.every((word) => `${it.name} ${it.doc.join(" ")}`.toLowerCase().includes(word));
    return [...this.methods.filter(inName), ...this.methods.filter((it) => !inName(it) && inDoc(it))];
  }
}

function methodOf(name: string, known: unknown): Method {
  const it = isRecord(known) ? known : {};
  const { params } = it;
  return {
    name,
    access: textOf(it["access"]) ?? "",
    doc: (textOf(it["doc"]) ?? "").split(/\n\s*\n/).map((part) => part.replace(/\s+/g, " ").trim()).filter(Boolean),
    params: isRecord(params) || typeof params === "boolean" ? (params as Schema) : null,
  };
}

/** The same schema, with what has to be filled in before everything else. */
export function requiredFirst(kind: Extract<Kind, { kind: "object" }>): Schema {
  const isRequired = (name: string) => kind.required.includes(name);
  const names = Object.keys(kind.properties);
  const ordered = [...names.filter(isRequired), ...names.filter((name) => !isRequired(name))];
  return {
    type: "object",
    properties: Object.fromEntries(ordered.map((name) => [name, kind.properties[name]])),
    required: kind.required,
    ...(kind.others === null ? {} : { additionalProperties: kind.others }),
  };
}

/** The parameters somebody wrote, or why they are none. */
export function paramsOf(text: string): { value: unknown; error: string | null } {
  if (text.trim() === "") return { value: {}, error: null };
  try {
    return { value: JSON.parse(text), error: null };
  } catch (error) {
    return { value: undefined, error: (error as Error).message };
  }
}
