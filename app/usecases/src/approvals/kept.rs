//! What is remembered of questions that were answered.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    approval::{Command, Decided, Decision, Owner},
    ids::RequestId,
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Change, Digests, Drawer, Entry},
    view::{ApprovalStatus, ExecApproval, ExecGrant, ExecRequest},
};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{Asked, Claim, Outcome, Question};

/// What kind of approval these are.
pub(super) const KIND: &str = "exec";
/// For how long answers are remembered.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);
/// How many answers are remembered.
const MAX_RECORDS: usize = 1_000;
/// How many standing grants there are at most; the oldest make room.
const MAX_GRANTS: usize = 500;

const RECORD: &str = "decision/";
const GRANT: &str = "grant/";

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) id: RequestId,
    owner: String,
    request: ExecRequest,
    created_at: Timestamp,
    expires_at: Timestamp,
    pub(super) decision: Option<Decision>,
    by: Option<String>,
    pub(super) at: Timestamp,
    pub(super) binding: Option<String>,
    /// Whether consent for one time was used. Not written down: what was not
    /// used when the gateway ended is not used any more.
    #[serde(skip, default = "used")]
    pub(super) used: bool,
    /// What was asked, to be compared with what is run, where it may be run. Not
    /// written down either.
    #[serde(skip)]
    question: Option<Box<Question>>,
}

fn used() -> bool {
    true
}

impl Record {
    pub(super) fn of(decided: &Decided<Question>, shown: ExecRequest) -> Self {
        let pending = &decided.pending;
        let about = &pending.about;
        let allowed = decided.decision.is_some_and(Decision::allows);
        Self {
            id: pending.id.clone(),
            owner: pending.owner.as_str().to_owned(),
            request: shown,
            created_at: pending.created_at,
            expires_at: pending.expires_at,
            decision: decided.decision,
            by: decided.by.as_deref().map(str::to_owned),
            at: decided.at,
            binding: about.binding.clone(),
            used: false,
            question: allowed.then(|| Box::new(about.clone())),
        }
    }

    pub(super) fn owner(&self) -> Owner {
        Owner::named(&self.owner)
    }

    /// Whether `claim` is what was asked for.
    pub(super) fn is_about(&self, claim: &Claim<'_>) -> bool {
        let Some(question) = &self.question else { return false };
        let same_words = match &question.argv {
            Some(argv) => argv == claim.argv,
            None => is_line_of(&question.command, claim.argv),
        };
        same_words
            && question.node.as_deref() == Some(claim.node)
            && question.cwd.as_deref() == claim.cwd
            && question.session.as_deref() == claim.session
            && question.env == claim.env
    }

    pub(super) fn outcome(&self) -> Outcome {
        let asked =
            Asked { id: self.id.clone(), created_at: self.created_at, expires_at: self.expires_at };
        Outcome { asked, decision: self.decision }
    }

    pub(super) fn view(&self) -> ExecApproval {
        ExecApproval {
            id: self.id.to_string(),
            kind: KIND.to_owned(),
            status: ApprovalStatus::of(self.decision),
            request: self.request.clone(),
            created_at_ms: self.created_at,
            expires_at_ms: self.expires_at,
            decision: self.decision,
            resolved_by: self.by.clone(),
            resolved_at_ms: Some(self.at),
        }
    }

    /// Where it comes in the history.
    fn place(&self) -> String {
        format!("{:016}/{}", self.at.as_millis(), self.id)
    }
}

/// Whether `line` is the command `argv`: its words, or what it hands to a shell.
fn is_line_of(line: &str, argv: &[String]) -> bool {
    let handed = match argv {
        [shell, option, script] if matches!(option.as_str(), "-c" | "-lc") => {
            matches!(shell.as_str(), "sh" | "/bin/sh" | "bash" | "/bin/bash") && script == line
        }
        _ => false,
    };
    handed || Command::Argv(argv).line() == line
}

