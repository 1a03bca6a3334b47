//! Against a tailscaled that is made of a socket and writes down what it is
//! asked.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use domain::exposure::Exposure::{Funnel, Serve};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::driven::{Exposed, Tailnet, TailnetError, TailnetUser};
use serde_json::{Value, json};
use tailscale::{Options, Tailscale};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio_util::task::TaskTracker;

const PLACE: &str = "host.tailnet.ts.net:443";

/// What the daemon was asked, and what it is to say.
struct Daemon {
    asked: Vec<String>,
    status: (u16, Bytes),
    whois: (u16, Bytes),
    served: Value,
    version: u32,
    /// Whether somebody else changes what is served before every change.
    busy: bool,
    /// What changing what is served is refused with, if it is.
    refuses: Option<(u16, &'static str)>,
}

struct House {
    home: TempDir,
    daemon: Arc<Mutex<Daemon>>,
}

impl House {
    fn open() -> Self {
        let status = json!({
            "BackendState": "Running",
            "Self": {
                "DNSName": "host.tailnet.ts.net.",
                "TailscaleIPs": ["100.100.1.1", "fd7a:115c:a1e0::1"],
                "CapMap": { "funnel": null, "https": null },
            },
            "CertDomains": ["host.tailnet.ts.net"],
        });
        let user = json!({
            "Node": { "Name": "phone" },
            "UserProfile": { "LoginName": "owner@example.com", "DisplayName": "Owner" },
        });
        let daemon = Daemon {
            asked: Vec::new(),
            status: (200, status.to_string().into()),
            whois: (200, user.to_string().into()),
            served: Value::Null,
            version: 1,
            busy: false,
            refuses: None,
        };
        let house = Self {
            home: TempDir::new().expect("there is room"),
            daemon: Arc::new(Mutex::new(daemon)),
        };
        let listener = UnixListener::bind(house.socket()).expect("the place is free");
        let daemon = Arc::clone(&house.daemon);
        // Ends with the test's runtime.
        TaskTracker::new().spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a client");
                let service = service_fn(|request| answer(Arc::clone(&daemon), request));
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        });
        house
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("tailscaled.sock")
    }

    fn tailscale(&self) -> Tailscale {
        Tailscale::new(self.options())
    }

    fn options(&self) -> Options {
        // No command: a test must not find the one of the machine it runs on.
        let command = Some(self.home.path().join("no-command"));
        Options { socket: Some(self.socket()), command, ..Options::default() }
    }

    fn set(&self, change: impl FnOnce(&mut Daemon)) {
        change(&mut self.daemon.lock().unwrap());
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.daemon.lock().unwrap().asked)
    }

    fn served(&self) -> Value {
        self.daemon.lock().unwrap().served.clone()
    }
}

