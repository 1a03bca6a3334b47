//! `tools.*`: which tools there are, and using one without an agent.

use domain::{
    access::{
        Access::Operator,
        Scope::{Read, Write},
    },
    tools::Profile,
};
use ports::{
    Json,
    driving::{RpcError, ToolInvocation, ToolOrigin, ToolRefusal, Tools as _},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::tools::{GroupListing, ToolListing};

use super::send::Later;
use crate::{
    method::{Context, methods},
    params::{IdempotencyKey, Name, SessionName},
    refusal,
};

methods! {
    /// Every tool this gateway has, in groups, and the profiles they are in.
    "tools.catalog" [Operator(Read)] catalog(CatalogParams) -> Catalog;

    /// The tools `tools.invoke` may use on behalf of a session: what
    /// `gateway.tools` and the policies of the configuration leave of them.
    "tools.effective" [Operator(Read)] effective(EffectiveParams) -> Effective;

    /// Uses a tool, without an agent.
    ///
    /// What comes of it is in the answer even if it is a refusal; only a call
    /// that is wrong, or that its caller may not make, is an error. A tool asks
    /// for the scope of the method that does the same. The same call under the
    /// same `idempotencyKey` is made once within five minutes.
    "tools.invoke" [Operator(Write)] invoke(InvokeParams) -> Invoked;
}

/// Where all tools come from.
const SOURCE: &str = "core";

/// Parameters of `tools.catalog`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "plugins are accepted without effect")]
struct CatalogParams {
    /// The agent; the default one when absent.
    agent_id: Option<Name>,
    /// Without effect: there are no plugins.
    include_plugins: Option<bool>,
}

/// Result of `tools.catalog`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Catalog {
    /// The agent.
    agent_id: String,
    /// The profiles one can choose.
    profiles: Vec<ProfileRow>,
    /// The tools.
    groups: Vec<Group>,
}

/// A profile.
#[derive(Debug, Serialize, JsonSchema)]
struct ProfileRow {
    /// Its name in the configuration.
    id: &'static str,
    /// Its name for people.
    label: &'static str,
}

/// A group of tools.
#[derive(Debug, Serialize, JsonSchema)]
struct Group {
    /// Its name.
    id: &'static str,
    /// Its name for people.
    label: String,
    /// Always `core`.
    source: &'static str,
    /// Its tools.
    tools: Vec<Tool>,
}

/// A tool.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Tool {
    /// Its name.
    id: &'static str,
    /// Its name for people.
    label: &'static str,
    /// What it does.
    description: &'static str,
    /// Always `core`.
    source: &'static str,
    /// `low`, `medium` or `high`.
    risk: &'static str,
    /// The profiles it is in.
    default_profiles: Vec<&'static str>,
}

async fn catalog(cx: Context, params: CatalogParams) -> Result<Catalog, RpcError> {
    let agent = params.agent_id.as_ref().map(Name::as_str);
    let place = cx.tools.place(None, agent).map_err(refusal::tool)?;
    let label = |profile| match profile {
        Profile::Minimal => "Minimal",
        Profile::Coding => "Coding",
        Profile::Messaging => "Messaging",
        Profile::Full => "Full",
    };
    let profile = |it: Profile| ProfileRow { id: it.as_str(), label: label(it) };
    Ok(Catalog {
        agent_id: place.agent.to_string(),
        profiles: Profile::ALL.into_iter().map(profile).collect(),
        groups: cx.tools.catalog(&place).groups.into_iter().map(Group::from).collect(),
    })
}

impl From<GroupListing> for Group {
    fn from(group: GroupListing) -> Self {
        let mut letters = group.name.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        Self {
            id: group.name,
            label: first.chain(letters).collect(),
            source: SOURCE,
            tools: group.tools.into_iter().map(Tool::from).collect(),
        }
    }
}

impl From<ToolListing> for Tool {
    fn from(tool: ToolListing) -> Self {
        Self {
            id: tool.name,
            label: tool.label,
            description: tool.doc,
            source: SOURCE,
            risk: tool.risk.as_str(),
            default_profiles: tool.profiles.into_iter().map(Profile::as_str).collect(),
        }
    }
}

/// Parameters of `tools.effective`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EffectiveParams {
    /// The session.
    session_key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
}

/// Result of `tools.effective`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Effective {
    /// Whose session it is.
    agent_id: String,
    /// The profile that holds there.
    profile: &'static str,
    /// The tools: one group, or none.
    groups: Vec<EffectiveGroup>,
}

