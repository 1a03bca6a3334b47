// Consent for commands: what waits, what was given for good, what was decided, and the policy.
import { gateway } from "../../gateway/index.ts";
import { t } from "../../i18n/index.ts";
import { go, pathOf, query } from "../../router.ts";
import { waiting } from "../../state/approvals.ts";
import { Badge, PageHead } from "../../ui/bits.tsx";
import { Segments } from "../../ui/form.tsx";
import { Granted, History } from "./history.tsx";
import { PolicyEditor } from "./policy.tsx";
import { Queue } from "./queue.tsx";
import "./approvals.css";

const VIEWS = ["waiting", "grants", "history", "policy"] as const;
type View = (typeof VIEWS)[number];

export default function Approvals() {
  const views = VIEWS.filter((view) => {
    switch (view) {
      case "waiting": return true;
      case "grants": return gateway.has("exec.approval.grants.list");
      case "history": return gateway.has("approval.history");
      case "policy": return gateway.has("exec.approvals.get") && gateway.may("operator.admin");
    }
  });
  const view = views.find((it) => it === query.value.get("view")) ?? "waiting";
  const count = waiting.value.length;
  return (
    <div class="page approvals">
      <PageHead title={t("approvals.title")}>
        {count > 0 && <Badge tone="warn">{t("approvals.count", { count })}</Badge>}
      </PageHead>
      <p class="out-of-sight" role="status">{t("approvals.count", { count })}</p>
      <div>
        <Segments<View>
          label={t("approvals.view")} isPlain
          value={view}
          options={views.map((it) => [it, t(`approvals.${it}`)] as const)}
          onValue={(next) => go(pathOf("approvals", next === "waiting" ? {} : { view: next }), "replace")}
        />
      </div>
      {view === "waiting" && <Queue />}
      {view === "grants" && <Granted />}
      {view === "history" && <History />}
      {view === "policy" && <PolicyEditor />}
    </div>
  );
}
