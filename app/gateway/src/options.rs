//! What a gateway is made from: its files, and what the command line says
//! whatever the configuration does.

use std::{net::IpAddr, sync::Arc};

use config_file::ConfigFile;
use domain::exposure::{Exposure, Login};
use ports::config::{AuthMode, BindMode, Config, GatewayConfig, TailscaleMode};
use secrets_file::{Given, SecretsFile};
use telemetry::{LogControl, LogFile};

use crate::{Discoverability, Paths, StartError, Tracing};

/// What a gateway is made from.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// Where its things are.
    pub paths: Paths,
    /// Its configuration.
    pub config: Arc<ConfigFile>,
    /// Its secrets.
    pub secrets: Arc<SecretsFile>,
    /// Its log, for reading it back.
    pub logs: Arc<LogFile>,
    /// What changes the log, if the process has one.
    pub log: Option<LogControl>,
    /// Which trace work belongs to, and what becomes of it.
    pub tracing: Tracing,
    /// What the command line says.
    pub overrides: Overrides,
    /// What the environment says about being found on the local network.
    pub discoverability: Discoverability,
}

/// What the command line and the environment say, whatever the configuration
/// does.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The port to listen on; 0 picks a free one.
    pub port: Option<u16>,
    /// The port of a profile whose configuration names none.
    pub default_port: Option<u16>,
    /// Which interfaces to listen on.
    pub bind: Option<BindChoice>,
    /// What clients have to show.
    pub auth_mode: Option<AuthMode>,
    /// Its secrets.
    pub given: Given,
    /// Who can reach it.
    pub exposure: ExposureOptions,
}

/// Which interfaces the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindChoice {
    /// These.
    Mode(BindMode),
    /// The address in `gateway.customBindHost`, or the one in `gateway.bind`.
    Custom,
}

/// What the command line says about who can reach the gateway.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExposureOptions {
    /// `gateway.tailscale.mode`, if it says so.
    pub tailscale: Option<TailscaleMode>,
    /// `gateway.tailscale.resetOnExit`, whatever the file says.
    pub reset_on_exit: bool,
    /// `gateway.allowInsecureBind`, whatever the file says.
    pub allow_insecure_bind: bool,
}

impl Overrides {
    /// The port to listen on under `config`.
    pub fn port(&self, config: &Config) -> u16 {
        let configured = config.gateway.port;
        let unsaid = configured == GatewayConfig::default().port;
        let default = self.default_port.filter(|_| unsaid);
        self.port.or(default).unwrap_or(configured)
    }

    /// Which interfaces to listen on under `config`.
    pub fn bind(&self, config: &GatewayConfig) -> Result<BindMode, StartError> {
        match (self.bind, config.bind, config.custom_bind_host) {
            (None, configured, _) => Ok(configured),
            (Some(BindChoice::Mode(mode)), ..) => Ok(mode),
            (Some(BindChoice::Custom), _, Some(host)) => Ok(BindMode::Address(host)),
            (Some(BindChoice::Custom), BindMode::Address(_), None) => Ok(config.bind),
            (Some(BindChoice::Custom), _, None) => Err(StartError::NoCustomHost),
        }
    }

    /// The secrets under `config`. Those of the command line count even when they
    /// are blank, so that a mistake in a script is noticed.
    pub fn given(&self, config: &GatewayConfig) -> Given {
        let auth = &config.auth;
        Given {
            token: self.given.token.clone().or_else(|| auth.token.clone()),
            password: self.given.password.clone().or_else(|| auth.password.clone()),
        }
    }

    /// What a client has to show under `config`, of a gateway that has a password
    /// or not: by option, by configuration, else whatever there is.
    pub fn login(&self, config: &GatewayConfig, has_password: bool) -> Login {
        let default = || if has_password { AuthMode::Password } else { AuthMode::Token };
        self.auth_mode.or(config.auth.mode).unwrap_or_else(default).into()
    }

    /// What Tailscale shall do under `config`.
    pub fn tailscale(&self, config: &GatewayConfig) -> Option<Exposure> {
        self.exposure.tailscale.unwrap_or(config.tailscale.mode).exposure()
    }
}

/// Reads what `--bind` says.
pub fn bind_choice(word: &str) -> Option<BindChoice> {
    let mode = match word.trim() {
        "loopback" => BindMode::Loopback,
        "lan" => BindMode::Lan,
        "tailnet" => BindMode::Tailnet,
        "auto" => BindMode::Auto,
        "custom" => return Some(BindChoice::Custom),
        text => BindMode::Address(text.parse::<IpAddr>().ok()?),
    };
    Some(BindChoice::Mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_binding() {
        let address = |last| BindMode::Address([192, 0, 2, last].into());
        let loopback = BindMode::Address([127, 0, 0, 1].into());
        let host = Some([192, 0, 2, 2].into());
        #[rustfmt::skip]
        let table = [
            // flag              bind           customBindHost  chosen
            (None,               address(1),    None,           Some(address(1))),
            (Some("lan"),        address(1),    None,           Some(BindMode::Lan)),
            (Some("tailnet"),    address(1),    None,           Some(BindMode::Tailnet)),
            (Some("auto"),       BindMode::Lan, None,           Some(BindMode::Auto)),
            (Some("127.0.0.1"),  BindMode::Lan, None,           Some(loopback)),
            (Some("custom"),     address(1),    None,           Some(address(1))),
            (Some("custom"),     BindMode::Lan, host,           Some(address(2))),
            (Some("custom"),     BindMode::Lan, None,           None),
        ];
        for (flag, bind, custom_bind_host, expected) in table {
            let config = GatewayConfig { bind, custom_bind_host, ..GatewayConfig::default() };
            let bind = flag.map(|word| bind_choice(word).unwrap());
            let overrides = Overrides { bind, ..Overrides::default() };
            assert_eq!(overrides.bind(&config).ok(), expected, "{flag:?}");
        }
        assert_eq!((bind_choice("wide"), bind_choice("")), (None, None));
    }

    #[test]
    fn the_command_line_counts_and_then_the_file() {
        let mut config = Config::default();
        let dev = Overrides { default_port: Some(19001), ..Overrides::default() };
        assert_eq!((dev.port(&config), Overrides::default().port(&config)), (19001, 18789));
        config.gateway.port = 5;
        assert_eq!(dev.port(&config), 5);
        assert_eq!(Overrides { port: Some(0), ..dev }.port(&config), 0);

        config.gateway.auth.token = Some("of the file".to_owned());
        let blank = Given { token: Some(String::new()), password: None };
        let overrides = Overrides { given: blank, ..Overrides::default() };
        assert_eq!(overrides.given(&config.gateway).token.as_deref(), Some(""));
        let plain = Overrides::default();
        assert_eq!(plain.given(&config.gateway).token.as_deref(), Some("of the file"));
        assert_eq!(plain.login(&config.gateway, true), Login::Password);
    }
}
