// The small parts pages are made of.
import type { ComponentChildren } from "preact";

import { GatewayError } from "../gateway/error.ts";
import { exact, relative } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { wordsFor } from "../state/toasts.ts";
import { Button, CopyButton } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { AskForScopes } from "./scopes.tsx";

/** A word on a coloured ground. */
export function Badge({ tone = "plain", children }: { tone?: "plain" | "good" | "warn" | "bad" | "accent"; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** That something goes on. */
export function Spinner({ label = t("common.loading") }: { label?: string }) {
  return <span class="spinner" role="status" aria-label={label} />;
}

/** Where there is nothing yet. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={32} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Why something is not shown, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const missing = error instanceof GatewayError ? error.missingScope : undefined;
  return (
    <div class="failure" role="alert">
      <Icon name="alert" />
      <span>{wordsFor(error)}</span>
      {missing && <AskForScopes scopes={[missing]} {...(retry && { then: retry })} />}
      {retry && <Button size="small" icon="refresh" onClick={retry}>{t("common.retry")}</Button>}
    </div>
  );
}

/** A text by somebody else, in whatever direction it is written: it cannot reorder what is around it. */
export function Foreign({ children }: { children: string }) {
  return <bdi class="foreign">{children}</bdi>;
}

/** A point in time, as long ago as it is. */
export function Time({ at }: { at: number }) {
  return <time dateTime={new Date(at).toISOString()} title={exact(at)}>{relative(at)}</time>;
}

/** Something to type into a terminal. */
export function Command({ children }: { children: string }) {
  return (
    <div class="command">
      <code translate={false} tabIndex={0}>{children}</code>
      <CopyButton text={children} />
    </div>
  );
}

/** The head of a page: what it is, and what can be done with all of it. */
export function PageHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <header class="page-head">
      <h1>{title}</h1>
      <div class="page-actions">{children}</div>
    </header>
  );
}

/** A part of a page with a title of its own. */
export function Card({ title, actions, children }: { title?: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" {...(title ? { "aria-label": title } : {})}>
      {title && <header class="card-head"><h2>{title}</h2>{actions}</header>}
      {children}
    </section>
  );
}

/** What is known about something: names and values. */
export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Who answers, as a letter, a sign or a picture. */
export function Avatar({ text }: { text: string }) {
  if (text.startsWith("data:image/")) return <img class="avatar" src={text} alt="" />;
  return <span class="avatar" aria-hidden="true">{text}</span>;
}
