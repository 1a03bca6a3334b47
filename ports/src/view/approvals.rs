//! The file in which the owner of a machine writes down which commands may run
//! (`ws-protocol.md` 10.3). Clients read and write it as it is on disk.

use std::{borrow::Cow, collections::BTreeMap};

use domain::approval::{AllowEntry, Ask, Overrides, Policy, Security};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// `exec-approvals.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalsFile {
    /// Always 1.
    pub version: FirstVersion,
    /// Where an application of the desktop asks its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<ApprovalsSocket>,
    /// What holds when nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<ApprovalDefaults>,
    /// What holds for one agent, or under `*` for every agent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, AgentApprovals>,
}

/// Where an application of the desktop asks its user.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalsSocket {
    /// The socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What whoever speaks there has to know. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// What holds when nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalDefaults {
    /// `deny`, `allowlist` or `full`.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// `off`, `on-miss` or `always`.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Kept, and without effect: no answer is a no.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_fallback: Option<Security>,
    /// Whether the programs of skills count as listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_allow_skills: Option<bool>,
}

/// What holds for an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentApprovals {
    /// `deny`, `allowlist` or `full`.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// `off`, `on-miss` or `always`.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Kept, and without effect: no answer is a no.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_fallback: Option<Security>,
    /// Whether the programs of skills count as listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_allow_skills: Option<bool>,
    /// The programs that may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowlist: Vec<AllowedProgram>,
}

/// A program that may run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedProgram {
    /// Names the entry; made when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which programs: a pattern for the full path.
    pub pattern: String,
    /// When it was last of use, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<f64>,
    /// For which command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_command: Option<String>,
    /// For which file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resolved_path: Option<String>,
    /// What later versions say about it. It is kept, and an entry with more to
    /// it fits nothing, because it may be a restriction.
    #[serde(flatten)]
    #[schemars(skip)]
    pub more: BTreeMap<String, serde_json::Value>,
}

impl ApprovalsFile {
    /// The name agents had that are called `main` now.
    const LEGACY_MAIN: &str = "default";

    /// The same without what only the owner's applications may know.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        if let Some(socket) = &mut self.socket {
            socket.token = None;
        }
        self
    }

    /// The same as it goes to disk in place of `before`: what was not sent along
    /// about the socket stays, every entry has an id, old names are replaced.
    #[must_use]
    pub fn in_place_of(mut self, before: &Self, mut id: impl FnMut() -> String) -> Self {
        if let Some(known) = &before.socket {
            let socket = self.socket.get_or_insert_default();
            socket.path = socket.path.take().or_else(|| known.path.clone());
            socket.token = socket.token.take().or_else(|| known.token.clone());
        }
        self.rename_main();
        let entries = self.agents.values_mut().flat_map(|agent| &mut agent.allowlist);
        for entry in entries {
            if entry.id.as_deref().is_none_or(|id| id.trim().is_empty()) {
                entry.id = Some(id());
            }
        }
        self
    }

    /// The list of `main` grows by that of its old name; what else is said under
    /// the old name counts where nothing is said under the new one.
    fn rename_main(&mut self) {
        let Some(mut old) = self.agents.remove(Self::LEGACY_MAIN) else { return };
        let main = self.agents.entry("main".to_owned()).or_default();
        main.security = main.security.or(old.security);
        main.ask = main.ask.or(old.ask);
        main.ask_fallback = main.ask_fallback.or(old.ask_fallback);
        main.auto_allow_skills = main.auto_allow_skills.or(old.auto_allow_skills);
        main.allowlist.append(&mut old.allowlist);
    }

    /// What it says.
    pub fn policy(&self) -> Policy {
        let mut file = self.clone();
        file.rename_main();
        let defaults = file.defaults.unwrap_or_default();
        let agent = |(name, said): (String, AgentApprovals)| {
            let overrides = Overrides {
                security: said.security,
                ask: said.ask,
                ask_fallback: said.ask_fallback,
                auto_allow_skills: said.auto_allow_skills,
            };
            let list = said.allowlist.into_iter().map(AllowEntry::from).collect();
            (name.into(), (overrides, list))
        };
        Policy {
            defaults: Overrides {
                security: defaults.security,
                ask: defaults.ask,
                ask_fallback: defaults.ask_fallback,
                auto_allow_skills: defaults.auto_allow_skills,
            },
            agents: file.agents.into_iter().map(agent).collect(),
        }
    }
}

