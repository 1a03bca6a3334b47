// What stands there until the gateway let this browser in: how it is, and what to do about it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { SCOPES, base, gateway, type Phase } from "../gateway/index.ts";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/index.ts";
import { named } from "../state/scopes.ts";
import { Command, Spinner } from "../ui/bits.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/form.tsx";
import "./connect.css";

export function ConnectScreen({ phase }: { phase: Phase }) {
  return (
    <main class="connect">
      <div class="connect-card" data-phase={phase.kind}>
        <img class="connect-mark" src={new URL("favicon.svg", base).href} alt="" width="44" height="44" />
        <Words phase={phase} />
      </div>
    </main>
  );
}

function Words({ phase }: { phase: Phase }) {
  switch (phase.kind) {
    case "connecting": case "connected":
      return <p class="connect-line"><Spinner label={t("connect.connecting")} /> {t("connect.connecting")}</p>;
    case "secret":
      return <SecretForm key={phase.wants} wants={phase.wants} wrong={phase.wrong} />;
    case "pairing": {
      const approved = phase.approved.filter((scope) => (SCOPES as readonly string[]).includes(scope));
      const isMore = approved.length > 0;
      const scopes = named(approved);
      return (
        <Told title={t(isMore ? "connect.more.title" : "connect.pairing.title")} words={isMore ? t("connect.more.how", { scopes }) : t("connect.pairing.how")}>
          <Command>{phase.command}</Command>
          {phase.requestId && (
            <p class="connect-code">
              {t("connect.pairing.code")}: <code translate={false}>{phase.requestId}</code>
            </p>
          )}
          <p class="connect-line"><Spinner label={t("connect.pairing.waiting")} /> {t("connect.pairing.waiting")}</p>
          {isMore && <Button onClick={() => gateway.settleFor(approved)}>{t("connect.more.less", { scopes })}</Button>}
        </Told>
      );
    }
    case "limited":
      return <Told title={t("connect.limited.title")} words={t("connect.limited.how", { time: moment(phase.until) })} />;
    case "insecure":
      return <Insecure />;
    case "refused":
      return (
        <Told title={t("connect.refused.title")} words={phase.message}>
          {phase.next && <p>{phase.next}</p>}
          <Button kind="primary" icon="refresh" onClick={() => gateway.connect()}>{t("common.retry")}</Button>
        </Told>
      );
    case "away":
      return (
        <Told title={t("connect.away.title")} words={phase.restarting ? t("shell.restarting") : t("connect.away.how")}>
          {!phase.restarting && <Command>openclaw gateway status</Command>}
          <Button kind="primary" icon="refresh" onClick={() => gateway.connect()}>{t("common.retry")}</Button>
        </Told>
      );
  }
}

function Told({ title, words, children }: { title: string; words: string; children?: ComponentChildren }) {
  return (
    <>
      <h1>{title}</h1>
      <p role="status">{words}</p>
      {children}
    </>
  );
}

/** Where the secret is entered. `isBelow` says that something above it says why. */
function SecretForm({ wants, wrong, isBelow = false }: { wants: "token" | "password"; wrong: boolean; isBelow?: boolean }) {
  const [value, setValue] = useState("");
  const [remember, setRemember] = useState(false);
  const isToken = wants === "token";
  const error = wrong ? t(isToken ? "connect.token.wrong" : "connect.password.wrong") : null;
  return (
    <form
      class="connect-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (value.trim()) gateway.enter(wants, value.trim(), remember);
      }}
    >
      {!isBelow && <h1>{t(isToken ? "connect.token.title" : "connect.password.title")}</h1>}
      {isToken && !isBelow && (
        <>
          <p>{t("connect.token.how")}</p>
          <Command>openclaw dashboard</Command>
        </>
      )}
      <TextField
        label={t(isToken ? "connect.token.label" : "connect.password.label")}
        type="password"
        name="secret"
        autocomplete="current-password"
        required
        autoFocus={!isBelow}
        value={value}
        error={error}
        onValue={setValue}
      />
      <label class="check">
        <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.currentTarget.checked)} />
        <span>{t("connect.remember")} <span class="field-hint">{t("connect.remember.why")}</span></span>
      </label>
      <Button kind="primary" type="submit">{t("connect.enter")}</Button>
    </form>
  );
}

function Insecure() {
  const port = base.port || "80";
  return (
    <Told title={t("connect.insecure.title")} words={t("connect.insecure.why")}>
      <ol class="connect-ways">
        <li>{t("connect.insecure.https")}</li>
        <li>
          {t("connect.insecure.tunnel", { port })}
          <Command>{`ssh -N -L ${port}:127.0.0.1:${port} ${base.hostname}`}</Command>
        </li>
        <li>
          {t("connect.insecure.allow")}
          <Command>openclaw config set gateway.controlUi.allowInsecureAuth true</Command>
        </li>
      </ol>
      <p>{t("connect.insecure.allowed")}</p>
      <SecretForm wants="token" wrong={false} isBelow />
    </Told>
  );
}
