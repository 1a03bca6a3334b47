//! `exec.*` and `approval.*`: consent for commands, and the policy of this
//! machine about them.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    access::{
        Access::Operator,
        Scope::{Admin, Approvals},
    },
    approval::Decision,
    ids::RequestId,
    time::Timestamp,
};
use ports::{
    Json,
    driven::PolicySnapshot,
    driving::{RpcError, RpcReply},
    view::{ApprovalsFile, ExecApproval, ExecGrant},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::approvals::{Asked, Outcome, Question};

use crate::{
    method::{Context, methods},
    params::{Any, Count, Int, List, Name, NonEmpty, Nothing, Text, Unused},
    refusal,
};

methods! {
    /// Asks for consent to run a command, and answers with the decision.
    ///
    /// The answer comes when somebody decided, or when the time is over; then
    /// `decision` is `null`, which is a no. With `twoPhase` there is a first
    /// answer, `accepted`, as soon as the question is put. The question stays
    /// when the caller leaves; `exec.approval.waitDecision` takes the waiting up
    /// again. Where the words of the command are known (`systemRunPlan`,
    /// `commandArgv`), they count, and `command` does not.
    "exec.approval.request" [Operator(Approvals)] request(RequestParams) => RequestResult;

    /// Decides about a command. The first decision is final.
    "exec.approval.resolve" [Operator(Approvals)] resolve(ResolveParams) -> Done;

    /// One question about a command.
    "exec.approval.get" [Operator(Approvals)] get(ApprovalParams) -> Described;

    /// The questions that wait, the oldest first: for whoever reconnects.
    "exec.approval.list" [Operator(Approvals)] list(Nothing) -> Vec<ExecApproval>;

    /// Waits for the decision about a question that was put before.
    "exec.approval.waitDecision" [Operator(Approvals)] wait(ApprovalParams) -> Decided;

    /// Consent that was given once and for all (`allow-always`).
    "exec.approval.grants.list" [Operator(Approvals)] grants(GrantsParams) -> Grants;

    /// Takes consent back that was given once and for all.
    "exec.approval.grants.revoke" [Operator(Approvals), governs] revoke(RevokeParams) -> Done;

    /// One question of any kind. Commands are the only kind so far.
    "approval.get" [Operator(Approvals)] get(ApprovalParams) -> Described;

    /// Decides about a question of any kind. The first decision is final.
    "approval.resolve" [Operator(Approvals)] resolve_any(ResolveAnyParams) -> Done;

    /// What was decided in the last thirty days, the newest first.
    "approval.history" [Operator(Approvals)] history(HistoryParams) -> History;

    /// Which commands may run on this machine, as its owner wrote it down.
    "exec.approvals.get" [Operator(Admin)] policy(Nothing) -> Policy;

    /// Writes down which commands may run on this machine.
    ///
    /// `baseHash` is the hash of the text this replaces, from
    /// `exec.approvals.get`.
    "exec.approvals.set" [Operator(Admin), governs] set_policy(SetParams) -> Policy;
}

/// How long a command can be, all its words together, in bytes.
const MAX_COMMAND: usize = 128 * 1024;
/// How many grants are listed when nobody says.
const GRANTS: usize = 100;
/// How many answers are listed when nobody says.
const ANSWERS: usize = 50;

type Word = Text<0, 65_536>;
type Words = List<Word, 1, 1024>;

/// Parameters of `exec.approval.request`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct RequestParams {
    /// Names the question; made when it is absent.
    id: Option<Text<1, 128>>,
    /// The command as a line.
    command: Option<NonEmpty>,
    /// Program and arguments.
    command_argv: Option<Words>,
    /// The command as the node prepared it (`system.run.prepare`).
    system_run_plan: Option<Plan>,
    /// The variables that would be set for it.
    env: Option<BTreeMap<String, String>>,
    /// Where it would run.
    cwd: Option<Any>,
    /// On which node.
    node_id: Option<Name>,
    /// On which kind of machine.
    host: Option<Any>,
    /// What the caller says may run.
    security: Option<Any>,
    /// When the caller says somebody is asked.
    ask: Option<Any>,
    /// What to look out for.
    warning_text: Option<Any>,
    /// Decisions that are not offered: `allow-always` is the only one that can
    /// be left out.
    unavailable_decisions: Option<List<Any, 1, 1>>,
    /// For which agent.
    agent_id: Option<Any>,
    /// The file of the program.
    resolved_path: Option<Any>,
    /// For which session.
    session_key: Option<Any>,
    /// The devices whose users may decide; everybody's when absent.
    approval_reviewer_device_ids: Option<List<NonEmpty, 0, 64>>,
    /// How long to wait, in milliseconds. Two minutes when absent, a day at most.
    timeout_ms: Option<Count<1>>,
    /// Whether to say at once that the question is put.
    two_phase: Option<bool>,
    /// Without effect.
    scope: Option<Unused>,
    /// Without effect.
    command_spans: Option<Unused>,
    /// Without effect.
    session_id: Option<Unused>,
    /// Without effect.
    run_id: Option<Unused>,
    /// Without effect.
    tool_call_id: Option<Unused>,
    /// Without effect.
    turn_source_channel: Option<Unused>,
    /// Without effect.
    turn_source_to: Option<Unused>,
    /// Without effect.
    turn_source_account_id: Option<Unused>,
    /// Without effect.
    turn_source_thread_id: Option<Unused>,
    /// Without effect.
    require_delivery_route: Option<Unused>,
    /// Without effect.
    suppress_delivery: Option<Unused>,
    /// Without effect.
    deliver_to_approval_clients_only: Option<Unused>,
}