/// The tools from one source.
#[derive(Debug, Serialize, JsonSchema)]
struct EffectiveGroup {
    /// Always `core`.
    id: &'static str,
    /// Its name for people.
    label: &'static str,
    /// Always `core`.
    source: &'static str,
    /// The tools.
    tools: Vec<EffectiveTool>,
}

/// A tool that may be used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EffectiveTool {
    /// Its name.
    id: &'static str,
    /// Its name for people.
    label: &'static str,
    /// What it does.
    description: &'static str,
    /// The same, as models are told.
    raw_description: &'static str,
    /// Always `core`.
    source: &'static str,
    /// `low`, `medium` or `high`.
    risk: &'static str,
}

async fn effective(cx: Context, params: EffectiveParams) -> Result<Effective, RpcError> {
    let agent = params.agent_id.as_ref().map(Name::as_str);
    let place = cx.tools.place(Some(params.session_key.as_str()), agent);
    let place = place.map_err(refusal::tool)?;
    let listing = cx.tools.effective(&place).await.map_err(refusal::tool)?;
    let row = |tool: ToolListing| EffectiveTool {
        id: tool.name,
        label: tool.label,
        description: tool.doc,
        raw_description: tool.doc,
        source: SOURCE,
        risk: tool.risk.as_str(),
    };
    let tools: Vec<_> = listing.groups.into_iter().flat_map(|it| it.tools).map(row).collect();
    let group = EffectiveGroup { id: SOURCE, label: "Built-in tools", source: SOURCE, tools };
    Ok(Effective {
        agent_id: place.agent.to_string(),
        profile: listing.profile.as_str(),
        groups: if group.tools.is_empty() { Vec::new() } else { vec![group] },
    })
}

/// Parameters of `tools.invoke`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct InvokeParams {
    /// The tool.
    name: Name,
    /// With what: an object.
    args: Option<Json>,
    /// On behalf of which session; the main one of the agent when absent.
    session_key: Option<SessionName>,
    /// On behalf of which agent.
    agent_id: Option<Name>,
    /// Without effect: what needs consent asks for it.
    confirm: Option<bool>,
    /// Names the call, and makes repeating it harmless.
    idempotency_key: Option<IdempotencyKey>,
    /// Without effect: every caller is an operator.
    conversation_read_origin: Later,
}

/// Result of `tools.invoke`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Invoked {
    /// Whether it worked.
    ok: bool,
    /// The tool, as the caller spelled it.
    tool_name: String,
    /// What came of it: `content` for a model, `details` for a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Json>,
    /// Always `core`.
    source: &'static str,
    /// Why nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// Why nothing came of a tool.
#[derive(Debug, Serialize, JsonSchema)]
struct Failure {
    /// `not_found`, `tool_error`, `timeout` or `unavailable`.
    code: &'static str,
    /// What is wrong, for a person.
    message: String,
}

async fn invoke(cx: Context, params: InvokeParams) -> Result<Invoked, RpcError> {
    let tool_name = params.name.into_string();
    let call = ToolInvocation {
        tool: tool_name.clone(),
        action: None,
        arguments: params.args,
        session: params.session_key.map(SessionName::into_string),
        agent: params.agent_id.map(Name::into_string),
        idempotency_key: params.idempotency_key.map(IdempotencyKey::into_string),
        origin: ToolOrigin::default(),
    };
    let invoked = |output: Option<Json>, error: Option<Failure>| Invoked {
        ok: error.is_none(),
        tool_name,
        output,
        source: SOURCE,
        error,
    };
    let refused = match cx.tools.invoke(&cx.caller.principal, call).await {
        Ok(output) => return Ok(invoked(Some(output), None)),
        Err(refused) => refused,
    };
    let code = match &refused {
        ToolRefusal::NotAvailable(_) => "not_found",
        ToolRefusal::Tool(_) | ToolRefusal::Internal => "tool_error",
        ToolRefusal::TooLong(_) => "timeout",
        ToolRefusal::Unavailable(_) => "unavailable",
        ToolRefusal::Invalid(_) | ToolRefusal::Denied(_) | ToolRefusal::Conflict => {
            return Err(refusal::tool(refused));
        }
    };
    Ok(invoked(None, Some(Failure { code, message: refused.to_string() })))
}

#[cfg(test)]
mod tests;
