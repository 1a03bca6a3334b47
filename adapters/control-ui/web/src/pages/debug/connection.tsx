// What is known about the connection, and what the gateway said when it let this page in.
import { useEffect, useState } from "preact/hooks";

import { base, gateway } from "../../gateway/index.ts";
import { identity } from "../../gateway/identity.ts";
import { bytes, duration, number } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import type { MethodName } from "../../protocol/index.ts";
import { wordsFor } from "../../state/toasts.ts";
import { Badge, Card, Facts } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Json } from "./json.tsx";

/** Cheap to answer, the cheapest first. */
const ECHOES: readonly MethodName[] = ["gateway.identity.get", "agents.list"];
const ROUNDS = 5;

export function Connection() {
  const hello = gateway.hello.value;
  const [device, setDevice] = useState<string | null>(null);
  const [trip, setTrip] = useState<string>("…");
  const measure = async () => {
    const echo = ECHOES.find((it) => gateway.has(it));
    if (!echo) return setTrip("–");
    try {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const from = performance.now();
        await gateway.call(echo, {});
        times.push(performance.now() - from);
      }
      times.sort((one, other) => one - other);
      setTrip(number(times[ROUNDS >> 1]!, { style: "unit", unit: "millisecond", maximumFractionDigits: 1 }));
    } catch (error) {
      setTrip(wordsFor(error));
    }
  };
  useEffect(() => {
    void identity().then((it) => setDevice(it?.id ?? null));
    return gateway.onFresh(() => void measure());
  }, []);
  if (!hello) return null;
  const { auth, features, policy, server } = hello;
  const code = (text: string | null | undefined) => (text ? <code translate={false}>{text}</code> : "–");
  return (
    <>
      <Card
        title={t("debug.connection")}
        actions={(
          <div class="page-actions">
            <Button size="small" icon="refresh" onClick={() => void measure()}>{t("debug.measure")}</Button>
            <Button size="small" icon="power" onClick={() => gateway.connect()}>{t("debug.reconnect")}</Button>
          </div>
        )}
      >
        <Facts
          rows={[
            [t("debug.address"), code(base.href)],
            [t("debug.state"), <Badge tone={gateway.phase.value.kind === "connected" ? "good" : "warn"}>{t(gateway.phase.value.kind === "connected" ? "shell.connected" : "shell.reconnecting")}</Badge>],
            [t("debug.trip"), <span role="status">{trip}</span>],
            [t("debug.protocol"), String(hello.protocol)],
            [t("debug.version"), server.version],
            [t("debug.connId"), code(server.connId)],
            [t("debug.bootId"), code(server.bootId)],
            [t("debug.device"), code(device)],
            [t("debug.auth"), auth.method ?? "–"],
            [t("debug.role"), auth.role],
            [t("debug.scopes"), <span class="debug-words">{auth.scopes.map((it) => <Badge key={it}>{it}</Badge>)}</span>],
            [t("debug.tick"), duration(policy.tickIntervalMs)],
            [t("debug.payload"), bytes(policy.maxPayload)],
            [t("debug.buffered"), bytes(policy.maxBufferedBytes)],
            [t("debug.capabilities"), <span class="debug-words">{features.capabilities.map((it) => <Badge key={it}>{it}</Badge>)}</span>],
            [t("debug.features"), t("debug.features.count", { methods: features.methods.length, events: features.events.length })],
          ]}
        />
      </Card>
      <details class="card">
        <summary>{t("debug.hello")}</summary>
        <Json text={JSON.stringify({ ...hello, auth: { ...auth, deviceToken: auth.deviceToken ? "…" : auth.deviceToken } }, null, 2)} name="hello-ok" />
      </details>
    </>
  );
}
