//! Where the gateway goes when somebody names an address: to the open internet,
//! and nowhere else.
//!
//! The internet is a machine of our own, with name servers, addresses that count
//! as public and addresses that are nobody's business; a trap listens at each of
//! those. The cases are those of `bad-inputs.json`.

use std::{
    collections::HashMap,
    env, fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tests::{
    bad_inputs::binary,
    network::{
        Machine::{Left, Right},
        Network, Process,
    },
};

const TOKEN: &str = "a-token-that-nobody-on-the-internet-knows";
const GATEWAY: &str = "127.0.0.1:18789";
/// An address of the open internet, here.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);
/// Addresses a name may lead to, and that nobody may be led to.
const INSIDE: [&str; 4] = ["127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.7.7"];
/// Teredo of 169.254.169.254.
const TEREDO: &str = "2001:0:53aa:64c::5601:5601";
/// The port of the traps on the gateway's own machine.
const OWN_PORT: u16 = 8099;

/// A picture of one pixel.
const PICTURE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

/// Listeners nobody may connect to.
struct Traps(Vec<(SocketAddr, TcpListener)>);

impl Traps {
    fn set(addresses: &[SocketAddr]) -> io::Result<Self> {
        let set = |address: &SocketAddr| {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok((*address, listener))
        };
        addresses.iter().map(set).collect::<io::Result<_>>().map(Self)
    }

    /// Where somebody came since the last look.
    fn sprung(&self) -> Vec<SocketAddr> {
        let came = self.0.iter().filter(|(_, trap)| trap.accept().is_ok());
        came.map(|(address, _)| *address).collect()
    }
}

/// What the public address does.
#[derive(Default)]
struct Site {
    /// How many talk to it now, and how many did at most.
    open: AtomicUsize,
    most: AtomicUsize,
    /// How many bytes of an endless picture were sent.
    sent: AtomicUsize,
}

impl Site {
    fn serve(self: &Arc<Self>, listener: TcpListener) {
        let site = Arc::clone(self);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let site = Arc::clone(&site);
                thread::spawn(move || {
                    let open = site.open.fetch_add(1, SeqCst) + 1;
                    site.most.fetch_max(open, SeqCst);
                    // Whoever hangs up has what they wanted.
                    let _ = site.answer(stream);
                    site.open.fetch_sub(1, SeqCst);
                });
            }
        });
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let picture = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n";
        match path {
            "/a.png" => {
                write!(stream, "{picture}Content-Length: {}\r\n\r\n", PICTURE.len())?;
                stream.write_all(PICTURE)
            }
            "/endless.png" => {
                write!(stream, "{picture}\r\n")?;
                stream.write_all(PICTURE)?;
                let junk = vec![0; 64 * 1024];
                // A gibibyte, unless somebody has enough before.
                for _ in 0..16 * 1024 {
                    stream.write_all(&junk)?;
                    self.sent.fetch_add(junk.len(), SeqCst);
                }
                Ok(())
            }
            "/drip.png" => {
                write!(stream, "{picture}Content-Length: 1000\r\n\r\n")?;
                // Nothing more comes; the end is when the other end hangs up.
                stream.read(&mut byte).map(drop)
            }
            _ => {
                let to = path.split_once("to=").map_or("http://10.0.0.5/", |(_, to)| to);
                write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nConnection: close\r\n\r\n")
            }
        }
    }
}

