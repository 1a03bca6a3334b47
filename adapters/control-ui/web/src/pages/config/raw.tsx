// The configuration as a text, with numbered lines and what is wrong with them.
import { useMemo, useRef } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import { Card } from "../../ui/bits.tsx";
import { Diff } from "./diff.tsx";
import { base, isChanged, text } from "./draft.ts";

interface EditorProps {
  issues: ReadonlyMap<number, readonly string[]>;
  isReadOnly: boolean;
  /** Lets others go to a line. */
  goTo: { current: ((line: number) => void) | null };
}

export function RawEditor({ issues, isReadOnly, goTo }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const count = useMemo(() => text.value.split("\n").length, [text.value]);
  goTo.current = (line) => {
    const element = area.current;
    if (!element) return;
    const start = text.peek().split("\n").slice(0, line - 1).reduce((sum, it) => sum + it.length + 1, 0);
    const end = text.peek().indexOf("\n", start);
    element.focus();
    element.setSelectionRange(start, end === -1 ? text.peek().length : end);
    const height = element.scrollHeight / Math.max(1, count);
    element.scrollTop = Math.max(0, (line - 4) * height);
  };
  return (
    <>
      <div class="config-editor">
        <div class="config-gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: count }, (_, i) => (
            <div key={i} class={issues.has(i + 1) ? "wrong" : ""} title={issues.get(i + 1)?.join("\n")}>{i + 1}</div>
          ))}
        </div>
        <textarea
          ref={area}
          class="config-text"
          aria-label={t("config.text.label")}
          aria-invalid={issues.size > 0}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          wrap="off"
          readOnly={isReadOnly}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      <p class="field-hint">{t("config.text.how")}</p>
      {isChanged.value && (
        <Card title={t("config.diff.title")}>
          <Diff before={base.value?.raw ?? ""} after={text.value} label={t("config.diff.title")} />
        </Card>
      )}
    </>
  );
}