/// A command as a node would run it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Plan {
    /// Program and arguments.
    argv: Words,
    /// Where.
    cwd: Option<Any>,
    /// For which agent.
    agent_id: Option<Any>,
    /// For which session.
    session_key: Option<Any>,
    /// The variables that would be set, by name.
    env_keys: Option<List<Any, 0, 64>>,
    /// The file of the program.
    resolved_path: Option<Any>,
    /// The fingerprint of everything that decides what the command does.
    binding_hash: Option<Text<64, 64>>,
}

/// Results of `exec.approval.request`, first and last.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what is written one by one")]
enum RequestResult {
    /// The question is put.
    Accepted(Accepted),
    /// It is decided.
    Decided(Decided),
}

/// A question is put.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    /// Always `accepted`.
    status: &'static str,
    /// The question.
    id: String,
    /// When it was put.
    #[schemars(with = "u64")]
    created_at_ms: Timestamp,
    /// When nobody has to answer any more.
    #[schemars(with = "u64")]
    expires_at_ms: Timestamp,
}

/// How a question ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Decided {
    /// The question.
    id: String,
    /// `allow-once`, `allow-always`, `deny`, or `null`: nobody answered, which
    /// is a no.
    #[schemars(with = "Option<String>")]
    decision: Option<Decision>,
    /// When it was put.
    #[schemars(with = "u64")]
    created_at_ms: Timestamp,
    /// When nobody had to answer any more.
    #[schemars(with = "u64")]
    expires_at_ms: Timestamp,
}

impl From<Outcome> for Decided {
    fn from(outcome: Outcome) -> Self {
        let Asked { id, created_at, expires_at } = outcome.asked;
        Self {
            id: id.to_string(),
            decision: outcome.decision,
            created_at_ms: created_at,
            expires_at_ms: expires_at,
        }
    }
}

async fn request(cx: Context, params: RequestParams) -> Result<RpcReply, RpcError> {
    let id = params.id.as_ref().map(|id| read_id(id.as_str())).transpose()?;
    let patience = params.timeout_ms.map(|ms| Duration::from_millis(ms.get()));
    let two_phase = params.two_phase == Some(true);
    let question = question(params)?;
    let approvals = cx.services.approvals.clone();
    let asked = approvals.ask(&cx.caller, id, question, patience).map_err(refusal::ask)?;
    let accepted = Accepted {
        status: "accepted",
        id: asked.id.to_string(),
        created_at_ms: asked.created_at,
        expires_at_ms: asked.expires_at,
    };
    let outcome = async move {
        let outcome = approvals.outcome(&asked.id).await.map_err(refusal::outcome)?;
        Ok(Json::of(&Decided::from(outcome)))
    };
    if two_phase {
        Ok(RpcReply { payload: Json::of(&accepted), later: Some(Box::pin(outcome)) })
    } else {
        outcome.await.map(RpcReply::from)
    }
}

