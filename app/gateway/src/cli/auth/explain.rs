//! `openclaw auth explain`: a decision, step by step.

use std::{net::IpAddr, sync::Arc};

use clap::{Args, ValueEnum};
use domain::{
    access::{Role, Scope, Scopes},
    origin::House,
    time::Timestamp,
};
use ports::{
    config::{BindMode, Config},
    driven::ConfigSource,
    driving::Circumstances,
};
use serde_json::{Value, json};
use usecases::auth::{Explained, Rules, Scene};

use crate::cli::{context::Context, failure::Failure, output, port};

/// A connection nobody makes.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Where the client is.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    from: IpAddr,
    /// What it sends as `X-Forwarded-For`.
    #[arg(long, value_name = "LIST")]
    forwarded_for: Option<String>,
    /// The proxy it comes through, which says for whom unless `--forwarded-for`
    /// does.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "via_tailscale")]
    via_proxy: Option<IpAddr>,
    /// It comes through `tailscale serve`, and the tailnet knows it.
    #[arg(long, conflicts_with = "forwarded_for")]
    via_tailscale: bool,
    /// The user the proxy names, for mode trusted-proxy.
    #[arg(long, value_name = "NAME", requires = "via_proxy")]
    user: Option<String>,
    /// Under which name it looks for the gateway (`Host`).
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The page that is behind it (`Origin`).
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    /// What it wants to be.
    #[arg(long, value_enum, default_value_t)]
    role: RoleWord,
    /// What it wants to be allowed, with commas in between. Default: everything.
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Option<Vec<String>>,
    /// Whether it is a device.
    #[arg(long, value_enum, default_value_t)]
    device: DeviceWord,
    /// It does not know the gateway's token or password.
    #[arg(long)]
    no_secret: bool,
}

/// What a client wants to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum RoleWord {
    /// Somebody who uses the gateway.
    #[default]
    Operator,
    /// A machine that carries out commands.
    Node,
}

/// Whether a client is a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DeviceWord {
    /// One that was let in before.
    Paired,
    /// One that is new.
    Unpaired,
    /// It has no identity.
    #[default]
    None,
}

pub(super) async fn explain(context: &Context, asked: &Explain) -> Result<(), Failure> {
    let config = context.config.current();
    let listening = gateway::addresses(config.gateway.bind);
    let listening = listening.map_err(|error| Failure::new(error.to_string()))?;
    let port = port::choose(context, None)?;
    let names = gateway::names(&context.config).await;
    let password = context.variable("GATEWAY_PASSWORD").is_some();
    let rules = Rules {
        chosen: None,
        has_password: password || config.gateway.auth.password.is_some(),
        tailscale: config.gateway.tailscale.mode.exposure(),
        config: Arc::clone(&context.config) as Arc<dyn ConfigSource>,
    };
    let told = asked.decide(&rules, &Place { listening, names, port })?;
    let reachable = asked.reaches(config.gateway.bind);
    if context.json {
        return Ok(output::json(&for_programs(&told, reachable))?);
    }
    Ok(output::line(&output::tame(&for_people(&told, reachable)))?)
}

/// Where the gateway would be.
struct Place {
    listening: Vec<IpAddr>,
    names: Vec<String>,
    port: u16,
}

impl Explain {
    fn decide(&self, rules: &Rules, place: &Place) -> Result<Explained, Failure> {
        let config = rules.config.current();
        Ok(rules.explain(&Scene {
            circumstances: self.circumstances(&config, place)?,
            house: House {
                local: false,
                allowed_origins: &config.gateway.control_ui.allowed_origins,
                addresses: &place.listening,
                names: &place.names,
                more_names: &config.gateway.allowed_hosts,
                any_name: config.gateway.control_ui.dangerously_allow_host_header_origin_fallback,
            },
            role: match self.role {
                RoleWord::Operator => Role::Operator,
                RoleWord::Node => Role::Node,
            },
            scopes: self.scopes()?,
            knows_secret: !self.no_secret,
            in_tailnet: self.via_tailscale,
            device: match self.device {
                DeviceWord::Paired => Some(true),
                DeviceWord::Unpaired => Some(false),
                DeviceWord::None => None,
            },
        }))
    }

