//! What is the matter with a gateway and the machine it is on, judged from facts
//! somebody has gathered (`gateway-reference.md` 4.7, `doctor` and
//! `security audit`).
//!
//! Each part has its facts and a function that makes findings of them. Nothing
//! here looks anything up.

mod clock;
mod configuration;
mod exposure;
mod files;
mod finding;
mod running;
mod service;

pub use clock::{Clock, EARLIEST};
pub use configuration::{Configuration, Problem, Weight};
pub use exposure::Exposed;
pub use files::{Database, Files, Place, PlaceKind, Volume};
pub use finding::{Area, Finding, Repair, Severity, Summary};
pub use running::{Holder, Reached, Running};
pub use service::{Author, Other, Service, Unit};

/// Everything that was gathered. What could not be is left out.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// The configuration file.
    pub configuration: Configuration,
    /// What is on the disk.
    pub files: Files,
    /// Who can reach the gateway, and with what.
    pub exposed: Option<Exposed<'a>>,
    /// Whether it runs, and who has its port.
    pub running: Option<Running>,
    /// The system's service.
    pub service: Option<Service>,
    /// What time it is.
    pub clock: Clock,
}

impl Facts<'_> {
    /// The findings, the worst first.
    pub fn judge(&self) -> Vec<Finding> {
        let mut findings = self.configuration.judge();
        findings.extend(self.files.judge());
        findings.extend(self.exposed.iter().flat_map(Exposed::judge));
        findings.extend(self.running.iter().flat_map(Running::judge));
        findings.extend(self.service.iter().flat_map(Service::judge));
        findings.extend(self.clock.judge());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }
}

#[test]
fn nothing_known_is_nothing_found_and_the_worst_comes_first() {
    let healthy = Facts { clock: Clock { now: EARLIEST, ..Clock::default() }, ..Facts::default() };
    assert_eq!(healthy.judge(), []);
    let broken = Facts {
        files: Files { leftovers: vec!["/s/x.tmp".into()], ..Files::default() },
        ..Facts::default()
    };
    let found: Vec<_> = broken.judge().iter().map(|it| (it.check_id, it.severity)).collect();
    assert_eq!(found, [("clock.past", Severity::Critical), ("fs.leftovers", Severity::Info)]);
}
