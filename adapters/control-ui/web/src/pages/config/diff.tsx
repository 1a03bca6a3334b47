// How a text changed.
import { useMemo } from "preact/hooks";

import { t } from "../../i18n/index.ts";
import { diffLines, withContext } from "./line-diff.ts";

const SIGNS = { same: " ", gone: "−", new: "+" } as const;

/** The lines that differ, as in a patch. */
export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => withContext(diffLines(before, after)), [before, after]);
  if (!lines.length) return <p class="field-hint">{t("config.diff.none")}</p>;
  return (
    <div class="diff" role="group" aria-label={label} tabIndex={0}>
      <table>
        <tbody>
          {lines.map((line, index) => line === null ? (
            <tr key={index} class="diff-gap"><td colSpan={4}>⋯</td></tr>
          ) : (
            <tr key={index} class={`diff-${line.kind}`}>
              <td class="diff-number">{line.old}</td>
              <td class="diff-number">{line.new}</td>
              <td class="diff-sign">
                <span aria-hidden="true">{SIGNS[line.kind]}</span>
                {line.kind !== "same" && <span class="out-of-sight">{t(line.kind === "new" ? "config.diff.new" : "config.diff.gone")}</span>}
              </td>
              <td class="diff-text"><bdi>{line.text || " "}</bdi></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
