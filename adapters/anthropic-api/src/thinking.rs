//! `thinking`: how long the model thinks, and whether that is shown.

use domain::session::Thinking;
use serde::Deserialize;

use crate::{object::Object, refusal::Refusal};

/// The field as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ThinkingConfig {
    #[serde(rename = "type")]
    kind: Option<String>,
    budget_tokens: Option<u32>,
    display: Option<String>,
}

/// What becomes of the model's thoughts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Whoever did not ask for thoughts expects to find the answer first.
    #[default]
    No,
    /// That there were some, but not which.
    Mentioned,
    /// All of them.
    Yes,
}

/// What the field means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thoughts {
    /// How long the model thinks; `None` leaves it to the agent.
    pub(crate) level: Option<Thinking>,
    /// How many of the tokens of the answer are for thinking.
    pub(crate) budget: u32,
    pub(crate) shown: Shown,
}

/// The smallest budget.
const LEAST: u32 = 1024;

impl Thoughts {
    /// Reads `config`; `effort` is from `output_config`.
    pub(crate) fn read(
        config: Option<Object<ThinkingConfig>>,
        effort: Option<&str>,
        max_tokens: Option<u32>,
    ) -> Result<Self, Refusal> {
        let by_effort = effort.map(level_of_effort).transpose()?;
        let Some(Object(config)) = config else { return Ok(Self::default()) };
        let shown = match config.display.as_deref() {
            None | Some("summarized") => Shown::Yes,
            Some("omitted") => Shown::Mentioned,
            Some(_) => {
                let message = "thinking.display: must be summarized or omitted";
                return Err(Refusal::invalid(message));
            }
        };
        match config.kind.as_deref() {
            Some("disabled") => Ok(Self { level: Some(Thinking::Off), ..Self::default() }),
            // Nobody here thinks between tools.
            Some("between_tools") => {
                Ok(Self { level: Some(Thinking::Off), shown, ..Self::default() })
            }
            Some("adaptive") => {
                Ok(Self { level: Some(by_effort.unwrap_or(Thinking::High)), budget: 0, shown })
            }
            Some("enabled") => {
                let Some(budget) = config.budget_tokens.filter(|budget| LEAST <= *budget) else {
                    let message = format!("thinking.budget_tokens: must be at least {LEAST}");
                    return Err(Refusal::invalid(message));
                };
                if max_tokens.is_some_and(|most| most <= budget) {
                    let message = "thinking.budget_tokens: must be less than max_tokens";
                    return Err(Refusal::invalid(message));
                }
                Ok(Self { level: Some(level_of_budget(budget)), budget, shown })
            }
            _ => {
                let kinds = "enabled, adaptive, disabled or between_tools";
                Err(Refusal::invalid(format!("thinking.type: must be {kinds}")))
            }
        }
    }
}

/// The longest thinking that fits into `budget`.
const fn level_of_budget(budget: u32) -> Thinking {
    match budget {
        ..2048 => Thinking::Minimal,
        2048..8192 => Thinking::Low,
        8192..16_384 => Thinking::Medium,
        16_384..32_768 => Thinking::High,
        32_768.. => Thinking::Xhigh,
    }
}

fn level_of_effort(effort: &str) -> Result<Thinking, Refusal> {
    match effort {
        "low" => Ok(Thinking::Low),
        "medium" => Ok(Thinking::Medium),
        "high" => Ok(Thinking::High),
        "xhigh" | "max" => Ok(Thinking::Xhigh),
        _ => {
            let message = "output_config.effort: must be low, medium, high, xhigh or max";
            Err(Refusal::invalid(message))
        }
    }
}

#[test]
fn budgets_and_efforts_are_levels() {
    use Thinking::{High, Low, Medium, Minimal, Off, Xhigh};

    let read = |json: &str, effort: Option<&str>| {
        let config = serde_json::from_str(json).unwrap();
        Thoughts::read(config, effort, Some(40_000)).map_err(|refusal| refusal.message().to_owned())
    };
    let thoughts = |level, budget, shown| Ok(Thoughts { level, budget, shown });
    let bad = |message: &str| Err(message.to_owned());
    #[rustfmt::skip]
    let table = [
        ("null",                                            None,         thoughts(None, 0, Shown::No)),
        ("null",                                            Some("low"),  thoughts(None, 0, Shown::No)),
        (r#"{"type":"disabled"}"#,                          None,         thoughts(Some(Off), 0, Shown::No)),
        (r#"{"type":"between_tools"}"#,                     None,         thoughts(Some(Off), 0, Shown::Yes)),
        (r#"{"type":"adaptive"}"#,                          None,         thoughts(Some(High), 0, Shown::Yes)),
        (r#"{"type":"adaptive"}"#,                          Some("low"),  thoughts(Some(Low), 0, Shown::Yes)),
        (r#"{"type":"adaptive","display":"omitted"}"#,      Some("max"),  thoughts(Some(Xhigh), 0, Shown::Mentioned)),
        (r#"{"type":"enabled","budget_tokens":1024}"#,      None,         thoughts(Some(Minimal), 1024, Shown::Yes)),
        (r#"{"type":"enabled","budget_tokens":4000}"#,      None,         thoughts(Some(Low), 4000, Shown::Yes)),
        (r#"{"type":"enabled","budget_tokens":10000}"#,     None,         thoughts(Some(Medium), 10_000, Shown::Yes)),
        (r#"{"type":"enabled","budget_tokens":16384}"#,     None,         thoughts(Some(High), 16_384, Shown::Yes)),
        (r#"{"type":"enabled","budget_tokens":32768}"#,     None,         thoughts(Some(Xhigh), 32_768, Shown::Yes)),
        (r#"{"type":"enabled","budget_tokens":1023}"#,      None,         bad("thinking.budget_tokens: must be at least 1024")),
        (r#"{"type":"enabled"}"#,                           None,         bad("thinking.budget_tokens: must be at least 1024")),
        (r#"{"type":"enabled","budget_tokens":40000}"#,     None,         bad("thinking.budget_tokens: must be less than max_tokens")),
        (r#"{"type":"adaptive","display":"loud"}"#,         None,         bad("thinking.display: must be summarized or omitted")),
        (r#"{"type":"deep"}"#,                              None,         bad("thinking.type: must be enabled, adaptive, disabled or between_tools")),
        ("{}",                                              None,         bad("thinking.type: must be enabled, adaptive, disabled or between_tools")),
        ("null",                                            Some("huge"), bad("output_config.effort: must be low, medium, high, xhigh or max")),
    ];
    for (json, effort, meant) in table {
        assert_eq!(read(json, effort), meant, "{json} {effort:?}");
    }
}
