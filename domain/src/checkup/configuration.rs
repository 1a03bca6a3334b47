//! The configuration file.

use super::finding::{Finding, Severity};

/// What is known of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// What was noticed in it.
    pub problems: Vec<Problem>,
}

/// Something that was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it means.
    pub weight: Weight,
    /// The file.
    pub file: String,
    /// The line, if that is known.
    pub line: Option<usize>,
    /// The key; empty for the file as a whole.
    pub key: String,
    /// What is the matter with it.
    pub message: String,
}

/// What a problem means for the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The gateway does not start.
    Fatal,
    /// The section has its defaults.
    Error,
    /// It is an older spelling, which counts.
    OldSpelling,
    /// Nothing happens.
    Notice,
}

impl Configuration {
    /// What to say about it.
    pub(super) fn judge(&self) -> Vec<Finding> {
        self.problems.iter().map(Problem::judge).collect()
    }
}

impl Problem {
    fn judge(&self) -> Finding {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        let detail = format!("{}{line}: {key}{}", self.file, self.message);
        let (severity, check_id, title, advice) = match self.weight {
            Weight::Fatal => (
                Severity::Critical,
                "config.invalid",
                "The gateway does not start with this configuration",
                "Change that line; the gateway starts when it is right.",
            ),
            Weight::Error => (
                Severity::Warn,
                "config.section_invalid",
                "A section of the configuration cannot be used and has its defaults",
                "Change that line.",
            ),
            Weight::OldSpelling => (
                Severity::Info,
                "config.old_spelling",
                "The configuration uses an older spelling",
                "It counts. Move the value to the key that is named when you change the file.",
            ),
            Weight::Notice => (
                Severity::Info,
                "config.notice",
                "Something in the configuration has no effect",
                "Correct or remove it.",
            ),
        };
        Finding::new(severity, check_id, title, detail).advise(advice)
    }
}

#[test]
fn a_problem_is_told_with_file_line_and_key() {
    let problem = |weight, line, key: &str| Problem {
        weight,
        file: "/s/openclaw.json".into(),
        line,
        key: key.into(),
        message: "is no port".into(),
    };
    let table = [
        (
            problem(Weight::Fatal, Some(3), "gateway.port"),
            "/s/openclaw.json:3: gateway.port: is no port",
            Severity::Critical,
        ),
        (
            problem(Weight::Error, None, "gateway.port"),
            "/s/openclaw.json: gateway.port: is no port",
            Severity::Warn,
        ),
        (
            problem(Weight::OldSpelling, Some(1), ""),
            "/s/openclaw.json:1: is no port",
            Severity::Info,
        ),
        (problem(Weight::Notice, None, ""), "/s/openclaw.json: is no port", Severity::Info),
    ];
    for (problem, detail, severity) in table {
        let found = Configuration { problems: vec![problem] }.judge();
        assert_eq!((found[0].detail.as_str(), found[0].severity), (detail, severity));
        assert!(found[0].remediation.is_some());
    }
}
