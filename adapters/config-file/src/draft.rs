//! From a change to the text it makes, and whether that may be written.

use std::{collections::BTreeMap, path::Path};

use ports::driven::{ConfigEdit, ConfigIssue, ConfigWriteError};
use serde_json::{Map, Value};

use crate::{
    differences::differences,
    edit::{Change, get, get_mut, rewrite, spell_path},
    evaluate::{Evaluated, evaluate_text, place, with_includes},
    outline::outline,
    problem::{Place, Problem, Severity},
    read::{Document, read},
    redact::Redaction,
    restore::{Kept, comments, placeholders},
};

/// The mark some editors put before a text.
const MARK: &str = "\u{feff}";

/// How much a file has to say, in bytes of JSON, for it to matter that it would
/// say less than half.
const WORTH_GUARDING: usize = 1024;

/// A text that may be written.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The text.
    pub(crate) text: String,
    /// What it comes to.
    pub(crate) after: Evaluated,
    /// The paths that differ.
    pub(crate) changed: Vec<String>,
    /// What is odd about it.
    pub(crate) warnings: Vec<ConfigIssue>,
}

/// The file a change is for.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    /// Where it is.
    pub(crate) path: &'a Path,
    /// What it says.
    pub(crate) before: &'a Evaluated,
    /// The variables of the process.
    pub(crate) env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a person has seen the whole text and means what is missing.
    pub(crate) by_hand: bool,
}

