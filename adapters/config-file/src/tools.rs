//! Policies about tools that contradict themselves, or say nothing.

use domain::tools::ToolList;
use ports::config::{Config, tools::ToolPolicyConfig};
use serde_json::Value;

use crate::{
    problem::{Problem, Severity},
    read::spell,
};

/// Looks for policies in `tree` with both `allow` and `alsoAllow`, of which only
/// one can be meant: the first says that nothing else may be used, the second
/// adds to what may be used anyway. The narrower one counts, wherever the policy
/// stands.
pub(crate) fn only_one_list(tree: &mut Value, problems: &mut Vec<Problem>) {
    descend(tree, &mut Vec::new(), problems);
}

fn descend(value: &mut Value, path: &mut Vec<String>, problems: &mut Vec<Problem>) {
    match value {
        Value::Object(map) => {
            let says =
                |key: &str| map.get(key).and_then(Value::as_array).is_some_and(|it| !it.is_empty());
            if says("allow") && says("alsoAllow") {
                let why =
                    "cannot be said together with allow in one place: put these tools into allow";
                let key = path.iter().cloned().chain(["alsoAllow".to_owned()]);
                let key = spell(&key.collect::<Vec<_>>());
                problems.push(Problem::new(Severity::Error, &key, why));
                map.remove("alsoAllow");
            }
            for (key, below) in map {
                path.push(key.clone());
                descend(below, path, problems);
                path.pop();
            }
        }
        Value::Array(values) => {
            for (index, below) in values.iter_mut().enumerate() {
                path.push(format!("[{index}]"));
                descend(below, path, problems);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Says which lists of what may be used take nothing away, because no tool of
/// OpenClaw's is on them.
pub(crate) fn warn(config: &Config, problems: &mut Vec<Problem>) {
    let mut look = |key: String, allow: &[String]| {
        let list = ToolList::new(allow);
        if !list.is_empty() && !list.names_natives() {
            let why = "names no tool that comes with OpenClaw, so it takes none of them away";
            problems.push(Problem::new(Severity::Warning, &key, why));
        }
    };
    let by_provider =
        |at: &str, policies: &std::collections::BTreeMap<String, ToolPolicyConfig>| {
            let named = policies.iter().map(|(name, policy)| {
                (format!("{at}.byProvider.{name}.allow"), policy.allow.clone())
            });
            named.collect::<Vec<_>>()
        };
    look("tools.allow".to_owned(), &config.tools.allow);
    look("tools.subagents.tools.allow".to_owned(), &config.tools.subagents.tools.allow);
    for (key, allow) in by_provider("tools", &config.tools.by_provider) {
        look(key, &allow);
    }
    for (index, agent) in config.agents.list.iter().enumerate() {
        let at = format!("agents.list[{index}].tools");
        look(format!("{at}.allow"), &agent.tools.allow);
        for (key, allow) in by_provider(&at, &agent.tools.by_provider) {
            look(key, &allow);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_two_lists_the_narrower_one_counts() {
        let both = json!({ "allow": ["web_fetch"], "alsoAllow": ["exec"], "deny": ["x"] });
        let mut tree = json!({
            "tools": { "allow": ["web_fetch"], "alsoAllow": ["exec"], "byProvider": { "a/b": both } },
            "agents": { "list": [{}, { "tools": both }] },
            "channels": { "telegram": { "groups": { "-1": { "tools": both } } } },
        });
        let mut problems = Vec::new();
        only_one_list(&mut tree, &mut problems);
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        let expected = [
            "agents.list[1].tools.alsoAllow",
            "channels.telegram.groups.-1.tools.alsoAllow",
            "tools.alsoAllow",
            "tools.byProvider.a/b.alsoAllow",
        ];
        assert_eq!(keys, expected);
        assert!(problems.iter().all(|problem| problem.severity == Severity::Error));
        let one = json!({ "allow": ["web_fetch"], "deny": ["x"] });
        assert_eq!(tree["agents"]["list"][1]["tools"], one);
        assert_eq!(tree["tools"]["allow"], json!(["web_fetch"]));

        let mut fine = json!({
            "tools": { "allow": [], "alsoAllow": ["exec"] },
            "agents": { "list": [{ "tools": { "allow": ["exec"] } }] },
        });
        let (before, mut problems) = (fine.clone(), Vec::new());
        only_one_list(&mut fine, &mut problems);
        assert_eq!((fine, problems), (before, Vec::new()));
    }

    #[test]
    fn a_list_that_takes_nothing_away_is_told() {
        let config: Config = serde_json::from_value(json!({
            "tools": {
                "allow": ["web_fetsh"],
                "byProvider": { "a": { "allow": ["lobster"] }, "b": { "allow": ["group:web"] } },
            },
            "agents": { "list": [{ "tools": { "allow": ["sessions_*"] } }, { "tools": { "allow": ["x"] } }] },
        }))
        .unwrap();
        let mut problems = Vec::new();
        warn(&config, &mut problems);
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["tools.allow", "tools.byProvider.a.allow", "agents.list[1].tools.allow"]);
        assert!(problems.iter().all(|problem| problem.severity == Severity::Warning));
    }
}
