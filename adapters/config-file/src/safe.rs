//! What is safe whatever was meant.

use std::mem;

use ports::config::{
    AuthConfig, BindMode, Config, ControlUiConfig, GatewayConfig, TailscaleConfig,
};

use crate::evaluate::Evaluated;

/// Has the gateway serve this machine only, with its own token. Nothing here
/// lets in anybody who would not be let in otherwise.
pub(crate) fn narrow(evaluated: &mut Evaluated) {
    let suspicious = evaluated.problems.iter().any(|it| it.key.starts_with("gateway.auth"));
    narrow_config(&mut evaluated.config, suspicious);
}

/// With `forget_secrets`, the secrets of the file do not count either.
fn narrow_config(config: &mut Config, forget_secrets: bool) {
    let gateway = &mut config.gateway;
    let auth = mem::take(&mut gateway.auth);
    let kept = if forget_secrets { AuthConfig::default() } else { auth };
    gateway.auth = AuthConfig {
        mode: None,
        token: kept.token,
        password: kept.password,
        allow_tailscale: Some(false),
        rate_limit: kept.rate_limit,
        ..AuthConfig::default()
    };
    gateway.bind = BindMode::Loopback;
    gateway.custom_bind_host = None;
    gateway.allow_insecure_bind = false;
    gateway.tailscale = TailscaleConfig::default();
    gateway.trusted_proxies.clear();
    gateway.allow_real_ip_fallback = false;
    gateway.allowed_hosts.clear();
    gateway.tls = GatewayConfig::default().tls;
    gateway.control_ui = ControlUiConfig::default();
}

#[test]
fn nothing_is_wider_than_before() {
    let mut config = Config::default();
    let gateway = &mut config.gateway;
    gateway.bind = BindMode::Lan;
    gateway.allow_insecure_bind = true;
    gateway.auth.local_auto_permit = true;
    gateway.auth.deviceless_scopes = true;
    gateway.auth.password = Some("p".into());
    gateway.control_ui.allow_insecure_auth = true;
    gateway.allowed_hosts.push("evil.example".into());
    narrow_config(&mut config, false);
    let mut expected = Config::default();
    expected.gateway.auth.allow_tailscale = Some(false);
    expected.gateway.auth.password = Some("p".into());
    assert_eq!(config, expected);
    narrow_config(&mut config, true);
    assert_eq!(config.gateway.auth.password, None);
}
