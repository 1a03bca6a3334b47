//! The tools this gateway has, and using one of them.
//!
//! Every call goes the same way: what it is about, whether the tool may be used
//! there, whether the caller may, what it is used with, whether the same call was
//! made before; then the tool, for as long as it may take; then a line in the log
//! that says who used what, and nothing of what was said.

mod agents;
mod availability;
mod gateway;
mod listing;
mod nodes;
mod once;
mod send;
mod sessions;
mod shape;
mod table;
mod web_fetch;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    access::{Access, Principal},
    approval::Owner,
    hooks::one_line,
    ids::AgentId,
    session::SessionKey,
    tools::canonical,
};
use ports::{
    BoxFuture, Json,
    driven::{Clock, ConfigManual, Digests, Entropy, Fetch},
    driving::{self, ToolInvocation, ToolRefusal},
};
use serde::Serialize;
use tracing::{info, warn};

pub use self::{
    listing::{GroupListing, Listing, ToolListing},
    table::Risk,
};
use self::{
    once::{Calls, Name},
    shape::Arguments,
    table::Tool,
    web_fetch::Pages,
};
use crate::{
    chat::Chat, config::Configuration, directory::Directory, models::Models, nodes::Nodes,
    sessions::Sessions,
};

/// How much of a name that is not known is repeated, in letters.
const MAX_NAME: usize = 64;
/// The longest idempotency key, in bytes.
const MAX_KEY: usize = 256;

/// What the tools work with.
pub struct Deps {
    /// Talking to agents.
    pub chat: Chat,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub configuration: Configuration,
    /// Tells calls apart.
    pub digests: Arc<dyn Digests>,
    /// The agents.
    pub directory: Directory,
    /// Names calls.
    pub entropy: Arc<dyn Entropy>,
    /// The web.
    pub fetch: Arc<dyn Fetch>,
    /// What may stand in the configuration file.
    pub manual: Arc<dyn ConfigManual>,
    /// The models.
    pub models: Models,
    /// The nodes.
    pub nodes: Nodes,
    /// The list of conversations.
    pub sessions: Sessions,
}

/// The tools.
#[derive(Clone)]
pub struct Tools(Arc<Inner>);

struct Inner {
    deps: Deps,
    calls: Calls,
    pages: Pages,
}

/// On whose behalf a tool is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The agent.
    pub agent: AgentId,
    /// The conversation.
    pub session: SessionKey,
}

/// One use of a tool.
struct Call {
    caller: Principal,
    place: Place,
    /// A name no other call has.
    name: String,
    arguments: Arguments,
}

type Outcome = Result<Json, ToolRefusal>;
type Work = BoxFuture<Outcome>;

