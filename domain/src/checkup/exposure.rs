//! Who can reach the gateway, and how little has to be shown.

use crate::{
    exposure::{Exposure, Facts, Login, Reach, Refusal, Verdict, Warning},
    peer::Network,
};

use super::finding::{Finding, Severity};

/// What is known of the way in: what the guards at the start decide by, and what
/// the configuration loosens besides.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct Exposed<'a> {
    /// What decides whether the gateway may start.
    pub facts: Facts<'a>,
    /// `gateway.controlUi.allowedOrigins`.
    pub origins: &'a [String],
    /// `gateway.trustedProxies`.
    pub proxies: Vec<Network>,
    /// `gateway.auth.trustedProxy.allowLoopback`.
    pub proxy_on_loopback: bool,
    /// `gateway.auth.devicelessScopes`.
    pub deviceless_scopes: bool,
    /// `gateway.auth.localAutoPermit`.
    pub local_auto_permit: bool,
    /// `gateway.auth.legacyDeviceSignatures`.
    pub legacy_signatures: bool,
    /// `gateway.controlUi.allowInsecureAuth`.
    pub insecure_ui: bool,
    /// `gateway.controlUi.dangerouslyDisableDeviceAuth`.
    pub no_device_auth: bool,
    /// `gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback`.
    pub host_as_origin: bool,
}

/// A network with fewer fixed bits than this is nearly everybody.
const NARROW_V4: u8 = 8;
const NARROW_V6: u8 = 7;

impl Exposed<'_> {
    /// What to say about it.
    pub(super) fn judge(&self) -> Vec<Finding> {
        let Verdict { refusals, warnings } = self.facts.judge();
        let mut findings: Vec<_> = refusals.into_iter().map(refused).collect();
        findings.extend(warnings.into_iter().map(warned));
        findings.extend(self.judge_reach());
        findings.extend(self.judge_proxies());
        findings.extend(self.judge_keys());
        findings.into_iter().map(Finding::about_security).collect()
    }

    fn judge_reach(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.facts.tailscale {
            Some(Exposure::Funnel) => findings.push(
                Finding::new(
                    Severity::Warn,
                    "gateway.tailscale_funnel",
                    "The whole internet can reach the gateway",
                    "gateway.tailscale.mode is funnel: the password is all that is between.",
                )
                .advise("Use gateway.tailscale.mode serve, unless strangers have to come in."),
            ),
            Some(Exposure::Serve) => findings.push(Finding::new(
                Severity::Info,
                "gateway.tailscale_serve",
                "The tailnet can reach the gateway",
                "gateway.tailscale.mode is serve.",
            )),
            None => (),
        }
        if self.facts.login == Login::Nothing && self.facts.reach == Reach::ThisMachine {
            findings.push(
                Finding::new(
                    Severity::Warn,
                    "gateway.loopback_no_auth",
                    "Every program on this machine is let in",
                    "gateway.auth.mode is none.",
                )
                .advise("Set gateway.auth.mode to token; clients of this machine find it."),
            );
        }
        findings
    }

    fn judge_proxies(&self) -> Vec<Finding> {
        let wide = |network: &&Network| {
            let narrow = if network.addr().is_ipv4() { NARROW_V4 } else { NARROW_V6 };
            network.prefix_len() < narrow
        };
        let mut findings = Vec::new();
        if let Some(network) = self.proxies.iter().find(wide) {
            findings.push(
                Finding::new(
                    Severity::Critical,
                    "gateway.trusted_proxies_everyone",
                    "Nearly everybody counts as a proxy that tells the truth",
                    format!("gateway.trustedProxies has {network}: whoever is in it can say for whom it forwards."),
                )
                .advise("Name the addresses of your proxies."),
            );
        }
        if self.facts.login == Login::Proxy && self.proxy_on_loopback {
            findings.push(
                Finding::new(
                    Severity::Warn,
                    "gateway.trusted_proxy_loopback",
                    "Every program on this machine can say that it is anybody",
                    "gateway.auth.trustedProxy.allowLoopback is on.",
                )
                .advise("Give the proxy an address of its own, or keep others off this machine."),
            );
        }
        findings
    }

    fn judge_keys(&self) -> Vec<Finding> {
        use Severity::{Critical, Info, Warn};

        let here = self.facts.reach.through(self.facts.tailscale) == Reach::ThisMachine;
        let everyone = self.origins.iter().any(|origin| origin.contains('*'));
        #[rustfmt::skip]
        let table = [
            (everyone, Critical, "gateway.control_ui.wildcard_origin", "gateway.controlUi.allowedOrigins",
             "Pages from anywhere may talk to the gateway", "Name the origins one by one."),
            (self.deviceless_scopes, if here { Warn } else { Critical }, "gateway.deviceless_scopes", "gateway.auth.devicelessScopes",
             "Whoever knows the secret needs no paired device", "Switch it off and pair the devices: openclaw devices list"),
            (self.no_device_auth, Critical, "gateway.control_ui.device_auth_disabled", "gateway.controlUi.dangerouslyDisableDeviceAuth",
             "Dashboards are not asked for a device", "Switch it off."),
            (self.host_as_origin, Critical, "gateway.control_ui.host_header_origin_fallback", "gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback",
             "Pages of rebound names count as the gateway's own", "Switch it off and name the origins."),
            (self.insecure_ui, Warn, "gateway.control_ui.insecure_auth", "gateway.controlUi.allowInsecureAuth",
             "Dashboards over plain HTTP need no device", "Switch it off and use TLS or tailscale serve."),
            (self.local_auto_permit, Warn, "gateway.local_auto_permit", "gateway.auth.localAutoPermit",
             "Every program on this machine is an operator", "Switch it off."),
            (self.legacy_signatures, Info, "gateway.legacy_device_signatures", "gateway.auth.legacyDeviceSignatures",
             "Devices may sign without the challenge", "Switch it off when no client of January 2026 is left."),
        ];
        let on = table.into_iter().filter(|(is_on, ..)| *is_on);
        on.map(|(_, severity, check_id, key, title, advice)| {
            Finding::new(severity, check_id, title, format!("{key} is set.")).advise(advice)
        })
        .collect()
    }
}

