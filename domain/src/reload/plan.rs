//! What a change of the file comes to.

use std::{collections::BTreeMap, fmt};

use super::{
    part::Part,
    rules::{Effect, Kind, ROWS, Row, effect},
};
use crate::words::words;

words! {
    /// What the gateway does when its file changes (`gateway.reload.mode`).
    #[derive(Default)]
    pub enum Mode {
        /// Nothing but saying so.
        Off = "off",
        /// It starts again for everything that is not just read.
        Restart = "restart",
        /// It puts into force what it can and leaves the rest for the next
        /// start.
        Hot = "hot",
        /// It puts into force what it can and starts again for the rest.
        #[default]
        Hybrid = "hybrid",
    }
}

/// What a change of the file comes to. Each path that changed is in exactly one
/// of the lists, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "what has to be done has to be done by the caller"]
pub struct Plan {
    /// Not looked at, because the mode is [`Mode::Off`].
    pub ignored: Vec<String>,
    /// In force as soon as the configuration is, as far as whoever reads them
    /// is concerned.
    pub reads: Vec<String>,
    /// Put into force now.
    pub hot: Vec<String>,
    /// Need the gateway to start again, which follows.
    pub restart: Vec<String>,
    /// Would need the gateway to start again, which the mode does not want.
    pub waiting: Vec<String>,
    /// What has to hear of `reads` and `hot`, in the order in which they are put
    /// into force, and because of which paths. [`Part::Exposure`] hears of
    /// `restart` as well: a gateway that may not be reached as it would be does
    /// not come back.
    pub parts: BTreeMap<Part, Vec<String>>,
}

/// What to do about the keys that changed. The mode is the one of the file as it
/// is now, so that one edit can switch reloading on again.
///
/// When the gateway is going to start again, what can be put into force is so
/// before: to start again may take as long as the runs it waits for, and a token
/// that was replaced must not.
pub fn plan(changed: &[String], mode: Mode) -> Plan {
    plan_by(ROWS, changed, mode)
}

/// What a change of `path` comes to in [`Mode::Hybrid`].
pub fn kind(path: &str) -> Kind {
    effect(ROWS, path).map_or(Kind::None, |effect| effect.kind)
}

/// Whether this gateway has a rule for `path`. It does not use other keys.
pub fn is_known(path: &str) -> bool {
    effect(ROWS, path).is_some()
}

fn plan_by(rows: &[Row], changed: &[String], mode: Mode) -> Plan {
    let mut plan = Plan::default();
    for path in changed {
        let unused = Effect { kind: Kind::None, parts: Vec::new() };
        let Effect { kind, parts } = effect(rows, path).unwrap_or(unused);
        let (list, hear): (_, fn(&Part) -> bool) = match (mode, kind) {
            (Mode::Off, _) => (&mut plan.ignored, |_| false),
            (_, Kind::None) => (&mut plan.reads, |_| true),
            (Mode::Hot | Mode::Hybrid, Kind::Hot) => (&mut plan.hot, |_| true),
            (Mode::Hot, Kind::Restart) => (&mut plan.waiting, |_| false),
            (Mode::Restart, Kind::Hot | Kind::Restart) | (Mode::Hybrid, Kind::Restart) => {
                (&mut plan.restart, |part| *part == Part::Exposure)
            }
        };
        list.push(path.clone());
        for part in parts.into_iter().filter(hear) {
            plan.parts.entry(part).or_default().push(path.clone());
        }
    }
    plan
}

impl Plan {
    /// The same, except that no channel is touched (`OPENCLAW_SKIP_CHANNELS`).
    pub fn without_channels(mut self) -> Self {
        self.parts.retain(|part, _| !part.is_of_channels());
        self
    }

    /// What the log says about it, line by line (`gateway-reference.md` 3.2).
    pub fn lines(&self) -> Vec<String> {
        let sentences = [
            ("config change ignored: gateway.reload.mode is off", &self.ignored),
            ("config change requires gateway restart", &self.restart),
            ("config reload requires gateway restart; hot mode ignoring", &self.waiting),
            ("config hot reload applied", &self.hot),
        ];
        let told = sentences.into_iter().filter(|(_, paths)| !paths.is_empty());
        let mut lines: Vec<String> =
            told.map(|(text, paths)| format!("{text} ({})", paths.join(", "))).collect();
        if !self.reads.is_empty() {
            let paths = self.reads.join(", ");
            lines.push(format!("config change applied (dynamic reads: {paths})"));
        }
        for part in self.parts.keys() {
            if let Part::Channel(id) = part {
                lines.push(format!("restarting {id} channel"));
            }
        }
        lines
    }

    /// For a person who asks what an edit would do: a line for each path, in
    /// order.
    pub fn explain(&self) -> Vec<String> {
        let lists = [
            (&self.ignored, "ignored, because gateway.reload.mode is off"),
            (&self.reads, "in force for whoever reads it next"),
            (&self.hot, "in force at once"),
            (&self.restart, "the gateway starts again"),
            (&self.waiting, "in force when the gateway starts again, which mode hot leaves to you"),
        ];
        let all =
            lists.into_iter().flat_map(|(paths, what)| paths.iter().map(move |it| (it, what)));
        let mut lines: Vec<String> = all.map(|(path, what)| self.explain_one(path, what)).collect();
        lines.sort();
        lines
    }

