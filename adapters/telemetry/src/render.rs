//! Lines as people and as programs read them.

use std::fmt::Write;

use jiff::tz::TimeZone;
use ports::config::ConsoleStyle;
use serde::{Serialize, Serializer, ser::SerializeMap};
use tracing::Level;

use crate::line::Line;

/// Writes lines down, each with its line break.
pub(crate) trait Render: Send + Sync {
    fn render(&self, line: &Line, style: ConsoleStyle) -> String;
}

/// For people, unless the style says JSON: the time of day, the part of the
/// gateway, what it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) colour: bool,
}

/// For programs, in the shape the log viewers of OpenClaw understand: they show
/// the numbered key and take level and subsystem from `_meta`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json;

impl Render for Terminal {
    fn render(&self, line: &Line, style: ConsoleStyle) -> String {
        let time = match style {
            ConsoleStyle::Json => return Json.render(line, style),
            ConsoleStyle::Compact => String::new(),
            ConsoleStyle::Pretty => {
                line.time.to_zoned(TimeZone::system()).strftime("%H:%M:%S ").to_string()
            }
        };
        let word = match line.level {
            Level::ERROR => "error ",
            Level::WARN => "warn ",
            Level::INFO => "",
            Level::DEBUG => "debug ",
            Level::TRACE => "trace ",
        };
        let (dim, tint, plain) = match (self.colour, line.level) {
            (false, _) => ("", "", ""),
            (true, Level::ERROR) => ("\x1b[2m", "\x1b[31m", "\x1b[0m"),
            (true, Level::WARN) => ("\x1b[2m", "\x1b[33m", "\x1b[0m"),
            (true, _) => ("\x1b[2m", "", "\x1b[0m"),
        };
        let mut text = format!("{dim}{time}[{}]{plain} {tint}{word}", line.subsystem);
        let _ = write!(text, "{}{plain}{dim}{}{plain}", line.message, Pairs(line));
        text.push('\n');
        text
    }
}

impl Render for Json {
    fn render(&self, line: &Line, _: ConsoleStyle) -> String {
        let level = line.level.as_str();
        let shown = format!("{}{}", line.message, Pairs(line));
        let record = Record {
            shown: &shown,
            time: format!("{:.3}", line.time),
            level: level.to_lowercase(),
            subsystem: &line.subsystem,
            message: &line.message,
            fields: InOrder(&line.fields.values),
            meta: Meta {
                name: serde_json::json!({ "subsystem": line.subsystem }).to_string(),
                date: format!("{:.3}", line.time),
                log_level_name: level,
            },
        };
        let mut text = serde_json::to_string(&record).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[derive(Serialize)]
struct Record<'a> {
    #[serde(rename = "0")]
    shown: &'a str,
    time: String,
    level: String,
    subsystem: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "InOrder::is_empty")]
    fields: InOrder<'a>,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    name: String,
    date: String,
    log_level_name: &'a str,
}

/// The fields of a line as one object.
struct InOrder<'a>(&'a [(&'static str, String)]);

impl InOrder<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The fields of a line as ` name=value`, quoted where that helps.
struct Pairs<'a>(&'a Line);

impl std::fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, value) in &self.0.fields.values {
            if value.is_empty() || value.contains(' ') {
                write!(f, " {name}=\"{value}\"")?;
            } else {
                write!(f, " {name}={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::line::Fields;

    fn line() -> Line {
        let mut fields = Fields::default();
        fields.set("conn", "c1".into());
        fields.set("why", "no room".into());
        Line {
            time: "2026-01-27T10:20:30.5Z".parse().unwrap(),
            level: Level::WARN,
            subsystem: "ws-server".into(),
            message: "a client was cut off".into(),
            fields,
        }
    }

    #[test]
    fn for_people() {
        let terminal = Terminal { colour: false };
        let expected = "[ws-server] warn a client was cut off conn=c1 why=\"no room\"\n";
        let text = terminal.render(&line(), ConsoleStyle::Pretty);
        let (time, text) = text.split_once(' ').unwrap();
        assert_eq!((time.len(), text), (8, expected));
        assert_eq!(terminal.render(&line(), ConsoleStyle::Compact), expected);
        assert!(terminal.render(&line(), ConsoleStyle::Json).starts_with("{\"0\":"));
        let coloured = Terminal { colour: true }.render(&line(), ConsoleStyle::Pretty);
        assert!(coloured.contains("\x1b[33m"));
    }

    #[test]
    fn for_programs() {
        let text = Json.render(&line(), ConsoleStyle::Pretty);
        assert!(text.ends_with("}\n"));
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(record["time"], "2026-01-27T10:20:30.500Z");
        assert_eq!(record["level"], "warn");
        assert_eq!(record["subsystem"], "ws-server");
        assert_eq!(record["message"], "a client was cut off");
        assert_eq!(record["fields"]["conn"], "c1");
        assert_eq!(record["0"], "a client was cut off conn=c1 why=\"no room\"");
        assert_eq!(record["_meta"]["logLevelName"], "WARN");
        assert_eq!(record["_meta"]["name"], r#"{"subsystem":"ws-server"}"#);
    }
}
