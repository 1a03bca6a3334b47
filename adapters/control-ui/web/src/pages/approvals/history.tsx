// What was decided, the newest first, and consent that was given once and for all.
import { useEffect, useState } from "preact/hooks";

import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import type { ExecApproval, ExecGrant } from "../../protocol/index.ts";
import { useResource } from "../../state/resource.ts";
import { say, sayFailed } from "../../state/toasts.ts";
import { Badge, Empty, Failure, Foreign, Spinner, Time } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { placeOf, RequestFacts } from "./queue.tsx";

const PAGE = 50;

export function History() {
  const first = useResource("approval.history", { limit: PAGE }, ["exec.approval.resolved"]);
  const [older, setOlder] = useState<{ approvals: readonly ExecApproval[]; cursor: string | null } | null>(null);
  const [isLoading, setLoading] = useState(false);
  const [text, setText] = useState("");
  const newest = first.value.value;
  useEffect(() => setOlder(null), [newest]);
  const cursor = older ? older.cursor : newest?.nextCursor ?? null;
  const more = async () => {
    setLoading(true);
    try {
      const page = await gateway.request("approval.history", { limit: PAGE, cursor });
      setOlder({ approvals: [...(older?.approvals ?? []), ...page.approvals], cursor: page.nextCursor });
    } catch (error) {
      sayFailed(error);
    }
    setLoading(false);
  };
  if (!newest) return first.error.value ? <Failure error={first.error.value} retry={() => first.refresh()} /> : <div class="page-loading"><Spinner /></div>;
  const all = [...newest.approvals, ...(older?.approvals ?? [])];
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((it) => {
    const known = [it.request.command, it.request.agentId, it.request.sessionKey, it.resolvedBy, it.status].join(" ").toLowerCase();
    return words.every((word) => known.includes(word));
  });
  return (
    <section class="card" aria-label={t("approvals.history")}>
      {all.length > 0 && <input class="input" type="search" aria-label={t("common.search")} placeholder={t("common.search")} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      {!found.length && <Empty icon="log" title={t(all.length ? "approvals.history.nothing" : "approvals.history.none")} />}
      <ul class="approvals-past">
        {found.map((it) => <Past key={it.id} approval={it} />)}
      </ul>
      {cursor !== null && <div><Button disabled={isLoading} onClick={() => void more()}>{t("approvals.older")}</Button></div>}
      <p class="field-hint">{t("approvals.history.days")}</p>
    </section>
  );
}

const TONES = { approved: "good", denied: "bad", expired: "warn", pending: "plain" } as const;

function Past({ approval }: { approval: ExecApproval }) {
  return (
    <li>
      <details>
        <summary>
          <Badge tone={TONES[approval.status]}>{t(approval.decision === "allow-always" ? "approvals.status.always" : `approvals.status.${approval.status}`)}</Badge>
          <code translate={false}><bdi>{approval.request.command}</bdi></code>
          <span class="field-hint">
            <Time at={approval.resolvedAtMs ?? approval.createdAtMs} />
            {approval.resolvedBy ? <> · <Foreign>{approval.resolvedBy}</Foreign></> : null}
          </span>
        </summary>
        <RequestFacts request={approval.request} asked={approval.createdAtMs} />
      </details>
    </li>
  );
}

export function Granted() {
  const grants = useResource("exec.approval.grants.list", {}, ["exec.approval.resolved"]);
  const list = grants.value.value?.grants;
  if (!list) return grants.error.value ? <Failure error={grants.error.value} retry={() => grants.refresh()} /> : <div class="page-loading"><Spinner /></div>;
  return (
    <section class="card" aria-label={t("approvals.grants")}>
      <p class="field-hint">{t("approvals.grants.why")}</p>
      {!list.length && <Empty icon="key" title={t("approvals.grants.none")} />}
      <ul class="approvals-past">
        {list.map((it) => <Grant key={it.grantId} grant={it} refresh={() => grants.refresh()} />)}
      </ul>
    </section>
  );
}

function Grant({ grant, refresh }: { grant: ExecGrant; refresh: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const revoke = async () => {
    try {
      await gateway.request("exec.approval.grants.revoke", { grantId: grant.grantId });
      say({ kind: "done", text: t("approvals.grants.revoked") });
    } catch (error) {
      sayFailed(error);
    }
    refresh();
  };
  return (
    <li class="approvals-grant">
      <details>
        <summary>
          <code translate={false}><bdi>{grant.request.command}</bdi></code>
          <span class="field-hint">
            {placeOf(grant.request)}
            {grant.grantedBy ? <> · <Foreign>{grant.grantedBy}</Foreign></> : null}
            {" · "}{t("approvals.given")} <Time at={grant.createdAtMs} />
            {grant.lastUsedAtMs ? <> · {t("approvals.used")} <Time at={grant.lastUsedAtMs} /></> : null}
            {grant.expiresAtMs ? <> · {t("approvals.until")} <Time at={grant.expiresAtMs} /></> : null}
          </span>
        </summary>
        <RequestFacts request={grant.request} asked={grant.createdAtMs} />
      </details>
      <Button size="small" icon="trash" onClick={() => setAsking(true)}>{t("approvals.grants.revoke")}</Button>
      {isAsking && (
        <Confirm title={t("approvals.grants.revoke")} verb={t("approvals.grants.revoke")} danger onClose={() => setAsking(false)} onConfirm={() => void revoke()}>
          <p>{t("approvals.grants.sure")}</p>
          <code translate={false}><bdi>{grant.request.command}</bdi></code>
        </Confirm>
      )}
    </li>
  );
}
