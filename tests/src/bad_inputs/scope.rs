//! Which cases concern the gateway as it is, and which wait for a later issue.
//!
//! Two tables decide: what a surface waits for, and on `rpc` what a method waits
//! for. What is in neither table is played.

use std::fmt;

use serde_json::Value;

use super::cases::Case;

/// Whether a case is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The gateway has all it takes.
    Now,
    /// It takes a network of its own, and is played by this test.
    Elsewhere(&'static str),
    /// It has to wait.
    NotYet(NotYet),
}

/// What a case waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotYet {
    issue: &'static str,
    because: String,
}

impl NotYet {
    /// The issue that brings what is missing, as in `issue B`.
    pub(super) fn issue(&self) -> &'static str {
        self.issue
    }
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not yet ({}): {}", self.issue, self.because)
    }
}

/// What becomes of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is played.
    Played,
    /// It waits for a later issue.
    Waits,
}

/// What becomes of the case called `id`, if there is one.
pub fn standing(id: &str) -> Option<Standing> {
    let cases = super::cases::load().ok()?.cases;
    let case = cases.iter().find(|case| case.id == id)?;
    Some(match of(case) {
        Scope::Now | Scope::Elsewhere(_) => Standing::Played,
        Scope::NotYet(_) => Standing::Waits,
    })
}

const LATER: &str = "a later issue";

/// Surfaces that wait as a whole.
const SURFACES: &[(&str, &str)] = &[("cron", LATER)];

/// Methods that do not exist yet, by the beginning of their names. A case waits
/// for the first of its methods that is here, unless it is about who may call it.
const METHODS: &[(&str, &str)] = &[
    ("browser.", LATER),
    ("cron.", LATER),
    ("poll", LATER),
    ("send", LATER),
    ("skills.", LATER),
    ("talk.", LATER),
    ("tts.", LATER),
    ("voicewake.", LATER),
    ("web.login.", LATER),
];

/// Cases that are played by a test of their own.
const ELSEWHERE: &[(&str, &str)] = &[
    ("HTP-046", OUTBOUND),
    ("SSR-004", OUTBOUND),
    ("SSR-006", OUTBOUND),
    ("SSR-007", OUTBOUND),
    ("SSR-009", OUTBOUND),
    ("SSR-011", OUTBOUND),
    ("SSR-015", OUTBOUND),
    ("SSR-017", OUTBOUND),
    ("SSR-021", OUTBOUND),
    ("SSR-022", OUTBOUND),
];
const OUTBOUND: &str = "tests/tests/outbound.rs";

/// Damage to what does not exist yet, by the beginning of its name.
const DAMAGE: &[(&str, &str)] = &[("cron:", LATER)];

/// Cases that wait for something of their own.
const CASES: &[(&str, &str, &str)] = &[
    // No gateway lets anybody guess so often. How tokens are compared is tested
    // where it is done: `adapters/signatures/src/mac.rs`.
    ("HOK-029", LATER, "webhooks without a limit for wrong tokens"),
    // Tested where files are opened: `adapters/canvas-http/src/tests/looking.rs`.
    ("CAN-014", LATER, "files that are swapped meanwhile"),
    // It takes a browser: `adapters/control-ui/web/e2e/begin.test.mjs`.
    ("CAN-031", LATER, "a browser"),
    // It asks for a time; what comes of it: `app/rpc/src/methods/usage/tests.rs`.
    ("RPC-097", LATER, "how long a method takes"),
    ("SLK-013", LATER, "a Slack channel"),
    ("SLK-014", LATER, "a Slack channel"),
    ("SLK-020", LATER, "a Slack channel"),
];

/// Fixtures that take something that does not exist yet.
const FIXTURES: &[(&str, &str)] = &[
    // A model that calls tools, and the tools.
    ("mock-model", LATER),
    ("browser-mock", LATER),
];

