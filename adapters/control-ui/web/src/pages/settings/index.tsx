// What somebody can choose for this browser, and what it is connected to.
import { useEffect, useState } from "preact/hooks";

import { base, credentials, gateway } from "../../gateway/index.ts";
import { canHaveIdentity, forgetIdentity, identity } from "../../gateway/identity.ts";
import { duration } from "../../i18n/format.ts";
import { LANGUAGES, language, speak, t, type Language } from "../../i18n/index.ts";
import { askPermission, permission } from "../../state/notices.ts";
import { preferences } from "../../state/preferences.ts";
import { Card, Facts, PageHead } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Segments, SelectField, Switch } from "../../ui/form.tsx";
import { MyScopes } from "../../ui/scopes.tsx";
import "./settings.css";

export default function Settings() {
  return (
    <div class="page settings">
      <PageHead title={t("settings.title")} />
      <Look />
      <Notices />
      <Gateway />
      <Device />
      <Keyboard />
    </div>
  );
}

function Look() {
  return (
    <Card title={t("settings.look")}>
      <Segments
        label={t("settings.theme")}
        value={preferences.theme.value}
        options={[["system", t("settings.theme.system")], ["light", t("settings.theme.light")], ["dark", t("settings.theme.dark")]]}
        onValue={(theme) => {
          preferences.theme.value = theme;
        }}
      />
      <SelectField<Language>
        label={t("settings.language")}
        value={language.value}
        options={Object.entries(LANGUAGES).map(([id, it]) => [id as Language, it.name] as const)}
        onValue={(wanted) => {
          preferences.language.value = wanted;
          void speak(wanted);
        }}
      />
      <Segments
        label={t("settings.sendKey")}
        value={preferences.sendKey.value}
        options={[["enter", t("settings.sendKey.enter")], ["modEnter", t("settings.sendKey.modEnter")]]}
        onValue={(key) => {
          preferences.sendKey.value = key;
        }}
      />
      <Switch
        label={t("settings.thinking")}
        checked={preferences.showThinking.value}
        onValue={(on) => {
          preferences.showThinking.value = on;
        }}
      />
    </Card>
  );
}

function Notices() {
  const [allowed, setAllowed] = useState(permission());
  const hint = { impossible: t("settings.notify.insecure"), denied: t("settings.notify.blocked"), granted: "", default: "" }[allowed];
  const choose = (which: "notifyRuns" | "notifyApprovals") => async (on: boolean) => {
    preferences[which].value = on && (await askPermission());
    setAllowed(permission());
  };
  return (
    <Card title={t("settings.notifications")}>
      {hint && <p class="field-hint">{hint}</p>}
      <Switch label={t("settings.notify.runs")} checked={preferences.notifyRuns.value} disabled={allowed === "impossible"} onValue={(on) => void choose("notifyRuns")(on)} />
      <Switch label={t("settings.notify.approvals")} checked={preferences.notifyApprovals.value} disabled={allowed === "impossible"} onValue={(on) => void choose("notifyApprovals")(on)} />
    </Card>
  );
}

function Gateway() {
  const hello = gateway.hello.value;
  if (!hello) return null;
  const { server, snapshot } = hello;
  const path = (text: string | null | undefined) => (text ? <code translate={false}>{text}</code> : "–");
  return (
    <Card title={t("settings.gateway")}>
      <Facts
        rows={[
          [t("settings.gateway.address"), path(base.href)],
          [t("settings.gateway.version"), server.version],
          [t("settings.gateway.host"), server.host],
          [t("settings.gateway.uptime"), duration(snapshot.uptimeMs)],
          [t("settings.gateway.protocol"), String(hello.protocol)],
          [t("settings.gateway.config"), path(snapshot.configPath)],
          [t("settings.gateway.state"), path(snapshot.stateDir)],
        ]}
      />
    </Card>
  );
}

function Device() {
  const [id, setId] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    void identity().then((device) => setId(device?.id ?? null));
  }, []);
  const auth = gateway.hello.value?.auth;
  const signOut = async () => {
    gateway.stop();
    credentials.forget();
    if (canHaveIdentity()) await forgetIdentity();
    location.replace(base.href);
  };
  return (
    <Card title={t("settings.device")}>
      <Facts
        rows={[
          [t("settings.device.id"), id ? <code translate={false}>{id}</code> : t("settings.device.none")],
          [t("settings.device.method"), auth?.method ?? "–"],
          [t("settings.device.scopes"), <MyScopes />],
        ]}
      />
      <div><Button icon="power" onClick={() => setAsking(true)}>{t("settings.signOut")}</Button></div>
      {isAsking && (
        <Confirm title={t("settings.signOut")} verb={t("settings.signOut")} danger onConfirm={() => void signOut()} onClose={() => setAsking(false)}>
          <p>{t("settings.signOut.why")}</p>
        </Confirm>
      )}
    </Card>
  );
}

function Keyboard() {
  const mod = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  const keys: [string, string][] = [
    [`${mod} K`, t("settings.keyboard.search")],
    [`${mod} F`, t("settings.keyboard.find")],
    ["Alt N", t("settings.keyboard.new")],
    ["↑", t("settings.keyboard.edit")],
    ["Esc", t("settings.keyboard.stop")],
    ["Shift Enter", t("settings.keyboard.newline")],
  ];
  return (
    <Card title={t("settings.keyboard")}>
      <Facts rows={keys.map(([key, does]) => [does, <kbd>{key}</kbd>] as const)} />
    </Card>
  );
}
