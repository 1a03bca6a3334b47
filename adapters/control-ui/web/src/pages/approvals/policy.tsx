// Which commands may run on a machine without anybody being asked.
import { useEffect, useMemo, useState } from "preact/hooks";

import { isRecord, textOf } from "../../gateway/error.ts";
import { gateway } from "../../gateway/index.ts";
import { t, type Key } from "../../i18n/index.ts";
import type { AllowedProgram, ApprovalsFile } from "../../protocol/index.ts";
import { useResource } from "../../state/resource.ts";
import { say, sayFailed } from "../../state/toasts.ts";
import { Badge, Failure, Foreign, Spinner, Time } from "../../ui/bits.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/form.tsx";
import { DEFAULTS, EVERY, ruleOf, withRule, type Rule } from "./rules.ts";

/** The machine of the gateway, among the nodes. */
const HERE = "";

interface Known {
  file: ApprovalsFile;
  hash: string;
  exists: boolean;
  path: string;
  problem: string | null;
}

export function PolicyEditor() {
  const [target, setTarget] = useState(HERE);
  const [known, setKnown] = useState<Known | null>(null);
  const [draft, setDraft] = useState<ApprovalsFile | null>(null);
  const [scope, setScope] = useState(DEFAULTS);
  const [error, setError] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const nodes = useResource("node.list", gateway.has("node.list") ? {} : null, ["node.presence"]);
  const agents = useResource("agents.list", gateway.has("agents.list") ? {} : null);
  const targets = useMemo(() => {
    const able = (nodes.value.value?.nodes ?? []).filter((node) => node.connected && node.commands.includes("system.execApprovals.get"));
    return [[HERE, t("approvals.policy.here")] as const, ...able.map((node) => [node.nodeId, node.displayName ?? node.nodeId] as const)];
  }, [nodes.value.value]);

  const load = async (which: string) => {
    setError(null);
    setKnown(null);
    try {
      const found = which === HERE ? await gateway.request("exec.approvals.get", {}) : await gateway.request("exec.approvals.node.get", { nodeId: which });
      const read = policyOf(found);
      setKnown(read);
      setDraft(read.file);
    } catch (why) {
      setError(why);
    }
  };
  useEffect(() => {
    void load(target);
  }, [target]);

  const isChanged = known !== null && draft !== null && JSON.stringify(known.file) !== JSON.stringify(draft);
  const save = async () => {
    if (!known || !draft) return;
    setSaving(true);
    try {
      if (target === HERE) await gateway.request("exec.approvals.set", { file: draft, baseHash: known.hash });
      else await gateway.request("exec.approvals.node.set", { nodeId: target, file: { ...draft }, baseHash: known.hash });
      say({ kind: "done", text: t("approvals.policy.saved") });
      await load(target);
    } catch (why) {
      sayFailed(why);
    }
    setSaving(false);
  };
  const scopes = [DEFAULTS, ...new Set([EVERY, ...(agents.value.value?.agents ?? []).map((it) => it.id), ...Object.keys(draft?.agents ?? {})])];
  return (
    <section class="card" aria-label={t("approvals.policy")}>
      <p class="field-hint">{t("approvals.policy.why")}</p>
      <div class="approvals-where">
        <SelectField label={t("approvals.policy.machine")} value={target} options={targets} disabled={isChanged} onValue={setTarget} />
        <SelectField label={t("approvals.policy.for")} value={scope} options={scopes.map((it) => [it, it === DEFAULTS ? t("approvals.policy.all") : it === EVERY ? t("approvals.policy.every") : it] as const)} onValue={setScope} />
      </div>
      {error ? <Failure error={error} retry={() => void load(target)} /> : null}
      {!known && !error && <Spinner />}
      {known && draft && (
        <>
          <p class="field-hint"><code translate={false}>{known.path}</code> {!known.exists && <Badge>{t("approvals.policy.absent")}</Badge>}</p>
          {known.problem && <Failure error={new Error(known.problem)} />}
          <RuleForm rule={ruleOf(draft, scope)} isDefault={scope === DEFAULTS} onRule={(rule) => setDraft(withRule(draft, scope, rule))} />
          <div class="page-actions">
            <Button kind="primary" icon="save" disabled={!isChanged || isSaving} onClick={() => void save()}>{t("common.save")}</Button>
            <Button disabled={!isChanged || isSaving} onClick={() => void load(target)}>{t("approvals.policy.discard")}</Button>
          </div>
        </>
      )}
    </section>
  );
}

