// What this browser may not do, and how to change that.
import { gateway } from "../gateway/index.ts";
import { t, type Key } from "../i18n/index.ts";
import { ask, canAsk, giveUp, isCommand, isPleading, lacking, named, plea, plead, type Plea } from "../state/scopes.ts";
import { wordsFor } from "../state/toasts.ts";
import { Badge, Command, Empty, Facts, PageHead, Spinner } from "./bits.tsx";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import type { IconName } from "./icon.tsx";

/** What each scope is good for. */
const MEANINGS: Readonly<Record<string, Key>> = {
  "operator.admin": "scopes.admin",
  "operator.read": "scopes.read",
  "operator.write": "scopes.write",
  "operator.approvals": "scopes.approvals",
  "operator.pairing": "scopes.pairing",
};

/** A button that begins to ask, where the gateway can be asked. */
export function AskForScopes({ scopes, then, size = "small" }: { scopes: readonly string[]; then?: () => void; size?: "small" | "usual" }) {
  if (!scopes.length || !canAsk()) return null;
  return <Button size={size} icon="key" onClick={() => plead(scopes, then)}>{t("scopes.ask")}</Button>;
}

/** In place of a page this browser may not see. */
export function LackingPage({ icon, title, scopes }: { icon: IconName; title: string; scopes: readonly string[] }) {
  return (
    <div class="page">
      <PageHead title={title} />
      <Empty icon={icon} title={t("scopes.page", { page: title })}>
        <p>{t("scopes.lacking", { scopes: named(scopes) })}</p>
        <AskForScopes scopes={scopes} size="usual" />
      </Empty>
    </div>
  );
}

/** What this browser may, and a way to more. */
export function MyScopes() {
  const has = gateway.hello.value?.auth.scopes ?? [];
  return (
    <span class="scopes">
      {has.map((scope) => <Badge key={scope}>{named([scope])}</Badge>)}
      <AskForScopes scopes={lacking()} />
    </span>
  );
}

/** The question itself, over whatever page is shown. */
export function PleaDialog() {
  const asked = plea.value;
  if (!asked || !isPleading.value) return null;
  const close = () => {
    isPleading.value = false;
    // What waits goes on waiting.
    if (!isCommand(asked.state) && asked.state !== "asking") giveUp();
  };
  return (
    <Dialog title={t("scopes.title")} onClose={close} actions={<Actions asked={asked} close={close} />}>
      <p>{t("scopes.lacking", { scopes: named(asked.lacks) })}</p>
      <Facts rows={asked.lacks.map((scope) => [named([scope]), MEANINGS[scope] ? t(MEANINGS[scope]) : scope] as const)} />
      <State state={asked.state} />
    </Dialog>
  );
}

function State({ state }: { state: Plea["state"] }) {
  if (isCommand(state)) {
    return (
      <>
        <p>{t("scopes.how")}</p>
        <Command>{state.command}</Command>
        <p class="connect-line"><Spinner label={t("scopes.waiting")} /> {t("scopes.waiting")}</p>
      </>
    );
  }
  if (typeof state === "object") return <p class="field-error" role="alert">{t("common.failed", { message: wordsFor(state.failed) })}</p>;
  switch (state) {
    case "explained": return <p class="field-hint">{t("scopes.explained")}</p>;
    case "asking": return <p class="connect-line"><Spinner /> {t("common.loading")}</p>;
    case "refused": return <p role="alert">{t("scopes.refused")}</p>;
    case "over": return <p role="alert">{t("scopes.over")}</p>;
  }
}

function Actions({ asked, close }: { asked: Plea; close: () => void }) {
  const isWaiting = asked.state === "asking" || isCommand(asked.state);
  return (
    <>
      <Button onClick={close}>{t(isWaiting ? "common.close" : "common.cancel")}</Button>
      {!isWaiting && <Button kind="primary" icon="key" onClick={() => void ask()}>{t(asked.state === "explained" ? "scopes.ask" : "scopes.again")}</Button>}
    </>
  );
}
