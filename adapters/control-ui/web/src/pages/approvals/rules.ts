// What `exec-approvals.json` says for everybody, or for one agent.
import type { AgentApprovals, ApprovalsFile } from "../../protocol/index.ts";

/** What holds for everybody, among the agents. */
export const DEFAULTS = "";

/** The agent whose rules hold for every agent. */
export const EVERY = "*";

export type Rule = AgentApprovals;

/** What the file says for `scope`. */
export function ruleOf(file: ApprovalsFile, scope: string): Rule {
  return (scope === DEFAULTS ? file.defaults : file.agents?.[scope]) ?? {};
}

/** The file with another rule for `scope`. What says nothing is left out. */
export function withRule(file: ApprovalsFile, scope: string, rule: Rule): ApprovalsFile {
  const kept = Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0))) as Rule;
  const isEmpty = Object.keys(kept).length === 0;
  if (scope === DEFAULTS) {
    const { defaults: _, ...rest } = file;
    return isEmpty ? rest : { ...rest, defaults: kept };
  }
  const { [scope]: _, ...others } = file.agents ?? {};
  const agents = isEmpty ? others : { ...others, [scope]: kept };
  const { agents: __, ...rest } = file;
  return Object.keys(agents).length ? { ...rest, agents } : rest;
}