/// The question that `params` put.
fn question(params: RequestParams) -> Result<Question, RpcError> {
    let invalid =
        |what: &str| RpcError::invalid(format!("invalid exec.approval.request params: {what}"));
    let text = |text: Option<Any>| text.map(Any::into_string).filter(|text| !text.is_empty());
    let words = |words: Words| -> Vec<String> {
        words.into_vec().into_iter().map(Word::into_string).collect()
    };
    let plan = params.system_run_plan;
    let plan = plan.map(|plan| Question {
        argv: Some(words(plan.argv)),
        cwd: text(plan.cwd),
        agent: text(plan.agent_id),
        session: text(plan.session_key),
        env: plan.env_keys.into_iter().flat_map(List::into_vec).map(Any::into_string).collect(),
        resolved_path: text(plan.resolved_path),
        binding: plan.binding_hash.map(Text::into_string),
        ..Question::default()
    });
    let plan = plan.unwrap_or_default();
    let argv = plan.argv.or_else(|| params.command_argv.map(words));
    let command = params.command.map(NonEmpty::into_string).unwrap_or_default();
    if command.is_empty() && argv.is_none() {
        return Err(invalid("must have required property 'command'"));
    }
    let length = argv.iter().flatten().map(String::len).sum::<usize>() + command.len();
    if MAX_COMMAND < length {
        return Err(invalid("the command is too long"));
    }
    let mut env: Vec<String> = params.env.into_iter().flat_map(BTreeMap::into_keys).collect();
    env.extend(plan.env);
    env.sort();
    env.dedup();
    let not_offered = params.unavailable_decisions.into_iter().flat_map(List::into_vec);
    let always = Decision::AllowAlways.as_str();
    Ok(Question {
        command,
        argv,
        env,
        cwd: plan.cwd.or_else(|| text(params.cwd)),
        host: text(params.host),
        node: params.node_id.map(Name::into_string),
        security: text(params.security),
        ask: text(params.ask),
        agent: plan.agent.or_else(|| text(params.agent_id)),
        resolved_path: plan.resolved_path.or_else(|| text(params.resolved_path)),
        session: plan.session.or_else(|| text(params.session_key)),
        warning: text(params.warning_text),
        binding: plan.binding,
        once_only: not_offered.into_iter().any(|word| word.as_str() == always),
        reviewers: params
            .approval_reviewer_device_ids
            .into_iter()
            .flat_map(List::into_vec)
            .map(NonEmpty::into_string)
            .collect(),
    })
}

fn read_id(text: &str) -> Result<RequestId, RpcError> {
    text.parse().map_err(|error| RpcError::invalid(format!("invalid approval id: {error}")))
}

/// Parameters of `exec.approval.resolve`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResolveParams {
    /// The question.
    id: NonEmpty,
    /// `allow-once`, `allow-always` or `deny`.
    decision: NonEmpty,
}

/// It is done.
#[derive(Debug, Serialize, JsonSchema)]
struct Done {
    /// Always true.
    ok: bool,
}

async fn resolve(cx: Context, params: ResolveParams) -> Result<Done, RpcError> {
    decide(&cx, params.id.as_str(), params.decision.as_str(), None).await
}

/// Parameters of `approval.resolve`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct ResolveAnyParams {
    /// The question.
    id: NonEmpty,
    /// Of which kind it is: `exec`.
    kind: NonEmpty,
    /// `allow-once`, `allow-always` or `deny`.
    decision: NonEmpty,
    /// Without effect: whoever calls decides.
    reviewer: Option<Unused>,
    /// For how many days `allow-always` is good; for ever when absent.
    grant_expires_in_days: Option<Int<1, 3650>>,
}

