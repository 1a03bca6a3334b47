use proptest::{collection::vec, prelude::*, sample::select};

use super::{super::catalog::natives, *};

/// A policy as one would write it down.
#[derive(Clone, Copy, Default)]
struct Said {
    profile: Option<Profile>,
    allow: &'static [&'static str],
    also: &'static [&'static str],
    deny: &'static [&'static str],
}

/// The texts of a policy, which the policy borrows.
struct Texts([Vec<String>; 3], Option<Profile>);

impl Said {
    fn texts(self) -> Texts {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Texts([owned(self.allow), owned(self.also), owned(self.deny)], self.profile)
    }
}

impl Texts {
    fn policy(&self) -> ToolPolicy<'_> {
        let [allow, also_allow, deny] = &self.0;
        ToolPolicy { profile: self.1, allow, also_allow, deny }
    }
}

#[test]
fn each_place_can_take_a_tool_away() {
    use PolicyPlace as Place;

    let profile = |profile| Said { profile: Some(profile), ..Said::default() };
    let allow = |allow| Said { allow, ..Said::default() };
    let deny = |deny| Said { deny, ..Said::default() };
    let none = Said::default();
    let coding_and = |also| Said { also, ..profile(Profile::Coding) };
    #[rustfmt::skip]
    let table = [
        // tool              global                          provider                    agent                   agent, provider    group                taken away by
        ("web_fetch",        none,                           none,                       none,                   none,              none,                None),
        ("web_fetch",        profile(Profile::Full),         none,                       none,                   none,              none,                None),
        ("web_fetch",        profile(Profile::Coding),       none,                       none,                   none,              none,                Some(Place::Profile)),
        ("sessions_list",    profile(Profile::Coding),       none,                       none,                   none,              none,                None),
        ("web_fetch",        coding_and(&["group:web"]),     none,                       none,                   none,              none,                None),
        ("web_fetch",        profile(Profile::Coding),       none,                       profile(Profile::Full), none,              none,                None),
        ("web_fetch",        profile(Profile::Full),         none,                       profile(Profile::Minimal), none,           none,                Some(Place::Profile)),
        ("web_fetch",        none,                           profile(Profile::Minimal),  none,                   none,              none,                Some(Place::ProviderProfile)),
        ("web_fetch",        none,                           profile(Profile::Minimal),  none,                   profile(Profile::Full), none,           None),
        ("web_fetch",        allow(&["group:sessions"]),     none,                       none,                   none,              none,                Some(Place::Global)),
        ("web_fetch",        allow(&["lobster"]),            none,                       none,                   none,              none,                None),
        ("web_fetch",        deny(&["WEB_*"]),               none,                       allow(&["web_fetch"]),  none,              none,                Some(Place::Global)),
        ("web_fetch",        Said { allow: &["web_fetch"], deny: &["web_fetch"], ..none }, none, none,           none,              none,                Some(Place::Global)),
        ("web_fetch",        none,                           deny(&["group:web"]),       none,                   none,              none,                Some(Place::Provider)),
        ("web_fetch",        none,                           none,                       deny(&["web_fetch"]),   none,              none,                Some(Place::Agent)),
        ("web_fetch",        none,                           none,                       none,                   allow(&["exec"]),  none,                Some(Place::AgentProvider)),
        ("exec",             none,                           none,                       none,                   allow(&["bash"]),  none,                None),
        ("exec",             none,                           none,                       none,                   none,              deny(&["bash"]),     Some(Place::Group)),
    ];
    for (row, (tool, global, provider, agent, agent_provider, group, expected)) in
        table.into_iter().enumerate()
    {
        let texts = [global, provider, agent, agent_provider, group].map(Said::texts);
        let [global, provider, agent, agent_provider, group] = &texts;
        let policies = Policies {
            global: global.policy(),
            provider: provider.policy(),
            agent: agent.policy(),
            agent_provider: agent_provider.policy(),
            group: group.policy(),
            subagent: None,
        };
        assert_eq!(policies.chain().denied_by(tool), expected, "row {row}: {tool}");
    }
}

