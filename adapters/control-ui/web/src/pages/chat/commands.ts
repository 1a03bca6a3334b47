// The commands one can type.
import { gateway } from "../../gateway/index.ts";
import type { CommandRow } from "../../protocol/index.ts";
import { signal } from "@preact/signals";

export const commands = signal<readonly CommandRow[]>([]);

/** Knows the commands from now on. Returns what ends that. */
export function followCommands(): () => void {
  return gateway.onFresh(() => {
    if (!gateway.has("commands.list")) return;
    gateway.request("commands.list", {}).then((list) => {
      commands.value = list.commands;
    }, () => undefined);
  });
}

/** Those that fit what was typed so far: a slash and the beginning of a name, and nothing behind it. */
export function fitting(text: string, all: readonly CommandRow[]): readonly CommandRow[] {
  const typed = /^\/([\w-]*)$/.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  const begins = (row: CommandRow) => row.name.startsWith(typed) || row.textAliases.some((alias) => alias.replace(/^\//, "").startsWith(typed));
  const inside = (row: CommandRow) => row.name.includes(typed);
  return [...all.filter(begins), ...all.filter((row) => !begins(row) && inside(row))];
}