    fn explain_one(&self, path: &str, what: &str) -> String {
        if !is_known(path) {
            return format!("{path}: this gateway does not use it");
        }
        let concerned = self.parts.iter().filter(|(_, paths)| paths.iter().any(|it| it == path));
        let concerned: Vec<String> = concerned.map(|(part, _)| part.to_string()).collect();
        if concerned.is_empty() {
            format!("{path}: {what}")
        } else {
            format!("{path}: {what}; looked at again: {}", concerned.join(", "))
        }
    }
}

/// The lines of the log, one below the other.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Rules with one of each kind.
    const EACH: &[Row] = &[
        ("read", Kind::None, &[Part::Logging]),
        ("hot", Kind::Hot, &[Part::Cron]),
        ("start", Kind::Restart, &[Part::Plugins]),
    ];

    #[test]
    fn each_mode_does_what_it_says() {
        #[rustfmt::skip]
        let table = [
            //              ignored             reads   hot     restart      waiting   parts
            (Mode::Off,     "hot.a read start", "",     "",     "",          "",       ""),
            (Mode::Restart, "",                 "read", "",     "hot.a start", "",     "the log"),
            (Mode::Hot,     "",                 "read", "hot.a", "",         "start",  "the log, cron"),
            (Mode::Hybrid,  "",                 "read", "hot.a", "start",    "",       "the log, cron"),
        ];
        for (mode, ignored, reads, hot, restart, waiting, parts) in table {
            let plan = plan_by(EACH, &paths("hot.a read start"), mode);
            assert_eq!(plan.ignored, paths(ignored), "{mode}");
            assert_eq!(plan.reads, paths(reads), "{mode}");
            assert_eq!(plan.hot, paths(hot), "{mode}");
            assert_eq!(plan.restart, paths(restart), "{mode}");
            assert_eq!(plan.waiting, paths(waiting), "{mode}");
            let told: Vec<_> = plan.parts.keys().map(Part::to_string).collect();
            assert_eq!(told.join(", "), parts, "{mode}");
        }
        assert_eq!(Mode::default(), Mode::Hybrid);
        assert_eq!(" Hot ".parse(), Ok(Mode::Hot));
    }

    #[test]
    fn a_section_that_holds_something_to_start_again_for_starts_again_as_a_whole() {
        const DEEP: &[Row] = &[("a", Kind::None, &[]), ("a.b.c", Kind::Restart, &[])];
        let restart = |path: &str| plan_by(DEEP, &paths(path), Mode::Hybrid).restart;
        assert_eq!(restart("a.b"), ["a.b"]);
        assert_eq!(restart("a.b.c.d"), ["a.b.c.d"]);
        assert!(restart("a.d").is_empty());
    }

    #[test]
    fn the_log_says_what_openclaw_says() {
        #[rustfmt::skip]
        let table = [
            (Mode::Off,     "config change ignored: gateway.reload.mode is off (hot, read, start)"),
            (Mode::Restart, "config change requires gateway restart (hot, start)\n\
                             config change applied (dynamic reads: read)"),
            (Mode::Hot,     "config reload requires gateway restart; hot mode ignoring (start)\n\
                             config hot reload applied (hot)\n\
                             config change applied (dynamic reads: read)"),
            (Mode::Hybrid,  "config change requires gateway restart (start)\n\
                             config hot reload applied (hot)\n\
                             config change applied (dynamic reads: read)"),
        ];
        for (mode, expected) in table {
            assert_eq!(plan_by(EACH, &paths("hot read start"), mode).to_string(), expected);
        }
        let plan = plan(&paths("channels.slack.botToken web.enabled"), Mode::Hybrid);
        let lines = plan.lines();
        assert_eq!(lines[1..], ["restarting slack channel", "restarting whatsapp channel"]);
        let skipped = plan.without_channels();
        assert_eq!(skipped.lines(), &lines[..1]);
        assert_eq!(Plan::default().to_string(), "");
    }

    #[test]
    fn a_person_is_told_what_an_edit_would_do() {
        let changed = paths("gateway.port gateway.trustedProxies logging.level nonsense.a session");
        assert_eq!(
            plan(&changed, Mode::Hybrid).explain(),
            [
                "gateway.port: in force at once; looked at again: the guards, the listener, \
                 Tailscale, discovery",
                "gateway.trustedProxies: in force at once; looked at again: the guards, the \
                 secrets",
                "logging.level: in force for whoever reads it next; looked at again: the log",
                "nonsense.a: this gateway does not use it",
                "session: in force for whoever reads it next",
            ]
        );
        let off = plan(&paths("gateway.port"), Mode::Off).explain();
        assert_eq!(off, ["gateway.port: ignored, because gateway.reload.mode is off"]);
        let hot = plan_by(EACH, &paths("start"), Mode::Hot);
        assert_eq!((hot.waiting.len(), hot.parts.len()), (1, 0));
    }

    #[test]
    fn the_guards_are_asked_before_it_starts_again() {
        let parts = |mode| plan(&paths("gateway.bind cron"), mode).parts;
        let guards = BTreeMap::from([(Part::Exposure, paths("gateway.bind"))]);
        assert_eq!(parts(Mode::Restart), guards);
        assert!(parts(Mode::Off).is_empty());
    }

    #[test]
    fn parts_know_why_they_are_asked() {
        let plan = plan(&paths("gateway.auth.token gateway.bind gateway.port"), Mode::Hybrid);
        let why = |part: &Part| plan.parts[part].join(" ");
        assert_eq!(why(&Part::Listener), "gateway.bind gateway.port");
        assert_eq!(why(&Part::Exposure), "gateway.auth.token gateway.bind gateway.port");
        assert_eq!(why(&Part::Secrets), "gateway.auth.token");
    }
}
