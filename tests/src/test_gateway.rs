//! A gateway in this process: everything is real but the model.

use std::{net::SocketAddr, path::Path, sync::Arc};

use config_file::ConfigFile;
use domain::{client::Protocol, tls::Fingerprint};
use gateway::{BindChoice, Discoverability, Gateway, Overrides, Paths, StartOptions, Tracing};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use ports::config::BindMode;
use secrets_file::{Given, SecretsFile};
use serde_json::{Value, json};
use telemetry::LogFile;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use crate::{client::Client, fakes::FakeModel};

/// The main session of the default agent.
pub const MAIN: &str = "agent:main:main";
/// The token of every gateway in these tests.
pub const TOKEN: &str = "test-token-that-is-long-enough-for-anybody-who-asks";
/// Every scope an operator can have.
pub const ADMIN: &[&str] = &["operator.admin"];

/// A gateway with its own directory and its own model.
#[derive(Debug)]
pub struct TestGateway {
    gateway: Gateway,
    home: TempDir,
    /// What answers.
    pub model: FakeModel,
}

impl TestGateway {
    /// Starts one in an empty directory.
    pub async fn start() -> Self {
        Self::start_with(json!({})).await
    }

    /// Writes its configuration anew, with these keys.
    pub fn configure(&self, config: Value) {
        write_config(self.home.path(), &self.model, config);
    }

    /// Starts one in an empty directory, with these keys in its configuration.
    /// Without a port among them, a free one is picked whatever the file says.
    pub async fn start_with(config: Value) -> Self {
        let home = TempDir::new().expect("there is room for a directory");
        let model = FakeModel::start().await;
        let has_port = config["gateway"]["port"].is_number();
        write_config(home.path(), &model, config);
        let gateway = open(home.path(), (!has_port).then_some(0)).await;
        Self { gateway, home, model }
    }

    /// Stops it, and starts another one in the same directory.
    pub async fn restart(self) -> Self {
        self.restart_after(async |_: &Path| ()).await
    }

    /// Stops it, does something with its directory, and starts another one there.
    pub async fn restart_after(self, meanwhile: impl AsyncFnOnce(&Path)) -> Self {
        let Self { gateway, home, model } = self;
        gateway.shutdown().await;
        meanwhile(home.path()).await;
        let gateway = open(home.path(), Some(0)).await;
        Self { gateway, home, model }
    }

    /// Stops it.
    pub async fn shutdown(self) {
        self.gateway.shutdown().await;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.gateway.addresses()[0]
    }

    /// The fingerprint of its certificate, if it has one.
    pub fn tls_fingerprint(&self) -> Option<Fingerprint> {
        self.gateway.tls_fingerprint()
    }

    /// Tells every client that may see it.
    pub fn publish(&self, event: ports::event::Event) {
        self.gateway.events().publish(event);
    }

    /// Where its state is.
    pub fn state_dir(&self) -> &Path {
        self.home.path()
    }

    /// A client of protocol 4 that may do everything.
    pub async fn connect(&self) -> Client {
        self.connect_as(Protocol::V4, ADMIN).await
    }

    /// A client of this protocol with these scopes.
    pub async fn connect_as(&self, protocol: Protocol, scopes: &[&str]) -> Client {
        Client::connect(self.address(), TOKEN, protocol, scopes).await
    }

    /// Sends an HTTP request; `token` is its bearer.
    pub async fn http(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address()).await.expect("the gateway listens");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        // Ends with the connection, which ends with the response.
        TaskTracker::new().spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address().to_string())
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::new(bytes::Bytes::from(body))).expect("well formed");
        sender.send_request(request).await.expect("an answer")
    }
}

/// The whole body of a response as text.
pub async fn text_of(response: Response<Incoming>) -> String {
    let body = response.into_body().collect().await.expect("the body arrives").to_bytes();
    String::from_utf8(body.to_vec()).expect("the body is text")
}

fn write_config(home: &Path, model: &FakeModel, extra: Value) {
    let mut config = json!({
        "gateway": { "auth": { "token": TOKEN } },
        "models": { "providers": { "fake": {
            "baseUrl": model.url(), "api": "openai-completions", "models": [{ "id": "fake" }],
        } } },
        "agents": { "defaults": { "model": "fake/fake" } },
    });
    merge(&mut config, extra);
    std::fs::write(home.join("openclaw.json"), config.to_string()).expect("there is room");
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

async fn open(home: &Path, port: Option<u16>) -> Gateway {
    let paths = Paths {
        state_dir: home.to_owned(),
        config_path: home.join("openclaw.json"),
        log_dir: home.join("logs"),
    };
    let given = Given { token: Some(TOKEN.to_owned()), ..Given::default() };
    let options = StartOptions {
        config: Arc::new(ConfigFile::load(paths.config_path.clone(), |_| None)),
        secrets: Arc::new(SecretsFile::open(home, given).expect("the token is one")),
        log: None,
        tracing: Tracing::default(),
        logs: Arc::new(LogFile::in_directory(&paths.log_dir)),
        overrides: Overrides {
            port,
            bind: Some(BindChoice::Mode(BindMode::Loopback)),
            ..Overrides::default()
        },
        discoverability: Discoverability { disabled: true, ..Discoverability::default() },
        paths,
    };
    Gateway::start(options).await.expect("the gateway starts")
}