async fn resolve_any(cx: Context, params: ResolveAnyParams) -> Result<Done, RpcError> {
    if params.kind.as_str() != "exec" {
        return Err(refusal::unknown_approval());
    }
    let day = Duration::from_hours(24);
    let grant_for = params.grant_expires_in_days.and_then(|days| u32::try_from(days.get()).ok());
    let grant_for = grant_for.map(|days| day * days);
    decide(&cx, params.id.as_str(), params.decision.as_str(), grant_for).await
}

async fn decide(
    cx: &Context,
    id: &str,
    decision: &str,
    grant_for: Option<Duration>,
) -> Result<Done, RpcError> {
    let decision = decision.parse().map_err(|_| RpcError::invalid("invalid decision"))?;
    let id = id.parse().map_err(|_| refusal::unknown_approval())?;
    let resolved = cx.services.approvals.resolve(&cx.caller, &id, decision, grant_for).await;
    resolved.map_err(refusal::resolve)?;
    Ok(Done { ok: true })
}

/// Names a question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalParams {
    /// The question.
    id: NonEmpty,
}

/// A question, and what can be answered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Described {
    /// The question.
    #[serde(flatten)]
    approval: ExecApproval,
    /// The command as one line.
    command_text: String,
}

async fn get(cx: Context, params: ApprovalParams) -> Result<Described, RpcError> {
    let id = params.id.as_str().parse().ok();
    let approval = id.and_then(|id| cx.services.approvals.get(&id));
    let approval = approval.ok_or_else(refusal::unknown_approval)?;
    Ok(Described { command_text: approval.request.command.clone(), approval })
}

async fn list(cx: Context, _: Nothing) -> Result<Vec<ExecApproval>, RpcError> {
    Ok(cx.services.approvals.pending())
}

async fn wait(cx: Context, params: ApprovalParams) -> Result<Decided, RpcError> {
    let id = params.id.as_str().parse().map_err(|_| refusal::unknown_approval())?;
    let outcome = cx.services.approvals.outcome(&id).await;
    outcome.map(Decided::from).map_err(refusal::outcome)
}

/// Parameters of `exec.approval.grants.list`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GrantsParams {
    /// At most so many.
    limit: Option<Int<1, 500>>,
}

/// Consent that was given once and for all.
#[derive(Debug, Serialize, JsonSchema)]
struct Grants {
    /// The newest first.
    grants: Vec<ExecGrant>,
}

async fn grants(cx: Context, params: GrantsParams) -> Result<Grants, RpcError> {
    let limit = params.limit.map_or(GRANTS, Int::size);
    Ok(Grants { grants: cx.services.approvals.grants(limit) })
}

/// Parameters of `exec.approval.grants.revoke`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RevokeParams {
    /// The consent.
    grant_id: NonEmpty,
}

async fn revoke(cx: Context, params: RevokeParams) -> Result<Done, RpcError> {
    let revoked = cx.services.approvals.revoke(params.grant_id.as_str()).await;
    let was_there = revoked.map_err(refusal::commit)?;
    was_there.then_some(Done { ok: true }).ok_or_else(|| RpcError::invalid("unknown grant id"))
}

/// Parameters of `approval.history`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HistoryParams {
    /// Where to go on: `nextCursor` of the page before.
    cursor: Option<Text<1, 512>>,
    /// At most so many.
    limit: Option<Int<1, 100>>,
    /// Only of this kind. There are no others than `exec` so far.
    kind: Option<NonEmpty>,
}

/// What was decided.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct History {
    /// The newest first.
    approvals: Vec<ExecApproval>,
    /// Where to go on, if there is more.
    next_cursor: Option<String>,
}

