//! The fetcher against servers on this machine, which it has to be allowed to
//! reach for that.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    task::JoinSet,
};

use super::*;

/// Names that lead where a test says.
struct Book(HashMap<&'static str, Vec<SocketAddr>>);

#[async_trait]
impl Resolve for Book {
    async fn addresses(&self, name: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.get(name).cloned().ok_or_else(|| io::Error::other("no such name"))
    }
}

/// A server that answers every request with one of `answers`, by its path.
struct Server {
    address: SocketAddr,
    asked: mpsc::UnboundedReceiver<String>,
    /// The most connections there were at the same time.
    most: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Server {
    async fn start(answers: &[(&'static str, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let answers: HashMap<_, _> = answers.iter().cloned().collect();
        let most = Arc::new(AtomicUsize::new(0));
        let mut serving = JoinSet::new();
        let highest = Arc::clone(&most);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let (sender, answers) = (sender.clone(), answers.clone());
                while connections.try_join_next().is_some() {}
                highest.fetch_max(connections.len() + 1, Ordering::SeqCst);
                connections.spawn(async move {
                    let mut request = vec![0; 4096];
                    let n = stream.read(&mut request).await.unwrap_or(0);
                    let request = String::from_utf8_lossy(&request[..n]).into_owned();
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    let _ = sender.send(request);
                    match answers.get(path.as_str()) {
                        Some(answer) => {
                            let _ = stream.write_all(answer.as_bytes()).await;
                        }
                        // Silence, until the other end has enough.
                        None => drop(stream.read(&mut [0]).await),
                    }
                });
            }
        });
        Self { address, asked, most, _serving: serving }
    }
}

/// A fetcher that may reach this machine, and finds `names` there.
fn fetcher(names: &[(&'static str, &[SocketAddr])]) -> UrlFetch {
    let book = names.iter().map(|(name, addresses)| (*name, addresses.to_vec())).collect();
    UrlFetch {
        names: Box::new(Book(book)),
        allowed: |ip| ip == IpAddr::V4(Ipv4Addr::LOCALHOST),
        turns: Semaphore::new(AT_ONCE),
    }
}

fn terms() -> FetchTerms {
    FetchTerms {
        hosts: Vec::new(),
        max_bytes: 100,
        max_redirects: 2,
        timeout: Duration::from_secs(20),
    }
}

fn ok(mime: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn moved(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 5\r\n\r\nmoved")
}

#[tokio::test]
async fn what_is_there_is_fetched_and_nothing_is_given_away() {
    let mut server = Server::start(&[("/a/cat.png?x", ok("Image/PNG; charset=x", "meow"))]).await;
    let fetcher = fetcher(&[("pictures.example", &[server.address])]);
    let cat = fetcher.fetch("http://pictures.example/a/cat.png?x#y", &terms()).await.unwrap();
    let expected = Fetched {
        mime: Some("image/png".to_owned()),
        name: "cat.png".to_owned(),
        bytes: b"meow".to_vec(),
    };
    assert_eq!(cat, expected);
    let request = server.asked.recv().await.unwrap();
    assert_eq!(
        request,
        "GET /a/cat.png?x HTTP/1.1\r\nhost: pictures.example\r\nuser-agent: OpenClaw-Gateway/1.0\r\n\
         accept: */*\r\naccept-encoding: identity\r\nconnection: close\r\n\r\n"
    );
}

#[tokio::test]
async fn redirects_are_followed_and_judged_each_time() {
    let server = Server::start(&[
        ("/one", moved("/two")),
        ("/two", moved("http://other.example/end")),
        ("/end", ok("text/plain", "end")),
        ("/circle", moved("circle")),
        ("/inside", moved("http://127.0.0.1/")),
        ("/named", moved("http://inside.example/")),
        ("/file", moved("file:///etc/passwd")),
        ("/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
    ])
    .await;
    let here = server.address;
    let inside = SocketAddr::from(([127, 0, 0, 2], 1));
    let fetcher = fetcher(&[
        ("a.example", &[here]),
        ("other.example", &[here]),
        ("inside.example", &[here, inside]),
    ]);
    #[rustfmt::skip]
    let table = [
        ("http://a.example/one",           Ok("end")),
        ("http://a.example/circle",        Err("the address leads to too many others")),
        ("http://a.example/inside",        Err("the address is private or reserved")),
        ("http://a.example/named",         Err("the address is private or reserved")),
        ("http://inside.example/end",      Err("the address is private or reserved")),
        ("http://a.example/file",          Err("only http and https addresses are fetched")),
        ("http://a.example/nowhere",       Err("the server answered with status 302")),
        ("http://nobody.example/",         Err("the address cannot be reached")),
        ("http://user@a.example/one",      Err("addresses with a user name are not fetched")),
    ];
    for (url, expected) in table {
        let found = fetcher.fetch(url, &terms()).await;
        let found = found.map(|it| String::from_utf8(it.bytes).unwrap());
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{url}");
    }
    let listed = FetchTerms { hosts: vec!["a.example".to_owned()], ..terms() };
    let error = fetcher.fetch("http://a.example/one", &listed).await.unwrap_err();
    assert_eq!(error.to_string(), "the host is not among those that are allowed");
}

#[tokio::test]
async fn no_more_is_read_than_allowed() {
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(200_000));
    let server = Server::start(&[
        ("/announced", ok("text/plain", &"x".repeat(101))),
        ("/endless", endless),
        ("/all", ok("text/plain", &"x".repeat(100))),
        ("/refused", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
        ("/garbage", "\0\0\r\n\r\n".to_owned()),
        ("/cut", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc".to_owned()),
    ])
    .await;
    let fetcher = fetcher(&[("a.example", &[server.address])]);
    let large = "what is there is larger than 100 bytes";
    #[rustfmt::skip]
    let table = [
        ("/announced", Err(large)),
        ("/endless",   Err(large)),
        ("/all",       Ok(100)),
        ("/refused",   Err("the server answered with status 404")),
        ("/garbage",   Err("the address cannot be reached")),
        ("/cut",       Err("the address cannot be reached")),
    ];
    for (path, expected) in table {
        let found = fetcher.fetch(&format!("http://a.example{path}"), &terms()).await;
        let found = found.map(|it| it.bytes.len()).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{path}");
    }
}

#[tokio::test]
async fn one_deadline_holds_for_everybody_who_waits() {
    let server = Server::start(&[]).await;
    let fetcher = fetcher(&[("a.example", &[server.address])]);
    let terms = FetchTerms { timeout: Duration::from_millis(200), ..terms() };
    let all = (0..AT_ONCE * 2).map(|_| fetcher.fetch("http://a.example/", &terms));
    for fetched in join_all(all).await {
        assert_eq!(fetched.unwrap_err().to_string(), "it took longer than 200 ms");
    }
    assert!(server.most.load(Ordering::SeqCst) <= AT_ONCE, "too many at once");
}
