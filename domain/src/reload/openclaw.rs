//! The rules of `OpenClaw`, as reviewed tables, and the promise that ours are at
//! least as mild.

use proptest::{prelude::*, sample::select};

use super::{
    plan::{Mode, kind, plan},
    rules::{Kind, ROWS, best, covers},
};

/// `gateway-reference.md` 3.2: January 2026. The first row that fits counts.
#[rustfmt::skip]
const JANUARY: &[(&str, Kind)] = &[
    ("gateway.remote",            Kind::None),
    ("gateway.reload",            Kind::None),
    ("hooks.gmail",               Kind::Hot),
    ("hooks",                     Kind::Hot),
    ("agents.defaults.heartbeat", Kind::Hot),
    ("agent.heartbeat",           Kind::Hot),
    ("cron",                      Kind::Hot),
    ("browser",                   Kind::Hot),
    ("channels.telegram",         Kind::Hot),
    ("channels.discord",          Kind::Hot),
    ("channels.slack",            Kind::Hot),
    ("channels.signal",           Kind::Hot),
    ("channels.imessage",         Kind::Hot),
    ("web",                       Kind::Hot),
    ("channels.whatsapp",         Kind::None),
    // Those of plugins declare themselves, below what is built in.
    ("channels.*",                Kind::Hot),
    ("identity",                  Kind::None),
    ("wizard",                    Kind::None),
    ("logging",                   Kind::None),
    ("models",                    Kind::None),
    ("agents",                    Kind::None),
    ("tools",                     Kind::None),
    ("bindings",                  Kind::None),
    ("audio",                     Kind::None),
    ("agent",                     Kind::None),
    ("routing",                   Kind::None),
    ("messages",                  Kind::None),
    ("session",                   Kind::None),
    ("talk",                      Kind::None),
    ("skills",                    Kind::None),
    ("ui",                        Kind::None),
    ("plugins",                   Kind::Restart),
    ("gateway",                   Kind::Restart),
    ("discovery",                 Kind::Restart),
    ("canvasHost",                Kind::Restart),
];