async fn answer(
    daemon: Arc<Mutex<Daemon>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let mut daemon = daemon.lock().unwrap();
    let path = head.uri.path_and_query().unwrap().as_str();
    daemon.asked.push(format!("{} {path}", head.method));
    assert_eq!(header(header::HOST).as_deref(), Some("local-tailscaled.sock"));
    assert_eq!(head.headers["sec-tailscale"], "localapi");

    let path = path.strip_prefix("/localapi/v0/").unwrap();
    let (status, body) = match (head.method.as_str(), path.split('?').next().unwrap()) {
        ("GET", "status") => daemon.status.clone(),
        ("GET", "whois") => daemon.whois.clone(),
        ("GET", "serve-config") => (200, daemon.served.to_string().into()),
        ("POST", "serve-config") => {
            if daemon.busy {
                daemon.version += 1;
            }
            let current = header(header::IF_MATCH) == Some(format!("v{}", daemon.version));
            match daemon.refuses {
                Some((status, why)) => (status, why.into()),
                None if !current => (412, "etag mismatch".into()),
                None => {
                    daemon.served = serde_json::from_slice(&body).unwrap();
                    daemon.version += 1;
                    (200, Bytes::new())
                }
            }
        }
        _ => (404, "not found".into()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let tag = format!("v{}", daemon.version).parse().unwrap();
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

fn phone() -> IpAddr {
    [100, 64, 0, 7].into()
}

fn ours() -> Value {
    json!({
        "TCP": { "443": { "HTTPS": true } },
        "Web": { PLACE: { "Handlers": { "/": { "Proxy": "http://127.0.0.1:18789" } } } },
    })
}

#[tokio::test]
async fn whoever_calls_is_asked_for_once() {
    let house = House::open();
    let tailscale = house.tailscale();
    let owner = TailnetUser {
        login: "owner@example.com".to_owned(),
        name: Some("Owner".to_owned()),
        picture: None,
    };
    let v6 = "fd7a:115c:a1e0::7".parse().unwrap();
    for address in [phone(), phone(), "::ffff:100.64.0.7".parse().unwrap(), v6] {
        assert_eq!(tailscale.whois(address).await, Ok(Some(owner.clone())));
    }
    assert_eq!(
        house.asked(),
        [
            "GET /localapi/v0/whois?addr=100.64.0.7",
            "GET /localapi/v0/whois?addr=fd7a%3A115c%3Aa1e0%3A%3A7"
        ]
    );
}

#[tokio::test]
async fn addresses_outside_of_the_tailnet_are_nobodys_and_not_asked_for() {
    let house = House::open();
    let tailscale = house.tailscale();
    for address in ["127.0.0.1", "192.0.2.1", "100.63.0.1", "::1", "fd7a::1"] {
        assert_eq!(tailscale.whois(address.parse().unwrap()).await, Ok(None), "{address}");
    }
    assert!(house.asked().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_none_proves_nothing() {
    let garbled = |what| Err(TailnetError::Garbled(what));
    let large = format!(r#"{{"UserProfile":{{"LoginName":"{}"}}}}"#, "x".repeat(1 << 20));
    #[rustfmt::skip]
    let table: Vec<(u16, Bytes, Result<Option<TailnetUser>, TailnetError>)> = vec![
        (404, "no match for IP:port".into(),     Ok(None)),
        (200, "".into(),                         garbled("a user")),
        (200, "<html>".into(),                   garbled("a user")),
        (200, "[1, 2]".into(),                   garbled("a user")),
        (200, r#"{"UserProfile":7}"#.into(),     garbled("a user")),
        (200, r#"{"UserProfile":{"LoginName":{"a":1}}}"#.into(), garbled("a user")),
        (200, vec![0xff; 64].into(),             garbled("a user")),
        (200, large.into(),                      garbled("a question")),
        (403, "whois access denied".into(),      Err(TailnetError::Denied)),
        (500, r#"{"error":"broken"}"#.into(),    Err(TailnetError::Refused("broken".to_owned()))),
    ];
    for (status, body, expected) in table {
        let house = House::open();
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        house.set(|daemon| daemon.whois = (status, body));
        assert_eq!(house.tailscale().whois(phone()).await, expected, "{status} {shown}");
    }
}

#[tokio::test]
async fn the_name_and_the_addresses_of_this_machine() {
    let house = House::open();
    let status = house.tailscale().status().await.unwrap();
    assert_eq!(status.dns_name.as_deref(), Some("host.tailnet.ts.net"));
    assert_eq!(status.addresses[0], IpAddr::from([100, 100, 1, 1]));
    assert_eq!(status.state, "Running");
    assert_eq!(house.asked(), ["GET /localapi/v0/status?peers=false"]);
}

#[tokio::test]
async fn serving_adds_a_route_and_withdrawing_removes_it() {
    let house = House::open();
    let foreign = json!({ "TCP": { "8443": { "TCPForward": "127.0.0.1:22" } }, "Unknown": [1] });
    house.set(|daemon| daemon.served = foreign.clone());
    let tailscale = house.tailscale();

    let exposed = tailscale.expose(Serve, 18789).await.unwrap();
    let url = "https://host.tailnet.ts.net/".to_owned();
    assert_eq!(exposed, Exposed { url, public: false });
    let mut both = ours();
    both["TCP"]["8443"] = foreign["TCP"]["8443"].clone();
    both["Unknown"] = foreign["Unknown"].clone();
    assert_eq!(house.served(), both);

    tailscale.withdraw(Serve).await.unwrap();
    assert_eq!(house.served(), foreign);
    house.asked();
    tailscale.withdraw(Serve).await.unwrap();
    assert!(house.asked().is_empty(), "there is nothing left to take back");
}

#[tokio::test]
async fn a_funnel_lets_the_internet_in_until_it_is_withdrawn() {
    let house = House::open();
    let tailscale = house.tailscale();
    assert!(tailscale.expose(Funnel, 18789).await.unwrap().public);
    assert_eq!(house.served()["AllowFunnel"], json!({ PLACE: true }));
    tailscale.withdraw(Funnel).await.unwrap();
    assert_eq!(house.served(), json!({}));
}

#[tokio::test]
async fn what_others_serve_is_left_as_it_is() {
    let house = House::open();
    let mut taken = ours();
    taken["Web"][PLACE]["Handlers"]["/"]["Proxy"] = "http://127.0.0.1:3000".into();
    house.set(|daemon| daemon.served = taken.clone());
    let tailscale = house.tailscale();
    let error = tailscale.expose(Serve, 18789).await.unwrap_err();
    assert!(matches!(error, TailnetError::Taken(_)), "{error}");
    tailscale.withdraw(Serve).await.unwrap();
    assert_eq!(house.served(), taken);
}

#[tokio::test]
async fn a_route_somebody_replaced_is_not_removed() {
    let house = House::open();
    let tailscale = house.tailscale();
    tailscale.expose(Serve, 18789).await.unwrap();
    let mut replaced = ours();
    replaced["Web"][PLACE]["Handlers"]["/"]["Proxy"] = "http://127.0.0.1:3000".into();
    house.set(|daemon| daemon.served = replaced.clone());
    tailscale.withdraw(Serve).await.unwrap();
    assert_eq!(house.served(), replaced);
}

#[tokio::test]
async fn a_funnel_that_is_to_stay_is_neither_closed_nor_taken_away() {
    let house = House::open();
    let mut open = ours();
    open["AllowFunnel"] = json!({ PLACE: true });
    house.set(|daemon| daemon.served = open.clone());
    let tailscale = Tailscale::new(Options { preserve_funnel: true, ..house.options() });
    assert!(tailscale.expose(Serve, 18789).await.unwrap().public);
    tailscale.withdraw(Serve).await.unwrap();
    assert_eq!(house.served(), open);

    let closing = house.tailscale();
    assert!(!closing.expose(Serve, 18789).await.unwrap().public);
    assert_eq!(house.served(), ours());
}

#[tokio::test]
async fn two_who_change_it_at_once_do_not_undo_each_other() {
    let house = House::open();
    house.set(|daemon| daemon.busy = true);
    let error = house.tailscale().expose(Serve, 18789).await.unwrap_err();
    assert_eq!(error, TailnetError::Refused("what it serves keeps changing".to_owned()));
    assert_eq!(house.served(), Value::Null, "nothing was overwritten");
    let changes = house.asked().into_iter().filter(|it| it.starts_with("POST")).count();
    assert_eq!(changes, 3);
}

#[tokio::test]
async fn what_the_daemon_says_no_to_is_said() {
    let house = House::open();
    let tailscale = house.tailscale();
    house.set(|daemon| {
        daemon.refuses = Some((500, r#"{"error":"updating config: shields are up"}"#));
    });
    let error = tailscale.expose(Serve, 18789).await.unwrap_err();
    assert_eq!(error.to_string(), "Tailscale says: updating config: shields are up");
    house.set(|daemon| daemon.refuses = Some((403, "serve config denied")));
    assert_eq!(tailscale.expose(Serve, 18789).await, Err(TailnetError::Denied));
    house.set(|daemon| daemon.status = (200, r#"{"BackendState":"NeedsLogin"}"#.into()));
    let error = tailscale.expose(Serve, 18789).await.unwrap_err();
    assert_eq!(error.to_string(), "Tailscale is NeedsLogin, not Running");
}

#[tokio::test]
async fn without_a_daemon_there_is_no_tailnet() {
    let house = House::open();
    let nowhere = Some(house.home.path().join("nowhere.sock"));
    let tailscale = Tailscale::new(Options { socket: nowhere, ..house.options() });
    assert_eq!(tailscale.status().await, Err(TailnetError::Absent));
    assert_eq!(tailscale.whois(phone()).await, Err(TailnetError::Absent));
    assert_eq!(tailscale.expose(Serve, 1).await, Err(TailnetError::Absent));
}

/// A socket that takes everything and says nothing. With the clock standing
/// still, waiting is what moves it.
#[tokio::test(start_paused = true)]
async fn a_daemon_that_hangs_costs_five_seconds() {
    let home = TempDir::new().unwrap();
    let socket = home.path().join("tailscaled.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let command = Some(home.path().join("no-command"));
    let tailscale = Tailscale::new(Options { socket: Some(socket), command, ..Options::default() });
    let begin = tokio::time::Instant::now();
    assert_eq!(tailscale.whois(phone()).await, Err(TailnetError::Silent(5)));
    assert_eq!(tailscale.whois(phone()).await, Err(TailnetError::Silent(5)), "and only once");
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert_eq!(tailscale.expose(Serve, 18789).await, Err(TailnetError::Silent(5)));
}