const SECURITY = ["deny", "allowlist", "full"] as const;
const ASK = ["off", "on-miss", "always"] as const;

function RuleForm({ rule, isDefault, onRule }: { rule: Rule; isDefault: boolean; onRule: (rule: Rule) => void }) {
  const unsaid = (standard: Key) => (isDefault ? t("approvals.policy.inherit.is", { value: t(standard) }) : t("approvals.policy.inherit"));
  const options = (values: readonly string[], what: "security" | "ask") => [
    ["", unsaid(what === "security" ? "approvals.policy.security.deny" : "approvals.policy.ask.on-miss")] as const,
    ...values.map((it) => [it, t(`approvals.policy.${what}.${it}` as Key)] as const),
  ];
  return (
    <div class="approvals-rule">
      <SelectField label={t("approvals.policy.security")} hint={t("approvals.policy.security.hint")} value={rule.security ?? ""} options={options(SECURITY, "security")} onValue={(security) => onRule({ ...rule, security: security || null })} />
      <SelectField label={t("approvals.policy.ask")} value={rule.ask ?? ""} options={options(ASK, "ask")} onValue={(ask) => onRule({ ...rule, ask: ask || null })} />
      <SelectField
        label={t("approvals.policy.skills")}
        value={rule.autoAllowSkills === true ? "yes" : rule.autoAllowSkills === false ? "no" : ""}
        options={[["", unsaid("common.no")], ["yes", t("common.yes")], ["no", t("common.no")]]}
        onValue={(choice) => onRule({ ...rule, autoAllowSkills: choice === "" ? null : choice === "yes" })}
      />
      {isDefault ? <p class="field-hint">{t("approvals.policy.list.where")}</p> : <AllowList list={rule.allowlist ?? []} onList={(allowlist) => onRule({ ...rule, allowlist })} />}
    </div>
  );
}

function AllowList({ list, onList }: { list: readonly AllowedProgram[]; onList: (list: AllowedProgram[]) => void }) {
  const [pattern, setPattern] = useState("");
  const words = pattern.trim();
  const isFine = words !== "" && !list.some((it) => it.pattern === words);
  return (
    <fieldset class="approvals-allow">
      <legend>{t("approvals.policy.list")}</legend>
      {!list.length && <p class="field-hint">{t("approvals.policy.list.none")}</p>}
      <ul>
        {list.map((it, index) => (
          <li key={it.id ?? it.pattern}>
            <code translate={false}><bdi>{it.pattern}</bdi></code>
            <span class="field-hint">
              {it.lastUsedAt ? <>{t("approvals.used")} <Time at={it.lastUsedAt} /></> : t("approvals.policy.list.unused")}
              {it.lastUsedCommand ? <> · <Foreign>{it.lastUsedCommand}</Foreign></> : null}
            </span>
            <IconButton icon="trash" size="small" label={`${t("common.remove")}: ${it.pattern}`} onClick={() => onList(list.toSpliced(index, 1))} />
          </li>
        ))}
      </ul>
      <form
        class="approvals-add"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isFine) return;
          onList([...list, { pattern: words }]);
          setPattern("");
        }}
      >
        <TextField label={t("approvals.policy.pattern")} hint={t("approvals.policy.pattern.hint")} placeholder="/usr/bin/git" value={pattern} onValue={setPattern} autocomplete="off" />
        <Button type="submit" icon="plus" disabled={!isFine}>{t("common.add")}</Button>
      </form>
    </fieldset>
  );
}

/** What a gateway or a node says about its policy. */
function policyOf(found: unknown): Known {
  const it = isRecord(found) ? found : {};
  return {
    file: (isRecord(it["file"]) ? it["file"] : { version: 1 }) as unknown as ApprovalsFile,
    hash: textOf(it["hash"]) ?? "",
    exists: it["exists"] === true,
    path: textOf(it["path"]) ?? "",
    problem: textOf(it["problem"]) ?? null,
  };
}
