//! How a method is declared.

use std::sync::Arc;

use domain::{
    access::Access,
    client::Client,
    ids::AgentId,
    session::{Keys, SessionKey},
};
use ports::{
    BoxFuture,
    driving::{RpcError, RpcReply},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use usecases::tools::Tools;

use crate::{
    params::{IdempotencyKey, Name, SessionName},
    registry::Services,
    validate,
};

/// Everything there is to know about one method.
#[derive(Clone, Copy)]
pub struct Method {
    /// The name clients call it by.
    pub name: &'static str,
    /// What it asks of the caller.
    pub access: Access,
    /// Whether it changes what governs the gateway, so that one caller may call
    /// it only so often (`security.md` 2.3).
    pub governs: bool,
    /// Its documentation, as written above the declaration.
    pub doc: &'static str,
    /// The shape of its parameters.
    pub params: fn(&mut SchemaGenerator) -> Schema,
    /// The shape of its result.
    pub result: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) call: Call,
}

pub(crate) type Answer = Result<RpcReply, RpcError>;
pub(crate) type Call = fn(Context, Option<&RawValue>) -> BoxFuture<Answer>;

/// What a handler has to work with.
pub(crate) struct Context {
    pub(crate) services: Arc<Services>,
    pub(crate) caller: Arc<Client>,
    pub(crate) tools: Tools,
}

impl Context {
    /// How short names of sessions are completed.
    pub(crate) fn keys(&self) -> Keys {
        self.services.configuration.keys()
    }

    /// The session a client names.
    pub(crate) fn key(&self, name: &SessionName) -> Result<SessionKey, RpcError> {
        self.keys().resolve(name.as_str()).map_err(|error| RpcError::invalid(error.to_string()))
    }

    /// The same, of a client that may name the agent beside the session.
    pub(crate) fn key_of(
        &self,
        name: &SessionName,
        agent: Option<&Name>,
    ) -> Result<SessionKey, RpcError> {
        let Some(agent) = agent else { return self.key(name) };
        let agent = AgentId::normalize(agent.as_str());
        let keys = Keys { default_agent: agent.clone(), ..self.keys() };
        let key = keys.resolve(name.as_str());
        let key = key.map_err(|error| RpcError::invalid(error.to_string()))?;
        let whose = self.services.directory.whose(Some(agent), Some(&key));
        whose.map(|_| key).map_err(|mismatch| RpcError::invalid(mismatch.to_string()))
    }

    /// The main session of an agent, or of the default one.
    pub(crate) fn main_of(&self, agent: Option<&Name>) -> SessionKey {
        let keys = self.keys();
        match agent {
            Some(agent) => keys.main_of(&AgentId::normalize(agent.as_str())),
            None => keys.main(),
        }
    }

    /// A key for a call whose caller did not think of one.
    pub(crate) fn fresh_key(&self) -> Result<IdempotencyKey, RpcError> {
        let key = IdempotencyKey::new(self.services.entropy.uuid());
        key.ok_or_else(|| RpcError::unavailable("no name for the run"))
    }
}

/// Declares the methods of a family:
///
/// ```text
/// methods! {
///     /// What it does, for the manual.
///     "name" [Access] handler(Params) -> Result;
///
///     /// One whose handler returns the answer as it is written already, or
///     /// answers twice. `Result` is its shape.
///     "name" [Access] handler(Params) => Result;
///
///     /// One that changes what governs the gateway, and is therefore limited.
///     "name" [Access, governs] handler(Params) -> Result;
/// }
/// ```
macro_rules! methods {
    ($( $(#[doc = $doc:literal])+ $name:literal [$access:expr $(, $mark:ident)?] $handler:ident($params:ty) $arrow:tt $result:ty; )+) => {
        pub(crate) const METHODS: &[$crate::Method] = &[$(
            $crate::Method {
                name: $name,
                access: $access,
                governs: $crate::method::methods!(@governs $($mark)?),
                doc: concat!($($doc, "\n"),+),
                params: |generator| generator.subschema_for::<$params>(),
                result: |generator| generator.subschema_for::<$result>(),
                call: |context, params| {
                    match $crate::method::decode::<$params>($name, params) {
                        Err(refused) => Box::pin(std::future::ready(Err(refused))),
                        Ok(params) => Box::pin(async move {
                            let answer = $handler(context, params).await?;
                            $crate::method::methods!(@reply $arrow answer)
                        }),
                    }
                },
            },
        )+];
    };
    (@governs) => { false };
    (@governs governs) => { true };
    (@reply -> $answer:ident) => { Ok(ports::driving::RpcReply::of(&$answer)) };
    (@reply => $answer:ident) => { Ok(ports::driving::RpcReply::from($answer)) };
}
pub(crate) use methods;

/// Reads parameters; absent ones and `null` are an empty object. Decoding is
/// checking: only when it fails is the schema asked what to say.
pub(crate) fn decode<T>(method: &str, params: Option<&RawValue>) -> Result<T, RpcError>
where
    T: DeserializeOwned + JsonSchema,
{
    let text = params.map_or("{}", RawValue::get);
    let text = if text == "null" { "{}" } else { text };
    // What is declared as a struct would otherwise be read from a list as well.
    let decoded = if text.starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        Err("must be object".to_owned())
    };
    decoded.map_err(|error| {
        let problems = validate::problems(&schemars::schema_for!(T), text);
        let problems = if problems.is_empty() { error } else { problems };
        RpcError::invalid(format!("invalid {method} params: {problems}"))
    })
}

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Method")
            .field("name", &self.name)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
