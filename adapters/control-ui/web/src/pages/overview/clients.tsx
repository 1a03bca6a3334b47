// Who is connected.
import { useEffect, useMemo, useState } from "preact/hooks";

import { identity } from "../../gateway/identity.ts";
import { t } from "../../i18n/index.ts";
import type { PresenceEntry } from "../../protocol/index.ts";
import { useTold } from "../../state/told.ts";
import { Badge, Card, Failure, Foreign, Spinner, Time } from "../../ui/bits.tsx";

/** More than these would push everything else out of sight. */
const SHOWN = 8;

export function Clients() {
  const told = useTold("system-presence", {}, "presence", (it) => it.presence);
  const [own, setOwn] = useState<string | null>(null);
  useEffect(() => {
    void identity().then((device) => setOwn(device?.id ?? null));
  }, []);
  const all = told.value.value;
  const here = useMemo(() => connected(all ?? []), [all]);
  return (
    <Card title={t("overview.clients")}>
      {told.error.value !== null && <Failure error={told.error.value} />}
      {!all && told.error.value === null && <Spinner />}
      <ul class="overview-list">
        {here.slice(0, SHOWN).map((entry, index) => (
          <li key={index}>
            <div class="overview-what">
              <Foreign>{entry.host ?? "–"}</Foreign>
              <small>{[entry.platform, entry.version, entry.ip].filter(Boolean).join(" · ")}</small>
            </div>
            {own !== null && entry.deviceId === own && <Badge tone="accent">{t("overview.clients.own")}</Badge>}
            {entry.mode && <Badge>{entry.mode}</Badge>}
            <span class="overview-when"><Time at={entry.ts} /></span>
          </li>
        ))}
      </ul>
      {here.length > SHOWN && <p class="field-hint">{t("overview.clients.more", { count: here.length - SHOWN })}</p>}
    </Card>
  );
}

/** Those that are still here, the gateway itself first. */
export function connected(entries: readonly PresenceEntry[]): readonly PresenceEntry[] {
  const rank = (entry: PresenceEntry) => (entry.mode === "gateway" ? 0 : 1);
  return entries.filter((entry) => entry.reason !== "disconnect").sort((one, other) => rank(one) - rank(other) || other.ts - one.ts);
}
