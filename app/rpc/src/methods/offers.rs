//! What there is to choose from: agents, models, commands.

use domain::{
    access::{Access::Operator, Scope::Read},
    command::{Argument, COMMANDS, Command, Spec},
    ids::AgentId,
};
use ports::{config::IdentityConfig, driving::RpcError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::{directory, models::Offer};

use super::send::Later;
use crate::{
    method::{Context, methods},
    params::{Any, Name, Nothing, SessionName},
    refusal,
};

methods! {
    /// The agents.
    "agents.list" [Operator(Read)] agents(Nothing) -> Roster;

    /// How an agent presents itself: the one that is named, the one of a
    /// session, or the default one.
    "agent.identity.get" [Operator(Read)] identity(IdentityParams) -> Identity;

    /// The models that are known, by provider and name.
    "models.list" [Operator(Read)] models(ModelsParams) -> Models;

    /// The commands one can type into a conversation.
    "commands.list" [Operator(Read)] commands(CommandsParams) -> Commands;

    /// What can be chosen in a chat: models and commands.
    "chat.metadata" [Operator(Read)] chat_metadata(MetadataParams) -> ChatMetadata;
}

/// Result of `agents.list`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Roster {
    /// Who answers when nobody is named.
    default_id: String,
    /// What the main conversation of an agent is called.
    main_key: String,
    /// `per-sender`.
    scope: &'static str,
    /// Each agent.
    agents: Vec<Agent>,
}

/// An agent.
#[derive(Debug, Serialize, JsonSchema)]
struct Agent {
    /// Its name in keys.
    id: String,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// How it presents itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Look>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<AgentModel>,
}

/// How an agent presents itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Look {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What it is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<String>,
    /// Its sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
    /// Its picture, as the configuration names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    /// Its picture, as an address browsers can show.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
}

/// The model of an agent.
#[derive(Debug, Serialize, JsonSchema)]
struct AgentModel {
    /// The first one that is asked.
    primary: String,
}

async fn agents(cx: Context, _: Nothing) -> Result<Roster, RpcError> {
    let directory::Listing { keys, agents } = cx.services.directory.list_with_pictures().await;
    let look = |identity: IdentityConfig, avatar_url| {
        let IdentityConfig { name, theme, emoji, avatar } = identity;
        Look { name, theme, emoji, avatar, avatar_url }
    };
    let agent = |agent: directory::Listed| Agent {
        id: agent.id.to_string(),
        name: agent.name,
        identity: agent.identity.map(|identity| look(identity, agent.avatar_url)),
        model: agent.model.map(|model| AgentModel { primary: model.to_string() }),
    };
    Ok(Roster {
        default_id: keys.default_agent.to_string(),
        main_key: keys.main_key.into(),
        scope: "per-sender",
        agents: agents.into_iter().map(agent).collect(),
    })
}

/// Parameters of `agent.identity.get`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct IdentityParams {
    /// The agent.
    agent_id: Option<Name>,
    /// A session of it.
    session_key: Option<Any>,
}

/// Result of `agent.identity.get`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Identity {
    /// Its name in keys.
    agent_id: String,
    /// Its name for people.
    name: String,
    /// Its picture: a URL, a data URL or a letter.
    avatar: String,
    /// Its sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<String>,
}

async fn identity(cx: Context, params: IdentityParams) -> Result<Identity, RpcError> {
    let directory = &cx.services.directory;
    let agent = params.agent_id.map(|agent| AgentId::normalize(agent.as_str()));
    let session = params.session_key.and_then(|key| SessionName::new(key.into_string()));
    let session = session.map(|name| cx.key(&name)).transpose()?;
    let whose = directory.whose(agent, session.as_ref());
    let whose = whose.map_err(|mismatch| refusal::mismatch("agent.identity.get", &mismatch))?;
    let directory::Identity { agent, name, avatar, emoji } = directory.identity(&whose);
    Ok(Identity { agent_id: agent.to_string(), name, avatar, emoji })
}

/// Parameters of `models.list`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "accepted without effect")]
struct ModelsParams {
    /// Without effect: the models are the same for everybody.
    agent_id: Later,
    /// Without effect.
    session_key: Later,
    /// Without effect: only configured models are known.
    view: Later,
    /// Without effect.
    include_provider_capabilities: Later,
    /// Without effect.
    prepared_only: Later,
    /// Without effect.
    refresh: Later,
}

/// Result of `models.list`.
#[derive(Debug, Serialize, JsonSchema)]
struct Models {
    /// The models.
    models: Vec<Model>,
}

