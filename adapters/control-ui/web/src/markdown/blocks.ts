// A text in pieces that stay as they are while more is written behind them.
import { Lexer, type Token } from "marked";

export interface Block {
  /** What it says, as it was written. */
  raw: string;
  token: Token;
}

const OPTIONS = { gfm: true, breaks: true } as const;
/** Beyond this a text is shown as it is: nobody writes that by hand. */
const MOST = 400_000;

/** The blocks of a text. */
export function blocksOf(text: string): Block[] {
  return lexed(text.replace(/\r\n?/g, "\n")).filter(isShown);
}

function lexed(text: string): Block[] {
  if (text.length > MOST) return [asItIs(text)];
  try {
    return new Lexer(OPTIONS).lex(text).map((token) => ({ raw: token.raw, token }));
  } catch {
    // Things inside one another without end: the lexer calls itself for each.
    return [asItIs(text)];
  }
}

function asItIs(text: string): Block {
  return { raw: text, token: { type: "text", raw: text, text } };
}

function isShown({ token }: Block): boolean {
  return token.type !== "space" && token.type !== "def";
}

/**
 * The blocks of a text that grows at its end. What is complete is not looked at again: at 200 pieces a
 * second, only the last blocks cost anything.
 */
export class Growing {
  #done: Block[] = [];
  #settled = "";

  grow(text: string): Block[] {
    const plain = text.replace(/\r\n?/g, "\n");
    if (!plain.startsWith(this.#settled)) {
      this.#done = [];
      this.#settled = "";
    }
    const rest = lexed(plain.slice(this.#settled.length));
    const whole = [...this.#done, ...rest.filter(isShown)];
    // What follows may still change the last block, and a blank line before it.
    const complete = rest.slice(0, rest.findLastIndex(isShown) - 1);
    const raw = complete.map((block) => block.raw).join("");
    if (plain.startsWith(this.#settled + raw)) {
      this.#done.push(...complete.filter(isShown));
      this.#settled += raw;
    }
    return whole;
  }
}
