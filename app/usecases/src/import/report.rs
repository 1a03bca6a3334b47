//! What became of everything.

use ports::driven::ForeignKind;
use serde::Serialize;

/// How many findings are told one by one. A file that is damaged throughout
/// would otherwise fill the memory and tell nobody anything.
const MAX_FINDINGS: usize = 200;

/// What was taken over and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Conversations.
    pub conversations: Tally,
    /// What was said in them.
    pub messages: Tally,
    /// Devices that were let in.
    pub devices: Tally,
    /// Which commands may run.
    pub approvals: Tally,
    /// The configuration.
    pub config: Tally,
    /// What there is no place for yet, kept as it was.
    pub kept_for_later: Tally,
    /// The names of what was kept for later this time.
    pub kept: Vec<String>,
    /// What was left out or changed, and why: the first of them.
    pub findings: Vec<Finding>,
    /// How many findings there are besides.
    pub more_findings: u64,
}

/// How many things of one kind became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// They are here now.
    pub imported: u64,
    /// They were here before.
    pub existing: u64,
    /// They are not here.
    pub left_out: u64,
}

/// Something a person may want to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Where it was found, as in `agents/main/sessions/x.jsonl:7`.
    pub at: String,
    /// What is the matter.
    pub why: String,
}

impl ImportReport {
    /// Something is not taken over.
    pub(super) fn leave_out(&mut self, what: ForeignKind, at: String, why: String) {
        let tally = match what {
            ForeignKind::Conversation => Some(&mut self.conversations),
            ForeignKind::Message => Some(&mut self.messages),
            ForeignKind::Device => Some(&mut self.devices),
            ForeignKind::Approvals => Some(&mut self.approvals),
            ForeignKind::Config => Some(&mut self.config),
            ForeignKind::Other => None,
        };
        if let Some(tally) = tally {
            tally.left_out += 1;
        }
        self.note(at, why);
    }

    /// Something is taken over otherwise than it was.
    pub(super) fn note(&mut self, at: String, why: String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { at, why });
        } else {
            self.more_findings += 1;
        }
    }

    /// Something is kept for later.
    pub(super) fn keep(&mut self, name: String) {
        self.kept_for_later.imported += 1;
        self.kept.push(name);
    }
}

#[test]
fn a_file_that_is_damaged_throughout_does_not_fill_the_report() {
    let mut report = ImportReport::default();
    for line in 0..1_000 {
        report.leave_out(ForeignKind::Message, format!("x:{line}"), "not JSON".to_owned());
    }
    assert_eq!((report.findings.len(), report.more_findings), (MAX_FINDINGS, 800));
    assert_eq!(report.messages.left_out, 1_000);
}
