//! An authority that is really asked: `pebble`, on this machine.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use domain::{time::Timestamp, tls::names};
use ports::{
    config::{AcmeConfig, TlsConfig},
    driven::Clock,
};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Certificates, certificate};

const PATIENCE: Duration = Duration::from_mins(1);

/// An authority that ends when it is dropped.
struct Authority {
    child: Child,
    directory: String,
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Starts one that validates on `port`, whatever the name, and asks `resolver`
/// for addresses. Its own certificate goes into `home`.
async fn authority(home: &Path, port: u16, resolver: u16) -> Authority {
    let key = rcgen::KeyPair::generate().unwrap();
    let about = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    fs::write(home.join("pebble.pem"), about.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(home.join("pebble-key.pem"), key.serialize_pem()).unwrap();
    let (listen, management) = (free_port().await, free_port().await);
    let config = serde_json::json!({ "pebble": {
        "listenAddress": format!("127.0.0.1:{listen}"),
        "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": home.join("pebble.pem"),
        "privateKey": home.join("pebble-key.pem"),
        "httpPort": port,
        "tlsPort": port,
    } });
    fs::write(home.join("pebble.json"), config.to_string()).unwrap();
    let child = Command::new("pebble")
        .args(["-strict", "-dnsserver", &format!("127.0.0.1:{resolver}"), "-config"])
        .arg(home.join("pebble.json"))
        // Every twentieth request is told to come again; nobody sleeps.
        .envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "5")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the Debian package pebble is installed");
    timeout(PATIENCE, async {
        while TcpStream::connect(("127.0.0.1", listen)).await.is_err() {
            // A program tells nobody that it listens.
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("pebble listens");
    Authority { child, directory: format!("https://localhost:{listen}/dir") }
}

/// A name server for which every name is this machine.
async fn answer_every_name(socket: UdpSocket) {
    let mut question = [0; 512];
    while let Ok((length, asker)) = socket.recv_from(&mut question).await {
        let question = &question[..length];
        let name = question[12..].iter().position(|byte| *byte == 0).unwrap_or(0) + 13;
        let Some(asked) = question.get(12..name + 4) else { continue };
        let is_ipv4 = asked[asked.len() - 4..] == [0, 1, 0, 1];
        let mut answer = question[..2].to_vec();
        answer.extend([0x85, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
        answer.extend(asked);
        if is_ipv4 {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
        }
        let _ = socket.send_to(&answer, asker).await;
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap())
    }
}

#[tokio::test]
#[ignore = "needs the Debian package pebble; .ci/run installs it"]
async fn an_authority_validates_two_domains_on_our_port_and_signs() {
    let home = TempDir::new().unwrap();
    let tasks = TaskTracker::new();
    let resolver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver_port = resolver.local_addr().unwrap().port();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let authority = authority(home.path(), port, resolver_port).await;

    let domains = ["gateway.example".to_owned(), "chat.example".to_owned()];
    let settings = TlsConfig {
        enabled: true,
        acme: AcmeConfig {
            domains: domains.to_vec(),
            email: Some("me@gateway.example".to_owned()),
            directory: authority.directory.clone(),
            directory_ca_path: Some(home.path().join("pebble.pem")),
            agree_to_terms: true,
            ..AcmeConfig::default()
        },
        ..TlsConfig::default()
    };
    let open = || {
        let names = names(Some("box"), &[], &[]);
        Certificates::open(&settings, home.path(), names, SystemClock.now()).unwrap()
    };
    let certificates = open();
    let own = certificates.fingerprint();
    let encryption = certificates.encryption();
    let stop = CancellationToken::new();
    tasks.spawn(stop.clone().run_until_cancelled_owned(answer_every_name(resolver)));
    tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let _ = encryption.accept(tcp).await;
        }
    }));
    tasks.spawn(certificates.clone().keep_good(Arc::new(SystemClock), stop.clone()));
    let arrived = async {
        while certificates.fingerprint() == own {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, arrived).await.expect("a certificate from the authority is shown");
    stop.cancel();
    tasks.close();
    tasks.wait().await;

    let kept = home.path().join("gateway/tls/acme");
    let chain = certificate::chain(&kept.join("cert.pem")).unwrap();
    assert_eq!(certificate::sha256(&chain[0]), certificates.fingerprint());
    assert!(1 < chain.len(), "with the authority in between");
    let signed =
        certificate::Certificate::read(&kept.join("cert.pem"), &kept.join("key.pem"), None);
    let domains = domains.map(domain::tls::Name::Dns);
    assert_eq!(signed.unwrap().lacking(&domains), Vec::<String>::new());
    for file in fs::read_dir(&kept).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(open().fingerprint(), certificates.fingerprint(), "kept over a restart");
}
