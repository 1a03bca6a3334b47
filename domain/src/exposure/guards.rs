//! When the gateway must not start, and what it warns about
//! (`gateway-reference.md` 5.2, `security.md` 1.11).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use super::{Exposure, Reach, Strength, Strengths};

/// What a client has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The token.
    Token,
    /// The password.
    Password,
    /// Nothing.
    Nothing,
    /// What a proxy in front of the gateway says about it.
    Proxy,
}

/// Everything the decision depends on.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts<'a> {
    /// The addresses to listen on.
    pub listening: &'a [IpAddr],
    /// The port to listen on.
    pub port: u16,
    /// Who can reach these addresses, Tailscale's own ways left out.
    pub reach: Reach,
    /// What Tailscale shall do.
    pub tailscale: Option<Exposure>,
    /// What a client has to show.
    pub login: Login,
    /// Whether being known to the tailnet is enough instead.
    pub allows_tailscale: bool,
    /// How good the secrets are.
    pub secrets: Strengths,
    /// Whether the gateway speaks TLS itself.
    pub tls: bool,
    /// Whether proxies are named that may stand in front of it.
    pub trusted_proxies: bool,
    /// Whether somebody has said that plain text is all right.
    pub insecure_bind: bool,
}

/// One of the gateway's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The token.
    Token,
    /// The password.
    Password,
}

/// What has to be changed before the gateway starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Others could come in without a secret.
    #[error("refusing to bind gateway to {0} without auth")]
    NoAuth(SocketAddr),
    /// What clients send could be read on its way.
    #[error(
        "refusing to bind gateway to {0} without TLS: what clients send, the secret too, could be \
         read on its way"
    )]
    NoTls(SocketAddr),
    /// Tailscale leads to the loopback and nowhere else.
    #[error("tailscale serve/funnel requires gateway bind=loopback")]
    TailscaleWantsLoopback,
    /// The internet would come in with a token that is made for programs.
    #[error("tailscale funnel requires gateway auth mode=password")]
    FunnelWantsPassword,
    /// Nobody could come in.
    #[error("gateway auth mode is token, but no token was configured")]
    NoToken,
    /// Nobody could come in.
    #[error("gateway auth mode is password, but no password was configured")]
    NoPassword,
    /// Nobody could come in.
    #[error("gateway auth mode is trusted-proxy, but gateway.trustedProxies names no proxy")]
    NoProxy,
    /// Everybody can guess it.
    #[error("the gateway {0} is blank or a placeholder, which everybody can guess")]
    Placeholder(Secret),
    /// Others have time to guess it.
    #[error(
        "the gateway {0} is shorter than {least} characters, too short where it can be tried by {1}",
        least = Strength::SHORTEST
    )]
    Short(Secret, Reach),
}

/// What somebody should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// As long as only this machine can try it.
    #[error("the gateway {0} is shorter than {least} characters", least = Strength::SHORTEST)]
    Short(Secret),
    /// Somebody said that this is all right.
    #[error(
        "gateway.allowInsecureBind: what clients send, the secret too, can be read on its way to {0}"
    )]
    PlainText(SocketAddr),
}

/// The decision. Nothing may be listened on while there are refusals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a refusal has to keep the gateway from starting"]
pub struct Verdict {
    /// What has to be changed.
    pub refusals: Vec<Refusal>,
    /// What to tell whoever starts it.
    pub warnings: Vec<Warning>,
}