impl Tools {
    /// Tools that work with `deps`.
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(Inner { deps, calls: Calls::default(), pages: Pages::default() }))
    }

    /// On whose behalf a tool is used, given the conversation and the agent
    /// somebody names. `main`, and nothing, is the main one of the agent.
    pub fn place(&self, session: Option<&str>, agent: Option<&str>) -> Result<Place, ToolRefusal> {
        let Deps { configuration, directory, .. } = &self.0.deps;
        let invalid = |why: String| ToolRefusal::Invalid(why);
        let agent = match agent.map(str::trim).filter(|agent| !agent.is_empty()) {
            None => None,
            Some(named) => {
                let id = AgentId::normalize(named);
                if !AgentId::is_canonical(&named.to_ascii_lowercase()) || !directory.has(&id) {
                    let named = one_line(named, MAX_NAME);
                    return Err(invalid(format!("unknown agent id \"{named}\"")));
                }
                Some(id)
            }
        };
        let mut keys = configuration.keys();
        if let Some(agent) = &agent {
            keys.default_agent = agent.clone();
        }
        let session = session.map(str::trim).filter(|it| !it.is_empty());
        let session = match session {
            None => keys.main(),
            Some(raw) if raw.eq_ignore_ascii_case("main") => keys.main(),
            Some(raw) => keys.resolve(raw).map_err(|error| invalid(error.to_string()))?,
        };
        let agent = directory.whose(agent, Some(&session));
        let agent = agent.map_err(|mismatch| invalid(mismatch.to_string()))?;
        Ok(Place { agent, session })
    }

    /// The whole way of a call, and what the log says about it.
    async fn make(&self, caller: &Principal, call: ToolInvocation) -> Outcome {
        let clock = &self.0.deps.clock;
        let (began, owner) = (clock.now(), Owner::of(caller));
        let shown = one_line(&call.tool, MAX_NAME);
        let channel = call.origin.channel.as_deref().map(|channel| one_line(channel, MAX_NAME));
        let outcome = self.admit(caller, &owner, call).await;
        let took = clock.now().since(began);
        info!(
            tool = shown,
            by = owner.as_str(),
            channel,
            outcome = outcome.as_ref().map_or_else(word, |_| "ok"),
            took_ms = took.as_millis(),
            "a tool was used"
        );
        outcome
    }

    async fn admit(&self, caller: &Principal, owner: &Owner, call: ToolInvocation) -> Outcome {
        let ToolInvocation { tool, action, arguments, session, agent, idempotency_key, .. } = call;
        let place = self.place(session.as_deref(), agent.as_deref())?;
        let tool = self
            .available(&canonical(&tool), &place)
            .await?
            .ok_or_else(|| ToolRefusal::NotAvailable(one_line(&tool, MAX_NAME)))?;
        Access::Operator(tool.scope).check(caller)?;
        let arguments = arguments.as_ref().map_or("{}", Json::as_str);
        let read = Arguments::read(tool.parameters, arguments, action.as_deref());
        let read = read.map_err(|error| ToolRefusal::Tool(error.to_string()))?;
        let begin = |name| {
            let (caller, place) = (caller.clone(), place.clone());
            self.work(tool, Call { caller, place, name, arguments: read })
        };
        let Some(key) = idempotency_key else { return begin(self.0.deps.entropy.uuid()).await };
        if key.is_empty() || MAX_KEY < key.len() {
            let why = format!("idempotencyKey must have 1 to {MAX_KEY} characters");
            return Err(ToolRefusal::Invalid(why));
        }
        let said = [tool.name, place.session.as_str(), action.as_deref().unwrap_or(""), arguments];
        let fingerprint = self.0.deps.digests.sha256(said.join("\n").as_bytes());
        let name = Name { owner, key: &key, fingerprint };
        self.0.calls.once(name, &*self.0.deps.clock, &*self.0.deps.entropy, begin).await
    }

    /// Uses the tool, for as long as it may take.
    fn work(&self, tool: &'static Tool, call: Call) -> Work {
        Box::pin(within(tool.limit, (tool.work)(self.clone(), call)))
    }
}

/// What comes of `work`, if it does not take longer than `limit`.
async fn within(limit: Duration, work: Work) -> Outcome {
    let done = tokio::time::timeout(limit, work).await;
    done.unwrap_or(Err(ToolRefusal::TooLong(limit)))
}

#[async_trait]
impl driving::Tools for Tools {
    async fn invoke(&self, caller: &Principal, call: ToolInvocation) -> Outcome {
        self.make(caller, call).await
    }
}

/// What a tool found, for a model and for a program.
fn found(details: &impl Serialize) -> Json {
    #[derive(Serialize)]
    struct Found<'a> {
        content: [Content<'a>; 1],
        details: &'a Json,
    }
    #[derive(Serialize)]
    struct Content<'a> {
        r#type: &'static str,
        text: &'a str,
    }
    let details = Json::of(details);
    let content = [Content { r#type: "text", text: details.as_str() }];
    Json::of(&Found { content, details: &details })
}

/// The gateway failed; the caller is not told how.
fn at_fault(error: &(dyn std::error::Error + 'static)) -> ToolRefusal {
    warn!(error, "a tool failed");
    ToolRefusal::Internal
}

/// A refusal in a word, for the log.
const fn word(refusal: &ToolRefusal) -> &'static str {
    match refusal {
        ToolRefusal::Invalid(_) => "invalid",
        ToolRefusal::NotAvailable(_) => "not available",
        ToolRefusal::Denied(_) => "denied",
        ToolRefusal::Conflict => "conflict",
        ToolRefusal::Tool(_) => "refused by the tool",
        ToolRefusal::TooLong(_) => "took too long",
        ToolRefusal::Unavailable(_) => "unavailable",
        ToolRefusal::Internal => "failed",
    }
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_takes_too_long_is_given_up() {
    let limit = Duration::from_secs(30);
    let refused = within(limit, Box::pin(std::future::pending())).await;
    assert_eq!(refused, Err(ToolRefusal::TooLong(limit)));
    let done = within(limit, Box::pin(std::future::ready(Ok(Json::null())))).await;
    assert_eq!(done, Ok(Json::null()));
}
