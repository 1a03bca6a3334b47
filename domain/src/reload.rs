//! What a change of the configuration file means to a gateway that runs
//! (`gateway-reference.md` 3).
//!
//! [`diff`] says which keys changed, [`plan`] what to do about them: which parts
//! of the gateway have to put something into force, and whether the process has
//! to start again. By the rules of this gateway it never has to; [`Mode`] knows
//! what to do if it had.

#[cfg(test)]
mod openclaw;
mod part;
mod plan;
mod rules;
mod tree;

use std::time::Duration;

pub use part::Part;
pub use plan::{Mode, Plan, is_known, kind, plan};
pub use rules::Kind;
pub use tree::{ROOT, Tree, diff};

/// How long a file has to be quiet before it is read, unless
/// `gateway.reload.debounceMs` says otherwise.
pub const DEBOUNCE: Duration = Duration::from_millis(300);

/// What the log says when something changed.
pub fn noticed(changed: &[String]) -> String {
    format!("config change detected; evaluating reload ({})", changed.join(", "))
}

/// What the log says when the file cannot be used. `issues` are `key: what is
/// wrong with it`.
pub fn skipped(issues: &[String]) -> String {
    format!("config reload skipped (invalid config): {}", issues.join(", "))
}

#[test]
fn the_log_says_that_something_changed() {
    let paths = ["gateway.port".to_owned(), "logging".to_owned()];
    assert_eq!(
        noticed(&paths),
        "config change detected; evaluating reload (gateway.port, logging)"
    );
    let issues = ["gateway.port: must be a number".to_owned()];
    assert_eq!(
        skipped(&issues),
        "config reload skipped (invalid config): gateway.port: must be a number"
    );
}
