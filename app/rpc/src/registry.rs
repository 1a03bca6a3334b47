//! Finding and calling a method.

use std::{collections::HashMap, fmt, future, sync::Arc};

use domain::{
    access::{Access, Principal, Role, Scope},
    client::Client,
};
use ports::{
    BoxFuture,
    driven::{Clock, CodeWriter, ConfigManual, Entropy, EventSink, Reach},
    driving::{Rpc, RpcError, RpcReply},
};
use serde_json::value::RawValue;
use tracing::{Instrument as _, debug_span};
use usecases::{
    approvals::Approvals, auth::Auth, canvas::Passes, chat::Chat, config::Configuration,
    directory::Directory, facts::Facts, health::Health, logs::Logs, models::Models, nodes::Nodes,
    pairing::Pairing, presence::Presence, restart::Restarts, sessions::Sessions,
    spending::Spendings, status::Status, system::System, tools::Tools, update::Update,
    versions::Versions, wizard::Wizard,
};

use crate::{Method, limit::Limit, method::Context, methods};

/// What a paired node may call besides what is for nodes, where
/// `gateway.nodes.allowChat` says so: what the iOS app of January 2026 calls over
/// its node connection (`ws-protocol.md` 14).
const NODE_CHAT: [&str; 5] = ["chat.send", "chat.history", "chat.abort", "sessions.list", "health"];

/// How much of the name of an unknown method is repeated.
const MAX_NAME: usize = 128;

/// Every method, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Method> {
    methods::FAMILIES.iter().copied().flatten()
}

/// The use cases the methods call.
#[derive(Clone)]
pub struct Services {
    /// Consent for commands.
    pub approvals: Approvals,
    /// Comparing secrets.
    pub auth: Auth,
    /// Who may see the canvas.
    pub canvas: Passes,
    /// Talking to agents.
    pub chat: Chat,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Writes setup codes.
    pub codes: Arc<dyn CodeWriter>,
    /// The configuration.
    pub configuration: Configuration,
    /// The agents.
    pub directory: Directory,
    /// Names for what nobody has named.
    pub entropy: Arc<dyn Entropy>,
    /// What clients subscribe to.
    pub events: Arc<dyn EventSink>,
    /// What the gateway knows about itself.
    pub facts: Arc<Facts>,
    /// How the gateway is.
    pub health: Health,
    /// The log.
    pub logs: Logs,
    /// The models.
    /// What may stand in the configuration file.
    pub manual: Arc<dyn ConfigManual>,
    pub models: Models,
    /// The devices that were let in.
    pub pairing: Pairing,
    /// The nodes.
    pub nodes: Nodes,
    /// Who is connected.
    pub presence: Presence,
    /// How the gateway is reached from elsewhere.
    pub reach: Arc<dyn Reach>,
    /// Starting the gateway anew.
    pub restarts: Restarts,
    /// The list of conversations.
    pub sessions: Sessions,
    /// What was used.
    pub spendings: Spendings,
    /// How things are.
    pub status: Status,
    /// Announcements, wake-up calls, heartbeats.
    pub system: System,
    /// Bringing the program up to date.
    pub update: Update,
    /// The versions of presence and health.
    pub versions: Arc<Versions>,
    /// Setting up.
    pub wizard: Wizard,
}

/// Answers calls with the methods of [`all`].
pub struct Registry {
    services: Arc<Services>,
    tools: Tools,
    methods: HashMap<&'static str, &'static Method>,
    limit: Limit,
}

impl Registry {
    /// A registry whose methods act on `services`, and use `tools`.
    pub fn new(services: Arc<Services>, tools: Tools) -> Self {
        let methods = all().map(|method| (method.name, method)).collect();
        Self { services, tools, methods, limit: Limit::new() }
    }

    /// Whether `caller` is a paired node that may chat like an operator.
    fn is_lent_to(&self, caller: &Client, name: &str) -> bool {
        let Principal { role, device, .. } = &caller.principal;
        *role == Role::Node
            && device.is_some()
            && NODE_CHAT.contains(&name)
            && self.services.configuration.current().gateway.nodes.allow_chat
    }

    /// The method `name`, if `caller` may call it. Whoever may not call every
    /// method is not told which there are (`ws-protocol.md` 2.6).
    fn find(&self, caller: &Client, name: &str) -> Result<&'static Method, RpcError> {
        let method = self.methods.get(name).copied();
        let unknown = Access::Operator(Scope::Admin);
        let access = method.map_or(unknown, |method| method.access);
        if !self.is_lent_to(caller, name) {
            access.check(&caller.principal)?;
        }
        method.ok_or_else(|| {
            let name: String = name.chars().take(MAX_NAME).collect();
            RpcError::invalid(format!("unknown method: {name}"))
        })
    }

    /// The same, counted where calls are counted.
    fn admit(&self, caller: &Client, name: &str) -> Result<&'static Method, RpcError> {
        let method = self.find(caller, name)?;
        if method.governs {
            self.limit.count(caller, method.name, self.services.clock.now())?;
        }
        Ok(method)
    }
}

