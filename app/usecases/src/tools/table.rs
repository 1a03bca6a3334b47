//! The tools this gateway has, declared once.

use std::time::Duration;

use domain::access::Scope;

use super::{
    Call, Tools, Work, agents, gateway, nodes, send, sessions,
    shape::{Kind, Parameter},
    web_fetch,
};

/// Everything there is to know about one tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// What it does, for a model.
    pub(super) doc: &'static str,
    pub(super) risk: Risk,
    /// What a caller has to hold, as for the method that does the same.
    pub(super) scope: Scope,
    /// How long it may take.
    pub(super) limit: Duration,
    pub(super) parameters: &'static [Parameter],
    pub(super) work: fn(Tools, Call) -> Work,
}

/// How much harm a tool can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// It only looks at what the gateway knows.
    Low,
    /// It reaches others.
    Medium,
    /// It governs the gateway or other machines.
    High,
}

impl Risk {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The longest name of anything, in bytes.
const NAME: Kind = Kind::Text(512);
/// For what only looks something up.
const SHORT: Duration = Duration::from_secs(30);
/// For what waits for others, who have ten minutes.
const LONG: Duration = Duration::from_mins(11);

/// Every tool.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "sessions_list",
        label: "Sessions",
        doc: "Lists conversations, the newest first.",
        risk: Risk::Low,
        scope: Scope::Read,
        limit: SHORT,
        parameters: &[
            Parameter::optional("limit", Kind::Count(1, 1000)),
            Parameter::optional("activeMinutes", Kind::Count(1, 525_600)),
            Parameter::optional("agentId", NAME),
            Parameter::optional("label", NAME),
            Parameter::optional("search", NAME),
            Parameter::optional("includeDerivedTitles", Kind::Flag),
            Parameter::optional("includeLastMessage", Kind::Flag),
        ],
        work: |tools, call| Box::pin(sessions::list(tools, call)),
    },
    Tool {
        name: "sessions_history",
        label: "Session History",
        doc: "Reads what was said last in a conversation.",
        risk: Risk::Low,
        scope: Scope::Read,
        limit: SHORT,
        parameters: &[
            Parameter::required("sessionKey", NAME),
            Parameter::optional("limit", Kind::Count(1, 1000)),
            Parameter::optional("includeTools", Kind::Flag),
        ],
        work: |tools, call| Box::pin(sessions::history(tools, call)),
    },
    Tool {
        name: "session_status",
        label: "Session Status",
        doc: "Says how a conversation is: its model, and how full it is.",
        risk: Risk::Low,
        scope: Scope::Read,
        limit: SHORT,
        parameters: &[Parameter::optional("sessionKey", NAME)],
        work: |tools, call| Box::pin(sessions::status(tools, call)),
    },
    Tool {
        name: "sessions_send",
        label: "Session Send",
        doc: "Says something in another conversation and waits for the answer.",
        risk: Risk::Medium,
        scope: Scope::Write,
        limit: LONG,
        parameters: &[
            Parameter::optional("sessionKey", NAME),
            Parameter::optional("label", NAME),
            Parameter::required("message", Kind::Text(256 * 1024)),
            Parameter::optional("timeoutSeconds", Kind::Count(0, 600)),
        ],
        work: |tools, call| Box::pin(send::send(tools, call)),
    },
    Tool {
        name: "agents_list",
        label: "Agents",
        doc: "Lists the agents.",
        risk: Risk::Low,
        scope: Scope::Read,
        limit: SHORT,
        parameters: &[],
        work: |tools, call| Box::pin(std::future::ready(Ok(agents::list(&tools, &call)))),
    },
    Tool {
        name: web_fetch::NAME,
        label: "Web Fetch",
        doc: "Gets a page of the open internet and reads it as text.",
        risk: Risk::Medium,
        scope: Scope::Write,
        limit: Duration::from_secs(130),
        parameters: &[
            Parameter::required("url", Kind::Text(2048)),
            Parameter::optional("extractMode", Kind::Word(&["markdown", "text"])),
            Parameter::optional("maxChars", Kind::Count(100, 1_000_000)),
        ],
        work: |tools, call| Box::pin(web_fetch::fetch(tools, call)),
    },
    Tool {
        name: "gateway",
        label: "Gateway",
        doc: "Reads the configuration, secrets left out, and what may stand in it.",
        risk: Risk::High,
        scope: Scope::Admin,
        limit: SHORT,
        parameters: &[
            Parameter::required("action", Kind::Word(&["config.get", "config.schema.lookup"])),
            Parameter::optional("path", NAME),
        ],
        work: |tools, call| Box::pin(gateway::work(tools, call)),
    },
    Tool {
        name: "nodes",
        label: "Nodes",
        doc: "Lists the paired nodes, describes one, or gives one a command.",
        risk: Risk::High,
        scope: Scope::Admin,
        limit: LONG,
        parameters: &[
            Parameter::required("action", Kind::Word(&["status", "describe", "invoke"])),
            Parameter::optional("node", NAME),
            Parameter::optional("invokeCommand", NAME),
            Parameter::optional("invokeParamsJson", Kind::Text(1024 * 1024)),
            Parameter::optional("invokeTimeoutMs", Kind::Count(1, 600_000)),
        ],
        work: |tools, call| Box::pin(nodes::work(tools, call)),
    },
];

impl Tool {
    /// The tool called `name`.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }
}

#[test]
fn every_tool_is_one_of_openclaws_and_says_what_it_does() {
    let mut seen = std::collections::HashSet::new();
    for tool in TOOLS {
        assert!(seen.insert(tool.name), "{} is there twice", tool.name);
        assert!(domain::tools::is_native(tool.name), "{}", tool.name);
        assert_eq!(domain::tools::canonical(tool.name), tool.name);
        assert!(tool.doc.ends_with('.'), "{}", tool.name);
        // What can do harm is not for everybody who may read.
        assert_eq!(tool.risk == Risk::Low, tool.scope == Scope::Read, "{}", tool.name);
    }
}

/// Tools that govern are for owners, wherever the configuration lets them be
/// used (`security.md`, V-30).
#[test]
fn tools_that_govern_are_for_owners() {
    for tool in TOOLS {
        let governs = ["gateway", "nodes", "cron"].contains(&tool.name);
        assert_eq!(tool.scope == Scope::Admin, governs, "{}", tool.name);
    }
}
