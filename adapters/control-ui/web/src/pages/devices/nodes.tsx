// The nodes: machines that carry out commands.
import { useState } from "preact/hooks";

import { isRecord } from "../../gateway/error.ts";
import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { NodeRow } from "../../protocol/index.ts";
import { useResource } from "../../state/resource.ts";
import { Badge, Empty, Facts, Failure, Foreign, Spinner, Time } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm, Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Menu, type Item } from "../../ui/menu.tsx";
import { useActing } from "./acting.ts";
import { Invoke } from "./invoke.tsx";
import { Rename } from "./rename.tsx";
import { Words } from "./waiting.tsx";
import { commandsOf, machineOf, nodesInOrder, short } from "./words.ts";

const STATES = ["approved", "pending-approval", "pending-reapproval", "unapproved"] as const;

export function Nodes({ nodes, refresh }: { nodes: readonly NodeRow[]; refresh: () => void }) {
  return (
    <section class="card" aria-label={t("devices.nodes")}>
      <header class="card-head">
        <h2>{t("devices.nodes")}</h2>
        {nodes.length > 0 && <span class="field-hint">{t("devices.connected.count", { there: nodes.filter((it) => it.connected).length, count: nodes.length })}</span>}
      </header>
      {!nodes.length && <Empty icon="tool" title={t("devices.nodes.none")}><p>{t("devices.nodes.how")}</p><code translate={false}>openclaw node run</code></Empty>}
      <ul class="devices-list">
        {nodesInOrder(nodes).map((node) => <Node key={node.nodeId} node={node} refresh={refresh} />)}
      </ul>
    </section>
  );
}

function Node({ node, refresh }: { node: NodeRow; refresh: () => void }) {
  const [open, setOpen] = useState<"details" | "invoke" | "rename" | "withdraw" | null>(null);
  const [isBusy, act] = useActing();
  const { nodeId } = node;
  const name = node.displayName ?? short(nodeId);
  const state = STATES.find((it) => it === node.approvalState);
  const mayPair = gateway.may("operator.pairing");
  const close = () => setOpen(null);
  const run = async (what: () => Promise<unknown>, done: string) => {
    await act(what, done);
    refresh();
  };
  const items: Item[] = [
    { label: t("devices.details"), icon: "info", act: () => setOpen("details") },
    ...(gateway.has("node.rename") && mayPair ? [{ label: t("devices.rename"), icon: "edit" as const, disabled: isBusy, act: () => setOpen("rename") }] : []),
    ...(gateway.has("node.pair.remove") && mayPair ? [{ label: t("devices.withdraw"), icon: "trash" as const, danger: true, disabled: isBusy, act: () => setOpen("withdraw") }] : []),
  ];
  const canInvoke = node.connected && commandsOf(node).length > 0 && gateway.has("node.invoke") && gateway.may("operator.write");
  return (
    <li class="devices-item">
      <span class="devices-picture"><Icon name="tool" size={20} /></span>
      <div class="devices-what">
        <div class="devices-name">
          <strong><Foreign>{name}</Foreign></strong>
          <Badge tone={node.connected ? "good" : "plain"}>{t(node.connected ? "devices.connected" : "devices.offline")}</Badge>
          {state !== "approved" && <Badge tone="warn">{state ? t(`devices.state.${state}`) : node.approvalState}</Badge>}
        </div>
        <p class="field-hint">
          <Foreign>{machineOf(node)}</Foreign>
          {node.lastSeenAtMs && !node.connected ? <> · {t("devices.seen")} <Time at={node.lastSeenAtMs} /></> : null}
        </p>
        <Words of={node.commands} strong={["system.run"]} />
        {canInvoke && <div><Button size="small" icon="play" onClick={() => setOpen("invoke")}>{t("devices.invoke")}</Button></div>}
      </div>
      <Menu label={t("devices.actions", { name })} items={items} />
      {open === "details" && <Details nodeId={nodeId} name={name} onClose={close} />}
      {open === "invoke" && <Invoke node={node} name={name} onClose={close} />}
      {open === "rename" && <Rename name={name} onClose={close} onName={(displayName) => void run(() => gateway.request("node.rename", { nodeId, displayName }), t("devices.renamed", { name: displayName }))} />}
      {open === "withdraw" && (
        <Confirm title={t("devices.withdraw")} verb={t("devices.withdraw")} danger onClose={close} onConfirm={() => void run(() => gateway.request("node.pair.remove", { nodeId }), t("devices.withdrawn", { name }))}>
          <p>{t("devices.withdraw.sure", { name })}</p>
        </Confirm>
      )}
    </li>
  );
}

function Details({ nodeId, name, onClose }: { nodeId: string; name: string; onClose: () => void }) {
  const described = useResource("node.describe", { nodeId }, ["node.presence", "node.pair.resolved"]);
  const node = described.value.value;
  const error = described.error.value;
  return (
    <Dialog title={name} onClose={onClose} wide>
      {error ? <Failure error={error} retry={() => described.refresh()} /> : null}
      {!node && !error && <Spinner />}
      {node && (
        <Facts
          rows={[
            [t("devices.id"), <code translate={false}>{node.nodeId}</code>],
            [t("devices.machine"), <Foreign>{machineOf(node) || "–"}</Foreign>],
            [t("devices.program"), [node.clientId, node.clientMode, node.coreVersion, node.uiVersion].filter(Boolean).join(" · ") || "–"],
            [t("devices.from"), node.remoteIp ?? t("devices.from.here")],
            ...(node.connectedAtMs ? [[t("devices.there.since"), <Time at={node.connectedAtMs} />] as const] : []),
            ...(node.approvedAtMs ? [[t("devices.approved.at"), <Time at={node.approvedAtMs} />] as const] : []),
            [t("devices.commands"), <Words of={node.commands} strong={["system.run"]} />],
            [t("devices.caps"), <Words of={node.caps} />],
            ...(node.pendingDeclaredCommands?.length ? [[t("devices.pending.commands"), <Words of={node.pendingDeclaredCommands} strong={["system.run"]} />] as const] : []),
            ...Object.entries(node.permissions ?? {}).map(([what, isAllowed]) => [what, t(isAllowed ? "common.yes" : "common.no")] as const),
            ...(node.pathEnv ? [["PATH", <code translate={false}>{node.pathEnv}</code>] as const] : []),
            ...(isRecord(node.hostStats) ? [[t("devices.stats"), <pre class="devices-json">{JSON.stringify(node.hostStats, null, 2)}</pre>] as const] : []),
          ]}
        />
      )}
    </Dialog>
  );
}
