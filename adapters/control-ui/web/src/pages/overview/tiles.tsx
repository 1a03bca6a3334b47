// Numbers worth a glance, each the way to the page that knows more.
import type { ComponentChildren } from "preact";

import { gateway } from "../../gateway/index.ts";
import { number } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import { PAGES } from "../../pages.ts";
import type { HealthSummary } from "../../protocol/index.ts";
import { pathOf } from "../../router.ts";
import { agents } from "../../state/assistant.ts";
import { useResource } from "../../state/resource.ts";
import { samples } from "./pulse.ts";

export function Tiles({ health }: { health: HealthSummary | null }) {
  const info = samples.value.at(-1)?.info;
  const maySeeNodes = gateway.has("node.list");
  const mayApprove = gateway.has("exec.approval.list") && gateway.may("operator.approvals");
  const nodes = useResource("node.list", maySeeNodes ? {} : null, ["node.presence", "node.pair.resolved", "device.pair.resolved"]).value.value?.nodes;
  const approvals = useResource("exec.approval.list", mayApprove ? {} : null, ["exec.approval.requested", "exec.approval.resolved"]).value.value;
  return (
    <div class="tiles">
      <Tile label={t("overview.tile.runs")} value={info?.activeRuns} page="sessions" params={{ state: "running" }} />
      <Tile label={t("overview.tile.sessions")} value={health?.sessions.count} page="sessions" />
      <Tile label={t("overview.tile.agents")} value={agents.value.length || undefined} page="agents" />
      <Tile label={t("overview.tile.clients")} value={info?.clients} />
      {maySeeNodes && (
        <Tile label={t("overview.tile.nodes")} value={nodes?.filter((node) => node.connected).length} page="nodes">
          {nodes && nodes.length > 0 && t("overview.tile.nodes.of", { count: nodes.length })}
        </Tile>
      )}
      {mayApprove && <Tile label={t("overview.tile.approvals")} value={approvals?.length} page="approvals" isUrgent={(approvals?.length ?? 0) > 0} />}
    </div>
  );
}

interface TileProps {
  label: string;
  value: number | undefined;
  /** The page that knows more, if this gateway has it. */
  page?: string;
  params?: Record<string, string>;
  isUrgent?: boolean;
  children?: ComponentChildren;
}

function Tile({ label, value, page, params, isUrgent = false, children }: TileProps) {
  const inside = (
    <>
      <span class="tile-value">{value === undefined ? "–" : number(value)}</span>
      <span class="tile-label">{label}</span>
      {children && <small>{children}</small>}
    </>
  );
  const isThere = PAGES.some((it) => it.id === page && it.methods.every((method) => gateway.has(method)));
  const look = `tile ${isUrgent ? "urgent" : ""}`;
  return page && isThere ? <a class={look} href={pathOf(page, params)}>{inside}</a> : <div class={look}>{inside}</div>;
}