/// `gateway-reference.md` 3.3: September 2026. The longest row that fits counts.
#[rustfmt::skip]
const SEPTEMBER: &[(&str, Kind)] = &[
    ("gateway.remote",  Kind::None), ("gateway.reload", Kind::None), ("meta",     Kind::None),
    ("identity",        Kind::None), ("wizard",         Kind::None), ("logging",  Kind::None),
    ("agents",          Kind::None), ("bindings",       Kind::None), ("audio",    Kind::None),
    ("agent",           Kind::None), ("routing",        Kind::None), ("messages", Kind::None),
    ("session",         Kind::None), ("talk",           Kind::None), ("skills",   Kind::None),
    ("secrets",         Kind::None), ("tui",            Kind::None), ("ui",       Kind::None),
    // Hot, without an action.
    ("gateway.http.endpoints",                                             Kind::Hot),
    ("gateway.http.securityHeaders.strictTransportSecurity",               Kind::Hot),
    ("gateway.tools",                                                      Kind::Hot),
    ("gateway.cliAgents",                                                  Kind::Hot),
    ("gateway.controlUi.enabled",                                          Kind::Hot),
    ("gateway.controlUi.environment",                                      Kind::Hot),
    ("gateway.controlUi.communityInvite",                                  Kind::Hot),
    ("gateway.controlUi.github",                                           Kind::Hot),
    ("gateway.controlUi.sessionObserver",                                  Kind::Hot),
    ("gateway.controlUi.embedSandbox",                                     Kind::Hot),
    ("gateway.controlUi.allowExternalEmbedUrls",                           Kind::Hot),
    ("gateway.controlUi.automaticallyFetchFavicons",                       Kind::Hot),
    ("gateway.controlUi.experimental.customPlugins",                       Kind::Hot),
    ("gateway.controlUi.allowedOrigins",                                   Kind::Hot),
    ("gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback",         Kind::Hot),
    ("gateway.nodes.browser",                                              Kind::Hot),
    ("gateway.nodes.pairing",                                              Kind::Hot),
    ("gateway.nodes.commands",                                             Kind::Hot),
    ("gateway.nodes.pluginTools.enabled",                                  Kind::Hot),
    ("gateway.nodes.allowSkills",                                          Kind::Hot),
    ("gateway.push.apns.relay",                                            Kind::Hot),
    ("gateway.terminal",                                                   Kind::Hot),
    ("gateway.auth.rateLimit",                                             Kind::Hot),
    ("gateway.auth.allowTailscale",                                        Kind::Hot),
    ("gateway.auth.identityScopes",                                        Kind::Hot),
    ("gateway.auth.trustedProxy",                                          Kind::Hot),
    ("gateway.roles",                                                      Kind::Hot),
    ("gateway.trustedProxies",                                             Kind::Hot),
    ("gateway.allowRealIpFallback",                                        Kind::Hot),
    ("diagnostics.enabled",                                                Kind::Hot),
    ("discovery.mdns.mode",                                                Kind::Hot),
    ("mcp.apps.sandboxOrigin",                                             Kind::Hot),
    ("agents.defaults",                                                    Kind::Hot),
    ("desktop.host",                                                       Kind::Hot),
    ("cloudWorkers",                                                       Kind::Hot),
    ("tools",                                                              Kind::Hot),
    ("approvals.*",                                                        Kind::Hot),
    ("auth.order",                                                         Kind::Hot),
    ("auth.profiles",                                                      Kind::Hot),
    ("broadcast",                                                          Kind::Hot),
    ("acp",                                                                Kind::Hot),
    ("update.*",                                                           Kind::Hot),
    ("telemetry.*",                                                        Kind::Hot),
    ("security.*",                                                         Kind::Hot),
    // Hot: hooks.
    ("hooks",                                                              Kind::Hot),
    ("hooks.gmail",                                                        Kind::Hot),
    ("hooks.internal",                                                     Kind::Hot),
    ("agents.defaults.workspace",                                          Kind::Hot),
    // Hot: heartbeat and system jobs.
    ("agents.defaults.heartbeat",                                          Kind::Hot),
    ("agents.defaults.models",                                             Kind::Hot),
    ("agents.defaults.modelPolicy",                                        Kind::Hot),
    ("agents.defaults.model",                                              Kind::Hot),
    ("models",                                                             Kind::Hot),
    ("agents.entries",                                                     Kind::Hot),
    // Hot: cron.
    ("cron",                                                               Kind::Hot),
    // Hot: plugins.
    ("plugins.*",                                                          Kind::Hot),
    ("transcripts",                                                        Kind::Hot),
    ("cloudWorkers.profiles",                                              Kind::Hot),
    ("*.decisionModel",                                                    Kind::Hot),
    ("talk.provider",                                                      Kind::Hot),
    ("talk.realtime.provider",                                             Kind::Hot),
    // Hot: MCP runtimes.
    ("mcp",                                                                Kind::Hot),
    ("gateway.publicOrigin",                                               Kind::Hot),
    ("plugins",                                                            Kind::Hot),
    // Hot: shared channel inputs.
    ("agents.defaults.mediaMaxMb",                                         Kind::Hot),
    ("channels.defaults",                                                  Kind::Hot),
    ("channels.modelByChannel",                                            Kind::Hot),
    ("messages.inbound",                                                   Kind::Hot),
    ("messages.ackReactionScope",                                          Kind::Hot),
    ("commands",                                                           Kind::Hot),
    ("accessGroups",                                                       Kind::Hot),
    ("tts",                                                                Kind::Hot),
    ("surfaces",                                                           Kind::Hot),
    ("acp.stream",                                                         Kind::Hot),
    ("diagnostics.flags",                                                  Kind::Hot),
    // Hot: a channel.
    ("channels.*",                                                         Kind::Hot),
    // Restart; tokens and passwords are hot when only the value is another.
    ("gateway.auth.token",                                                 Kind::Restart),
    ("gateway.auth.password",                                              Kind::Restart),
    ("mcp.apps",                                                           Kind::Restart),
    ("secrets.egressProxy",                                                Kind::Restart),
    ("gateway.portals",                                                    Kind::Restart),
    ("gateway",                                                            Kind::Restart),
    ("discovery",                                                          Kind::Restart),
];