async fn history(cx: Context, params: HistoryParams) -> Result<History, RpcError> {
    if params.kind.is_some_and(|kind| kind.as_str() != "exec") {
        return Ok(History { approvals: Vec::new(), next_cursor: None });
    }
    let limit = params.limit.map_or(ANSWERS, Int::size);
    let after = params.cursor.as_ref().map(Text::as_str);
    let (approvals, next_cursor) = cx.services.approvals.history(after, limit);
    Ok(History { approvals, next_cursor })
}

/// The policy as it is on disk.
#[derive(Debug, Serialize, JsonSchema)]
struct Policy {
    /// Where it is.
    path: String,
    /// Whether it is there.
    exists: bool,
    /// SHA-256 of the text, in hex.
    hash: String,
    /// What it says. What others must know to speak on the socket is left out.
    file: ApprovalsFile,
    /// Why it cannot be read, if it cannot. Then nothing may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl From<PolicySnapshot> for Policy {
    fn from(snapshot: PolicySnapshot) -> Self {
        let PolicySnapshot { path, exists, hash, file, problem } = snapshot;
        Self { path, exists, hash, file, problem }
    }
}

async fn policy(cx: Context, _: Nothing) -> Result<Policy, RpcError> {
    let policy = cx.services.approvals.policy().await;
    policy.map(Policy::from).map_err(|error| RpcError::unavailable(error.to_string()))
}

/// Parameters of `exec.approvals.set`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetParams {
    /// What is written.
    file: ApprovalsFile,
    /// The hash of the text it replaces.
    base_hash: Option<NonEmpty>,
}

async fn set_policy(cx: Context, params: SetParams) -> Result<Policy, RpcError> {
    let base = params.base_hash.map(NonEmpty::into_string);
    let written = cx.services.approvals.set_policy(params.file, base).await;
    written.map(Policy::from).map_err(refusal::policy)
}

#[cfg(test)]
mod tests {
    use domain::access::Scope;
    use serde_json::{Value, json};

    use crate::testing::World;

    #[tokio::test]
    async fn a_command_is_asked_for_twice_and_decided_once() {
        let world = World::new();
        let asked = json!({ "id": "a", "command": "ls", "twoPhase": true, "cwd": null });
        let reply =
            world.reply(&[Scope::Approvals], "exec.approval.request", &asked).await.unwrap();
        let accepted: Value = serde_json::from_str(reply.payload.as_str()).unwrap();
        assert_eq!((&accepted["status"], &accepted["id"]), (&json!("accepted"), &json!("a")));
        let again = world.refusal("exec.approval.request", asked.clone()).await;
        assert_eq!(again, "approval id already pending");

        let list = world.call("exec.approval.list", json!({})).await.unwrap();
        assert_eq!((&list[0]["id"], &list[0]["request"]["command"]), (&json!("a"), &json!("ls")));
        let one = world.call("approval.get", json!({ "id": "a" })).await.unwrap();
        assert_eq!((&one["status"], &one["commandText"]), (&json!("pending"), &json!("ls")));

        let resolve = |decision| json!({ "id": "a", "decision": decision });
        let bad = world.refusal("exec.approval.resolve", resolve("maybe")).await;
        assert_eq!(bad, "invalid decision");
        let done = world.call("exec.approval.resolve", resolve("deny")).await.unwrap();
        assert_eq!(done, json!({ "ok": true }));
        let late = world.refusal("exec.approval.resolve", resolve("allow-once")).await;
        assert_eq!(late, "unknown approval id");

        let decided = reply.later.unwrap().await.unwrap();
        let decided: Value = serde_json::from_str(decided.as_str()).unwrap();
        let at = &accepted["createdAtMs"];
        let expected = json!({ "id": "a", "decision": "deny", "createdAtMs": at,
            "expiresAtMs": accepted["expiresAtMs"] });
        assert_eq!(decided, expected);
        let waited = world.call("exec.approval.waitDecision", json!({ "id": "a" })).await.unwrap();
        assert_eq!(waited, expected);
        let history = world.call("approval.history", json!({ "kind": "exec" })).await.unwrap();
        assert_eq!(history["approvals"][0]["status"], "denied");
        let plugins = world.call("approval.history", json!({ "kind": "plugin" })).await.unwrap();
        assert_eq!(plugins["approvals"], json!([]));
    }