#[test]
fn agents_started_by_agents_do_without_some_tools() {
    #[rustfmt::skip]
    let table: &[(&str, Said, bool)] = &[
        // tool               said about them                                        taken away
        ("web_fetch",         Said::default(),                                       false),
        ("sessions_list",     Said::default(),                                       true),
        ("gateway",           Said::default(),                                       true),
        ("sessions_list",     Said { allow: &["sessions_*"], ..Said::default() },    false),
        ("web_fetch",         Said { allow: &["sessions_*"], ..Said::default() },    true),
        ("sessions_list",     Said { also: &["sessions_list"], ..Said::default() },  false),
        ("session_status",    Said { also: &["sessions_list"], ..Said::default() },  true),
        ("web_fetch",         Said { deny: &["web_fetch"], ..Said::default() },      true),
        ("cron",              Said { allow: &["cron"], deny: &["cron"], ..Said::default() }, true),
    ];
    for (tool, said, taken) in table {
        let texts = said.texts();
        let policies = Policies { subagent: Some(texts.policy()), ..Policies::default() };
        let denied = policies.chain().denied_by(tool);
        assert_eq!(denied, taken.then_some(PolicyPlace::Subagent), "{tool}");
        assert_eq!(Policies::default().chain().denied_by(tool), None, "{tool} elsewhere");
    }
}

fn entry() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "*",
        "web_*",
        "*_list",
        "group:web",
        "group:openclaw",
        "group:plugins",
        "bash",
        "lobster",
        "GATEWAY",
        "",
    ]);
    let names: Vec<&str> = natives().collect();
    prop_oneof![fixed, select(names)].prop_map(str::to_owned)
}

fn step() -> impl Strategy<Value = PolicyStep> {
    (proptest::option::of(vec(entry(), 0..4)), vec(entry(), 0..3)).prop_map(|(allow, deny)| {
        PolicyStep {
            place: PolicyPlace::Global,
            allow: allow.map(ToolList::new),
            deny: ToolList::new(deny),
        }
    })
}

fn profile() -> impl Strategy<Value = Option<Profile>> {
    proptest::option::of(select(Profile::ALL.to_vec()))
}

proptest! {
    /// Whatever the steps are, and wherever another one is put: nothing that
    /// could not be used before can be used afterwards.
    #[test]
    fn a_step_never_widens(steps in vec(step(), 0..6), more in step(), at in 0usize..7) {
        let chain = PolicyChain(steps.clone());
        let mut steps = steps;
        steps.insert(at.min(steps.len()), more);
        let narrowed = PolicyChain(steps);
        for tool in natives().chain(["lobster", "whatsapp_login"]) {
            let (before, after) = (chain.denied_by(tool), narrowed.denied_by(tool));
            prop_assert!(before.is_none() || after.is_some(), "{tool} came back");
        }
    }

    /// The same for what a group or a provider says, when nothing was said
    /// before.
    #[test]
    fn another_policy_never_widens(
        profile in profile(), allow in vec(entry(), 0..4), deny in vec(entry(), 0..4),
        other_allow in vec(entry(), 0..4), other_deny in vec(entry(), 0..4),
    ) {
        let global = ToolPolicy { profile, allow: &allow, also_allow: &[], deny: &deny };
        let more = ToolPolicy { profile: None, allow: &other_allow, also_allow: &[], deny: &other_deny };
        let plain = Policies { global, ..Policies::default() };
        for narrowed in [
            Policies { provider: more, ..plain.clone() },
            Policies { agent: more, ..plain.clone() },
            Policies { agent_provider: more, ..plain.clone() },
            Policies { group: more, ..plain.clone() },
            Policies { subagent: Some(more), ..plain.clone() },
        ] {
            let (before, after) = (plain.chain(), narrowed.chain());
            for tool in natives() {
                prop_assert!(before.denied_by(tool).is_none() || after.denied_by(tool).is_some());
            }
        }
    }
}