/// Says where names lead. A name that is not known leads nowhere.
fn name_server(socket: UdpSocket) {
    let named: HashMap<&str, Vec<Ipv4Addr>> = HashMap::from([
        ("pictures.test", vec![PUBLIC]),
        ("inside.test", vec![Ipv4Addr::new(10, 0, 0, 5)]),
        ("here.test", vec![Ipv4Addr::LOCALHOST]),
        ("both.test", vec![PUBLIC, Ipv4Addr::new(10, 0, 0, 5)]),
        ("metadata.test", vec![Ipv4Addr::new(169, 254, 169, 254)]),
    ]);
    thread::spawn(move || {
        let mut rebound = false;
        let mut packet = [0; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut packet) {
            let Some((name, kind, end)) = question(&packet[..length]) else { continue };
            let found = match name.as_str() {
                // Public for whoever asks first, and then inside.
                "rebind.test" if kind == 1 => {
                    let first = !std::mem::replace(&mut rebound, true);
                    vec![if first { PUBLIC } else { Ipv4Addr::new(10, 0, 0, 5) }]
                }
                name => named.get(name).cloned().unwrap_or_default(),
            };
            let found = if kind == 1 { found } else { Vec::new() };
            let mut answer = packet[..2].to_vec();
            let count = u8::try_from(found.len()).expect("a few");
            answer.extend([0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
            answer.extend(&packet[12..end]);
            for address in found {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
                answer.extend(address.octets());
            }
            let _ = socket.send_to(&answer, asker);
        }
    });
}

/// The name that is asked for, which kind of address, and where the question ends.
fn question(packet: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*packet.get(at)?);
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(packet.get(at + 1..=at + length)?).into_owned());
        at += length + 1;
    }
    let kind = u16::from_be_bytes([*packet.get(at + 1)?, *packet.get(at + 2)?]);
    Some((labels.join("."), kind, at + 5))
}

/// A gateway and the internet.
struct World {
    network: Network,
    site: Arc<Site>,
    far: Traps,
    near: Traps,
    // Threads ask it at the same time, and what it says is for one of them.
    gateway: Mutex<Process>,
    _resolver: Resolver,
}

/// Which name server the gateway's machine asks. Gone when dropped.
struct Resolver(std::path::PathBuf);

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl World {
    fn open() -> Result<Self, String> {
        let words = |error: io::Error| error.to_string();
        let network = Network::with(&["ip"])?;
        let run = |machine, arguments: &[&str]| {
            let output = network.command(machine, "ip").args(arguments).output().map_err(words)?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            output.status.success().then_some(()).ok_or(said)
        };
        for address in ["93.184.215.14/32", "10.0.0.5/32", "169.254.169.254/32", "192.168.7.7/32"] {
            run(Right, &["address", "add", address, "dev", "right"])?;
        }
        let teredo = format!("{TEREDO}/128");
        run(Right, &["-6", "address", "add", &teredo, "dev", "right", "nodad"])?;
        run(Right, &["-6", "address", "add", "fd00::2/64", "dev", "right", "nodad"])?;
        run(Left, &["-6", "address", "add", "fd00::1/64", "dev", "left", "nodad"])?;
        run(Left, &["route", "add", "default", "via", "192.0.2.2"])?;
        run(Left, &["-6", "route", "add", "default", "via", "fd00::2"])?;

        let port_80 = |ip: &str| SocketAddr::new(ip.parse().expect("an address"), 80);
        let site = Arc::new(Site::default());
        let (far, public, names) = network.on(Right, || {
            let mut inside: Vec<_> = INSIDE[1..].iter().map(|ip| port_80(ip)).collect();
            inside.push(port_80(TEREDO));
            let far = Traps::set(&inside).map_err(words)?;
            let public = TcpListener::bind((PUBLIC, 80)).map_err(words)?;
            let names = UdpSocket::bind("192.0.2.2:53").map_err(words)?;
            Ok::<_, String>((far, public, names))
        })?;
        site.serve(public);
        name_server(names);
        let near = network.on(Left, || {
            let mut own = vec![port_80("127.0.0.1"), port_80("::1")];
            own.extend(own.clone().iter().map(|address| SocketAddr::new(address.ip(), OWN_PORT)));
            Traps::set(&own).map_err(words)
        })?;
        let resolver = resolver(&network).map_err(words)?;
        let gateway = gateway(&network)?;
        let gateway = Mutex::new(gateway);
        Ok(Self { network, site, far, near, gateway, _resolver: resolver })
    }

    /// Asks for an answer to a picture at `url`: status and body.
    fn ask(&self, url: &str) -> (u16, Value) {
        let picture = json!({ "type": "input_image", "source": { "type": "url", "url": url } });
        let input = json!([{ "type": "message", "role": "user", "content": [picture] }]);
        self.post(&json!({ "model": "m", "input": input }))
    }

    fn post(&self, body: &Value) -> (u16, Value) {
        self.network.on(Left, || post(body)).expect("the gateway answers")
    }

    /// Where somebody came who should not have come.
    fn sprung(&self) -> Vec<SocketAddr> {
        [self.far.sprung(), self.near.sprung()].concat()
    }
}