fn refused(refusal: Refusal) -> Finding {
    let check_id = match refusal {
        Refusal::NoAuth(_) => "gateway.bind_no_auth",
        Refusal::NoTls(_) => "gateway.bind_no_tls",
        Refusal::TailscaleWantsLoopback => "gateway.tailscale_bind",
        Refusal::FunnelWantsPassword => "gateway.tailscale_funnel_token",
        Refusal::NoToken | Refusal::NoPassword => "gateway.auth_missing",
        Refusal::NoProxy => "gateway.trusted_proxies_missing",
        Refusal::Placeholder(_) => "gateway.secret_placeholder",
        Refusal::Short(..) => "gateway.token_too_short",
    };
    let title = "The gateway does not start like this";
    Finding::new(Severity::Critical, check_id, title, refusal.to_string()).advise(refusal.advice())
}

fn warned(warning: Warning) -> Finding {
    let (check_id, title, advice) = match warning {
        Warning::Short(_) => (
            "gateway.token_too_short",
            "The secret is short",
            "Take it out of the configuration and have one made: openclaw doctor --generate-gateway-token",
        ),
        Warning::PlainText(_) => (
            "gateway.bind_no_tls",
            "Others on the network can read along",
            "Set gateway.tls.enabled, and gateway.allowInsecureBind to false.",
        ),
    };
    Finding::new(Severity::Warn, check_id, title, warning.to_string()).advise(advice)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::{
        exposure::{Strength, Strengths},
        peer,
    };

    const HERE: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];

    fn exposed<'a>() -> Exposed<'a> {
        Exposed {
            facts: Facts {
                listening: &HERE,
                port: 1,
                reach: Reach::ThisMachine,
                tailscale: None,
                login: Login::Token,
                allows_tailscale: false,
                secrets: Strengths { token: Some(Strength::Good), password: Some(Strength::Good) },
                tls: false,
                trusted_proxies: false,
                insecure_bind: false,
            },
            origins: &[],
            proxies: Vec::new(),
            proxy_on_loopback: false,
            deviceless_scopes: false,
            local_auto_permit: false,
            legacy_signatures: false,
            insecure_ui: false,
            no_device_auth: false,
            host_as_origin: false,
        }
    }

    fn found(change: impl Fn(&mut Exposed<'_>)) -> Vec<(&'static str, Severity)> {
        let mut exposed = exposed();
        change(&mut exposed);
        exposed.judge().iter().map(|finding| (finding.check_id, finding.severity)).collect()
    }

    #[test]
    fn nothing_is_said_about_the_default() {
        assert_eq!(found(|_| ()), []);
    }

    #[test]
    fn each_weakness_is_found_and_weighed() {
        use Severity::{Critical, Info, Warn};
        type Change = fn(&mut Exposed<'_>);

        let origins = ["https://*.example".to_owned()];
        let wildcard = Exposed { origins: &origins, ..exposed() }.judge();
        assert_eq!(wildcard[0].check_id, "gateway.control_ui.wildcard_origin");

        let lan: Change = |it| it.facts.reach = Reach::EveryNetwork;
        #[rustfmt::skip]
        let table: [(Change, &str, Severity); 14] = [
            (lan, "gateway.bind_no_tls", Critical),
            (|it| { it.facts.reach = Reach::EveryNetwork; it.facts.insecure_bind = true; }, "gateway.bind_no_tls", Warn),
            (|it| it.facts.secrets.token = Some(Strength::Short), "gateway.token_too_short", Warn),
            (|it| it.facts.secrets.token = Some(Strength::Placeholder), "gateway.secret_placeholder", Critical),
            (|it| it.facts.tailscale = Some(Exposure::Funnel), "gateway.tailscale_funnel_token", Critical),
            (|it| it.facts.tailscale = Some(Exposure::Serve), "gateway.tailscale_serve", Info),
            (|it| it.facts.login = Login::Nothing, "gateway.loopback_no_auth", Warn),
            (|it| it.proxies.extend(peer::network("0.0.0.0/0")), "gateway.trusted_proxies_everyone", Critical),
            (|it| it.proxies.extend(peer::network("::/0")), "gateway.trusted_proxies_everyone", Critical),
            (|it| it.deviceless_scopes = true, "gateway.deviceless_scopes", Warn),
            (|it| { it.deviceless_scopes = true; it.facts.tailscale = Some(Exposure::Serve); }, "gateway.deviceless_scopes", Critical),
            (|it| it.no_device_auth = true, "gateway.control_ui.device_auth_disabled", Critical),
            (|it| it.host_as_origin = true, "gateway.control_ui.host_header_origin_fallback", Critical),
            (|it| it.insecure_ui = true, "gateway.control_ui.insecure_auth", Warn),
        ];
        for (change, check_id, severity) in table {
            let found = found(change);
            assert!(found.contains(&(check_id, severity)), "{check_id}: {found:?}");
        }
    }

    #[test]
    fn private_networks_of_proxies_are_fine() {
        for network in ["10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1"] {
            assert_eq!(found(|it| it.proxies.extend(peer::network(network))), [], "{network}");
        }
    }

    #[test]
    fn all_of_it_is_about_security() {
        let mut exposed = exposed();
        exposed.facts.reach = Reach::EveryNetwork;
        exposed.local_auto_permit = true;
        let findings = exposed.judge();
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|it| it.area == crate::checkup::Area::Security));
        assert!(findings.iter().all(|it| it.remediation.is_some()));
    }
}