impl Base<'_> {
    /// The text `edit` makes of the file.
    pub(crate) fn draft(&self, edit: &ConfigEdit) -> Result<Draft, ConfigWriteError> {
        let source = self.source(edit)?;
        let (change, sent) = understood(edit)?;
        let (change, sent) = self.restore(change, sent, &source)?;
        let change = change.modern();
        let new = change.apply(&source).map_err(ConfigWriteError::Syntax)?;
        let text = match sent {
            Some(text) => text,
            None => self.rewritten(&source, &new),
        };
        let document = self.reread(&text)?;
        if document.value != new {
            let why = "the text cannot be changed there; edit the file by hand";
            return Err(invalid("", why));
        }
        let mut warnings = self.check_includes(&change, &source, &new)?;
        let bytes = Some(text.clone().into_bytes());
        let after = evaluate_text(self.path, bytes, Vec::new(), self.env, None);
        self.check_problems(&change, &after)?;
        self.check_losses(&change, &after, &source, &new)?;
        let changed = differences(&self.before.resolved, &after.resolved);
        let odd = after.problems.iter().filter(|it| it.severity == Severity::Warning);
        warnings.extend(odd.map(Problem::to_issue));
        Ok(Draft { text, after, changed, warnings })
    }

    /// What the file says by itself, if `edit` can go by that.
    fn source(&self, edit: &ConfigEdit) -> Result<Value, ConfigWriteError> {
        let Evaluated { document, problems, .. } = self.before;
        let stands_in_the_way = |problem: &&Problem| match edit {
            ConfigEdit::Replace(_) => false,
            ConfigEdit::Merge(_) => Severity::Error <= problem.severity && !is_elsewhere(problem),
            // Whoever names a key may repair a file.
            ConfigEdit::Set { .. } | ConfigEdit::Unset { .. } => {
                problem.severity == Severity::Fatal && problem.key.is_empty()
            }
        };
        let issues: Vec<_> = problems.iter().filter(stands_in_the_way).collect();
        if !issues.is_empty() {
            let issues = issues.into_iter().map(Problem::to_issue).collect();
            return Err(ConfigWriteError::InvalidFile(issues));
        }
        let value = document.as_ref().map(|document| document.value.clone());
        Ok(value.unwrap_or_else(|| Value::Object(Map::new())))
    }

    /// Puts the secrets in that placeholders mean.
    fn restore(
        &self,
        change: Change,
        sent: Option<String>,
        source: &Value,
    ) -> Result<(Change, Option<String>), ConfigWriteError> {
        let redaction = self.before.redaction();
        let find = |sent: &Value, at: &[String]| {
            placeholders(sent, at, source, &redaction).map_err(ConfigWriteError::LostSecret)
        };
        let fill = |tree: &mut Value, kept: &[Kept], above: usize| {
            for Kept { sent, secret } in kept {
                if let Some((place, secret)) =
                    get_mut(tree, &sent[above..]).zip(get(source, secret))
                {
                    *place = secret.clone();
                }
            }
        };
        Ok(match change {
            Change::Replace(value) => {
                let kept = find(&value, &[])?;
                let text = sent.map(|text| self.splice(&text, &kept, &redaction));
                let value = text.as_deref().and_then(|text| read(text).ok()).map(|it| it.value);
                (Change::Replace(value.unwrap_or_default()), text)
            }
            Change::Merge(patch) => {
                let mut patch = Value::Object(patch);
                let kept = find(&patch, &[])?;
                fill(&mut patch, &kept, 0);
                let Value::Object(patch) = patch else { return Err(ConfigWriteError::NotAnObject) };
                (Change::Merge(patch), None)
            }
            Change::Set(path, mut value) => {
                let kept = find(&value, &path)?;
                fill(&mut value, &kept, path.len());
                (Change::Set(path, value), None)
            }
            unset @ Change::Unset(_) => (unset, None),
        })
    }

    /// `text` with the placeholders spelled as the file spells the secrets, in
    /// comments too.
    fn splice(&self, text: &str, kept: &[Kept], redaction: &Redaction) -> String {
        let (Ok(sent), Some(source)) = (read(text), &self.before.document) else {
            return text.to_owned();
        };
        let mut pieces = comments(&sent, source, redaction);
        if let (Some(sent), Some(source)) = (outline(&sent.text), outline(&source.text)) {
            let found =
                kept.iter().filter_map(|it| Some((sent.at(&it.sent)?, source.at(&it.secret)?)));
            pieces.extend(found.map(|(sent, secret)| (sent.range.clone(), secret.range.clone())));
        }
        pieces.sort_by_key(|(range, _)| range.start);
        let mark = text.len() - sent.text.len();
        let (mut result, mut done) = (text[..mark].to_owned(), 0);
        for (range, secret) in pieces {
            result.push_str(&sent.text[done..range.start]);
            result.push_str(&source.text[secret]);
            done = range.end;
        }
        result.push_str(&sent.text[done..]);
        result
    }

    fn rewritten(&self, source: &Value, new: &Value) -> String {
        let marked = self.before.text.as_ref().is_some_and(|it| it.starts_with(MARK.as_bytes()));
        let body = self.before.document.as_ref().map(|it| it.text.as_str()).unwrap_or_default();
        let mark = if marked { MARK } else { "" };
        format!("{mark}{}", rewrite(body, source, new))
    }

    /// Reads what would be written, as the next start will.
    fn reread(&self, text: &str) -> Result<Document, ConfigWriteError> {
        read(text).map_err(|error| {
            ConfigWriteError::Invalid(vec![ConfigIssue {
                path: String::new(),
                message: error.message,
                file: Some(self.path.display().to_string()),
                line: Some(error.line),
            }])
        })
    }

    /// What an included file says cannot be changed in this one, except where a
    /// key beside the include wins over it. Compares what the file would say
    /// with its includes with what was asked for.
    fn check_includes(
        &self,
        change: &Change,
        source: &Value,
        new: &Value,
    ) -> Result<Vec<ConfigIssue>, ConfigWriteError> {
        let replaces = matches!(change, Change::Replace(_));
        let included = includes(source);
        if replaces || included.is_empty() || included != includes(new) {
            return Ok(Vec::new());
        }
        let mut places = BTreeMap::new();
        let mut whole = |value: &Value| {
            let whole = with_includes(self.path, value.clone(), self.env, &mut places);
            whole.map_err(|problem| ConfigWriteError::Invalid(vec![problem.to_issue()]))
        };
        let (before, after) = (whole(source)?, whole(new)?);
        let wanted = change.apply(&before).map_err(ConfigWriteError::Syntax)?;
        let Some(key) = differences(&wanted, &after).into_iter().next() else {
            return Ok(Vec::new());
        };
        let elsewhere = |place: &Place| place.file != self.path;
        let place = place(&places, &key).filter(elsewhere).or_else(|| {
            let inside = places.iter().filter(|(known, _)| known.starts_with(&key));
            inside.map(|(_, place)| place).find(|place| elsewhere(place)).cloned()
        });
        let file = place.as_ref().map_or_else(
            || "a file that is included".to_owned(),
            |place| format!("the included file {}", place.file.display()),
        );
        match change {
            // What stood beside the include is gone, as asked; the file it was
            // written against counts again.
            Change::Unset(_) if new != source => Ok(vec![ConfigIssue {
                path: key,
                message: format!("{file} says it as well, which counts from now on"),
                file: place.as_ref().map(|it| it.file.display().to_string()),
                line: place.as_ref().map(|it| it.line),
            }]),
            _ => {
                let key = if key.is_empty() { "this".to_owned() } else { key };
                Err(ConfigWriteError::ReadOnly(format!("{key} comes from {file}; change it there")))
            }
        }
    }

    /// The outcome has to be right: altogether, or at least where a key was
    /// named no less than before. Names nobody knows are refused when they are
    /// new, for most of them are slips.
    fn check_problems(&self, change: &Change, after: &Evaluated) -> Result<(), ConfigWriteError> {
        let by_key = matches!(change, Change::Set(..) | Change::Unset(_));
        let known = |problem: &Problem| {
            let same = |it: &Problem| it.key == problem.key && it.message == problem.message;
            self.before.problems.iter().any(same)
        };
        let wrong = after.problems.iter().filter(|problem| match problem.severity {
            Severity::Warning => problem.message.starts_with("unknown key") && !known(problem),
            Severity::Error | Severity::Fatal => {
                !((by_key || is_elsewhere(problem)) && known(problem))
            }
        });
        let issues: Vec<_> = wrong.map(Problem::to_issue).collect();
        if issues.is_empty() { Ok(()) } else { Err(ConfigWriteError::Invalid(issues)) }
    }

    /// Refuses what looks like an accident: a file without the `gateway.mode` it
    /// had, or one that says less than half of what it said, unless that is what
    /// was asked for by name.
    fn check_losses(
        &self,
        change: &Change,
        after: &Evaluated,
        source: &Value,
        new: &Value,
    ) -> Result<(), ConfigWriteError> {
        if self.by_hand {
            return Ok(());
        }
        let mode = |tree: &Value| tree["gateway"]["mode"].is_string();
        let named = match change {
            Change::Unset(path) => spell_path(path) == "gateway.mode",
            Change::Merge(patch) => {
                let gateway = patch.get("gateway").and_then(Value::as_object);
                gateway.is_some_and(|gateway| gateway.contains_key("mode"))
            }
            Change::Replace(_) | Change::Set(..) => false,
        };
        if mode(&self.before.resolved) && !mode(&after.resolved) && !named {
            return Err(invalid("gateway.mode", "would be gone; say it, or unset it by its name"));
        }
        let (before, after) = (source.to_string().len(), new.to_string().len());
        let replaces = matches!(change, Change::Replace(_));
        if replaces && WORTH_GUARDING <= before && after < before / 2 {
            let why = format!(
                "would say less than half of what the file says ({after} of {before} bytes); \
                 take keys away by their names"
            );
            return Err(invalid("", &why));
        }
        Ok(())
    }
}

