//! What is decided about being found before the gateway runs.

/// What the environment says about being found on the local network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discoverability {
    /// Not at all, whatever the configuration says.
    pub disabled: bool,
    /// The name of the machine, in the place of its own.
    pub host: Option<String>,
    /// The name of the machine in the tailnet.
    pub tailnet_dns: Option<String>,
    /// Where the program is.
    pub cli_path: Option<String>,
    /// The port of SSH.
    pub ssh_port: Option<u16>,
}

impl Discoverability {
    /// Reads the variables of the product; `variable` knows them without prefix.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let yes = |word: String| matches!(&*word.to_ascii_lowercase(), "1" | "true" | "yes" | "on");
        Self {
            disabled: variable("DISABLE_BONJOUR").is_some_and(yes),
            host: variable("MDNS_HOSTNAME"),
            tailnet_dns: variable("TAILNET_DNS"),
            cli_path: variable("CLI_PATH"),
            ssh_port: variable("SSH_PORT").and_then(|port| port.parse().ok()).filter(|it| *it != 0),
        }
    }
}

#[test]
fn the_environment_is_read() {
    let set = |name: &str, value: &str| {
        let pair = (name.to_owned(), value.to_owned());
        Discoverability::read(move |name| (name == pair.0).then(|| pair.1.clone()))
    };
    for (word, disabled) in [("1", true), ("TRUE", true), ("0", false), ("no", false)] {
        assert_eq!(set("DISABLE_BONJOUR", word).disabled, disabled, "{word}");
    }
    for (port, read) in [("2222", Some(2222)), ("0", None), ("65536", None), ("ssh", None)] {
        assert_eq!(set("SSH_PORT", port).ssh_port, read, "{port}");
    }
    assert_eq!(set("MDNS_HOSTNAME", "pantry").host.as_deref(), Some("pantry"));
    assert_eq!(set("TAILNET_DNS", "a.ts.net").tailnet_dns.as_deref(), Some("a.ts.net"));
    assert_eq!(set("CLI_PATH", "/bin/x").cli_path.as_deref(), Some("/bin/x"));
    assert_eq!(set("OTHER", "1"), Discoverability::default());
}
