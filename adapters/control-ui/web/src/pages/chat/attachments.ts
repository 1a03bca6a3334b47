// Files somebody adds to a message: pictures go along, texts are written into it.
import { gateway } from "../../gateway/index.ts";
import { bytes } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { EnclosureIn, Message } from "../../protocol/index.ts";
import { partsOf } from "../../state/message.ts";

/** A file that was added. */
export type Added =
  | { kind: "picture"; name: string; type: string; url: string; data: string }
  | { kind: "text"; name: string; text: string };

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/** Longer texts would be most of what a model can have in mind. */
const LONGEST_TEXT = 200_000;

/** Reads a file, or says why not. */
export async function added(file: File): Promise<Added> {
  const { name } = file;
  if (PICTURES.includes(file.type)) {
    const most = gateway.hello.peek()?.policy.attachments.maxImageBytes ?? 5_000_000;
    if (file.size > most) throw new Error(t("chat.attach.tooLarge", { name, most: bytes(most) }));
    const url = await dataUrl(file);
    return { kind: "picture", name, type: file.type, url, data: url.slice(url.indexOf(",") + 1) };
  }
  if (file.size > LONGEST_TEXT) throw new Error(t("chat.attach.tooLarge", { name, most: bytes(LONGEST_TEXT) }));
  const text = new TextDecoder("utf-8", { fatal: false }).decode(await file.arrayBuffer());
  if (/[\u0000\ufffd]/.test(text)) throw new Error(t("chat.attach.kind", { name }));
  return { kind: "text", name, text };
}

/** The pictures of a message, to go along with another one. */
export function picturesIn(message: Message): Added[] {
  return partsOf(message.content).flatMap((part) => {
    if (part.type !== "image" || !PICTURES.includes(part.mimeType)) return [];
    const data = part.data.replace(/^data:[^,]*,/, "");
    return [{ kind: "picture" as const, name: t("chat.attach.picture"), type: part.mimeType, url: `data:${part.mimeType};base64,${data}`, data }];
  });
}

/** The text of a message with the texts that go along. */
export function withTexts(text: string, files: readonly Added[]): string {
  const texts = files.flatMap((file) => (file.kind === "text" ? [fenced(file)] : []));
  return [text, ...texts].filter(Boolean).join("\n\n");
}

/** The pictures that go along. */
export function enclosures(files: readonly Added[]): EnclosureIn[] {
  return files.flatMap((file) => (file.kind === "picture"
    ? [{ type: "image", mimeType: file.type, fileName: file.name, content: file.data }]
    : []));
}

function fenced({ name, text }: { name: string; text: string }): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), (run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  const language = /\.(\w{1,10})$/.exec(name)?.[1] ?? "";
  return `${name.replace(/[`\n]/g, " ")}:\n\n${fence}${language}\n${text.replace(/\n$/, "")}\n${fence}`;
}

function dataUrl(file: File): Promise<string> {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}