/// Consent given once and for all: who asked, for what, and what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Granted {
    owner: String,
    #[serde(flatten)]
    grant: ExecGrant,
}

/// The grant that follows from an answer. There is none for a command that is
/// not bound to what it does: another program could take its place.
pub(super) fn grant(
    id: &str,
    decided: &Decided<Question>,
    good_for: Option<Duration>,
    digests: &dyn Digests,
) -> Option<Granted> {
    decided.pending.about.binding.as_ref()?;
    let grant = ExecGrant {
        grant_id: id.to_owned(),
        request: decided.pending.about.shown(digests),
        granted_by: decided.by.as_deref().map(str::to_owned),
        created_at_ms: decided.at,
        expires_at_ms: good_for.map(|good_for| decided.at + good_for),
        last_used_at_ms: None,
    };
    Some(Granted { owner: decided.pending.owner.as_str().to_owned(), grant })
}

impl Granted {
    pub(super) fn change(&self) -> Change {
        put(&format!("{GRANT}{}", self.grant.grant_id), self)
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.grant.expires_at_ms.is_none_or(|end| now < end)
    }
}

/// Answers and grants, as they are on disk.
#[derive(Debug, Default)]
pub(super) struct Kept {
    records: BTreeMap<RequestId, Record>,
    grants: BTreeMap<String, Granted>,
}

/// A record that is to be kept, and what makes room for it.
#[derive(Debug)]
#[must_use = "what is to be kept has to be written down"]
pub(super) struct Prepared {
    pub(super) record: Record,
    pub(super) dropped: Vec<RequestId>,
    pub(super) changes: Vec<Change>,
}

impl Kept {
    pub(super) const DRAWER: Drawer = Drawer::Approvals;

    /// What the drawer holds, and what has to go because its time is over. What
    /// cannot be read is left out, and stays where it is.
    pub(super) fn read(entries: Vec<Entry>, now: Timestamp) -> (Self, Vec<Change>) {
        let (mut kept, mut over) = (Self::default(), Vec::new());
        for Entry { name, value } in entries {
            let text = value.as_str();
            let is_over = if name.starts_with(RECORD) {
                serde_json::from_str::<Record>(text).map(|record| {
                    let is_over = REMEMBERED <= now.since(record.at);
                    if !is_over {
                        kept.records.insert(record.id.clone(), record);
                    }
                    is_over
                })
            } else {
                serde_json::from_str::<Granted>(text).map(|granted| {
                    let is_over = !granted.is_good(now);
                    if !is_over {
                        kept.grants.insert(granted.grant.grant_id.clone(), granted);
                    }
                    is_over
                })
            };
            match is_over {
                Ok(false) => (),
                Ok(true) => over.push(Change::DropEntry { drawer: Self::DRAWER, name }),
                Err(error) => warn!(%name, %error, "an approval on record cannot be read"),
            }
        }
        (kept, over)
    }

    pub(super) fn record(&self, id: &RequestId) -> Option<&Record> {
        self.records.get(id)
    }

    pub(super) fn record_mut(&mut self, id: &RequestId) -> Option<&mut Record> {
        self.records.get_mut(id)
    }

    /// What has to be written down so that `record` can be kept.
    pub(super) fn prepare(&self, record: Record, now: Timestamp) -> Prepared {
        let old = |record: &&Record| REMEMBERED <= now.since(record.at);
        let mut dropped: Vec<RequestId> =
            self.records.values().filter(old).map(|record| record.id.clone()).collect();
        if MAX_RECORDS <= self.records.len() - dropped.len() {
            let kept = self.records.values().filter(|record| !old(record));
            dropped.extend(kept.min_by_key(|record| record.at).map(|record| record.id.clone()));
        }
        let mut changes: Vec<_> = dropped
            .iter()
            .map(|id| Change::DropEntry {
                drawer: Self::DRAWER,
                name: format!("{RECORD}{id}").into(),
            })
            .collect();
        changes.push(put(&format!("{RECORD}{}", record.id), &record));
        Prepared { record, dropped, changes }
    }