    #[tokio::test]
    async fn the_words_count_and_not_the_line_beside_them() {
        let world = World::new();
        let plan = json!({ "argv": ["rm", "-rf", "a b"], "cwd": "/work", "agentId": null,
            "sessionKey": "main", "commandText": "ls", "bindingHash": "a".repeat(64) });
        let asked = json!({ "id": "a", "command": "ls", "systemRunPlan": plan, "twoPhase": true });
        let _reply =
            world.reply(&[Scope::Approvals], "exec.approval.request", &asked).await.unwrap();
        let one = world.call("exec.approval.get", json!({ "id": "a" })).await.unwrap();
        assert_eq!(one["request"]["command"], "rm -rf 'a b'");
        assert_eq!(one["request"]["cwd"], "/work");
    }

    #[tokio::test]
    async fn nobody_decides_without_the_scope() {
        let world = World::new();
        let resolve = json!({ "id": "a", "decision": "allow-once" });
        for method in ["exec.approval.resolve", "exec.approval.request", "exec.approval.list"] {
            let refused = world.reply(&[Scope::Write], method, &resolve).await.unwrap_err();
            assert_eq!(refused.message, "missing scope: operator.approvals", "{method}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_asked_or_written() {
        let world = World::new();
        let long = "x".repeat(200 * 1024);
        #[rustfmt::skip]
        let table = [
            ("exec.approval.request", json!({}), "must have required property 'command'"),
            ("exec.approval.request", json!({ "command": "" }), "at /command: must NOT have fewer than 1 characters"),
            ("exec.approval.request", json!({ "command": "ls", "timeoutMs": 0 }), "at /timeoutMs: must be >= 1"),
            ("exec.approval.request", json!({ "command": long }), "the command is too long"),
            ("exec.approval.request", json!({ "command": "ls", "x": 1 }), "at root: unexpected property 'x'"),
            ("exec.approvals.set", json!({ "file": { "version": 2 } }), "at /file/version: must be equal to constant"),
            ("exec.approvals.set", json!({ "file": {} }), "at /file: must have required property 'version'"),
        ];
        for (method, params, problem) in table {
            let refused = world.refusal(method, params).await;
            assert_eq!(refused, format!("invalid {method} params: {problem}"));
        }
        let other = json!({ "id": "a", "kind": "plugin", "decision": "deny" });
        assert_eq!(world.refusal("approval.resolve", other).await, "unknown approval id");
        let grant = json!({ "grantId": "nobody" });
        assert_eq!(world.refusal("exec.approval.grants.revoke", grant).await, "unknown grant id");
    }

    #[tokio::test]
    async fn the_policy_is_replaced_by_whoever_has_seen_it() {
        let world = World::new();
        let first = world.call("exec.approvals.get", json!({})).await.unwrap();
        assert_eq!((&first["exists"], &first["file"]), (&json!(false), &json!({ "version": 1 })));
        let set = |base: Option<&Value>| {
            json!({ "baseHash": base, "file": { "version": 1,
            "agents": { "default": { "allowlist": [{ "pattern": "/usr/bin/rg" }] } } } })
        };
        let written = world.call("exec.approvals.set", set(None)).await.unwrap();
        let entry = &written["file"]["agents"]["main"]["allowlist"][0];
        assert_eq!(entry["pattern"], "/usr/bin/rg");
        assert!(entry["id"].as_str().is_some_and(|id| !id.is_empty()));
        let blind = world.refusal("exec.approvals.set", set(None)).await;
        let wanted = "exec approvals base hash required; re-run exec.approvals.get and retry";
        assert_eq!(blind, wanted);
        let stale = world.refusal("exec.approvals.set", set(Some(&first["hash"]))).await;
        let wanted = "exec approvals changed since last load; re-run exec.approvals.get and retry";
        assert_eq!(stale, wanted);
        assert!(world.call("exec.approvals.set", set(Some(&written["hash"]))).await.is_ok());
    }
}
