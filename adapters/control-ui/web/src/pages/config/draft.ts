// What somebody is changing about the configuration. It stays while other pages are shown.
import { computed, signal } from "@preact/signals";

import { GatewayError, isRecord, textOf } from "../../gateway/error.ts";
import { gateway } from "../../gateway/index.ts";
import type { ConfigFile, ConfigIssue, Outcome } from "../../protocol/index.ts";
import { merged, mergePatch, withValue, type Path } from "./change.ts";

export type Mode = "form" | "text";

/** The file the draft was made from. */
export const base = signal<ConfigFile | null>(null);
/** The file as it is by now, if it is another one than that. */
export const newer = signal<ConfigFile | null>(null);
export const mode = signal<Mode>("form");
/** What the file would say. */
export const tree = signal<unknown>({});
export const text = signal("");

/** Counts how often everything was begun anew: controls that remember what was typed are made anew with it. */
export const revision = signal(0);

/** What the gateway thinks of the draft. */
export type Verdict =
  | { kind: "none" | "asking" }
  | { kind: "fine"; outcome: Outcome }
  | { kind: "bad"; message: string; issues: readonly ConfigIssue[] };
export const verdict = signal<Verdict>({ kind: "none" });

/** What the form changes. */
export const patch = computed(() => mergePatch(base.value?.parsed ?? {}, tree.value));

export const isChanged = computed(() => {
  if (!base.value) return false;
  return mode.value === "form" ? patch.value !== undefined : text.value !== (base.value.raw ?? "");
});

/** What this page wrote last. Finding it on disk is no news. */
let written: string | null = null;

/** Takes note of the file as it is. A draft of another one is kept. */
export function learn(file: ConfigFile): void {
  if (file.hash === written) {
    begin(file);
    return;
  }
  if (file.hash === base.peek()?.hash) base.value = file;
  else if (isChanged.peek()) newer.value = file;
  else begin(file);
}

/** Begins anew with `file`. */
export function begin(file: ConfigFile): void {
  base.value = file;
  newer.value = null;
  written = null;
  tree.value = file.parsed ?? {};
  text.value = file.raw ?? "";
  verdict.value = { kind: "none" };
  revision.value += 1;
}

/** Gives the draft up. */
export function discard(): void {
  const file = newer.peek() ?? base.peek();
  if (file) begin(file);
}

/** Makes the same changes to the file as it is by now. A text stays as it was written. */
export function rebase(): void {
  const file = newer.peek();
  if (!file) return;
  const changes = patch.peek();
  base.value = file;
  newer.value = null;
  if (mode.peek() === "form") tree.value = changes === undefined ? file.parsed ?? {} : merged(file.parsed ?? {}, changes);
}

/** Enters a value; `undefined` takes it out of the file. */
export function enter(path: Path, value: unknown, place: Path): void {
  tree.value = withValue(tree.peek(), path, value, (depth) => place[depth - 1] === "*");
}

/** What is sent for the draft. */
function change(dryRun: boolean): ["config.patch" | "config.apply", { raw: string; baseHash: string | null; dryRun: boolean }] {
  const file = base.peek();
  const baseHash = file?.exists ? file.hash : null;
  if (mode.peek() === "form") return ["config.patch", { raw: JSON.stringify(patch.peek() ?? {}), baseHash, dryRun }];
  return ["config.apply", { raw: text.peek(), baseHash, dryRun }];
}

let asked = 0;

/** Asks what would become of the draft. Nothing is written. */
export async function check(): Promise<void> {
  asked += 1;
  const mine = asked;
  if (!isChanged.peek()) {
    verdict.value = { kind: "none" };
    return;
  }
  verdict.value = { kind: "asking" };
  const found = await ask(true);
  if (mine === asked) verdict.value = found;
}

/** Writes the draft. Where it cannot be written, the verdict says why. */
export async function save(): Promise<Outcome | null> {
  asked += 1;
  const found = await ask(false);
  verdict.value = found;
  if (found.kind !== "fine") return null;
  written = found.outcome.hash;
  return found.outcome;
}

async function ask(dryRun: boolean): Promise<Verdict> {
  try {
    return { kind: "fine", outcome: await gateway.request(...change(dryRun)) };
  } catch (error) {
    const isRefusal = error instanceof GatewayError;
    return { kind: "bad", message: isRefusal ? error.message : String(error), issues: isRefusal ? issuesOf(error) : [] };
  }
}

function issuesOf(error: GatewayError): ConfigIssue[] {
  const issues = error.details["issues"];
  if (!Array.isArray(issues)) return [];
  return issues.filter(isRecord).map((issue) => ({
    path: textOf(issue["path"]) ?? "",
    message: textOf(issue["message"]) ?? "",
    file: textOf(issue["file"]) ?? null,
    line: typeof issue["line"] === "number" ? issue["line"] : null,
  }));
}