impl From<AllowedProgram> for AllowEntry {
    fn from(entry: AllowedProgram) -> Self {
        Self {
            id: entry.id.unwrap_or_else(|| entry.pattern.clone()).into(),
            pattern: entry.pattern.into(),
            understood: entry.more.is_empty(),
        }
    }
}

impl std::fmt::Debug for ApprovalsSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApprovalsSocket")
            .field("path", &self.path)
            .field("token", &self.token.is_some())
            .finish()
    }
}

/// The number 1: files of other versions are not understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstVersion;

impl Serialize for FirstVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

impl<'de> Deserialize<'de> for FirstVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(D::Error::custom(format_args!("version {other} is not understood"))),
        }
    }
}

impl JsonSchema for FirstVersion {
    fn schema_name() -> Cow<'static, str> {
        "One".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": 1 })
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::AgentId;

    use super::*;

    fn read(text: &str) -> ApprovalsFile {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_was_not_sent_along_about_the_socket_stays() {
        let before = read(r#"{"version":1,"socket":{"path":"/s","token":"secret"}}"#);
        for text in [r#"{"version":1}"#, r#"{"version":1,"socket":{}}"#] {
            let now = read(text).in_place_of(&before, String::new);
            assert_eq!(now.socket, before.socket, "{text}");
        }
        let other = read(r#"{"version":1,"socket":{"path":"/t"}}"#);
        let socket = other.in_place_of(&before, String::new).socket.unwrap();
        assert_eq!((socket.path.as_deref(), socket.token.as_deref()), (Some("/t"), Some("secret")));
        let shown = serde_json::to_string(&before.clone().without_secrets()).unwrap();
        assert_eq!(shown, r#"{"version":1,"socket":{"path":"/s"}}"#);
        assert!(!format!("{before:?}").contains("secret"));
    }

    #[test]
    fn entries_get_ids_and_old_names_are_replaced() {
        let sent = read(
            r#"{"version":1,"agents":{"default":{"security":"full","allowlist":[{"pattern":"/a"}]},
                "main":{"security":"deny","allowlist":[{"pattern":"/b","id":"kept"}]}}}"#,
        );
        let stored = sent.in_place_of(&ApprovalsFile::default(), || "made".into());
        assert_eq!(stored.agents.keys().collect::<Vec<_>>(), ["main"]);
        let main = &stored.agents["main"];
        assert_eq!(main.security, Some(Security::Deny));
        let ids: Vec<_> = main.allowlist.iter().map(|entry| entry.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["kept", "made"]);
    }

    #[test]
    fn an_entry_that_says_more_is_kept_and_fits_nothing() {
        let text = r#"{"version":1,"agents":{"main":{"security":"allowlist","allowlist":[
            {"pattern":"/a","argPattern":"^-l$"},{"pattern":"/b","lastUsedAt":1}]}}}"#;
        let file = read(text);
        let rules = file.policy().rules(&AgentId::main());
        let understood: Vec<_> = rules.allowlist.iter().map(|entry| entry.understood).collect();
        assert_eq!(understood, [false, true]);
        let again = read(&serde_json::to_string(&file).unwrap());
        assert_eq!(again, file);
    }

    #[test]
    fn other_versions_and_words_are_not_understood() {
        for text in [
            "{}",
            r#"{"version":2}"#,
            r#"{"version":"1"}"#,
            r#"{"version":1,"defaults":{"security":"everything"}}"#,
            r#"{"version":1,"surprise":1}"#,
            r#"{"version":1,"agents":{"main":{"allowlist":[{}]}}}"#,
        ] {
            assert!(serde_json::from_str::<ApprovalsFile>(text).is_err(), "{text}");
        }
    }
}