fn resolver(network: &Network) -> io::Result<Resolver> {
    let directory = Path::new("/etc/netns").join(network.namespace(Left));
    fs::create_dir_all(&directory)?;
    let resolver = Resolver(directory);
    fs::write(resolver.0.join("resolv.conf"), "nameserver 192.0.2.2\noptions timeout:1\n")?;
    fs::write(resolver.0.join("nsswitch.conf"), "hosts: dns\n")?;
    Ok(resolver)
}

fn gateway(network: &Network) -> Result<Process, String> {
    let home = network.directory().join("home");
    let images = json!({ "enabled": true, "images": { "allowUrl": true } });
    let config = json!({ "gateway": { "http": { "endpoints": { "responses": images } } } });
    fs::create_dir_all(&home).expect("there is room for a directory");
    fs::write(home.join("openclaw.json"), config.to_string()).expect("there is room for a file");
    let mut command: Command = network.command(Left, binary().expect("openclaw was built"));
    command.args(["gateway", "run", "--port", "18789"]);
    command.env("HOME", &home).env("OPENCLAW_STATE_DIR", &home).env("NO_COLOR", "1");
    command.env("OPENCLAW_DISABLE_BONJOUR", "1").env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    let gateway = Process::start(command)?;
    gateway.until(|line| line.contains("to chat, run"));
    Ok(gateway)
}

fn post(body: &Value) -> io::Result<(u16, Value)> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(GATEWAY)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    write!(
        stream,
        "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    let said = answer.split_once("\r\n\r\n").map_or("", |(_, said)| said);
    Ok((status, serde_json::from_str(said).unwrap_or_default()))
}

/// Does `test` with a gateway and the internet, or says why that is impossible
/// here.
fn with_a_world(test: impl FnOnce(&World)) {
    match World::open() {
        Ok(world) => test(&world),
        Err(reason) => {
            assert!(env::var_os("OPENCLAW_CI").is_none(), "IMPOSSIBLE HERE: {reason}");
            anstream::eprintln!("IMPOSSIBLE HERE: {reason}");
        }
    }
}

