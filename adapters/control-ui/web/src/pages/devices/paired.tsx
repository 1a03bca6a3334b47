// The devices that were let in.
import { useEffect, useState } from "preact/hooks";

import { credentials, gateway } from "../../gateway/index.ts";
import { identity } from "../../gateway/identity.ts";
import { t } from "../../i18n/index.ts";
import type { PairedDevice, TokenSummary } from "../../protocol/index.ts";
import { Badge, Empty, Facts, Foreign, Time } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Menu, type Item } from "../../ui/menu.tsx";
import { useActing } from "./acting.ts";
import { Rename } from "./rename.tsx";
import { Words } from "./waiting.tsx";
import { devicesFor, machineOf, nameOf, scopeName, short, unused } from "./words.ts";

/** How many are shown before somebody wants to see more. */
const AT_ONCE = 50;
/** From how many on looking for one is worth a field. */
const MANY = 6;

export function Paired({ devices, refresh }: { devices: readonly PairedDevice[]; refresh: () => void }) {
  const [text, setText] = useState("");
  const [most, setMost] = useState(AT_ONCE);
  const [mine, setMine] = useState<string | null>(null);
  useEffect(() => {
    void identity().then((it) => setMine(it?.id ?? null));
  }, []);
  const found = devicesFor(devices, text);
  return (
    <section class="card" aria-label={t("devices.paired")}>
      <header class="card-head">
        <h2>{t("devices.paired")}</h2>
        <div class="page-actions">
          {gateway.may("operator.admin") && <CleanUp devices={unused(devices, mine, Date.now())} refresh={refresh} />}
          <span class="field-hint">{t("devices.connected.count", { there: devices.filter((it) => it.connected).length, count: devices.length })}</span>
        </div>
      </header>
      {devices.length > MANY && <input class="input" type="search" aria-label={t("devices.find")} placeholder={t("devices.find")} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      {!found.length && <Empty icon="device" title={t(devices.length ? "devices.find.nothing" : "devices.paired.none")} />}
      <ul class="devices-list">
        {found.slice(0, most).map((device) => <Device key={device.deviceId} device={device} isMine={device.deviceId === mine} refresh={refresh} />)}
      </ul>
      {found.length > most && <div><Button onClick={() => setMost(most + AT_ONCE)}>{t("devices.more", { count: found.length - most })}</Button></div>}
    </section>
  );
}

/** Browsers leave devices behind: those nobody comes back with can be removed together. */
function CleanUp({ devices, refresh }: { devices: readonly PairedDevice[]; refresh: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, act] = useActing();
  if (!devices.length) return null;
  const remove = async () => {
    const all = async () => {
      for (const { deviceId } of devices) await gateway.request("device.pair.remove", { deviceId });
    };
    await act(all, t("devices.clean.done", { count: devices.length }));
    refresh();
  };
  return (
    <>
      <Button size="small" icon="trash" disabled={isBusy} onClick={() => setAsking(true)}>{t("devices.clean", { count: devices.length })}</Button>
      {isAsking && (
        <Confirm title={t("devices.clean.title")} verb={t("common.remove")} danger onClose={() => setAsking(false)} onConfirm={() => void remove()}>
          <p>{t("devices.clean.sure")}</p>
          <ul class="devices-names">{devices.map((it) => <li key={it.deviceId}><Foreign>{nameOf(it)}</Foreign> <code translate={false}>{short(it.deviceId)}</code></li>)}</ul>
        </Confirm>
      )}
    </>
  );
}

type Question = { what: "rename" | "remove" } | { what: "rotate" | "revoke"; role: string };

function Device({ device, isMine, refresh }: { device: PairedDevice; isMine: boolean; refresh: () => void }) {
  const [question, setQuestion] = useState<Question | null>(null);
  const [isBusy, act] = useActing();
  const name = nameOf(device);
  const live = device.tokens.filter((it) => !it.revokedAtMs);
  const perRole = (what: "rotate" | "revoke"): Item[] => live.map((token) => ({
    label: live.length > 1 ? `${t(`devices.token.${what}`)} (${token.role})` : t(`devices.token.${what}`),
    icon: what === "rotate" ? "refresh" : "key",
    danger: what === "revoke",
    act: () => setQuestion({ what, role: token.role }),
  }));
  const items: Item[] = [
    { label: t("devices.rename"), icon: "edit", act: () => setQuestion({ what: "rename" }) },
    ...(gateway.has("device.token.rotate") ? perRole("rotate") : []),
    ...(gateway.has("device.token.revoke") ? perRole("revoke") : []),
    { label: t("devices.remove"), icon: "trash", danger: true, act: () => setQuestion({ what: "remove" }) },
  ];
  const { deviceId } = device;
  const run = async (what: () => Promise<unknown>, done: string) => {
    await act(what, done);
    refresh();
  };
  const rotate = async (role: string) => {
    const rotated = await gateway.request("device.token.rotate", { deviceId, role });
    if (rotated.token) credentials.keepDeviceToken(rotated.token);
  };
  return (
    <li class="devices-item">
      <span class="devices-picture"><Icon name={pictureOf(device)} size={20} /></span>
      <div class="devices-what">
        <div class="devices-name">
          <strong><Foreign>{name}</Foreign></strong>
          <Badge tone={device.connected ? "good" : "plain"}>{t(device.connected ? "devices.connected" : "devices.offline")}</Badge>
          {isMine && <Badge tone="accent">{t("devices.mine")}</Badge>}
          {!live.length && <Badge tone="bad">{t("devices.token.none")}</Badge>}
        </div>
        <p class="field-hint">
          <Foreign>{[machineOf(device), device.roles.join(", ")].filter(Boolean).join(" · ")}</Foreign>
          {device.lastSeenAtMs ? <> · {t("devices.seen")} <Time at={device.lastSeenAtMs} /></> : null}
        </p>
        <details>
          <summary>{t("devices.details")}</summary>
          <Facts
            rows={[
              [t("devices.id"), <code translate={false}>{deviceId}</code>],
              [t("devices.may"), <Words of={device.scopes.map(scopeName)} strong={["admin"]} />],
              [t("devices.program"), [device.clientId, device.clientMode].filter(Boolean).join(" · ") || "–"],
              [t("devices.from"), device.remoteIp ?? t("devices.from.here")],
              [t("devices.since"), <Time at={device.createdAtMs} />],
              ...device.tokens.map((token) => [t("devices.token.of", { role: token.role }), <Token token={token} />] as const),
            ]}
          />
        </details>
      </div>
      <Menu label={t("devices.actions", { name })} items={isBusy ? items.map((it) => ({ ...it, disabled: true })) : items} />
      {question?.what === "rename" && (
        <Rename name={name} onClose={() => setQuestion(null)} onName={(label) => void run(() => gateway.request("device.pair.rename", { deviceId, label }), t("devices.renamed", { name: label }))} />
      )}
      {question?.what === "remove" && (
        <Confirm title={t("devices.remove")} verb={t("devices.remove")} danger onClose={() => setQuestion(null)} onConfirm={() => void run(() => gateway.request("device.pair.remove", { deviceId }), t("devices.removed", { name }))}>
          <p>{t("devices.remove.sure", { name })}</p>
          {isMine && <p class="field-error">{t("devices.mine.sure")}</p>}
        </Confirm>
      )}
      {question?.what === "rotate" && (
        <Confirm title={t("devices.token.rotate")} verb={t("devices.token.rotate")} onClose={() => setQuestion(null)} onConfirm={() => void run(() => rotate(question.role), t("devices.token.rotated", { name }))}>
          <p>{t("devices.token.rotate.sure", { name })}</p>
        </Confirm>
      )}
      {question?.what === "revoke" && (
        <Confirm title={t("devices.token.revoke")} verb={t("devices.token.revoke")} danger onClose={() => setQuestion(null)} onConfirm={() => void run(() => gateway.request("device.token.revoke", { deviceId, role: question.role }), t("devices.token.revoked", { name }))}>
          <p>{t("devices.token.revoke.sure", { name })}</p>
          {isMine && <p class="field-error">{t("devices.mine.sure")}</p>}
        </Confirm>
      )}
    </li>
  );
}

function Token({ token }: { token: TokenSummary }) {
  if (token.revokedAtMs) return <>{t("devices.token.revoked.at")} <Time at={token.revokedAtMs} /></>;
  return (
    <>
      {t("devices.token.made")} <Time at={token.rotatedAtMs ?? token.createdAtMs} />
      {token.lastUsedAtMs ? <> · {t("devices.token.used")} <Time at={token.lastUsedAtMs} /></> : null}
    </>
  );
}

function pictureOf(device: PairedDevice) {
  if (device.roles.includes("node")) return "tool";
  if (device.clientMode === "webchat") return "globe";
  return device.clientMode === "cli" ? "terminal" : "device";
}
