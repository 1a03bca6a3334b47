//! What was found, in the shape OpenClaw's tools read.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It should be changed.
    Warn,
    /// It must be changed.
    Critical,
}

/// Which of the two commands tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// `security audit`, and `doctor` as well.
    Security,
    /// Only `doctor`.
    Health,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at, as in `fs.state_dir.perms_readable`.
    pub check_id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// It in one line.
    pub title: String,
    /// It with all that is known.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// Which command tells it.
    #[serde(skip)]
    pub area: Area,
    /// How the command can do it itself.
    #[serde(skip)]
    pub repair: Option<Repair>,
}

/// Something that can be mended without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Take from others what they can do with this path.
    KeepPrivate {
        /// The path.
        path: String,
        /// The most it may grant.
        mode: u32,
    },
    /// Remove what a process that died left behind.
    Remove(String),
    /// Write the definition of the service anew, which starts it anew.
    RewriteService,
    /// Let the user's services run while the user is not logged in.
    OutliveLogin,
}

impl Repair {
    /// Whether nothing that runs notices it.
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::KeepPrivate { .. } | Self::Remove(_) => true,
            Self::RewriteService | Self::OutliveLogin => false,
        }
    }
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        check_id: &'static str,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            check_id,
            severity,
            title: title.into(),
            detail: detail.into(),
            remediation: None,
            area: Area::Health,
            repair: None,
        }
    }

    pub(super) fn advise(self, remediation: impl Into<String>) -> Self {
        Self { remediation: Some(remediation.into()), ..self }
    }

    pub(super) fn about_security(self) -> Self {
        Self { area: Area::Security, ..self }
    }

    pub(super) fn repaired_by(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What must be changed.
    pub critical: usize,
    /// What should be changed.
    pub warn: usize,
    /// What is good to know.
    pub info: usize,
}

impl Summary {
    /// Counts.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut summary = Self::default();
        for finding in findings {
            match finding.severity {
                Severity::Critical => summary.critical += 1,
                Severity::Warn => summary.warn += 1,
                Severity::Info => summary.info += 1,
            }
        }
        summary
    }
}
