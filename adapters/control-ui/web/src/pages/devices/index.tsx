// Devices and nodes: who asks to be let in, who was, and what they may do.
import { useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { useResource } from "../../state/resource.ts";
import { Failure, PageHead, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { AskForScopes } from "../../ui/scopes.tsx";
import { Nodes } from "./nodes.tsx";
import { Paired } from "./paired.tsx";
import { Setup } from "./setup.tsx";
import { Waiting } from "./waiting.tsx";
import "./devices.css";

export default function Devices() {
  const [isSettingUp, setSettingUp] = useState(false);
  const hasNodes = gateway.has("node.list");
  const canPairNodes = gateway.has("node.pair.list");
  const devices = useResource("device.pair.list", {}, ["device.pair.requested", "device.pair.resolved", "device.pair.changed", "device.pair.setup.completed", "presence"]);
  const nodes = useResource("node.list", hasNodes ? {} : null, ["node.presence", "node.pair.requested", "node.pair.resolved", "device.pair.resolved", "device.pair.changed"]);
  const pairings = useResource("node.pair.list", canPairNodes ? {} : null, ["node.pair.requested", "node.pair.resolved", "node.presence", "device.pair.resolved", "device.pair.changed"]);
  const refresh = () => [devices, nodes, pairings].forEach((it) => it.refresh());
  const pending = { devices: devices.value.value?.pending ?? [], nodes: pairings.value.value?.pending ?? [] };
  const error = devices.error.value ?? nodes.error.value ?? pairings.error.value;
  const canSetUp = gateway.has("device.pair.setupCode") && gateway.may("operator.admin");
  return (
    <div class="page devices">
      <PageHead title={t("devices.title")}>
        {canSetUp && <Button kind="primary" icon="plus" onClick={() => setSettingUp(true)}>{t("devices.setup")}</Button>}
      </PageHead>
      <p class="out-of-sight" role="status">{t("devices.waiting.count", { count: pending.devices.length + pending.nodes.length })}</p>
      {error ? <Failure error={error} retry={refresh} /> : null}
      {(pending.devices.length > 0 || pending.nodes.length > 0) && <Waiting {...pending} refresh={refresh} />}
      {hasNodes && nodes.value.value && <Nodes nodes={nodes.value.value.nodes} refresh={refresh} />}
      {devices.value.value ? <Paired devices={devices.value.value.paired} refresh={refresh} /> : !error && <div class="page-loading"><Spinner /></div>}
      {!gateway.may("operator.admin") && <p class="field-hint">{t("devices.own.only")} <AskForScopes scopes={["operator.admin"]} /></p>}
      {isSettingUp && <Setup onClose={() => setSettingUp(false)} />}
    </div>
  );
}