impl Rpc for Registry {
    fn call(
        &self,
        caller: &Arc<Client>,
        method: &str,
        params: Option<&RawValue>,
    ) -> BoxFuture<Result<RpcReply, RpcError>> {
        match self.admit(caller, method) {
            Ok(method) => {
                let services = Arc::clone(&self.services);
                let tools = self.tools.clone();
                let context = Context { services, caller: Arc::clone(caller), tools };
                let answer = (method.call)(context, params);
                let span = debug_span!("rpc", method = method.name);
                if span.is_disabled() { answer } else { Box::pin(answer.instrument(span)) }
            }
            Err(refused) => Box::pin(future::ready(Err(refused))),
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("chat", &self.chat).finish_non_exhaustive()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("methods", &self.methods.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ports::config::Config;
    use serde_json::json;

    use super::*;
    use crate::testing::{World, client, node};

    #[test]
    fn names_are_unique_and_documented() {
        let mut seen = HashSet::new();
        for method in all() {
            assert!(seen.insert(method.name), "{} is declared twice", method.name);
            assert!(method.doc.trim_end().ends_with('.'), "{} lacks a sentence", method.name);
        }
    }

    #[test]
    fn the_control_plane_is_complete() {
        let promised = "connect health status system-presence system-event last-heartbeat \
            set-heartbeats wake logs.tail chat.send chat.history chat.abort chat.inject agent \
            agent.wait agent.identity.get agents.list models.list sessions.list sessions.preview \
            sessions.resolve sessions.patch sessions.reset sessions.delete sessions.compact \
            config.get config.schema sessions.subscribe sessions.messages.subscribe \
            sessions.messages.unsubscribe sessions.create sessions.send sessions.abort \
            sessions.describe chat.startup chat.metadata chat.message.get commands.list \
            system.info gateway.identity.get device.pair.list device.pair.approve \
            device.pair.reject device.pair.remove device.pair.rename device.pair.setupCode \
            device.pair.setupStatus device.token.rotate device.token.revoke \
            device.scopes.requestUpgrade device.scopes.waitUpgrade \
            node.list node.describe node.rename node.invoke node.pending.enqueue \
            exec.approvals.node.get exec.approvals.node.set node.pair.request node.pair.list \
            node.pair.approve node.pair.reject node.pair.verify node.pair.remove \
            node.invoke.result node.invoke.progress node.event node.pending.pull \
            node.pending.ack node.pending.drain skills.bins exec.approval.request exec.approval.resolve \
            exec.approval.get exec.approval.list exec.approval.waitDecision \
            exec.approval.grants.list exec.approval.grants.revoke approval.get approval.resolve \
            approval.history exec.approvals.get exec.approvals.set config.set config.patch \
            config.apply gateway.restart.preflight gateway.restart.request update.run \
            update.status plugin.surface.refresh node.pluginSurface.refresh config.schema.lookup wizard.start wizard.next wizard.cancel wizard.status \
            tools.catalog tools.effective tools.invoke usage.cost usage.status sessions.usage \
            sessions.usage.timeseries sessions.usage.logs";
        let served: HashSet<&str> = all().map(|method| method.name).collect();
        let promised: HashSet<&str> = promised.split_whitespace().collect();
        assert_eq!(served, promised);
    }

    /// Whoever calls, whatever he holds: a method is reached exactly when its
    /// access allows it, and the refusal is that of its access.
    #[tokio::test]
    async fn every_method_asks_what_its_entry_says() {
        let world = World::new();
        let subsets = 1u16 << Scope::ALL.len();
        for role in Role::ALL {
            for set in 0..subsets {
                let held: Vec<Scope> = Scope::ALL
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| set & (1 << bit) != 0)
                    .map(|(_, scope)| *scope)
                    .collect();
                let caller = client(*role, &held);
                for method in all() {
                    let found = world.registry.find(&caller, method.name).map(|it| it.name);
                    let verdict = method.access.check(&caller.principal);
                    let expected = verdict.map(|()| method.name).map_err(RpcError::from);
                    assert_eq!(found, expected, "{} for {role} with {held:?}", method.name);
                }
                let unknown = world.registry.find(&caller, "constructor").unwrap_err().message;
                let expected = match (role, caller.principal.scopes.contains(Scope::Admin)) {
                    (Role::Node, _) => "unauthorized role: node",
                    (Role::Operator, true) => "unknown method: constructor",
                    (Role::Operator, false) => "missing scope: operator.admin",
                };
                assert_eq!(unknown, expected);
            }
        }
    }

    /// AUT-040, and `ws-protocol.md` 14 for the iOS app: the option lends a paired
    /// node these five methods, and nobody anything else.
    #[tokio::test]
    async fn a_paired_node_may_chat_where_the_configuration_says_so() {
        let mut generous = Config::default();
        generous.gateway.nodes.allow_chat = true;
        let (strict, generous) = (World::new(), World::configured(generous));
        let unpaired = client(Role::Node, &[]);
        let reader = client(Role::Operator, &[Scope::Read]);
        let reached = |world: &World, caller: &Client| -> Vec<&str> {
            let names = all().map(|method| method.name);
            names.filter(|name| world.registry.find(caller, name).is_ok()).collect()
        };
        let own = [
            "connect",
            "node.invoke.result",
            "node.invoke.progress",
            "node.event",
            "node.pending.pull",
            "node.pending.ack",
            "node.pending.drain",
            "skills.bins",
            "node.pluginSurface.refresh",
        ];
        assert_eq!(reached(&strict, &node(1)), own);
        assert_eq!(reached(&strict, &unpaired), own);
        assert_eq!(reached(&generous, &unpaired), own);
        assert_eq!(reached(&generous, &reader), reached(&strict, &reader));

        let mut lent = reached(&generous, &node(1));
        lent.retain(|name| !own.contains(name));
        assert_eq!(lent, ["health", "chat.send", "chat.abort", "chat.history", "sessions.list"]);
        let refused = generous.registry.find(&node(1), "chat.inject").unwrap_err().message;
        assert_eq!(refused, "unauthorized role: node");
    }

    #[tokio::test]
    async fn a_second_connect_is_refused_whatever_it_says() {
        let world = World::new();
        let refusal = world.refusal("connect", json!({ "nonsense": 1 })).await;
        assert_eq!(refusal, "connect is only valid as the first request");
        let reader = world.reply(&[Scope::Read], "connect", &json!({})).await.unwrap_err();
        assert_eq!(reader.message, "missing scope: operator.admin");
    }

    #[tokio::test]
    async fn absent_parameters_and_null_are_an_empty_object() {
        let world = World::new();
        let caller = client(Role::Operator, &[Scope::Read]);
        let null = serde_json::from_str("null").unwrap();
        for params in [None, Some(null)] {
            assert!(world.registry.call(&caller, "agents.list", params).await.is_ok());
        }
    }

    /// Whoever changes what governs the gateway is limited; a new method of that
    /// kind belongs on this list, and its entry gets the mark.
    #[test]
    fn what_governs_the_gateway_is_limited() {
        let governing = "set-heartbeats device.pair.approve device.pair.reject \
            device.pair.remove device.pair.rename device.pair.setupCode device.token.rotate \
            device.token.revoke device.scopes.requestUpgrade node.pair.approve node.pair.reject \
            node.pair.remove node.rename exec.approvals.set exec.approvals.node.set \
            exec.approval.grants.revoke config.set config.patch config.apply \
            gateway.restart.request update.run wizard.start";
        let governing: HashSet<&str> = governing.split_whitespace().collect();
        for method in all() {
            assert_eq!(method.governs, governing.contains(method.name), "{}", method.name);
        }
    }

    /// The 31st call within a minute is refused, that of another caller or of
    /// another method is not, and what does not govern is not counted.
    #[tokio::test]
    async fn one_caller_changes_what_governs_only_so_often() {
        let world = World::new();
        let admin = client(Role::Operator, &[Scope::Admin]);
        let call = async |caller: &Arc<Client>, method, params| {
            let params = serde_json::value::to_raw_value(&params).unwrap();
            world.registry.call(caller, method, Some(&params)).await
        };
        let switch = json!({ "enabled": true });
        for _ in 0..30 {
            call(&admin, "set-heartbeats", switch.clone()).await.unwrap();
        }
        let refused = call(&admin, "set-heartbeats", switch.clone()).await.unwrap_err();
        assert_eq!(refused.code, ports::driving::ErrorCode::Unavailable);
        assert_eq!(refused.message, "rate limit exceeded for set-heartbeats");
        assert!(refused.retry_after.is_some());

        let elsewhere =
            Arc::new(Client { remote_address: Some("192.0.2.1".into()), ..(*admin).clone() });
        call(&elsewhere, "set-heartbeats", switch).await.unwrap();
        let unknown = json!({ "requestId": "r" });
        let other = call(&admin, "device.pair.reject", unknown).await.unwrap_err();
        assert_eq!(other.message, "unknown requestId");
        for _ in 0..100 {
            call(&admin, "agents.list", json!({})).await.unwrap();
        }
    }

    /// Being refused for want of a scope spends nothing.
    #[tokio::test]
    async fn whoever_may_not_call_is_not_counted() {
        let world = World::new();
        let reader = client(Role::Operator, &[Scope::Read]);
        let admin = client(Role::Operator, &[Scope::Admin]);
        for _ in 0..31 {
            let refused = world.registry.call(&reader, "set-heartbeats", None).await.unwrap_err();
            assert_eq!(refused.message, "missing scope: operator.admin");
        }
        let params = serde_json::value::to_raw_value(&json!({ "enabled": true })).unwrap();
        assert!(world.registry.call(&admin, "set-heartbeats", Some(&params)).await.is_ok());
    }
}