fn january(path: &str) -> Kind {
    let row = JANUARY.iter().find(|(prefix, _)| covers(prefix, path));
    row.map_or(Kind::Restart, |row| row.1)
}

fn september(path: &str) -> Kind {
    let row = best(SEPTEMBER.iter().map(|row| row.0), path);
    row.map_or(Kind::Restart, |row| SEPTEMBER[row].1)
}

/// A path at `prefix`, and one below it.
fn at_and_below(prefix: &str) -> [String; 2] {
    let named = prefix.replace('*', "anything");
    [format!("{named}.below"), named]
}

#[test]
fn every_row_of_either_counts_somewhere() {
    for (prefix, kind) in JANUARY {
        assert_eq!(january(&prefix.replace('*', "anything")), *kind, "{prefix}");
    }
    for (prefix, kind) in SEPTEMBER {
        assert_eq!(september(&prefix.replace('*', "anything")), *kind, "{prefix}");
    }
    for path in ["env.vars.X", "nonsense", "$schema", "<root>"] {
        assert_eq!((january(path), september(path)), (Kind::Restart, Kind::Restart), "{path}");
    }
    assert_eq!(january("hooks.gmail.account"), Kind::Hot, "before the row of all hooks");
    assert_eq!(september("gateway.auth.mode"), Kind::Restart, "what is left of the gateway");
    assert_eq!(september("agents.list"), Kind::None, "what is left of the agents");
}

#[test]
fn every_row_of_either_is_at_least_as_mild_here() {
    let rows = JANUARY.iter().chain(SEPTEMBER).map(|row| row.0);
    for path in rows.chain(ROWS.iter().map(|row| row.0)).flat_map(at_and_below) {
        assert!(kind(&path) <= january(&path).min(september(&path)), "{path}");
        assert!(kind(&path) < Kind::Restart, "{path}");
    }
}

fn paths() -> impl Strategy<Value = Vec<String>> {
    let prefixes: Vec<&str> =
        JANUARY.iter().chain(SEPTEMBER).map(|row| row.0).chain(ROWS.iter().map(|r| r.0)).collect();
    let path = (select(prefixes), "[a-z]{1,5}", "(\\.[a-z]{1,5}){0,2}")
        .prop_map(|(prefix, name, below)| prefix.replace('*', &name) + &below);
    prop::collection::btree_set(path, 0..8).prop_map(|paths| paths.into_iter().collect())
}

proptest! {
    /// Nothing makes this gateway start again that is put into force without
    /// that in either of the two; where somebody wants it to start again for
    /// everything, not for what either only reads. And every path is somewhere.
    #[test]
    fn nothing_restarts_that_did_not_elsewhere(changed in paths()) {
        for mode in Mode::ALL {
            let plan = plan(&changed, *mode);
            for path in &plan.restart {
                let elsewhere = january(path).min(september(path));
                let bearable = if *mode == Mode::Restart { Kind::Hot } else { Kind::Restart };
                prop_assert!(bearable <= elsewhere, "{} in mode {}", path, mode);
            }
            let lists = [&plan.ignored, &plan.reads, &plan.hot, &plan.restart, &plan.waiting];
            let mut all: Vec<_> = lists.into_iter().flatten().cloned().collect();
            all.sort();
            prop_assert_eq!(&all, &changed);
            prop_assert_eq!(plan.explain().len(), changed.len());
        }
    }
}
