//! Which days clients ask about.

use schemars::JsonSchema;
use serde::Deserialize;
use usecases::spending::{Asked, AskedZone};

use crate::params::Any;

/// Which days, as all methods of the family take it.
#[derive(Debug, Default)]
pub(super) struct UsageAsked {
    pub(super) days: Option<Days>,
    pub(super) range: Option<Range>,
    pub(super) start_date: Option<Any>,
    pub(super) end_date: Option<Any>,
    pub(super) mode: Option<Mode>,
    pub(super) utc_offset: Option<Any>,
    pub(super) time_zone: Option<Any>,
}

/// A number of days, or a text that is one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Days {
    /// As `7`.
    Number(f64),
    /// As `"7"`.
    Text(String),
}

/// Days by name.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) enum Range {
    /// A week.
    #[serde(rename = "7d")]
    Week,
    /// 30 days.
    #[serde(rename = "30d")]
    Month,
    /// 90 days.
    #[serde(rename = "90d")]
    Quarter,
    /// 365 days.
    #[serde(rename = "1y")]
    Year,
    /// Every day there is.
    #[serde(rename = "all")]
    All,
}

/// Where days begin.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Mode {
    /// At midnight of UTC.
    Utc,
    /// At midnight where the gateway is.
    Gateway,
    /// At midnight of `timeZone` or `utcOffset`.
    Specific,
}

/// Whose agents.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum AgentScope {
    /// Every agent.
    All,
}

impl Days {
    /// How many; nothing where it is no number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and less than nothing is nothing"
    )]
    fn count(&self) -> Option<u32> {
        let days = match self {
            Self::Number(days) => *days,
            Self::Text(days) => days.trim().parse().ok()?,
        };
        days.is_finite().then_some(days as u32)
    }
}

impl Range {
    fn days(self) -> Option<u32> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::Year => Some(365),
            Self::All => None,
        }
    }
}

impl From<UsageAsked> for Asked {
    fn from(asked: UsageAsked) -> Self {
        let text = |text: Option<Any>| text.map(Any::into_string);
        let days = match asked.range {
            Some(range) => range.days(),
            None => asked.days.as_ref().and_then(Days::count),
        };
        let zone = match asked.mode {
            None | Some(Mode::Utc) => AskedZone::Utc,
            Some(Mode::Gateway) => AskedZone::Gateway,
            Some(Mode::Specific) => AskedZone::Specific {
                time_zone: text(asked.time_zone),
                utc_offset: text(asked.utc_offset),
            },
        };
        Self {
            start_date: text(asked.start_date),
            end_date: text(asked.end_date),
            days,
            all: matches!(asked.range, Some(Range::All)),
            zone,
        }
    }
}

#[test]
fn days_are_a_number_or_the_text_of_one() {
    let read = |text: &str| {
        let days = serde_json::from_str::<Days>(text).unwrap();
        Asked::from(UsageAsked { days: Some(days), ..UsageAsked::default() }).days
    };
    #[rustfmt::skip]
    let table = [
        ("7",        Some(7)),
        ("7.9",      Some(7)),
        ("\"7\"",    Some(7)),
        ("\" 7 \"",  Some(7)),
        ("-3",       Some(0)),
        ("1e300",    Some(u32::MAX)),
        ("\"\"",     None),
        ("\"soon\"", None),
        ("\"NaN\"",  None),
        ("\"inf\"",  None),
    ];
    for (text, days) in table {
        assert_eq!(read(text), days, "{text}");
    }
}
