//! What tools take.

use std::collections::BTreeMap;

use ports::Json;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// One of the things a tool takes.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text that is not empty, of at most so many bytes.
    Text(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number from the first to the second.
    Count(u64, u64),
    /// Yes or no.
    Flag,
}

/// What a tool was given, checked.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Arguments(BTreeMap<&'static str, Argument>);

#[derive(Debug, PartialEq)]
enum Argument {
    Text(String),
    Count(u64),
    Flag(bool),
}

/// Why a tool does not take what it was given. For the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadArguments {
    #[error("args must be an object")]
    NoObject,
    #[error("{0} required")]
    Missing(&'static str),
    #[error("unknown argument: {0}")]
    Unknown(String),
    #[error("{name} must be {what}")]
    Wrong { name: &'static str, what: String },
}

/// How much of a name nobody knows is repeated.
const MAX_NAME: usize = 64;

impl Parameter {
    pub(super) const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, is_required: true }
    }

    pub(super) const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, is_required: false }
    }

    fn read(&self, value: &RawValue) -> Result<Argument, BadArguments> {
        let wrong = |what: String| BadArguments::Wrong { name: self.name, what };
        match self.kind {
            Kind::Text(most) => {
                let text = parsed::<String>(value);
                let text = text.filter(|text| !text.trim().is_empty() && text.len() <= most);
                let what = || wrong(format!("a text of 1 to {most} bytes"));
                text.map(Argument::Text).ok_or_else(what)
            }
            Kind::Word(words) => {
                let word = parsed::<String>(value);
                let word = word.filter(|word| words.contains(&word.as_str()));
                let what = || wrong(format!("one of {}", words.join(", ")));
                word.map(Argument::Text).ok_or_else(what)
            }
            Kind::Count(least, most) => {
                let count = parsed::<u64>(value).filter(|count| (least..=most).contains(count));
                let what = || wrong(format!("a whole number from {least} to {most}"));
                count.map(Argument::Count).ok_or_else(what)
            }
            Kind::Flag => {
                let flag = parsed::<bool>(value);
                flag.map(Argument::Flag).ok_or_else(|| wrong("true or false".to_owned()))
            }
        }
    }
}

fn parsed<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

impl Arguments {
    /// What `json`, an object, holds for `parameters`. `null` counts as absent.
    /// `action` is put in where there is an action and the object names none.
    pub(super) fn read(
        parameters: &[Parameter],
        json: &str,
        action: Option<&str>,
    ) -> Result<Self, BadArguments> {
        let given: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(json).map_err(|_| BadArguments::NoObject)?;
        let known = |name: &str| parameters.iter().find(|parameter| parameter.name == name);
        let mut read = BTreeMap::new();
        for (name, value) in &given {
            let Some(parameter) = known(name) else {
                return Err(BadArguments::Unknown(domain::hooks::one_line(name, MAX_NAME)));
            };
            if value.get() != "null" {
                read.insert(parameter.name, parameter.read(value)?);
            }
        }
        if let (Some(action), Some(parameter)) = (action, known("action"))
            && !read.contains_key(parameter.name)
        {
            let action = Json::of(&action);
            read.insert(parameter.name, parameter.read(&action)?);
        }
        let required = parameters.iter().filter(|parameter| parameter.is_required);
        match required.map(|parameter| parameter.name).find(|name| !read.contains_key(name)) {
            Some(missing) => Err(BadArguments::Missing(missing)),
            None => Ok(Self(read)),
        }
    }

    /// The text called `name`.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Argument::Text(text)) => Some(text),
            Some(Argument::Count(_) | Argument::Flag(_)) | None => None,
        }
    }

    /// The number called `name`.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        match self.0.get(name) {
            Some(Argument::Count(count)) => Some(*count),
            Some(Argument::Text(_) | Argument::Flag(_)) | None => None,
        }
    }

    /// The same, as a size.
    pub(super) fn size(&self, name: &str) -> Option<usize> {
        self.count(name).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Whether `name` was said to be true.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Argument::Flag(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: &[Parameter] = &[
        Parameter::required("action", Kind::Word(&["look", "touch"])),
        Parameter::optional("text", Kind::Text(4)),
        Parameter::optional("count", Kind::Count(1, 10)),
        Parameter::optional("flag", Kind::Flag),
    ];

    #[test]
    fn arguments_are_what_the_tool_takes_or_a_sentence() {
        #[rustfmt::skip]
        let table = [
            (r#"{"action":"look"}"#,                              None,           Ok(())),
            (r#"{"action":"look","text":null}"#,                  None,           Ok(())),
            ("{}",                                                Some("touch"),  Ok(())),
            (r#"{"action":null}"#,                                Some("touch"),  Ok(())),
            ("{}",                                                None,           Err("action required")),
            ("{}",                                                Some("eat"),    Err("action must be one of look, touch")),
            (r#"{"action":1}"#,                                   None,           Err("action must be one of look, touch")),
            (r#"{"action":"look","text":"12345"}"#,               None,           Err("text must be a text of 1 to 4 bytes")),
            (r#"{"action":"look","text":" "}"#,                   None,           Err("text must be a text of 1 to 4 bytes")),
            (r#"{"action":"look","count":0}"#,                    None,           Err("count must be a whole number from 1 to 10")),
            (r#"{"action":"look","count":1.5}"#,                  None,           Err("count must be a whole number from 1 to 10")),
            (r#"{"action":"look","flag":"yes"}"#,                 None,           Err("flag must be true or false")),
            (r#"{"action":"look","__proto__":{}}"#,               None,           Err("unknown argument: __proto__")),
            ("[]",                                                None,           Err("args must be an object")),
            ("null",                                              None,           Err("args must be an object")),
        ];
        for (json, action, expected) in table {
            let read = Arguments::read(PARAMETERS, json, action);
            let read = read.map(drop).map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{json}");
        }
    }

    #[test]
    fn what_the_arguments_say_counts_before_the_action_beside_them() {
        let json = r#"{"action":"look","text":"ü","count":10,"flag":true}"#;
        let read = Arguments::read(PARAMETERS, json, Some("touch")).unwrap();
        assert_eq!((read.text("action"), read.text("text")), (Some("look"), Some("ü")));
        assert_eq!((read.count("count"), read.size("count")), (Some(10), Some(10)));
        assert!(read.is_set("flag") && !read.is_set("text"));
        assert_eq!((read.text("count"), read.count("text")), (None, None));
    }

    /// A tool without actions does not hear of one.
    #[test]
    fn an_action_is_passed_over_where_there_is_none() {
        let read = Arguments::read(&PARAMETERS[1..], "{}", Some("json"));
        assert_eq!(read, Ok(Arguments::default()));
    }
}