impl Facts<'_> {
    /// Decides whether a gateway may start like that.
    pub fn judge(&self) -> Verdict {
        let mut verdict = Verdict::default();
        self.judge_tailscale(&mut verdict);
        self.judge_login(&mut verdict);
        self.judge_wire(&mut verdict);
        verdict
    }

    fn judge_tailscale(&self, verdict: &mut Verdict) {
        let here = Ipv4Addr::LOCALHOST.into();
        let leads_here = self.reach == Reach::ThisMachine && self.listening.contains(&here);
        if self.tailscale.is_some() && !leads_here {
            verdict.refusals.push(Refusal::TailscaleWantsLoopback);
        }
        if self.tailscale == Some(Exposure::Funnel) && self.login != Login::Password {
            verdict.refusals.push(Refusal::FunnelWantsPassword);
        }
    }

    fn judge_login(&self, verdict: &mut Verdict) {
        let reach = self.reach.through(self.tailscale);
        let refusals = &mut verdict.refusals;
        let (secret, strength) = match self.login {
            Login::Token => (Secret::Token, self.secrets.token),
            Login::Password => (Secret::Password, self.secrets.password),
            Login::Nothing if reach == Reach::ThisMachine => return,
            Login::Nothing => return refusals.push(Refusal::NoAuth(self.address())),
            Login::Proxy if self.trusted_proxies => return,
            Login::Proxy => return refusals.push(Refusal::NoProxy),
        };
        match (strength, secret) {
            // The tailnet vouches for those who come through it, and nobody
            // else gets in.
            (None, Secret::Token) if self.allows_tailscale => {
                if self.reach != Reach::ThisMachine {
                    refusals.push(Refusal::NoAuth(self.address()));
                }
            }
            (None, Secret::Token) => refusals.push(Refusal::NoToken),
            (None, Secret::Password) => refusals.push(Refusal::NoPassword),
            (Some(Strength::Placeholder), _) => refusals.push(Refusal::Placeholder(secret)),
            (Some(Strength::Short), _) if reach == Reach::ThisMachine => {
                verdict.warnings.push(Warning::Short(secret));
            }
            (Some(Strength::Short), _) => refusals.push(Refusal::Short(secret, reach)),
            (Some(Strength::Good), _) => (),
        }
    }

    /// The tailnet's links are encrypted, and nothing of what stays on this
    /// machine can be read by others.
    fn judge_wire(&self, verdict: &mut Verdict) {
        if self.reach <= Reach::Tailnet || self.tls || self.trusted_proxies {
            return;
        }
        if self.insecure_bind {
            verdict.warnings.push(Warning::PlainText(self.address()));
        } else {
            verdict.refusals.push(Refusal::NoTls(self.address()));
        }
    }

    fn address(&self) -> SocketAddr {
        let first = self.listening.first().copied().unwrap_or(Ipv4Addr::LOCALHOST.into());
        SocketAddr::new(first, self.port)
    }
}

/// Whether being known to the tailnet is enough to come in: what the
/// configuration says, else whatever Tailscale serves with anything but a
/// password.
pub fn allows_tailscale(
    configured: Option<bool>,
    tailscale: Option<Exposure>,
    login: Login,
) -> bool {
    configured.unwrap_or(tailscale == Some(Exposure::Serve) && login != Login::Password)
}

impl Refusal {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoAuth(_) => {
                "Set gateway.auth.mode to token or password, or gateway.bind to loopback."
            }
            Self::NoTls(_) => {
                "Set gateway.tls.enabled to true, or name the proxy that speaks TLS in \
                 gateway.trustedProxies, or, in a network you trust, set gateway.allowInsecureBind \
                 to true (--allow-insecure-bind)."
            }
            Self::TailscaleWantsLoopback => {
                "Set gateway.bind to loopback, or gateway.tailscale.mode to off."
            }
            Self::FunnelWantsPassword => {
                "Set gateway.auth.mode to password and gateway.auth.password, or \
                 gateway.tailscale.mode to serve."
            }
            Self::NoToken => "Set gateway.auth.token, OPENCLAW_GATEWAY_TOKEN or --token.",
            Self::NoPassword => {
                "Set gateway.auth.password, OPENCLAW_GATEWAY_PASSWORD or --password-file."
            }
            Self::NoProxy => "Name the proxy's address in gateway.trustedProxies.",
            Self::Placeholder(Secret::Token) | Self::Short(Secret::Token, _) => {
                "Remove it to have a good one made, or take the output of: openssl rand -base64 32"
            }
            Self::Placeholder(Secret::Password) | Self::Short(Secret::Password, _) => {
                "Choose a longer one, for example the output of: openssl rand -base64 32"
            }
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Password => "password",
        })
    }
}