/// The change `edit` means, and the text it brings along.
fn understood(edit: &ConfigEdit) -> Result<(Change, Option<String>), ConfigWriteError> {
    let parse = |text: &str| {
        read(text).map(|document| document.value).map_err(|error| {
            ConfigWriteError::Syntax(format!("{} on line {}", error.message, error.line))
        })
    };
    let named = |path: &[String]| match path {
        [] => Err(ConfigWriteError::Syntax("a path names a key, as in gateway.port".into())),
        path => Ok(path.to_vec()),
    };
    Ok(match edit {
        ConfigEdit::Replace(text) => (Change::Replace(parse(text)?), Some(text.clone())),
        ConfigEdit::Merge(text) => match parse(text)? {
            Value::Object(patch) => (Change::Merge(patch), None),
            _ => return Err(ConfigWriteError::NotAnObject),
        },
        ConfigEdit::Set { path, value } => {
            let value = serde_json::from_str(value.as_str());
            let value = value.map_err(|error| ConfigWriteError::Syntax(error.to_string()))?;
            (Change::Set(named(path)?, value), None)
        }
        ConfigEdit::Unset { path } => (Change::Unset(named(path)?), None),
    })
}

/// Whether it is the environment that is wrong: here, which need not be the one
/// of the gateway that reads the file.
fn is_elsewhere(problem: &Problem) -> bool {
    problem.message.starts_with("the environment variable")
}

fn invalid(path: &str, message: &str) -> ConfigWriteError {
    let (path, message) = (path.to_owned(), message.to_owned());
    ConfigWriteError::Invalid(vec![ConfigIssue { path, message, file: None, line: None }])
}

/// The files `tree` includes.
fn includes(tree: &Value) -> Vec<&Value> {
    match tree {
        Value::Object(map) => {
            let own = map.get("$include").into_iter();
            own.chain(map.values().flat_map(includes)).collect()
        }
        Value::Array(values) => values.iter().flat_map(includes).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
