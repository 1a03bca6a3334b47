//! Where the gateway listens, and where it refuses to.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
};

use domain::exposure::{
    Exposure, Facts, Interface, ListenOn, Login, Reach, Strengths, Warning, allows_tailscale,
};
use http_server::Server;
use ports::config::{BindMode, Config, GatewayConfig};
use tokio::net::TcpListener;
use tracing::warn;

use crate::{Overrides, StartError};

/// Where a gateway is going to listen, which has been found to be safe.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    addresses: ListenOn,
    port: u16,
    reach: Reach,
    /// What a client has to show.
    pub(crate) login: Login,
    /// What Tailscale shall do.
    pub(crate) tailscale: Option<Exposure>,
    /// Whether it shall stop doing so at the end.
    pub(crate) reset_on_exit: bool,
    /// Whether the gateway speaks TLS.
    pub(crate) tls: bool,
}

impl Plan {
    /// The addresses.
    pub(crate) fn listening(&self) -> Vec<IpAddr> {
        self.addresses.all().collect()
    }

    /// Who can reach the gateway, with Tailscale's help or without.
    pub(crate) fn reach(&self) -> Reach {
        self.reach.through(self.tailscale)
    }
}

/// What `overrides` and `config` come to on this machine with secrets that are so
/// hard to guess, or why that must not be.
pub(crate) fn plan(
    overrides: &Overrides,
    config: &Config,
    secrets: Strengths,
) -> Result<Plan, StartError> {
    let gateway = &config.gateway;
    let tailscale = overrides.tailscale(gateway);
    if cfg!(not(feature = "tailscale")) && tailscale.is_some() {
        return Err(StartError::LeftOut { key: "gateway.tailscale.mode", what: "Tailscale" });
    }
    let bind = overrides.bind(gateway)?;
    let interfaces = interfaces(bind)?;
    let addresses = ListenOn::choose(bind.into(), &interfaces)?;
    let listening: Vec<IpAddr> = addresses.all().collect();
    let plan = Plan {
        reach: Reach::of(&listening, &interfaces),
        addresses,
        port: overrides.port(config),
        login: overrides.login(gateway, secrets.password.is_some()),
        tailscale,
        reset_on_exit: overrides.exposure.reset_on_exit || gateway.tailscale.reset_on_exit,
        tls: gateway.tls.enabled,
    };
    for warning in judge(&plan, overrides, gateway, secrets, &listening)? {
        warn!(target: "gateway", "{warning}");
    }
    Ok(plan)
}

fn judge(
    plan: &Plan,
    overrides: &Overrides,
    config: &GatewayConfig,
    secrets: Strengths,
    listening: &[IpAddr],
) -> Result<Vec<Warning>, StartError> {
    let allowed = config.auth.allow_tailscale;
    let verdict = Facts {
        listening,
        port: plan.port,
        reach: plan.reach,
        tailscale: plan.tailscale,
        login: plan.login,
        allows_tailscale: allows_tailscale(allowed, plan.tailscale, plan.login),
        secrets,
        tls: plan.tls,
        trusted_proxies: !config.trusted_proxies.is_empty(),
        insecure_bind: overrides.exposure.allow_insecure_bind || config.allow_insecure_bind,
    }
    .judge();
    if verdict.refusals.is_empty() {
        Ok(verdict.warnings)
    } else {
        Err(StartError::Refused(verdict.refusals))
    }
}

/// Listens where the plan says.
pub(crate) fn bind(plan: &Plan) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for address in &plan.addresses.must {
        let address = SocketAddr::new(*address, port(&listeners, plan.port));
        listeners.extend(http_server::bind(&[address]).map_err(refused(address))?);
    }
    for address in &plan.addresses.may {
        let address = SocketAddr::new(*address, port(&listeners, plan.port));
        let heard = |it: &TcpListener| it.local_addr().is_ok_and(|own| own == address);
        if listeners.iter().any(heard) {
            continue;
        }
        match http_server::bind(&[address]) {
            Ok(bound) => listeners.extend(bound),
            Err(error) => warn!(%error, %address, "not listening there"),
        }
    }
    Ok(listeners)
}