/// A model.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Model {
    /// What its provider calls it.
    id: String,
    /// What people call it.
    name: String,
    /// Who offers it.
    provider: String,
    /// How many tokens it can have in mind.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u64>,
    /// How many tokens it can say at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    /// Whether it can think before it answers.
    reasoning: bool,
    /// What it can read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input: Vec<String>,
    /// Marks, as `default`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'static str>,
    /// Whether it can be chosen.
    available: bool,
}

async fn models(cx: Context, _: ModelsParams) -> Result<Models, RpcError> {
    Ok(Models { models: known_models(&cx) })
}

fn known_models(cx: &Context) -> Vec<Model> {
    cx.services.models.list().into_iter().map(Model::from).collect()
}

impl From<Offer> for Model {
    fn from(Offer { provider, info, is_default }: Offer) -> Self {
        Self {
            name: if info.name.is_empty() { info.id.clone() } else { info.name },
            id: info.id,
            provider,
            context_window: info.context_window,
            max_tokens: info.max_tokens,
            reasoning: info.reasoning,
            input: info.input,
            tags: if is_default { vec!["default"] } else { Vec::new() },
            available: true,
        }
    }
}

/// Parameters of `commands.list`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct CommandsParams {
    /// Whether to say what may follow each command. Default: yes.
    include_args: Option<bool>,
    /// Without effect: the commands are the same everywhere.
    session_key: Later,
    /// Without effect.
    agent_id: Later,
    /// Without effect.
    provider: Later,
    /// Without effect.
    scope: Later,
}

/// Result of `commands.list`.
#[derive(Debug, Serialize, JsonSchema)]
struct Commands {
    /// The commands.
    commands: Vec<CommandRow>,
}

/// A command.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CommandRow {
    /// Its name, without the slash.
    name: &'static str,
    /// The same, for menus.
    native_name: &'static str,
    /// What can be typed for it.
    text_aliases: Vec<String>,
    /// What it does.
    description: &'static str,
    /// `session`, `options` or `status`.
    category: &'static str,
    /// `native`.
    source: &'static str,
    /// `both`: it can be typed and chosen from a menu.
    scope: &'static str,
    /// Whether something may follow it.
    accepts_args: bool,
    /// What may follow it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<ArgumentRow>,
}

/// What may follow a command.
#[derive(Debug, Serialize, JsonSchema)]
struct ArgumentRow {
    /// What to call it.
    name: &'static str,
    /// What it means.
    description: &'static str,
    /// `string`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it can be; anything if there is nothing here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<Choice>,
}

/// What can follow a command.
#[derive(Debug, Serialize, JsonSchema)]
struct Choice {
    /// What to type.
    value: &'static str,
    /// What to show.
    label: &'static str,
}

async fn commands(_: Context, params: CommandsParams) -> Result<Commands, RpcError> {
    let with_arguments = params.include_args.unwrap_or(true);
    Ok(Commands { commands: command_rows(with_arguments) })
}

fn command_rows(with_arguments: bool) -> Vec<CommandRow> {
    let row = |spec: &Spec| CommandRow {
        name: spec.names[0],
        native_name: spec.names[0],
        text_aliases: spec.names.iter().map(|name| format!("/{name}")).collect(),
        description: spec.doc,
        category: category(spec.command),
        source: "native",
        scope: "both",
        accepts_args: spec.argument.is_some(),
        args: spec.argument.filter(|_| with_arguments).map(ArgumentRow::from).into_iter().collect(),
    };
    COMMANDS.iter().map(row).collect()
}

const fn category(command: Command) -> &'static str {
    match command {
        Command::Help | Command::Status => "status",
        Command::New | Command::Reset | Command::Stop | Command::Compact => "session",
        Command::Model | Command::Think | Command::Usage => "options",
    }
}

impl From<Argument> for ArgumentRow {
    fn from(argument: Argument) -> Self {
        let choice = |word: &&'static str| Choice { value: word, label: word };
        Self {
            name: argument.name,
            description: argument.doc,
            kind: "string",
            choices: argument.choices.iter().map(choice).collect(),
        }
    }
}

/// Parameters of `chat.metadata`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "accepted without effect")]
struct MetadataParams {
    /// Without effect: what can be chosen is the same everywhere.
    session_key: Later,
    /// Without effect.
    agent_id: Later,
    /// Without effect.
    auth_profile_id: Later,
}

/// Result of `chat.metadata`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChatMetadata {
    /// The models.
    models: Vec<Model>,
    /// The commands.
    commands: Vec<CommandRow>,
}

async fn chat_metadata(cx: Context, _: MetadataParams) -> Result<ChatMetadata, RpcError> {
    Ok(metadata(&cx))
}

pub(super) fn metadata(cx: &Context) -> ChatMetadata {
    ChatMetadata { models: known_models(cx), commands: command_rows(true) }
}
