//! How much is thrown away by whoever begins anew.

/// How much is thrown away by whoever begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The configuration.
    Config,
    /// That, who was let in, and what was said.
    Access,
    /// That, and everything else the gateway keeps, and where agents worked.
    Full,
}

/// What is about somebody being let in, or was said, in the state directory.
const ACCESS: [&str; 11] = [
    "agents",
    "credentials",
    "device-token-key",
    "devices",
    "gateway-token",
    "identity/device-auth.json",
    "nodes",
    "revoked-tokens",
    "sessions",
    "state",
    "subagents",
];

/// What stays in the state directory whatever is thrown away: what is thrown
/// away, what was saved, what tells how it went, and what holds the place of
/// whoever does it.
const STAYS: [&str; 5] = ["backups", "gateway.lock", "logs", "trash", "wizard.json"];

impl Reset {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::Config, Self::Access, Self::Full];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Access => "config+creds+sessions",
            Self::Full => "full",
        }
    }

    /// The one of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reset| reset.word() == word)
    }

    /// Which of `entries`, the names in the state directory, it takes; the
    /// configuration, by the name `config`, is not taken but written anew.
    pub fn takes(self, entries: &[String], config: Option<&str>) -> Vec<String> {
        // Its backups and its lock have longer names.
        let of_config = |name: &str| config.is_some_and(|config| name.starts_with(config));
        match self {
            Self::Config => Vec::new(),
            Self::Access => ACCESS.map(str::to_owned).to_vec(),
            Self::Full => {
                let all = entries.iter().filter(|name| !STAYS.contains(&name.as_str()));
                all.filter(|name| !of_config(name)).cloned().collect()
            }
        }
    }
}

#[test]
fn what_each_takes() {
    let entries = [
        "gateway.lock",
        "identity",
        "openclaw.json",
        "openclaw.json.bak",
        "state",
        "trash",
        "workspace",
    ];
    let entries = entries.map(str::to_owned);
    let takes = |reset: Reset| reset.takes(&entries, Some("openclaw.json"));
    assert_eq!(takes(Reset::Config), [""; 0]);
    assert!(takes(Reset::Access).contains(&"state".to_owned()));
    assert!(!takes(Reset::Access).contains(&"workspace".to_owned()));
    assert_eq!(takes(Reset::Full), ["identity", "state", "workspace"]);
    for reset in Reset::ALL {
        assert_eq!(Reset::of(reset.word()), Some(reset));
    }
    assert_eq!(Reset::of("everything"), None);
}