#[cfg(test)]
mod tests {
    use Exposure::{Funnel, Serve};
    use Strength::{Good, Placeholder, Short};

    use super::*;

    const LOOPBACK: &[IpAddr] =
        &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];
    const LAN: &[IpAddr] = &[IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
    const TAILNET: &[IpAddr] = &[IpAddr::V4(Ipv4Addr::new(100, 100, 1, 1))];

    /// A gateway on loopback with a good token: nothing is the matter with it.
    fn fine() -> Facts<'static> {
        Facts {
            listening: LOOPBACK,
            port: 18789,
            reach: Reach::ThisMachine,
            tailscale: None,
            login: Login::Token,
            allows_tailscale: false,
            secrets: Strengths { token: Some(Good), password: None },
            tls: false,
            trusted_proxies: false,
            insecure_bind: false,
        }
    }

    fn lan() -> Facts<'static> {
        Facts { listening: LAN, reach: Reach::EveryNetwork, ..fine() }
    }

    fn tailnet() -> Facts<'static> {
        Facts { listening: TAILNET, reach: Reach::Tailnet, ..fine() }
    }

    fn token(strength: Option<Strength>) -> Strengths {
        Strengths { token: strength, password: None }
    }

    fn password(strength: Option<Strength>) -> Strengths {
        Strengths { token: Some(Good), password: strength }
    }

    #[test]
    fn when_the_gateway_must_not_start() {
        use Refusal::{
            FunnelWantsPassword, NoAuth, NoPassword, NoProxy, NoTls, NoToken,
            TailscaleWantsLoopback,
        };

        let everywhere: SocketAddr = (Ipv4Addr::UNSPECIFIED, 18789).into();
        let here: SocketAddr = (Ipv4Addr::LOCALHOST, 18789).into();
        let there: SocketAddr = (Ipv4Addr::new(100, 100, 1, 1), 18789).into();
        let serve = Facts { tailscale: Some(Serve), ..fine() };
        let funnel = Facts { tailscale: Some(Funnel), ..fine() };
        let with_password =
            |facts| Facts { login: Login::Password, secrets: password(Some(Good)), ..facts };
        let other_loopback = [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))];

        #[rustfmt::skip]
        let table: Vec<(&str, Facts<'_>, Vec<Refusal>)> = vec![
            // Where it listens, and whether that can be read.
            ("loopback",             fine(), vec![]),
            ("lan",                  lan(), vec![NoTls(everywhere)]),
            ("lan, TLS",             Facts { tls: true, ..lan() }, vec![]),
            ("lan, a proxy",         Facts { trusted_proxies: true, ..lan() }, vec![]),
            ("lan, the switch",      Facts { insecure_bind: true, ..lan() }, vec![]),
            ("tailnet",              tailnet(), vec![]),
            // What a client has to show.
            ("none",                 Facts { login: Login::Nothing, ..fine() }, vec![]),
            ("none, lan",            Facts { login: Login::Nothing, tls: true, ..lan() }, vec![NoAuth(everywhere)]),
            ("none, tailnet",        Facts { login: Login::Nothing, ..tailnet() }, vec![NoAuth(there)]),
            ("none, serve",          Facts { login: Login::Nothing, ..serve }, vec![NoAuth(here)]),
            ("no token",             Facts { secrets: token(None), ..fine() }, vec![NoToken]),
            ("no token, identity",   Facts { secrets: token(None), allows_tailscale: true, ..serve }, vec![]),
            ("no token, tailnet",    Facts { secrets: token(None), allows_tailscale: true, ..tailnet() }, vec![NoAuth(there)]),
            ("no password",          Facts { login: Login::Password, ..fine() }, vec![NoPassword]),
            ("no password, identity",Facts { login: Login::Password, allows_tailscale: true, ..serve }, vec![NoPassword]),
            ("no proxy",             Facts { login: Login::Proxy, ..fine() }, vec![NoProxy]),
            ("a proxy",              Facts { login: Login::Proxy, trusted_proxies: true, ..lan() }, vec![]),
            // How good the secret is.
            ("placeholder",          Facts { secrets: token(Some(Placeholder)), ..fine() }, vec![Refusal::Placeholder(Secret::Token)]),
            ("short",                Facts { secrets: token(Some(Short)), ..fine() }, vec![]),
            ("short, lan",           Facts { secrets: token(Some(Short)), tls: true, ..lan() }, vec![Refusal::Short(Secret::Token, Reach::EveryNetwork)]),
            ("short, tailnet",       Facts { secrets: token(Some(Short)), ..tailnet() }, vec![Refusal::Short(Secret::Token, Reach::Tailnet)]),
            ("short, serve",         Facts { secrets: token(Some(Short)), ..serve }, vec![Refusal::Short(Secret::Token, Reach::Tailnet)]),
            ("short password",       Facts { login: Login::Password, secrets: password(Some(Short)), tailscale: Some(Funnel), ..fine() }, vec![Refusal::Short(Secret::Password, Reach::Internet)]),
            ("a bad one not asked for", Facts { secrets: Strengths { token: Some(Good), password: Some(Placeholder) }, ..fine() }, vec![]),
            // What Tailscale shall do.
            ("serve",                serve, vec![]),
            ("serve, password",      with_password(serve), vec![]),
            ("funnel",               funnel, vec![FunnelWantsPassword]),
            ("funnel, password",     with_password(funnel), vec![]),
            ("serve, tailnet",       Facts { tailscale: Some(Serve), ..tailnet() }, vec![TailscaleWantsLoopback]),
            ("serve, lan",           Facts { tailscale: Some(Serve), tls: true, ..lan() }, vec![TailscaleWantsLoopback]),
            ("serve, 127.0.0.2",     Facts { listening: &other_loopback, ..serve }, vec![TailscaleWantsLoopback]),
            // Everything at once.
            ("funnel, lan, none",    Facts { tailscale: Some(Funnel), login: Login::Nothing, ..lan() },
                                     vec![TailscaleWantsLoopback, FunnelWantsPassword, NoAuth(everywhere), NoTls(everywhere)]),
        ];
        for (name, facts, refusals) in table {
            assert_eq!(facts.judge().refusals, refusals, "{name}");
        }
    }

    #[test]
    fn what_is_only_warned_about() {
        let short = Facts { secrets: token(Some(Short)), ..fine() };
        let plain = Facts { insecure_bind: true, ..lan() };
        assert_eq!(short.judge().warnings, [Warning::Short(Secret::Token)]);
        assert_eq!(
            plain.judge().warnings,
            [Warning::PlainText((Ipv4Addr::UNSPECIFIED, 18789).into())]
        );
        assert_eq!(Facts { insecure_bind: true, ..fine() }.judge().warnings, []);
    }

    #[test]
    fn the_words_of_the_reference() {
        let here: SocketAddr = "[::]:18789".parse().unwrap();
        assert_eq!(
            Refusal::NoAuth(here).to_string(),
            "refusing to bind gateway to [::]:18789 without auth"
        );
        let ways = Refusal::NoTls(here).advice();
        for way in ["gateway.tls.enabled", "gateway.trustedProxies", "gateway.allowInsecureBind"] {
            assert!(ways.contains(way), "{way}");
        }
        assert_eq!(
            Refusal::Short(Secret::Token, Reach::Tailnet).to_string(),
            "the gateway token is shorter than 24 characters, too short where it can be tried by \
             the members of its tailnet"
        );
    }

    #[test]
    fn when_the_tailnet_vouches() {
        #[rustfmt::skip]
        let table = [
            // configured  Tailscale      to show          enough
            (None,         Some(Serve),  Login::Token,    true),
            (None,         Some(Serve),  Login::Password, false),
            (None,         Some(Funnel), Login::Token,    false),
            (None,         None,         Login::Token,    false),
            (Some(false),  Some(Serve),  Login::Token,    false),
            (Some(true),   None,         Login::Password, true),
        ];
        for (configured, tailscale, login, expected) in table {
            let found = allows_tailscale(configured, tailscale, login);
            assert_eq!(found, expected, "{configured:?} {tailscale:?} {login:?}");
        }
    }
}
