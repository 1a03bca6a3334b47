//! What a property list says, and reading it back.

use std::{fmt::Write, path::Path};

use ports::driven::{ServiceDefinition, ServiceError};

use crate::{name::Identity, recognise};

/// The property list of a service. Refuses what it cannot say, and secrets.
pub fn render(service: &ServiceDefinition, identity: &Identity) -> Result<String, ServiceError> {
    let mut list = Writer::default();
    list.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    list.raw(concat!(
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" ",
        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">",
    ));
    list.raw("<plist version=\"1.0\">\n<dict>");
    list.text("Label", &identity.label())?;
    list.text("Comment", &identity.description())?;
    list.raw("  <key>ProgramArguments</key>\n  <array>");
    for word in &service.command {
        list.item(word)?;
    }
    list.raw("  </array>");
    list.raw("  <key>EnvironmentVariables</key>\n  <dict>");
    for (name, value) in &service.environment {
        if recognise::is_secret(name) {
            return Err(ServiceError::Unspeakable(format!("the secret {name}")));
        }
        list.text(name, value)?;
    }
    list.raw("  </dict>");
    list.text("WorkingDirectory", path(&service.working_directory)?)?;
    list.raw("  <key>RunAtLoad</key>\n  <true/>\n  <key>KeepAlive</key>\n  <true/>");
    list.number("ThrottleInterval", 10);
    list.number("ExitTimeOut", service.stop_timeout.as_secs());
    // launchd wants the bits of 0077 as a decimal number.
    list.number("Umask", 0o077);
    list.raw("  <key>SoftResourceLimits</key>\n  <dict>");
    list.number("NumberOfFiles", 65_536);
    list.raw("  </dict>");
    let name = service.kind.word();
    for (key, file) in [
        ("StandardOutPath", format!("{name}.log")),
        ("StandardErrorPath", format!("{name}.err.log")),
    ] {
        list.text(key, path(&service.log_directory.join(file))?)?;
    }
    list.raw("</dict>\n</plist>");
    Ok(list.0)
}

#[derive(Default)]
struct Writer(String);

impl Writer {
    fn raw(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn text(&mut self, key: &str, value: &str) -> Result<(), ServiceError> {
        self.raw(&format!("  <key>{}</key>", escaped(key)?));
        self.raw(&format!("  <string>{}</string>", escaped(value)?));
        Ok(())
    }

    fn item(&mut self, value: &str) -> Result<(), ServiceError> {
        self.raw(&format!("    <string>{}</string>", escaped(value)?));
        Ok(())
    }

    fn number(&mut self, key: &str, value: u64) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "  <key>{key}</key>\n  <integer>{value}</integer>");
    }
}

fn path(path: &Path) -> Result<&str, ServiceError> {
    path.to_str().ok_or_else(|| ServiceError::Unspeakable(path.display().to_string()))
}

fn escaped(text: &str) -> Result<String, ServiceError> {
    if text.chars().any(char::is_control) {
        return Err(ServiceError::Unspeakable(format!("{text:?}")));
    }
    Ok(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&amp;", "&")
}

/// The parts of a property list one wants to see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plist {
    pub(crate) command: Vec<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Plist {
    pub(crate) fn read(text: &str) -> Self {
        let environment = section(text, "EnvironmentVariables", "dict");
        let names = elements(environment, "key");
        Self {
            command: elements(section(text, "ProgramArguments", "array"), "string"),
            working_directory: elements(after(text, "WorkingDirectory"), "string")
                .into_iter()
                .next(),
            environment: names.into_iter().zip(elements(environment, "string")).collect(),
        }
    }
}

/// What follows the key.
fn after<'a>(text: &'a str, key: &str) -> &'a str {
    text.split_once(&format!("<key>{key}</key>")).map_or("", |(_, rest)| rest)
}

/// What is in the element that follows the key.
fn section<'a>(text: &'a str, key: &str, element: &str) -> &'a str {
    let rest = after(text, key);
    rest.split_once(&format!("</{element}>")).map_or("", |(inside, _)| inside)
}

/// The texts of all elements of that name.
fn elements(text: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = text.split(&open).skip(1).filter_map(|part| part.split_once(&close));
    parts.map(|(inside, _)| unescaped(inside)).collect()
}
