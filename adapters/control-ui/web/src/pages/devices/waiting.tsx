// Who asks to be let in, and for what.
import type { ComponentChildren } from "preact";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { NodeRequestRow, PendingDevice } from "../../protocol/index.ts";
import { Badge, Facts, Foreign, Time } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { AskForScopes } from "../../ui/scopes.tsx";
import { useActing } from "./acting.ts";
import { machineOf, nameOf, scopeName, short } from "./words.ts";

const REASONS = ["not-paired", "role-upgrade", "scope-upgrade", "revoked"] as const;

export function Waiting({ devices, nodes, refresh }: { devices: readonly PendingDevice[]; nodes: readonly NodeRequestRow[]; refresh: () => void }) {
  return (
    <section class="devices-waiting" aria-label={t("devices.waiting")}>
      <h2>{t("devices.waiting")} <Badge tone="warn">{devices.length + nodes.length}</Badge></h2>
      {devices.map((it) => <DeviceRequest key={it.requestId} request={it} refresh={refresh} />)}
      {nodes.map((it) => <NodeRequest key={it.requestId} request={it} refresh={refresh} />)}
    </section>
  );
}

function DeviceRequest({ request, refresh }: { request: PendingDevice; refresh: () => void }) {
  const reason = REASONS.find((it) => it === request.reason);
  return (
    <Request
      name={nameOf(request)}
      kind={request.roles.join(", ")}
      why={reason ? t(`devices.reason.${reason}`) : request.reason}
      approve={() => gateway.request("device.pair.approve", { requestId: request.requestId })}
      reject={() => gateway.request("device.pair.reject", { requestId: request.requestId })}
      refresh={refresh}
    >
      <Facts
        rows={[
          ...(request.scopes.length ? [[t("devices.wants"), <Words of={request.scopes.map(scopeName)} strong={["admin"]} />] as const] : []),
          ...(request.commands?.length ? [[t("devices.commands"), <Words of={request.commands} strong={["system.run"]} />] as const] : []),
          [t("devices.machine"), <Foreign>{machineOf(request) || "–"}</Foreign>],
          [t("devices.from"), request.remoteIp ?? t("devices.from.here")],
          [t("devices.id"), <code title={request.deviceId} translate={false}>{short(request.deviceId)}</code>],
          [t("devices.asked"), <><Time at={request.ts} /> · {t("devices.until")} <Time at={request.expiresAtMs} /></>],
        ]}
      />
    </Request>
  );
}

function NodeRequest({ request, refresh }: { request: NodeRequestRow; refresh: () => void }) {
  const lacking = request.requiredApproveScopes.filter((scope) => !gateway.may(scope));
  return (
    <Request
      name={request.displayName ?? short(request.nodeId)}
      kind={t("devices.node")}
      why={t(request.isRepair ? "devices.reason.more" : "devices.reason.node")}
      approve={() => gateway.request("node.pair.approve", { requestId: request.requestId })}
      reject={() => gateway.request("node.pair.reject", { requestId: request.requestId })}
      refresh={refresh}
      lacking={lacking}
    >
      <Facts
        rows={[
          [t("devices.commands"), <Words of={request.commands} strong={["system.run"]} />],
          [t("devices.caps"), <Words of={request.caps} />],
          [t("devices.machine"), <Foreign>{machineOf(request) || "–"}</Foreign>],
          [t("devices.from"), request.remoteIp ?? t("devices.from.here")],
          [t("devices.asked"), <Time at={request.ts} />],
        ]}
      />
    </Request>
  );
}

interface RequestProps {
  name: string;
  kind: string;
  why: string;
  approve: () => Promise<unknown>;
  reject: () => Promise<unknown>;
  refresh: () => void;
  /** The scopes this browser lacks for approving it. */
  lacking?: readonly string[];
  children: ComponentChildren;
}

function Request({ name, kind, why, approve, reject, refresh, lacking = [], children }: RequestProps) {
  const [isBusy, act] = useActing();
  const decide = async (what: () => Promise<unknown>, done: string) => {
    await act(what, done);
    refresh();
  };
  return (
    <article class="card devices-request" aria-label={name}>
      <header class="card-head">
        <div>
          <h3><Foreign>{name}</Foreign> <Badge>{kind}</Badge></h3>
          <p class="field-hint">{why}</p>
        </div>
        <div class="page-actions">
          <Button disabled={isBusy} onClick={() => void decide(reject, t("devices.rejected", { name }))}>{t("devices.reject")}</Button>
          <Button kind="primary" icon="check" disabled={isBusy || lacking.length > 0} onClick={() => void decide(approve, t("devices.approved", { name }))}>{t("devices.approve")}</Button>
        </div>
      </header>
      {lacking.length > 0 && (
        <p class="field-error">
          {t("devices.lacking", { scopes: lacking.map(scopeName).join(", ") })} <AskForScopes scopes={lacking} />
        </p>
      )}
      {children}
    </article>
  );
}

/** Names, those to look at twice in another colour. */
export function Words({ of, strong = [] }: { of: readonly string[]; strong?: readonly string[] }) {
  if (!of.length) return <>–</>;
  return <span class="devices-words">{of.map((it) => <Badge key={it} tone={strong.includes(it) ? "warn" : "plain"}><bdi>{it}</bdi></Badge>)}</span>;
}
