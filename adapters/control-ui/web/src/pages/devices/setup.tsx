// A code that lets one phone or one node in.
import { useEffect, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { duration } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { ProfileWordIn, SetupCode, SetupStatus } from "../../protocol/index.ts";
import { wordsFor } from "../../state/toasts.ts";
import { Command, Facts, Foreign, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Segments, TextField } from "../../ui/form.tsx";
import { Icon } from "../../ui/icon.tsx";

export function Setup({ onClose }: { onClose: () => void }) {
  const [profile, setProfile] = useState<ProfileWordIn>("limited");
  const [url, setUrl] = useState("");
  const [isMaking, setMaking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [code, setCode] = useState<SetupCode | null>(null);
  const make = async () => {
    setMaking(true);
    setError(null);
    try {
      setCode(await gateway.request("device.pair.setupCode", { bootstrapProfile: profile, includeQr: true, ...(url.trim() ? { publicUrl: url.trim() } : {}) }));
    } catch (why) {
      setError(why);
    }
    setMaking(false);
  };
  if (code) return <Shown code={code} onClose={onClose} again={() => setCode(null)} />;
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" disabled={isMaking} onClick={() => void make()}>{t("devices.setup.make")}</Button>
    </>
  );
  return (
    <Dialog title={t("devices.setup")} onClose={onClose} actions={actions}>
      <p>{t("devices.setup.why")}</p>
      <Segments<ProfileWordIn>
        label={t("devices.setup.profile")}
        value={profile}
        options={[["limited", t("devices.setup.limited")], ["node", t("devices.setup.node")]]}
        onValue={setProfile}
      />
      <TextField label={t("devices.setup.url")} hint={t("devices.setup.url.hint")} placeholder="https://gateway.example" value={url} onValue={setUrl} autocomplete="off" error={error ? wordsFor(error) : null} />
    </Dialog>
  );
}

function Shown({ code, onClose, again }: { code: SetupCode; onClose: () => void; again: () => void }) {
  const [now, setNow] = useState(Date.now());
  const [status, setStatus] = useState<SetupStatus | null>(null);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    const ask = () => {
      gateway.request("device.pair.setupStatus", { setupId: code.setupId }).then(setStatus, () => undefined);
    };
    const ends = [
      gateway.onFresh(ask),
      gateway.on("device.pair.setup.completed", (done) => {
        if (done.setupId === code.setupId) setStatus({ ...done, status: "completed" });
      }),
    ];
    return () => {
      clearInterval(timer);
      ends.forEach((end) => end());
    };
  }, [code.setupId]);
  const isUsed = status?.status === "completed";
  const left = code.expiresAtMs - now;
  const isOver = !isUsed && (left <= 0 || status?.status === "expired");
  return (
    <Dialog title={t("devices.setup")} onClose={onClose} actions={isUsed ? <Button kind="primary" onClick={onClose}>{t("common.close")}</Button> : <Button icon="refresh" onClick={again}>{t("devices.setup.again")}</Button>}>
      {isUsed ? (
        <p class="devices-used" role="status"><Icon name="check" size={22} /> <Foreign>{t("devices.setup.used", { name: status.deviceName ?? status.deviceId ?? "" })}</Foreign></p>
      ) : (
        <>
          {code.qrDataUrl?.startsWith("data:image/") && !isOver && <img class="devices-qr" src={code.qrDataUrl} alt={t("devices.setup.qr")} />}
          {!isOver && <Command>{code.setupCode}</Command>}
          <p role="status" class="devices-name">
            {isOver ? t("devices.setup.over") : <><Spinner label={t("devices.setup.waiting")} /> {t("devices.setup.waiting")}</>}
          </p>
          {!isOver && <p class="field-hint">{t("devices.setup.left", { time: duration(Math.max(0, left)) })}</p>}
          <Facts rows={[[t("devices.setup.address"), <code translate={false}>{(code.gatewayUrls ?? [code.gatewayUrl]).join(", ")}</code>]]} />
        </>
      )}
    </Dialog>
  );
}
