//! `openclaw gateway discover`: the gateways on the local network.

use std::time::Duration;

use clap::Args;
use domain::discovery::{DOMAIN, Found, UnverifiedFingerprint};
use ports::driven::Finder;
use serde_json::{Value, json};

use crate::cli::{context::Context, failure::Failure, output};

/// How to look.
#[derive(Debug, Args)]
pub(crate) struct Discover {
    /// How long to look, in milliseconds.
    #[arg(
        long, value_name = "MS", default_value_t = 2_000,
        value_parser = clap::value_parser!(u64).range(1..=600_000)
    )]
    timeout: u64,
}

/// Looks for gateways and lists them. Finding none is no error; not being able
/// to look is. Nothing is sent to what is found.
pub(crate) async fn discover(context: &Context, asked: &Discover) -> Result<(), Failure> {
    let found = gateway::finder()
        .browse(Duration::from_millis(asked.timeout))
        .await
        .map_err(|error| Failure::new(format!("the network cannot be searched: {error}")))?;
    if context.json {
        let beacons: Vec<_> = found.iter().map(beacon).collect();
        return Ok(output::json(&json!({
            "timeoutMs": asked.timeout,
            "domains": [format!("{DOMAIN}.")],
            "count": beacons.len(),
            "beacons": beacons,
        }))?);
    }
    Ok(output::line(&told(&found))?)
}

fn beacon(found: &Found) -> Value {
    let Found { instance, place, claims } = found;
    let fingerprint = claims.tls_sha256.as_ref().map(UnverifiedFingerprint::as_unverified_str);
    json!({
        "instanceName": instance,
        "domain": format!("{DOMAIN}."),
        "host": place.host,
        "port": place.port,
        "addresses": place.addresses,
        "wsUrl": found.url(),
        "displayName": claims.display_name,
        "lanHost": claims.lan_host,
        "tailnetDns": claims.tailnet_dns,
        "gatewayPort": claims.gateway_port,
        "canvasPort": claims.canvas_port,
        "sshPort": claims.ssh_port,
        "cliPath": claims.cli_path,
        "role": claims.role,
        "transport": claims.transport,
        "gatewayTls": claims.tls,
        "gatewayTlsFingerprintSha256": fingerprint,
        "gatewayTlsFingerprintVerified": false,
        "txt": claims.txt,
    })
}

fn told(found: &[Found]) -> String {
    if found.is_empty() {
        return "No gateways found on the local network.".into();
    }
    let mut lines = Vec::new();
    for found in found {
        let Found { instance, place, claims } = found;
        let addresses: Vec<_> = place.addresses.iter().map(ToString::to_string).collect();
        lines.push(instance.clone());
        lines.push(format!("  host: {}, port {}", place.host, place.port));
        if !addresses.is_empty() {
            lines.push(format!("  addresses: {}", addresses.join(", ")));
        }
        lines.push(match found.url() {
            Some(url) => format!("  url: {url}"),
            None => "  url: none, it does not say where it is".into(),
        });
        if let Some(fingerprint) = &claims.tls_sha256 {
            let digits = fingerprint.as_unverified_str();
            lines.push(format!("  TLS fingerprint (unverified): {digits}"));
        }
    }
    lines.push(format!(
        "{} found. Anybody on the network can announce anything: compare a fingerprint with the \
         one the gateway itself shows before you trust it.",
        found.len()
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use domain::discovery::Sighting;

    use super::*;

    fn found() -> Found {
        Found::new(Sighting {
            instance: "Kit\u{1b}[2Jchen".into(),
            host: "kitchen.local.".into(),
            port: 18789,
            addresses: vec![[192, 0, 2, 7].into()],
            txt: vec![
                ("gatewayTls".into(), b"1".into()),
                ("gatewayTlsSha256".into(), "ab".repeat(32).into_bytes()),
                ("lanHost".into(), b"evil.example\x1b]0;x\x07".into()),
                ("gatewayPort".into(), b"666".into()),
            ],
        })
    }

    #[test]
    fn people_see_what_resolves_and_what_nobody_checked() {
        let text = told(&[found()]);
        assert!(text.contains("Kit\\u{1b}[2Jchen\n  host: kitchen.local, port 18789"), "{text}");
        assert!(
            text.contains("  addresses: 192.0.2.7\n  url: wss://kitchen.local:18789"),
            "{text}"
        );
        assert!(text.contains(&format!("fingerprint (unverified): {}", "ab".repeat(32))), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        assert_eq!(told(&[]), "No gateways found on the local network.");
    }

    #[test]
    fn programs_see_claims_beside_facts() {
        let beacon = beacon(&found());
        assert_eq!(beacon["wsUrl"], "wss://kitchen.local:18789");
        assert_eq!(beacon["port"], 18789);
        assert_eq!(beacon["gatewayPort"], 666);
        assert_eq!(beacon["gatewayTlsFingerprintSha256"], "ab".repeat(32));
        assert_eq!(beacon["gatewayTlsFingerprintVerified"], false);
        assert_eq!(beacon["lanHost"], "evil.example\\u{1b}]0;x\\u{7}");
    }
}
