//! Where a gateway is, and how to get there.

use std::{
    fs::File,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::AsFd as _,
    path::Path,
    process::{self, Command},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::net::TcpSocket;

use super::fixture::Manner;

/// The address of a gateway in the network it is in.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Another address of that network, from which clients come.
pub(super) const LAN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// Where a gateway can be reached.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) port: u16,
    /// The machine it runs on, if that is not the one of the test.
    pub(super) machine: Option<Arc<Machine>>,
    /// How the runner is let in.
    pub(super) manner: Manner,
}

impl Site {
    /// The address under which a client at `from` finds it.
    pub(super) fn address(&self, from: Option<IpAddr>) -> SocketAddr {
        let address = match from {
            Some(IpAddr::V4(from)) if !from.is_loopback() => IpAddr::V4(GATEWAY),
            Some(IpAddr::V6(from)) if !from.is_loopback() => IpAddr::V6(GATEWAY.to_ipv6_mapped()),
            None | Some(IpAddr::V4(_) | IpAddr::V6(_)) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        SocketAddr::new(address, self.port)
    }

    /// What such a client calls it.
    pub(super) fn host(&self, from: Option<IpAddr>) -> String {
        format!("{}:{}", self.address(from).ip().to_canonical(), self.port)
    }

    /// A socket of that machine, bound to `from`.
    pub(super) fn socket(&self, from: Option<IpAddr>) -> io::Result<TcpSocket> {
        let new = move || {
            let socket = match from {
                Some(IpAddr::V6(_)) => TcpSocket::new_v6()?,
                None | Some(IpAddr::V4(_)) => TcpSocket::new_v4()?,
            };
            if let Some(from) = from {
                socket.bind(SocketAddr::new(from, 0))?;
            }
            Ok(socket)
        };
        match &self.machine {
            None => new(),
            Some(machine) => machine.within(new),
        }
    }
}

/// A machine with a loopback and one network, in which nobody else is. Gone when
/// dropped.
#[derive(Debug)]
pub(super) struct Machine {
    name: String,
}

impl Machine {
    /// Makes one, or says why that is impossible here.
    pub(super) fn new() -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bad-{}-{number}", process::id());
        ip(&["netns", "add", &name])?;
        // Taken away again if the rest does not work.
        let machine = Self { name };
        machine.ip(&["link", "set", "lo", "up"])?;
        machine.ip(&["link", "add", "lan", "type", "veth", "peer", "name", "other"])?;
        for address in [GATEWAY, LAN] {
            machine.ip(&["address", "add", &format!("{address}/24"), "dev", "lan"])?;
        }
        machine.ip(&["link", "set", "lan", "up"])?;
        machine.ip(&["link", "set", "other", "up"])?;
        Ok(machine)
    }

    /// The command that runs `program` there.
    pub(super) fn command(&self, program: &Path) -> tokio::process::Command {
        let mut command = tokio::process::Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Does `what` on that machine. Sockets stay where they were made.
    fn within<T: Send>(&self, what: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        let there = File::open(Path::new("/run/netns").join(&self.name))?;
        // A thread of its own, because it does not come back.
        thread::scope(|scope| {
            let thread = scope.spawn(move || {
                move_into_link_name_space(there.as_fd(), Some(LinkNameSpaceType::Network))?;
                what()
            });
            thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))
        })
    }

    fn ip(&self, arguments: &[&str]) -> Result<(), String> {
        ip(&[&["-n", &self.name], arguments].concat())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It is removed by the system otherwise, when the machine is.
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| format!("ip cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {}: {}", arguments.join(" "), said.trim()))
}

#[test]
fn who_comes_from_elsewhere_finds_the_gateway_in_the_network() {
    let site = Site { port: 7, machine: None, manner: Manner::Token };
    let host = |from: Option<&str>| site.host(from.map(|from| from.parse().unwrap()));
    assert_eq!(host(None), "127.0.0.1:7");
    assert_eq!(host(Some("127.7.1.2")), "127.0.0.1:7");
    assert_eq!(host(Some("192.0.2.2")), "192.0.2.1:7");
    assert_eq!(host(Some("::ffff:192.0.2.2")), "192.0.2.1:7");
    let mapped = site.address(Some("::ffff:192.0.2.2".parse().unwrap()));
    assert_eq!(mapped.to_string(), "[::ffff:192.0.2.1]:7");
}
