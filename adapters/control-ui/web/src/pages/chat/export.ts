// A session as a text somebody can keep.
import { exact } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { Message } from "../../protocol/index.ts";
import { partsOf, textOf } from "../../state/message.ts";

/** What was said, as Markdown. */
export function asMarkdown(title: string, who: string, messages: readonly Message[]): string {
  const said = messages.map((message) => section(message, who)).filter(Boolean);
  return [`# ${oneLine(title)}`, ...said].join("\n\n") + "\n";
}

function section(message: Message, who: string): string {
  const head = `## ${oneLine(speaker(message, who))} · ${exact(message.timestamp)}`;
  const parts = message.role === "toolResult" ? [fenced(textOf(message))] : partsOf(message.content).flatMap((part) => {
    switch (part.type) {
      case "text": return [part.text];
      case "image": return [`*${t("chat.attach.picture")}*`];
      case "toolCall": return [`**${t("chat.tool")}**: ${part.name}`, fenced(JSON.stringify(part.arguments, null, 2))];
      default: return [];
    }
  });
  const body = parts.filter((part) => part.trim()).join("\n\n");
  return body ? `${head}\n\n${body}` : "";
}

function speaker(message: Message, who: string): string {
  switch (message.role) {
    case "user": return t("chat.you");
    case "toolResult": return t("chat.tool");
    default: return who;
  }
}

/** A text that is shown as it is, whatever is in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), (run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** What a file about `title` is called. */
export function fileName(title: string): string {
  const plain = title.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${plain || "session"}.md`;
}
