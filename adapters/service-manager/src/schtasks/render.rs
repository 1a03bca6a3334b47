//! What the script says, and reading it back.

use std::path::Path;

use ports::driven::{ServiceDefinition, ServiceError};

use crate::{name::Identity, recognise};

/// The script of a service. Refuses what it cannot say, and secrets.
pub fn render(service: &ServiceDefinition, identity: &Identity) -> Result<String, ServiceError> {
    let mut lines = vec![
        "@echo off".to_owned(),
        format!("rem {}", escaped(&identity.description())?),
        // Names of files may have letters that are not in every code page.
        "chcp 65001 >nul".to_owned(),
        format!("cd /d \"{}\"", escaped(path(&service.working_directory)?)?),
    ];
    for (name, value) in &service.environment {
        if recognise::is_secret(name) {
            return Err(ServiceError::Unspeakable(format!("the secret {name}")));
        }
        lines.push(format!("set \"{name}={}\"", escaped(value)?));
    }
    let words = service.command.iter().map(|word| {
        let simple = |c: char| c.is_ascii_alphanumeric() || "/\\._-:".contains(c);
        let word = escaped(word)?;
        Ok(if word.chars().all(simple) { word } else { format!("\"{word}\"") })
    });
    lines.push(words.collect::<Result<Vec<_>, ServiceError>>()?.join(" "));
    Ok(lines.join("\r\n") + "\r\n")
}

fn path(path: &Path) -> Result<&str, ServiceError> {
    path.to_str().ok_or_else(|| ServiceError::Unspeakable(path.display().to_string()))
}

/// Within quotes only a percent sign means something; quotes themselves cannot
/// be said.
fn escaped(text: &str) -> Result<String, ServiceError> {
    if text.chars().any(|c| c.is_control() || c == '"') {
        return Err(ServiceError::Unspeakable(format!("{text:?}")));
    }
    Ok(text.replace('%', "%%"))
}

/// The parts of a script one wants to see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) command: Vec<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Script {
    pub(crate) fn read(text: &str) -> Self {
        let mut script = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let bare = |text: &str| text.trim().trim_matches('"').replace("%%", "%");
            let lower = line.to_lowercase();
            if ["rem ", "@echo", "chcp "].iter().any(|word| lower.starts_with(word)) {
                continue;
            }
            if lower.starts_with("cd /d ") {
                script.working_directory = Some(bare(&line[6..]));
            } else if lower.starts_with("set ") {
                let pair = bare(&line[4..]);
                let pair = pair.split_once('=');
                script.environment.extend(pair.map(|(name, value)| (name.into(), value.into())));
            } else {
                script.command = words(line);
            }
        }
        script
    }
}

fn words(line: &str) -> Vec<String> {
    // Every second part is in quotes, where spaces are part of the word.
    let parts = line.split('"').enumerate();
    let words = parts.flat_map(|(place, part)| match place % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.map(|word| word.replace("%%", "%")).collect()
}
