// What a message holds, taken apart for showing it.
import type { Content, EnclosureIn, Message, MessagePart } from "../protocol/index.ts";

export type Part<T extends MessagePart["type"]> = Extract<MessagePart, { type: T }>;

/** The parts of a message; plain text is one part. */
export function partsOf(content: Content): MessagePart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** All text of a message. */
export function textOf(message: Message): string {
  return partsOf(message.content).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

/** The pictures of a message, in the form in which they are sent. */
export function picturesToSend(message: Message): EnclosureIn[] {
  return partsOf(message.content).flatMap((part) => (part.type === "image" ? [{ type: "image", mimeType: part.mimeType, content: part.data }] : []));
}

/** A message with what the history says about its place. */
export interface Placed {
  message: Message;
  id: string | null;
  seq: number | null;
}

/** A message of the history: its name and its place are beside what was said. */
export function placed(message: Message): Placed {
  const place = (message as Message & { __openclaw?: { id?: unknown; seq?: unknown } }).__openclaw;
  return {
    message,
    id: typeof place?.id === "string" ? place.id : null,
    seq: typeof place?.seq === "number" ? place.seq : null,
  };
}
