//! The system's service, and others that look like it.

use super::finding::{Finding, Repair, Severity};

/// What is known of services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The name of ours.
    pub name: String,
    /// Its definition, if there is one.
    pub unit: Option<Unit>,
    /// Whether it starts by itself.
    pub is_loaded: bool,
    /// Whether it also runs while its user is not logged in.
    pub outlives_login: Option<bool>,
    /// Other services that look like a gateway.
    pub others: Vec<Other>,
}

/// A definition that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The file.
    pub path: String,
    /// Who wrote it.
    pub author: Author,
    /// Whether it says what would be written today.
    pub is_current: bool,
    /// The program it starts.
    pub program: String,
    /// Whether that is there.
    pub program_exists: bool,
    /// The names of secrets in it.
    pub secrets: Vec<String>,
}

/// Who wrote a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// We did.
    Ours,
    /// OpenClaw did, for Node.
    OpenClaw,
    /// Somebody else did.
    Stranger,
}

/// Another service that looks like a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Its name.
    pub label: String,
    /// Where it is defined.
    pub detail: String,
    /// Whether it is of an older generation.
    pub is_legacy: bool,
    /// Whether it belongs to the whole system.
    pub is_system: bool,
}

impl Service {
    /// What to say about it.
    pub fn judge(&self) -> Vec<Finding> {
        let mut findings: Vec<_> =
            self.unit.iter().flat_map(|unit| unit.judge(&self.name)).collect();
        if self.is_loaded && self.outlives_login == Some(false) {
            let title = "The service ends when its user logs out";
            let detail = "systemd keeps a user's services only while the user is logged in, \
                unless the user lingers. After a reboot nothing runs before the next login.";
            findings.push(
                Finding::new(Severity::Warn, "service.linger_disabled", title, detail)
                    .advise("loginctl enable-linger, or openclaw doctor --fix")
                    .repaired_by(Repair::OutliveLogin),
            );
        }
        findings.extend(self.others.iter().map(Other::judge));
        findings
    }
}

impl Unit {
    fn judge(&self, name: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let reinstall = "openclaw gateway install --force";
        if !self.secrets.is_empty() {
            let title = "The definition of the service holds secrets";
            let detail = format!("{}: {}", self.path, self.secrets.join(", "));
            findings.push(
                Finding::new(Severity::Critical, "service.secret_in_unit", title, detail)
                    .advise(format!("Write it anew, and rotate the secret: {reinstall}"))
                    .about_security(),
            );
        }
        let (check_id, title, detail) = match self.author {
            Author::Stranger => (
                "service.foreign",
                format!("{name} was written by somebody else"),
                format!("{} starts {}.", self.path, self.program),
            ),
            Author::OpenClaw => (
                "service.node_runtime",
                format!("{name} starts OpenClaw for Node, not this program"),
                format!("{} starts {}.", self.path, self.program),
            ),
            Author::Ours if !self.program_exists => (
                "service.program_missing",
                "The service starts a program that is not there".to_owned(),
                format!("{} starts {}.", self.path, self.program),
            ),
            Author::Ours if !self.is_current => (
                "service.stale",
                "The definition of the service is not what would be written today".to_owned(),
                self.path.clone(),
            ),
            Author::Ours => return findings,
        };
        let finding = Finding::new(Severity::Warn, check_id, title, detail);
        let finding = finding.advise(format!("Write it anew: {reinstall}"));
        // What others wrote is theirs to change.
        findings.push(match self.author {
            Author::Ours => finding.repaired_by(Repair::RewriteService),
            Author::OpenClaw | Author::Stranger => finding,
        });
        findings
    }
}

impl Other {
    fn judge(&self) -> Finding {
        let (severity, check_id, title) = if self.is_legacy {
            (Severity::Warn, "service.legacy", "A service of an older generation is installed")
        } else {
            (Severity::Info, "service.extra", "Another service looks like a gateway")
        };
        let user = if self.is_system { "" } else { "--user " };
        let advice = format!("If nobody needs it: systemctl {user}disable --now {}", self.label);
        let detail = format!("{} ({})", self.label, self.detail);
        Finding::new(severity, check_id, title, detail).advise(advice)
    }
}

#[test]
fn units() {
    use Author::{OpenClaw, Ours, Stranger};

    let rewrite = Some(Repair::RewriteService);
    #[rustfmt::skip]
    let table = [
        // author   current exists  finding                          repair
        (Ours,      true,   true,   None,                            None),
        (Ours,      false,  true,   Some("service.stale"),           rewrite.clone()),
        (Ours,      true,   false,  Some("service.program_missing"), rewrite),
        (OpenClaw,  false,  true,   Some("service.node_runtime"),    None),
        (Stranger,  false,  true,   Some("service.foreign"),         None),
    ];
    for (author, is_current, program_exists, expected, repair) in table {
        let (path, program) = ("/u".into(), "/p".into());
        let unit = Unit { path, author, is_current, program, program_exists, secrets: Vec::new() };
        let found = Service { unit: Some(unit), ..Service::default() }.judge();
        let found = found.first();
        assert_eq!(found.map(|it| it.check_id), expected, "{author:?}");
        assert_eq!(found.and_then(|it| it.repair.clone()), repair, "{author:?}");
    }
}

#[test]
fn lingering_matters_only_to_a_service_that_is_there() {
    for (is_loaded, outlives_login, expected) in
        [(true, Some(false), 1), (false, Some(false), 0), (true, Some(true), 0), (true, None, 0)]
    {
        let service = Service { is_loaded, outlives_login, ..Service::default() };
        assert_eq!(service.judge().len(), expected, "{service:?}");
    }
}

#[test]
fn a_service_of_an_older_generation_weighs_more() {
    let other = |is_legacy| Other {
        label: "x.service".into(),
        detail: "unit: /x".into(),
        is_legacy,
        is_system: false,
    };
    let service = Service { others: vec![other(true), other(false)], ..Service::default() };
    let found: Vec<_> = service.judge().iter().map(|it| (it.check_id, it.severity)).collect();
    let expected = [("service.legacy", Severity::Warn), ("service.extra", Severity::Info)];
    assert_eq!(found, expected);
}
