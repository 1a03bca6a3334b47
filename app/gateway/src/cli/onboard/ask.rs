//! Questions of the wizard, put to somebody at a terminal.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use domain::wizard::{Choice, Kind, Step, Value, id};
use inquire::{
    Confirm, InquireError, Password, PasswordDisplayMode, Select, Text,
    ui::RenderConfig,
    validator::{ErrorMessage, Validation},
};

use crate::cli::{context::Context, failure::Failure, output};

/// How many choices are shown at once.
const PAGE: usize = 12;

/// Refuses where nobody can be asked.
pub(crate) fn needs_terminal(context: &Context, instead: &str) -> Result<(), Failure> {
    if context.json {
        return Err(Failure::new("with --json nobody can be asked").with(instead));
    }
    if !io::stdin().is_terminal() {
        let message = "the standard input is no terminal, so nobody can be asked";
        return Err(Failure::new(message).with(instead));
    }
    if !output::coloured() {
        inquire::set_global_render_config(RenderConfig::empty());
    }
    Ok(())
}

/// Asks `step`; `None` is somebody who wants to stop. Blocks, as nothing else
/// goes on meanwhile.
pub(crate) fn ask(step: &Step) -> Result<Option<Value>, Failure> {
    let answered = match &step.kind {
        Kind::Note => {
            output::line(&format!("{}: {}", step.title, output::tame(&step.message)))?;
            Ok(Value::from(""))
        }
        Kind::Confirm => confirm(step),
        Kind::Select(choices) => select(step, choices),
        Kind::Text => text(step),
        Kind::Secret { .. } => secret(step),
    };
    match answered {
        Ok(value) => Ok(Some(value)),
        Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => Ok(None),
        Err(error) => Err(Failure::new(format!("nobody can be asked: {error}"))),
    }
}

fn confirm(step: &Step) -> Result<Value, InquireError> {
    let prompt = Confirm::new(&step.message);
    let prompt = match step.initial {
        Some(Value::Flag(initial)) => prompt.with_default(initial),
        Some(Value::Text(_)) | None => prompt.with_placeholder("y or n"),
    };
    prompt.prompt().map(Value::Flag)
}

fn select(step: &Step, choices: &[Choice]) -> Result<Value, InquireError> {
    // What a provider calls its models is a stranger's word.
    let message = output::tame(&step.message);
    let is_initial = |choice: &Choice| step.initial == Some(choice.value.as_str().into());
    let initial = choices.iter().position(is_initial).unwrap_or_default();
    let prompt = Select::new(&message, choices.iter().map(Shown).collect());
    let chosen = prompt
        .with_starting_cursor(initial)
        .with_page_size(PAGE)
        .with_formatter(&|chosen| output::cell(&chosen.value.0.label, 80))
        .prompt()?;
    Ok(chosen.0.value.as_str().into())
}

fn text(step: &Step) -> Result<Value, InquireError> {
    let judge = step.clone();
    let judge = move |typed: &str| Ok(judged(&judge, typed));
    let mut prompt = Text::new(&step.message).with_validator(judge);
    if let Some(Value::Text(initial)) = step.initial.as_ref().filter(|it| **it != "".into()) {
        prompt = prompt.with_default(initial);
    }
    if let Some(placeholder) = step.placeholder {
        prompt = prompt.with_placeholder(placeholder);
    }
    prompt.prompt().map(|text| text.as_str().into())
}

fn secret(step: &Step) -> Result<Value, InquireError> {
    let judge = step.clone();
    let judge = move |typed: &str| Ok(judged(&judge, typed));
    let prompt = Password::new(&step.message)
        .with_display_mode(PasswordDisplayMode::Masked)
        .with_custom_confirmation_message("Again")
        .with_validator(judge);
    // Only what somebody makes up can be mistyped unnoticed.
    let prompt = match step.id {
        id::PASSWORD => prompt,
        _ => prompt.without_confirmation(),
    };
    prompt.prompt().map(|text| text.as_str().into())
}

fn judged(step: &Step, typed: &str) -> Validation {
    match step.accept(typed.into()) {
        Ok(_) => Validation::Valid,
        Err(refused) => Validation::Invalid(ErrorMessage::Custom(refused.reason())),
    }
}

/// A choice as it is shown.
struct Shown<'a>(&'a Choice);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = output::cell(&self.0.label, 80);
        match &self.0.hint {
            Some(hint) => write!(f, "{label} ({})", output::cell(hint, 80)),
            None => f.write_str(&label),
        }
    }
}