/// Makes `server` listen where the plan says and nowhere else. What came from
/// elsewhere stays connected. When it cannot listen there, it goes on listening
/// where it did.
pub(crate) async fn follow(server: &Server, plan: &Plan) -> Result<(), StartError> {
    let before = server.addresses();
    let port = match (plan.port, before.first()) {
        (0, Some(address)) => address.port(),
        (port, _) => port,
    };
    let at = |ip: &IpAddr| SocketAddr::new(*ip, port);
    let [must, may] = [&plan.addresses.must, &plan.addresses.may]
        .map(|list| list.iter().map(at).collect::<Vec<_>>());
    let stays = |address: &SocketAddr| must.contains(address) || may.contains(address);

    // An address that stands for all takes those of the same port with it, and
    // the other way round: these have to be left first.
    let in_the_way: Vec<_> =
        before.iter().copied().filter(|it| it.port() == port && !stays(it)).collect();
    for address in &in_the_way {
        server.leave(*address).await;
    }
    let missing: Vec<_> = must.iter().copied().filter(|it| !before.contains(it)).collect();
    match open(&missing) {
        Ok(listeners) => listeners.into_iter().for_each(|it| server.listen(it)),
        Err(error) => {
            for address in in_the_way {
                if server.addresses().contains(&address) {
                    continue;
                }
                match http_server::bind(&[address]) {
                    Ok(listeners) => listeners.into_iter().for_each(|it| server.listen(it)),
                    Err(error) => warn!(%error, %address, "not listening there any more"),
                }
            }
            return Err(error);
        }
    }
    for address in &may {
        if server.addresses().contains(address) {
            continue;
        }
        match http_server::bind(&[*address]) {
            Ok(listeners) => listeners.into_iter().for_each(|it| server.listen(it)),
            Err(error) => warn!(%error, %address, "not listening there"),
        }
    }
    for address in before.iter().filter(|it| !stays(it)) {
        server.leave(*address).await;
    }
    Ok(())
}

/// Listens at all of `addresses`, or at none.
fn open(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let heard = |it: &TcpListener| it.local_addr().is_ok_and(|own| own == *address);
        if !listeners.iter().any(heard) {
            listeners.extend(http_server::bind(&[*address]).map_err(refused(*address))?);
        }
    }
    Ok(listeners)
}

fn refused(address: SocketAddr) -> impl FnOnce(std::io::Error) -> StartError {
    move |source| match source.kind() {
        ErrorKind::AddrInUse => StartError::PortInUse(address),
        _ => StartError::Listen { address, source },
    }
}

/// The port all listeners share: the first one's, which may have been picked by
/// the system.
fn port(listeners: &[TcpListener], asked: u16) -> u16 {
    listeners.first().and_then(|it| it.local_addr().ok()).map_or(asked, |it| it.port())
}

/// The first address a gateway with that bind mode would listen on, if it
/// started now.
pub fn first_address(bind: BindMode) -> Result<IpAddr, StartError> {
    let addresses = ListenOn::choose(bind.into(), &interfaces(bind)?)?;
    Ok(addresses.must[0])
}

/// The addresses a gateway with that bind mode would listen on, if it started
/// now.
pub fn addresses(bind: BindMode) -> Result<Vec<IpAddr>, StartError> {
    Ok(ListenOn::choose(bind.into(), &interfaces(bind)?)?.all().collect())
}

/// Who could reach a gateway with that bind mode, Tailscale's own ways left out,
/// and at which addresses.
pub fn reach(bind: BindMode) -> Result<(Vec<IpAddr>, Reach), StartError> {
    let interfaces = interfaces(bind)?;
    let listening: Vec<_> = ListenOn::choose(bind.into(), &interfaces)?.all().collect();
    let reach = Reach::of(&listening, &interfaces);
    Ok((listening, reach))
}

/// The addresses of this machine, where `bind` depends on them.
fn interfaces(bind: BindMode) -> Result<Vec<Interface>, StartError> {
    match bind {
        // Some containers do not let anybody list them.
        BindMode::Loopback | BindMode::Lan => return Ok(Vec::new()),
        BindMode::Tailnet | BindMode::Auto | BindMode::Address(_) => (),
    }
    let found = if_addrs::get_if_addrs().map_err(StartError::Interfaces)?;
    let interface = |it: if_addrs::Interface| Interface { address: it.addr.ip(), name: it.name };
    Ok(found.into_iter().map(interface).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(must: &str, may: &str) -> Plan {
        let addresses =
            |text: &str| text.split_whitespace().map(|it| it.parse().unwrap()).collect();
        Plan {
            addresses: ListenOn { must: addresses(must), may: addresses(may) },
            port: 0,
            reach: Reach::ThisMachine,
            login: Login::Token,
            tailscale: None,
            reset_on_exit: false,
            tls: false,
        }
    }

    #[tokio::test]
    async fn all_addresses_share_one_port_and_none_is_listened_on_twice() {
        let listeners = bind(&plan("127.0.0.1", "::1")).unwrap();
        let ports: Vec<u16> = listeners.iter().map(|it| it.local_addr().unwrap().port()).collect();
        assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
        assert!(ports.len() <= 2, "{ports:?}");
    }

    #[tokio::test]
    async fn an_address_that_may_be_missing_is_only_missed() {
        // A documentation address, which no machine has.
        let listeners = bind(&plan("127.0.0.2", "192.0.2.1")).unwrap();
        assert_eq!(listeners.len(), 1);
        assert!(matches!(bind(&plan("192.0.2.1", "")), Err(StartError::Listen { .. })));
    }

    #[test]
    fn this_machine_has_a_loopback() {
        assert!(interfaces(BindMode::Auto).unwrap().iter().any(|it| it.address.is_loopback()));
    }
}
