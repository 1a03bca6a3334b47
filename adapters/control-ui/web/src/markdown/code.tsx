// A program, some of its words in colour.
import { useMemo } from "preact/hooks";

import { highlight } from "./highlight.ts";

export function Code({ text, language }: { text: string; language: string }) {
  const spans = useMemo(() => highlight(text, language), [text, language]);
  return (
    <code>
      {spans.map(([tone, part], index) => (tone === "plain" ? part : <span key={index} class={`tone-${tone}`}>{part}</span>))}
    </code>
  );
}
