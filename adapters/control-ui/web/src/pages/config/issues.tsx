// What is wrong with the configuration, by key and line.
import type { ConfigIssue } from "../../protocol/index.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Prose } from "../../ui/prose.tsx";

interface IssuesProps {
  issues: readonly ConfigIssue[];
  tone: "bad" | "warn";
  title?: string;
  /** Goes to where it is. */
  onOpen?: (issue: ConfigIssue) => void;
}

export function Issues({ issues, tone, title, onOpen }: IssuesProps) {
  if (!issues.length) return null;
  return (
    <section class={`config-issues ${tone}`} aria-label={title}>
      {title && <h2><Icon name="alert" size={16} /> {title}</h2>}
      <ul>
        {issues.map((issue, index) => {
          const place = (
            <>
              {issue.path && <code translate={false}>{issue.path}</code>}
              {typeof issue.line === "number" && <span class="config-line">{t("config.line", { line: issue.line })}</span>}
            </>
          );
          const hasPlace = Boolean(issue.path) || typeof issue.line === "number";
          return (
            <li key={index}>
              {hasPlace && (onOpen ? <button type="button" class="config-open" onClick={() => onOpen(issue)}>{place}</button> : place)}
              <bdi><Prose>{issue.message}</Prose></bdi>
              {issue.file && <span class="field-hint">{issue.file}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