    fn circumstances(&self, config: &Config, place: &Place) -> Result<Circumstances, Failure> {
        let peer = match self.via_proxy {
            Some(proxy) => proxy,
            None if self.via_tailscale => IpAddr::from([127, 0, 0, 1]),
            None => self.from,
        };
        let through = self.via_proxy.is_some() || self.via_tailscale;
        let forwarded_for =
            self.forwarded_for.clone().or_else(|| through.then(|| self.from.to_string()));
        let user = &config.gateway.auth.trusted_proxy.user_header;
        let mut headers = Vec::new();
        headers.extend(forwarded_for.map(|list| ("x-forwarded-for".into(), list.into())));
        if let Some(name) = &self.user {
            headers.push((user.to_ascii_lowercase().into(), name.as_str().into()));
            // Whoever names the user sends the rest as well.
            let more = config.gateway.auth.trusted_proxy.required_headers.iter();
            headers.extend(more.map(|it| (it.to_ascii_lowercase().into(), "yes".into())));
        }
        Ok(Circumstances {
            connection: "explained".into(),
            peer,
            host: self.host(peer, place)?.map(Into::into),
            origin: self.origin.as_deref().map(Into::into),
            headers: headers.into_boxed_slice(),
            secure: false,
            nonce: "none".into(),
            challenged_at: Timestamp::default(),
        })
    }

    /// The name under which it looks for the gateway: the one that was said,
    /// else an address where one is found.
    fn host(&self, peer: IpAddr, place: &Place) -> Result<Option<String>, Failure> {
        if let Some(host) = &self.host {
            return Ok(Some(host.clone()));
        }
        let port = place.port;
        let listening = place.listening.iter().find(|it| !it.is_unspecified());
        let found = match listening {
            _ if peer.is_loopback() => Some(format!("127.0.0.1:{port}")),
            Some(IpAddr::V4(address)) => Some(format!("{address}:{port}")),
            Some(IpAddr::V6(address)) => Some(format!("[{address}]:{port}")),
            None => None,
        };
        if found.is_none() && self.origin.is_some() {
            let why = "--origin needs --host here: under which name does the browser find the \
                       gateway?";
            return Err(Failure::new(why));
        }
        Ok(found)
    }

    fn scopes(&self) -> Result<Scopes, Failure> {
        let Some(words) = &self.scopes else { return Ok(Scopes::all()) };
        let scope = |word: &String| {
            let word = word.trim();
            let known = Scope::ALL.iter().find(|scope| {
                scope.as_str() == word || scope.as_str().strip_prefix("operator.") == Some(word)
            });
            known.copied().ok_or_else(|| Failure::new(format!("{word} is no scope")))
        };
        words.iter().map(scope).collect()
    }

    /// Whether anybody can connect from there at all.
    fn reaches(&self, bind: BindMode) -> bool {
        let socket = self.via_proxy.unwrap_or(self.from);
        bind != BindMode::Loopback || socket.is_loopback() || self.via_tailscale
    }
}

fn for_people(told: &Explained, reachable: bool) -> String {
    let mut lines = Vec::new();
    if !reachable {
        lines.push(
            "Note: with gateway.bind \"loopback\" nobody can connect from there; this is what \
             would happen otherwise."
                .to_owned(),
        );
    }
    lines.extend(told.steps.iter().map(|step| {
        let mark = if step.ok { "✓ yes" } else { "✗ no " };
        format!("{mark}  {}: {}", step.about, step.finding)
    }));
    match &told.refusal {
        None => lines.push("Let in.".to_owned()),
        Some(refusal) => {
            lines.push(format!("Not let in: {} ({})", refusal.code, refusal.reason));
            lines.push(format!("Next: {}", refusal.next));
        }
    }
    lines.join("\n")
}

fn for_programs(told: &Explained, reachable: bool) -> Value {
    let steps = told.steps.iter();
    let steps: Vec<_> = steps
        .map(|step| json!({ "about": step.about, "finding": step.finding, "ok": step.ok }))
        .collect();
    let mut value = json!({
        "allowed": told.refusal.is_none(), "reachable": reachable, "steps": steps,
        "scopes": told.granted,
    });
    if let Some(refusal) = &told.refusal {
        value["code"] = refusal.code.into();
        value["reason"] = refusal.reason.into();
        value["next"] = refusal.next.as_str().into();
    }
    value
}

#[cfg(test)]
mod tests;
