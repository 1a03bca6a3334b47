//! What clients can see, as it was last reviewed.

use std::{fmt::Write, fs, path::Path};

use domain::{
    access::{Access, Principal, Proof, Role, Scope, Scopes},
    event::EventKind,
};

/// Whoever adds a method or changes what it asks of its caller changes this
/// file too, so that the change is seen in review.
#[test]
fn methods_are_as_reviewed() {
    let mut table = String::new();
    for method in rpc::all() {
        let summary = method.doc.trim().lines().next().unwrap_or_default().trim();
        writeln!(table, "{:<30} {:<20} {summary}", method.name, method.access.to_string()).unwrap();
    }
    reviewed("methods.txt", &table);
}

#[test]
fn events_are_as_reviewed() {
    let mut table = String::new();
    for kind in EventKind::ALL {
        let rule = kind.rule();
        let class = format!("{:?}", rule.class).to_lowercase();
        let access = rule.access.to_string();
        let followers = kind.followers().map(|it| format!("; {it}, where it follows the session"));
        let (name, doc) = (kind.as_str(), rule.doc);
        let followers = followers.unwrap_or_default();
        writeln!(table, "{name:<20} {access:<16} {class:<10} {doc}{followers}").unwrap();
    }
    reviewed("events.txt", &table);
}

#[test]
fn the_manual_is_as_reviewed() {
    reviewed("manual.md", &rpc::manual::markdown());
}

/// Method × role × scope: who may call what. A method without a rule does not
/// compile, because its access is part of its entry in the `methods!` table; one
/// whose rule changes is seen here in review.
#[test]
fn who_may_call_what_is_as_reviewed() {
    let mut table = String::new();
    for method in rpc::all() {
        writeln!(table, "{:<30} {}", method.name, audience(method.access)).unwrap();
    }
    reviewed("authority-methods.txt", &table);
}

/// Event × role × scope: who gets to see what. An event without a rule does not
/// compile, because `EventKind::rule` matches on every kind.
#[test]
fn who_may_see_what_is_as_reviewed() {
    let mut table = String::new();
    for kind in EventKind::ALL {
        writeln!(table, "{:<30} {}", kind.as_str(), audience(kind.rule().access)).unwrap();
    }
    reviewed("authority-events.txt", &table);
}

/// Whom `access` lets through, of a node, of an operator without any scope, and
/// of operators with one scope each. What is decided is asked, not what the rule
/// says.
fn audience(access: Access) -> String {
    let with_one = Scope::ALL.iter().map(|scope| (scope.as_str(), Scopes::NONE.with(*scope)));
    let operators = std::iter::once(("operator", Scopes::NONE)).chain(with_one);
    let mut callers = vec![("node", holder(Role::Node, Scopes::all()))];
    callers.extend(operators.map(|(name, scopes)| (name, holder(Role::Operator, scopes))));
    let let_through = callers.iter().filter(|(_, caller)| access.check(caller).is_ok());
    let names: Vec<_> = let_through.map(|(name, _)| *name).collect();
    if names.len() == callers.len() { "everybody".to_owned() } else { names.join(" ") }
}

fn holder(role: Role, scopes: Scopes) -> Principal {
    Principal { role, scopes, proof: Proof::Token, local: false, device: None, user: None }
}

/// Nobody but nodes may do what is for nodes, and no scope opens more than its
/// own methods and what it includes.
#[test]
fn a_scope_opens_nothing_but_its_own() {
    for method in rpc::all() {
        for scope in Scope::ALL {
            let scopes = Scopes::NONE.with(*scope);
            let allowed = method.access.check(&holder(Role::Operator, scopes)).is_ok();
            let expected = match method.access {
                Access::Anyone => true,
                Access::Node => false,
                Access::Operator(asked) => {
                    asked == *scope
                        || *scope == Scope::Admin
                        || (*scope == Scope::Write && matches!(asked, Scope::Read | Scope::Talk))
                }
            };
            assert_eq!(allowed, expected, "{} with {scope}", method.name);
            let node = method.access.check(&holder(Role::Node, scopes)).is_ok();
            assert_eq!(node, !matches!(method.access, Access::Operator(_)), "{}", method.name);
        }
    }
}

fn reviewed(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("there is room");
        fs::write(&path, now).expect("there is room");
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    assert!(now == reviewed, "run with UPDATE=1 and review the change:\n{now}");
}