/// Decides about a case.
pub(super) fn of(case: &Case) -> Scope {
    let not_yet = |issue, because: String| Scope::NotYet(NotYet { issue, because });

    if let Some((_, test)) = ELSEWHERE.iter().find(|(id, _)| *id == case.id) {
        return Scope::Elsewhere(test);
    }
    if let Some((_, issue, because)) = CASES.iter().find(|(id, ..)| *id == case.id) {
        return not_yet(issue, (*because).to_owned());
    }
    if let Some((surface, issue)) = SURFACES.iter().find(|(name, _)| *name == case.surface) {
        return not_yet(issue, format!("surface {surface}"));
    }
    if let Some((fixture, issue)) = FIXTURES.iter().find(|(name, _)| *name == case.fixture) {
        return not_yet(issue, format!("fixture {fixture}"));
    }
    if is_about_authority(case) {
        return Scope::Now;
    }
    for step in case.steps.iter().flat_map(flat) {
        if let Some((issue, because)) = missing(step) {
            return not_yet(issue, because);
        }
    }
    Scope::Now
}

/// Whether a call has to be refused for who makes it: it does not matter then
/// whether there is such a method.
fn is_about_authority(case: &Case) -> bool {
    let pattern = case.expect["res"]["error"]["message_re"].as_str().unwrap_or_default();
    ["^missing scope: ", "^unauthorized role: "].iter().any(|begin| pattern.starts_with(begin))
}

/// A step and those it repeats.
fn flat(step: &Value) -> Vec<&Value> {
    let inner = step["steps"].as_array().into_iter().flatten();
    std::iter::once(step).chain(inner).collect()
}

fn missing(step: &Value) -> Option<(&'static str, String)> {
    let text = |key: &str| step[key].as_str().unwrap_or_default();
    match text("op") {
        "rpc" => {
            let method = text("method");
            let (_, issue) = METHODS.iter().find(|(name, _)| {
                if name.ends_with('.') { method.starts_with(name) } else { method == *name }
            })?;
            Some((issue, format!("method {method}")))
        }
        "damage" => {
            let what = text("what");
            let (_, issue) = DAMAGE.iter().find(|(begin, _)| what.starts_with(begin))?;
            Some((issue, format!("damage {what}")))
        }
        _ => None,
    }
}

#[test]
fn what_waits_for_what() {
    let cases = super::cases::load().unwrap().cases;
    let scope = |id: &str| of(cases.iter().find(|case| case.id == id).unwrap());
    let waits = |id: &str| match scope(id) {
        Scope::Now | Scope::Elsewhere(_) => panic!("{id} is played"),
        Scope::NotYet(not_yet) => not_yet.to_string(),
    };

    let now = "WSF-033 UPG-026 CON-015 CON-035 AUT-035 AUT-037 DEV-006 SES-001 RPC-001 RPC-017 RPC-062 \
               HTP-016 ENV-006 HOK-024 SLK-005 CFG-024 AUT-038 RPC-059 RPC-068 CFG-001 CLI-017 FIL-010 \
               AUT-032 HTP-038 HTP-041 HOK-007 CAN-013 CAN-021";
    for id in now.split(' ') {
        assert_eq!(scope(id), Scope::Now, "{id}");
    }
    assert_eq!(waits("FIL-005"), "not yet (a later issue): damage cron:truncate:50%");
    assert_eq!(waits("SLK-013"), "not yet (a later issue): a Slack channel");
    assert_eq!(scope("SSR-004"), Scope::Elsewhere(OUTBOUND));
    assert_eq!(waits("CAN-031"), "not yet (a later issue): a browser");
    assert_eq!(waits("SSR-019"), "not yet (a later issue): method send");
    assert_eq!(waits("RPC-036"), "not yet (a later issue): method send");
    assert_eq!(waits("RPC-108"), "not yet (a later issue): fixture mock-model");
    let played = cases.iter().filter(|case| of(case) == Scope::Now).count();
    assert_eq!(played, 306);
}

#[test]
fn every_surface_is_known() {
    let played = [
        "ws-frame",
        "ws-upgrade",
        "connect-params",
        "auth",
        "device-signature",
        "session-key",
        "rpc",
        "http",
        "environment",
        "tls",
        "config-file",
        "cli",
        "state-files",
        "hooks",
        "slack",
        "ssrf",
        "canvas-ui",
    ];
    for Case { id, surface, .. } in super::cases::load().unwrap().cases {
        let waits = SURFACES.iter().any(|(name, _)| *name == surface);
        assert!(waits || played.contains(&surface.as_str()), "{id}: {surface}");
    }
}
