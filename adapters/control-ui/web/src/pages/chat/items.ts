// What stands in a conversation, row by row.
import type { Message } from "../../protocol/index.ts";
import type { Entry, Live } from "../../state/conversation.ts";
import { partsOf, textOf, type Part } from "../../state/message.ts";

/** A tool that was used, and what it said. */
export interface ToolUse {
  call: Part<"toolCall"> | null;
  result: Message | null;
}

export type Item =
  /** `asked` is what was said before it, by somebody who wants an answer. */
  | { kind: "said"; key: string; entry: Entry; tools: readonly ToolUse[]; asked: Entry | null }
  | { kind: "live"; key: string; live: Live }
  | { kind: "working"; key: string };

/** The rows of a conversation. What tools said stands with the message that asked for them. */
export function itemsOf(entries: readonly Entry[], live: readonly Live[], isBusy: boolean): Item[] {
  const items: Item[] = [];
  let asking: Extract<Item, { kind: "said" }> | null = null;
  let asked: Entry | null = null;
  for (const entry of entries) {
    const { message } = entry;
    if (message.role === "toolResult") {
      const uses: readonly ToolUse[] = asking?.tools ?? [];
      const index = uses.findIndex((use) => !use.result && use.call?.id === message.toolCallId);
      if (asking && index !== -1) asking.tools = uses.with(index, { ...uses[index]!, result: message });
      else items.push({ kind: "said", key: entry.key, entry, tools: [{ call: null, result: message }], asked });
      continue;
    }
    const tools = callsOf(message).map((call) => ({ call, result: null }));
    if (message.role === "user") asked = entry;
    const item: Item = { kind: "said", key: entry.key, entry, tools, asked };
    if (tools.length) asking = item;
    else if (message.role === "user") asking = null;
    items.push(item);
  }
  for (const each of live) items.push({ kind: "live", key: `live:${each.run}`, live: each });
  if (isBusy && !live.length) items.push({ kind: "working", key: "working" });
  return items;
}

function callsOf(message: Message): Part<"toolCall">[] {
  return partsOf(message.content).filter((part) => part.type === "toolCall");
}

/** What the model thought while it wrote a message. */
export function thoughtsOf(message: Message): string {
  return partsOf(message.content).flatMap((part) => (part.type === "thinking" ? [part.thinking] : [])).join("\n\n");
}

/** The pictures of a message, as addresses that are their content. */
export function picturesOf(message: Message): string[] {
  return partsOf(message.content).flatMap((part) => {
    const isPicture = part.type === "image" && /^image\/(png|jpeg|gif|webp|avif)$/.test(part.mimeType);
    return isPicture ? [`data:${part.mimeType};base64,${part.data.replace(/^data:[^,]*,/, "")}`] : [];
  });
}

export { textOf };