/// The body of the request of a case.
fn case(id: &str) -> Value {
    let file = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/bad-inputs.json"));
    let cases: Value = serde_json::from_str(&file.expect("the cases are there")).expect("JSON");
    let cases = cases["cases"].as_array().expect("cases");
    let case = cases.iter().find(|case| case["id"] == id).expect("the case is there");
    let body = &case["steps"][0]["body"];
    let text = body.as_str().map_or_else(|| body["$json"].to_string(), str::to_owned);
    let text = text.replace("{{port}}", &OWN_PORT.to_string());
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn whoever_names_an_address_leads_the_gateway_nowhere_inside() {
    with_a_world(|world| {
        // The internet works, and so do the traps.
        let (status, said) = world.ask("http://pictures.test/a.png");
        assert_eq!(status, 200, "{said}");
        world.network.on(Left, || {
            for (address, _) in world.far.0.iter().chain(&world.near.0) {
                let far = Duration::from_secs(5);
                TcpStream::connect_timeout(address, far).expect("a trap can be stepped into");
            }
        });
        assert_eq!(world.sprung().len(), world.far.0.len() + world.near.0.len());

        for id in
            ["HTP-046", "SSR-004", "SSR-006", "SSR-007", "SSR-009", "SSR-011", "SSR-015", "SSR-017"]
        {
            let (status, said) = world.post(&case(id));
            assert_eq!(status, 400, "{id}: {said}");
            assert_eq!(said["error"]["type"], "invalid_request_error", "{id}: {said}");
            assert_eq!(world.sprung(), [], "{id}");
        }
        let own = format!("http://pictures.test/?to=http://127.0.0.1:{OWN_PORT}/");
        #[rustfmt::skip]
        let refused = [
            "http://inside.test/",
            "http://here.test/",
            "http://metadata.test/latest/meta-data",
            // One of two is one too many.
            "http://both.test/a.png",
            "http://192.168.7.7/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://user@pictures.test/a.png",
            "http://pictures.test@10.0.0.5/",
            "http://10.0.0.5#@pictures.test/",
            "gopher://10.0.0.5/",
            "http://nobody.test/",
            // A good address that leads on to a bad one.
            own.as_str(),
            "http://pictures.test/?to=http://inside.test/",
            "http://pictures.test/?to=//169.254.169.254/",
            "http://pictures.test/?to=file:///etc/passwd",
            "http://pictures.test/?to=http://pictures.test/?to=http://pictures.test/?to=http://pictures.test/?to=/",
        ];
        for url in refused {
            let (status, said) = world.ask(url);
            assert_eq!(status, 400, "{url}: {said}");
            assert_eq!(world.sprung(), [], "{url}");
        }
        // Where a name leads is looked up once: what it says later counts for
        // nothing.
        let (status, said) = world.ask("http://rebind.test/a.png");
        assert_eq!((status, world.sprung()), (200, vec![]), "{said}");
        let (status, said) = world.ask("http://rebind.test/a.png");
        assert_eq!((status, world.sprung()), (400, vec![]), "{said}");
    });
}

/// SSR-021 and SSR-022.
#[test]
fn what_has_no_end_is_not_waited_for() {
    with_a_world(|world| {
        let id = world.gateway.lock().expect("nobody panicked").id();
        let memory = || {
            let status = fs::read_to_string(format!("/proc/{id}/status"));
            let status = status.expect("it runs");
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let kilobytes = line.and_then(|line| line.trim().split(' ').next());
            kilobytes.and_then(|it| it.parse::<usize>().ok()).expect("kilobytes")
        };
        let (status, said) = world.ask("http://pictures.test/a.png");
        assert_eq!(status, 200, "{said}");
        let before = memory();
        let (status, said) = world.ask("http://pictures.test/endless.png");
        assert_eq!(status, 400, "{said}");
        let grown = memory().saturating_sub(before);
        assert!(grown <= 16 * 1024, "{grown} KiB");
        // What the sockets at both ends hold was sent as well.
        let sent = world.site.sent.load(SeqCst);
        assert!(sent <= 10 * 1024 * 1024 + 8 * 1024 * 1024, "{sent} bytes");

        world.site.most.store(0, SeqCst);
        let drip = "http://pictures.test/drip.png";
        let begun = Instant::now();
        let answers: Vec<u16> = thread::scope(|threads| {
            let asked: Vec<_> = (0..64).map(|_| threads.spawn(|| world.ask(drip).0)).collect();
            asked.into_iter().map(|answer| answer.join().expect("it asks")).collect()
        });
        assert!(answers.iter().all(|status| [400, 429, 503].contains(status)), "{answers:?}");
        // Ten seconds for each, those that had to wait included.
        assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
        let most = world.site.most.load(SeqCst);
        assert!((1..=16).contains(&most), "{most} at once");
        assert_eq!(world.sprung(), []);
    });
}
