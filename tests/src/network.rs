//! Two machines on a network of their own: network namespaces joined by a cable,
//! each with a multicast DNS daemon if wanted. Nothing leaves them.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read},
    os::fd::AsFd,
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use tempfile::TempDir;

/// How long anything on such a network may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One of the two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// 192.0.2.1
    Left,
    /// 192.0.2.2
    Right,
}

/// Two machines and the cable between them. Gone when dropped.
#[derive(Debug)]
pub struct Network {
    name: String,
    directory: TempDir,
}

impl Network {
    /// Makes one for tests with Avahi, or says why that is impossible here.
    pub fn new() -> Result<Self, String> {
        Self::with(&PROGRAMS)
    }

    /// Makes one for tests that need these programs, or says why that is
    /// impossible here.
    pub fn with(programs: &[&str]) -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        for program in programs {
            if !is_installed(program) {
                return Err(format!("{program} is not installed"));
            }
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oc{}-{number}", std::process::id());
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let network = Self { name, directory };
        let [left, right] = [Machine::Left, Machine::Right].map(|it| network.namespace(it));
        ip(&["netns", "add", &left])?;
        ip(&["netns", "add", &right])?;
        let cable =
            ["link", "add", "left", "netns", &left, "type", "veth", "peer", "name", "right"];
        ip(&[&cable[..], &["netns", &right]].concat())?;
        for (namespace, device, address) in
            [(&left, "left", "192.0.2.1/24"), (&right, "right", "192.0.2.2/24")]
        {
            ip(&["-n", namespace, "address", "add", address, "dev", device])?;
            ip(&["-n", namespace, "link", "set", device, "up"])?;
            ip(&["-n", namespace, "link", "set", "lo", "up"])?;
        }
        Ok(network)
    }

    /// A place for files, gone with the network.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A command that runs `program` on `machine`, which has no message bus
    /// unless a [`Daemon`] is told of.
    pub fn command(&self, machine: Machine, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(machine)]).arg(program);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere").stdin(Stdio::null());
        command
    }

    /// Does `work` on `machine`, on a thread of its own: sockets it opens are that
    /// machine's.
    ///
    /// # Panics
    ///
    /// When the work does.
    pub fn on<T: Send>(&self, machine: Machine, work: impl FnOnce() -> T + Send) -> T {
        let namespace = Path::new("/run/netns").join(self.namespace(machine));
        let enter = || {
            let namespace = fs::File::open(namespace).expect("the network is there");
            let kind = Some(LinkNameSpaceType::Network);
            move_into_link_name_space(namespace.as_fd(), kind).expect("root may");
        };
        thread::scope(|threads| {
            let done = threads.spawn(|| {
                enter();
                work()
            });
            done.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Starts Avahi on `machine`, which it calls `host`, and a message bus for it;
    /// or says why that is impossible here.
    pub fn avahi(&self, machine: Machine, host: &str) -> Result<Daemon, String> {
        let directory = self.directory().join(format!("{machine:?}"));
        let write = |name: &str, text: &str| {
            let path = directory.join(name);
            fs::create_dir_all(&directory).and_then(|()| fs::write(&path, text))?;
            Ok(path)
        };
        let io = |error: io::Error| error.to_string();
        let socket = directory.join("bus");
        let bus_config =
            write("bus.conf", &BUS.replace("SOCKET", &socket.to_string_lossy())).map_err(io)?;
        let config = write("avahi.conf", &AVAHI.replace("HOST", host)).map_err(io)?;

        let mut command = self.command(machine, "dbus-daemon");
        command.arg("--config-file").arg(bus_config).args([
            "--nofork",
            "--nopidfile",
            "--print-address",
        ]);
        let bus = Process::start(command)?;
        bus.until(|line| line.starts_with("unix:path="));

        // `ip netns exec` gives a mount namespace too, so the daemons do not meet
        // over their pid files.
        let mut command = self.command(machine, "sh");
        let script = "mount -t tmpfs none /run && mkdir /run/avahi-daemon && \
                      exec avahi-daemon --file \"$0\" --no-drop-root --no-chroot --no-rlimits";
        command.args(["-c", script]).arg(config);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", socket.display()));
        let avahi = Process::start(command)?;
        avahi.until(|line| line.contains("Server startup complete"));
        Ok(Daemon { avahi, _bus: bus, socket })
    }

    /// What the namespace of `machine` is called.
    pub fn namespace(&self, machine: Machine) -> String {
        format!("{}{machine:?}", self.name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for machine in [Machine::Left, Machine::Right] {
            // It was not made if that was impossible.
            let _ = ip(&["netns", "delete", &self.namespace(machine)]);
        }
    }
}

/// What these networks are made with.
const PROGRAMS: [&str; 6] =
    ["ip", "unshare", "dbus-daemon", "avahi-daemon", "avahi-browse", "avahi-publish"];

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

const AVAHI: &str = "[server]\nhost-name=HOST\nuse-ipv4=yes\nuse-ipv6=no\n";

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output().map_err(|e| format!("ip: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

/// Avahi on one of the machines. Ends when dropped.
#[derive(Debug)]
pub struct Daemon {
    avahi: Process,
    _bus: Process,
    socket: PathBuf,
}

impl Daemon {
    /// Lets `command` talk to this daemon.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", self.socket.display()))
    }

    /// Ends the daemon at once, as a crash would.
    pub fn crash(&self) {
        self.avahi.signal(Signal::KILL);
    }
}

/// A process that is listened to. Ends when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts `command`, or says why that is impossible here.
    pub fn start(mut command: Command) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        let (told, lines) = channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|it| Box::new(it) as _),
            child.stderr.take().map(|it| Box::new(it) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let told = told.clone();
            thread::spawn(move || {
                let lines = BufReader::new(stream).lines().map_while(Result::ok);
                lines.map(|line| told.send(line)).take_while(Result::is_ok).count()
            });
        }
        Ok(Self { child, lines })
    }

    /// Waits for a line that is `wanted` and gives it, with those before it.
    ///
    /// # Panics
    ///
    /// When the process ends or the time is over before such a line came.
    pub fn until(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.until_within(PATIENCE, wanted)
    }

    /// The same, within a time.
    ///
    /// # Panics
    ///
    /// When the process ends or the time is over before such a line came.
    pub fn until_within(&self, time: Duration, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let (mut seen, end) = (Vec::new(), Instant::now() + time);
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let last = wanted(&line);
                    seen.push(line);
                    if last {
                        return seen;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("nothing like it came: {seen:#?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended: {seen:#?}"),
            }
        }
    }

    /// Asks it to end, and waits until it has. What it said to the last.
    pub fn stop(mut self) -> Vec<String> {
        self.signal(Signal::TERM);
        let _ = self.child.wait();
        self.lines.iter().collect()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
