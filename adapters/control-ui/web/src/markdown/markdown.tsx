// What models and strangers write, as elements.
//
// Each element is made here by name: there is no HTML that is parsed, so nothing in a text can become an
// element, an attribute or a script that this file does not make. HTML in a text is shown as it is.
import type { Token, Tokens } from "marked";
import { memo } from "./memo.ts";
import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";

import { t } from "../i18n/index.ts";
import { CopyButton } from "../ui/button.tsx";
import { Growing, blocksOf, type Block } from "./blocks.ts";
import { Code } from "./code.tsx";
import { hostOf, inlinePicture, plain, safeLink } from "./links.ts";
import { OpenedHere, Picture, openedIn } from "./picture.tsx";
import "./markdown.css";

interface MarkdownProps {
  text: string;
  /** That more of it is coming. */
  isGrowing?: boolean;
  /** By what it is known, if it comes back: pictures that were opened in it are open then. */
  name?: string;
}

/** A text. */
export function Markdown({ text, isGrowing = false, name }: MarkdownProps) {
  const opened = useMemo(() => (name ? openedIn(name) : new Set<string>()), [name]);
  const growing = useRef<Growing | null>(null);
  if (isGrowing) growing.current ??= new Growing();
  const blocks = useMemo(() => (isGrowing ? growing.current!.grow(text) : blocksOf(text)), [text, isGrowing]);
  return (
    <OpenedHere.Provider value={opened}>
      <div class="markdown" dir="auto">
        {blocks.map((block, index) => <BlockOf key={index} block={block} />)}
      </div>
    </OpenedHere.Provider>
  );
}

/** A block that is drawn again only when its words change. */
const BlockOf = memo(({ block }: { block: Block }) => <Piece token={block.token} depth={0} />, (one, other) => one.block.raw === other.block.raw);

/** How deep things may be inside one another; below that they are shown as they were written. */
const DEEPEST = 30;

function all(tokens: readonly Token[] | undefined, depth: number): ComponentChildren[] {
  return (tokens ?? []).map((token, index) => <Piece key={index} token={token} depth={depth + 1} />);
}

function Piece({ token, depth }: { token: Token; depth: number }) {
  if (depth > DEEPEST) return <>{token.raw}</>;
  const inside = () => all((token as Tokens.Generic).tokens, depth);
  switch (token.type) {
    case "heading": return <Heading depth={token["depth"] as number}>{inside()}</Heading>;
    case "paragraph": return <p dir="auto">{inside()}</p>;
    case "blockquote": return <blockquote dir="auto">{inside()}</blockquote>;
    case "list": return <List list={token as Tokens.List} depth={depth} />;
    case "table": return <Table table={token as Tokens.Table} depth={depth} />;
    case "code": return <CodeBlock text={String(token["text"])} language={(token["lang"] as string | undefined)?.trim().split(/\s/)[0] ?? ""} />;
    case "hr": return <hr />;
    case "strong": return <strong>{inside()}</strong>;
    case "em": return <em>{inside()}</em>;
    case "del": return <del>{inside()}</del>;
    case "codespan": return <code translate={false}>{plain(String(token["text"]))}</code>;
    case "br": return <br />;
    case "link": return <Link link={token as Tokens.Link}>{inside()}</Link>;
    case "image": return <Picture image={token as Tokens.Image} />;
    case "escape": return <>{plain(String(token["text"]))}</>;
    case "html": return /^<br\s*\/?>$/i.test(token.raw.trim()) ? <br /> : <>{token.raw}</>;
    case "text": return token["tokens"] ? <>{inside()}</> : <>{plain(String(token["text"]))}</>;
    case "space": case "def": return null;
    default: return <>{token.raw}</>;
  }
}

function Heading({ depth, children }: { depth: number; children: ComponentChildren }) {
  // The session has the first heading of the page.
  if (depth <= 1) return <h2 dir="auto">{children}</h2>;
  if (depth === 2) return <h3 dir="auto">{children}</h3>;
  return <h4 dir="auto">{children}</h4>;
}

function List({ list, depth }: { list: Tokens.List; depth: number }) {
  const items = list.items.map((item, index) => (
    <li key={index} dir="auto" class={item.task ? "task" : undefined}>
      {item.task && <input type="checkbox" checked={item.checked === true} disabled aria-label={item.checked ? t("common.yes") : t("common.no")} />}
      {all(item.tokens.filter((token) => token.type !== "checkbox"), depth)}
    </li>
  ));
  return list.ordered ? <ol start={typeof list.start === "number" ? list.start : 1}>{items}</ol> : <ul>{items}</ul>;
}

/** More cells than this are not drawn: a page can be brought to its knees by a table. */
const MOST_CELLS = 4_000;

function Table({ table, depth }: { table: Tokens.Table; depth: number }) {
  const columns = Math.min(table.header.length, 100);
  const rows = table.rows.slice(0, Math.max(1, Math.floor(MOST_CELLS / Math.max(1, columns))));
  const left = table.rows.length - rows.length;
  const side = (index: number) => ({ right: "end", center: "middle" } as Record<string, string>)[table.align[index] ?? ""];
  return (
    <div class="markdown-table" tabIndex={0} role="group">
      <table>
        <thead>
          <tr>{table.header.slice(0, columns).map((cell, index) => <th key={index} class={side(index)}>{all(cell.tokens, depth)}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>{row.slice(0, columns).map((cell, index) => <td key={index} class={side(index)}>{all(cell.tokens, depth)}</td>)}</tr>
          ))}
        </tbody>
      </table>
      {left > 0 && <p class="markdown-more">+{left}</p>}
    </div>
  );
}

function CodeBlock({ text, language }: { text: string; language: string }) {
  return (
    <figure class="code-block">
      <figcaption>
        <span translate={false}>{language.slice(0, 40)}</span>
        <CopyButton text={text} label={t("chat.code.copy")} />
      </figcaption>
      <pre tabIndex={0} translate={false}><Code text={text} language={language} /></pre>
    </figure>
  );
}

function Link({ link, children }: { link: Tokens.Link; children: ComponentChildren }) {
  const href = safeLink(plain(link.href));
  if (!href) return <span class="no-link">{children}</span>;
  // A picture elsewhere is a button, which cannot stand in a link; so the link stands behind it.
  if (holdsPicture(link.tokens)) return <>{children} <a href={href} target="_blank" rel="noopener noreferrer">{hostOf(href)}</a></>;
  return <a href={href} target="_blank" rel="noopener noreferrer">{children}</a>;
}

/** Whether a picture that is not in the text itself is among these, however deep. */
function holdsPicture(tokens: readonly Token[] | undefined): boolean {
  return (tokens ?? []).some((token) => {
    if (token.type === "image") return !inlinePicture((token as Tokens.Image).href);
    return holdsPicture((token as Tokens.Generic).tokens);
  });
}