    /// Keeps a record that is on disk.
    pub(super) fn insert(&mut self, record: Record, dropped: &[RequestId]) {
        for id in dropped {
            self.records.remove(id);
        }
        self.records.insert(record.id.clone(), record);
    }

    /// Keeps a record, whether it gets to the disk or not.
    #[must_use = "what is kept has to be written down"]
    pub(super) fn put(&mut self, record: Record, now: Timestamp) -> Vec<Change> {
        let Prepared { record, dropped, changes } = self.prepare(record, now);
        self.insert(record, &dropped);
        changes
    }

    /// Answers, the newest first.
    pub(super) fn history(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<ExecApproval>, Option<String>) {
        let mut found: Vec<(String, &Record)> = self
            .records
            .values()
            .map(|record| (record.place(), record))
            .filter(|(place, _)| after.is_none_or(|after| place.as_str() < after))
            .collect();
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        let more = limit < found.len();
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(place, _)| place.clone());
        (found.into_iter().map(|(_, record)| record.view()).collect(), next)
    }

    /// Keeps a grant that is on disk. Says what has to be written down because
    /// an older one made room.
    #[must_use = "what made room has to go from the disk as well"]
    pub(super) fn insert_grant(&mut self, granted: Granted) -> Option<Change> {
        let oldest = self.grants.values().min_by_key(|it| it.grant.created_at_ms);
        let oldest = oldest.filter(|_| MAX_GRANTS <= self.grants.len());
        let oldest = oldest.map(|it| it.grant.grant_id.clone());
        let dropped = oldest.and_then(|id| self.drop_grant(&id)).map(|(_, change)| change);
        self.grants.insert(granted.grant.grant_id.clone(), granted);
        dropped
    }

    /// The grant that covers `question` of `owner`, unless somebody wants to be
    /// asked every time.
    pub(super) fn grant_for(
        &self,
        owner: &Owner,
        question: &Question,
        now: Timestamp,
    ) -> Option<String> {
        let binding = question.binding.as_deref()?;
        if question.ask.as_deref() == Some("always") {
            return None;
        }
        let covers = |granted: &&Granted| {
            let request = &granted.grant.request;
            granted.is_good(now)
                && granted.owner == owner.as_str()
                && request.binding_hash.as_deref() == Some(binding)
                && request.node_id == question.node
                && request.agent_id == question.agent
                && request.session_key == question.session
        };
        self.grants.values().find(covers).map(|granted| granted.grant.grant_id.clone())
    }

    /// Takes note that a grant was of use.
    #[must_use = "what is kept has to be written down"]
    pub(super) fn note_use(&mut self, id: &str, now: Timestamp) -> Vec<Change> {
        let granted = self.grants.get_mut(id);
        let change = granted.map(|granted| {
            granted.grant.last_used_at_ms = Some(now);
            granted.change()
        });
        change.into_iter().collect()
    }

    /// The grants that are good, the newest first.
    pub(super) fn grants(&self, limit: usize, now: Timestamp) -> Vec<ExecGrant> {
        let good = self.grants.values().filter(|granted| granted.is_good(now));
        let mut grants: Vec<_> = good.map(|granted| granted.grant.clone()).collect();
        grants.sort_by_key(|grant| std::cmp::Reverse(grant.created_at_ms));
        grants.truncate(limit);
        grants
    }

    /// Forgets a grant, and says what has to be written down.
    pub(super) fn drop_grant(&mut self, id: &str) -> Option<(Granted, Change)> {
        let granted = self.grants.remove(id)?;
        let name = format!("{GRANT}{id}").into();
        Some((granted, Change::DropEntry { drawer: Self::DRAWER, name }))
    }
}

fn put(name: &str, value: &impl Serialize) -> Change {
    Change::PutEntry { drawer: Kept::DRAWER, name: name.into(), value: Json::of(value) }
}
