//! Whether the gateway runs and answers, and who has its port.

use super::finding::{Finding, Severity};

/// What is known of the gateway as a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The port it listens on, or would.
    pub port: u16,
    /// Its process, if it runs.
    pub pid: Option<u32>,
    /// Who listens on the port.
    pub holders: Vec<Holder>,
    /// Whether anybody does, be it one who cannot be seen.
    pub is_taken: bool,
    /// What asking it came to.
    pub reached: Reached,
    /// The version of whoever looks.
    pub version: String,
}

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Its program.
    pub program: String,
}

/// What asking the gateway came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Nobody asked.
    NotAsked,
    /// It answered, with this version.
    Yes {
        /// Its version.
        version: String,
    },
    /// It did not, and why.
    No(String),
}

impl Running {
    /// What to say about it.
    pub(super) fn judge(&self) -> Vec<Finding> {
        [self.judge_port(), self.judge_answer()].into_iter().flatten().collect()
    }

    fn judge_port(&self) -> Option<Finding> {
        if !self.is_taken || self.pid.is_some() {
            return None;
        }
        let told = |it: &Holder| format!("pid {} ({})", it.pid, it.program);
        let who: Vec<_> = self.holders.iter().map(told).collect();
        let who = match who.join(", ") {
            who if who.is_empty() => "a program of another user".to_owned(),
            who => who,
        };
        let title = format!("Port {} is held by another program", self.port);
        let detail = format!("It is held by {who}, so the gateway cannot start.");
        Some(Finding::new(Severity::Critical, "port.taken", title, detail).advise(
            "End that program, start the gateway with --force, or choose another gateway.port.",
        ))
    }

    fn judge_answer(&self) -> Option<Finding> {
        match (&self.reached, self.pid) {
            (Reached::No(why), Some(pid)) => {
                let title = "The gateway runs and cannot be reached";
                let detail = format!("pid {pid}: {why}");
                let advice = "Look into its log: openclaw logs; then: openclaw gateway restart";
                Some(
                    Finding::new(Severity::Critical, "gateway.unreachable", title, detail)
                        .advise(advice),
                )
            }
            (Reached::Yes { version }, _) if *version != self.version => {
                let title = "The gateway that runs is of another version";
                let detail = format!("It is {version}, this command is {}.", self.version);
                let advice = "Start it anew: openclaw gateway restart";
                Some(
                    Finding::new(Severity::Warn, "gateway.version_skew", title, detail)
                        .advise(advice),
                )
            }
            (Reached::No(_) | Reached::NotAsked, None) => {
                let title = "The gateway is not running";
                let detail = format!("Nobody listens for it on port {}.", self.port);
                let advice = "Start it: openclaw gateway start, or openclaw gateway run";
                Some(Finding::new(Severity::Info, "gateway.stopped", title, detail).advise(advice))
            }
            _ => None,
        }
    }
}

#[test]
fn ports_and_answers() {
    let yes = |version: &str| Reached::Yes { version: version.into() };
    let no = || Reached::No("timeout".into());
    #[rustfmt::skip]
    let table: [(Option<u32>, bool, Reached, &[&str]); 8] = [
        (None,    false, no(),              &["gateway.stopped"]),
        (None,    false, Reached::NotAsked, &["gateway.stopped"]),
        (None,    true,  no(),              &["port.taken", "gateway.stopped"]),
        (Some(1), true,  yes("1.0"),        &[]),
        (Some(1), true,  yes("0.9"),        &["gateway.version_skew"]),
        (Some(1), true,  no(),              &["gateway.unreachable"]),
        (Some(1), true,  Reached::NotAsked, &[]),
        // Somewhere else.
        (None,    false, yes("1.0"),        &[]),
    ];
    for (pid, is_taken, reached, expected) in table {
        let holders = vec![Holder { pid: 7, program: "nginx".into() }];
        let version = "1.0".to_owned();
        let running = Running { port: 1, pid, holders, is_taken, reached, version };
        let found: Vec<_> = running.judge().iter().map(|it| it.check_id).collect();
        assert_eq!(found, expected, "{running:?}");
    }
}
