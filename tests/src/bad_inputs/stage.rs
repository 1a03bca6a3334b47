//! Where a case is played, step by step.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    client::{Connection, PATIENCE, Seen},
    environment,
    expect::{Expect, Scene},
    gateway::{Gateway, HOOK_TOKEN, TOKEN},
    generate::{Words, merged, unhex},
    http,
    invariant::{Aftermath, LOADS_PER_SESSION, Loaded},
    model::EndlessModel,
    operator, secure,
    step::{Http, Login, Step, Upgrade},
    swarm::Swarm,
    watch::Watch,
    ws,
};

/// How many conversations a populated gateway has, beside the main one.
const LOAD_SESSIONS: usize = 10;

/// Where a case is played.
pub(super) struct Stage {
    pub(super) gateway: Gateway,
    words: Words,
    connections: HashMap<String, Connection>,
    /// The connection that was used last.
    last: Option<String>,
    /// What came on it before.
    from: usize,
    /// The id of the request that was sent on it, if it has one.
    id: Option<String>,
    sent: Instant,
    /// The alert that came encrypted.
    alert: Option<u8>,
    /// The conversation that was spoken in last.
    session: Option<String>,
    loads: Vec<Loaded>,
    swarm: Option<Swarm>,
    model: Option<EndlessModel>,
}

impl Stage {
    pub(super) fn new(
        gateway: Gateway,
        paths: &BTreeMap<String, Value>,
        model: Option<EndlessModel>,
    ) -> Self {
        let mut words = secrets();
        words.insert("port".to_owned(), gateway.port.to_string());
        for (name, path) in paths {
            words.extend(path.as_str().map(|path| (name.clone(), path.to_owned())));
        }
        Self {
            gateway,
            words: Words(words),
            connections: HashMap::new(),
            last: None,
            from: 0,
            id: None,
            sent: Instant::now(),
            alert: None,
            session: None,
            loads: Vec::new(),
            swarm: None,
            model,
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            connection: self.last.as_ref().and_then(|name| self.connections.get(name)),
            from: self.from,
            id: self.id.as_deref(),
            sent: self.sent,
            alert: self.alert,
            words: &self.words,
        }
    }

    pub(super) fn aftermath<'a>(&'a mut self, watch: &'a Watch) -> Aftermath<'a> {
        Aftermath {
            gateway: &mut self.gateway,
            connection: self.last.as_ref().and_then(|name| self.connections.get(name)),
            from: self.from,
            session: self.session.as_deref(),
            watch,
            loads: &self.loads,
            swarm: self.swarm.as_ref(),
            model: self.model.as_ref(),
        }
    }

    /// Says something in the main conversation and makes some more.
    pub(super) async fn populate(&self) -> Result<(), String> {
        let operator = operator::login(self.gateway.port, &Value::Null).await?;
        let hello = json!({ "sessionKey": "main", "message": "hello", "idempotencyKey": "hello" });
        operator.call("chat.send", hello).await?;
        for i in 0..LOAD_SESSIONS {
            operator.call("sessions.patch", json!({ "key": format!("load-{i}") })).await?;
        }
        Ok(())
    }

    fn connection(&self, name: &str) -> Result<&Connection, String> {
        self.connections.get(name).ok_or_else(|| format!("there is no connection {name}"))
    }

    /// Notes that something is about to be sent on a connection.
    fn turn_to(&mut self, name: &str, id: Option<&str>) -> Result<(), String> {
        self.from = self.connection(name)?.messages();
        self.last = Some(name.to_owned());
        self.id = id.map(str::to_owned);
        self.sent = Instant::now();
        Ok(())
    }

    /// Notes that there is a new connection on which something was sent.
    fn enter(&mut self, name: &str, connection: Connection) {
        self.sent = connection.opened;
        self.from = 0;
        self.id = None;
        self.last = Some(name.to_owned());
        self.connections.insert(name.to_owned(), connection);
    }

    pub(super) async fn play(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Upgrade(upgrade) => self.upgrade(upgrade).await,
            Step::Login(login) => self.login(login).await,
            Step::Connect { conn, merge_params } => {
                self.connect(conn, &merged(operator::connect_params(), merge_params)).await
            }
            Step::ConnectRawNumber { conn, field, literal } => {
                let mut params = operator::connect_params();
                params[field] = json!({ "$raw": literal });
                self.connect(conn, &params).await
            }
            Step::Raw { conn, hex } => {
                let hex = String::from_utf8_lossy(&self.bytes(hex)?).into_owned();
                let bytes = unhex(&hex).ok_or_else(|| format!("not hexadecimal: {hex}"))?;
                self.turn_to(conn, None)?;
                self.connection(conn)?.send(&bytes).await;
                Ok(())
            }
            Step::Text { conn, data } => {
                let text = self.bytes(data)?;
                self.turn_to(conn, None)?;
                self.connection(conn)?.send_text(&text).await;
                Ok(())
            }
            Step::Json { conn, data } => {
                let text = self.words.json(data).map_err(|error| error.to_string())?;
                self.turn_to(conn, None)?;
                self.connection(conn)?.send_text(text.as_bytes()).await;
                Ok(())
            }
            Step::Fragments { conn, opcode, count, each } => {
                self.fragments(conn, *opcode, *count, each.as_bytes()).await
            }
            Step::Pings { conn, count, read, payload_bytes } => {
                self.pings(conn, *count, *read, *payload_bytes).await
            }
            Step::Rpc { conn, id, method, params } => self.rpc(conn, id, method, params).await,
            Step::OpenMany { count, hold: true, login: false, distinct_source_ips } => {
                let swarm = Swarm::open(self.gateway.port, *count, *distinct_source_ips).await?;
                self.swarm = Some(swarm);
                Ok(())
            }
            Step::OpenMany { count, login: true, .. } => {
                self.swarm = Some(Swarm::log_in(&self.gateway, *count).await?);
                Ok(())
            }
            Step::OpenMany { .. } => Err(format!("runner does not know {step:?}")),
            Step::Http(request) => self.http(request).await,
            Step::HttpIdle { .. } => self.http_idle().await,
            Step::Tcp { text, hex, .. } => {
                let bytes = match (text, hex) {
                    (Some(text), None) => self.bytes(text)?,
                    (None, Some(hex)) => {
                        unhex(hex).ok_or_else(|| format!("not hexadecimal: {hex}"))?
                    }
                    _ => return Err(format!("runner does not know {step:?}")),
                };
                self.send_first("tcp", &bytes).await
            }
            Step::TlsHello { version, .. } => {
                let hello = secure::hello(version)?;
                self.send_first("tls", &hello).await
            }
            Step::TlsRenegotiate {} => {
                let connection = self.open().await?;
                self.alert = secure::renegotiate(&connection).await?;
                self.enter("tls", connection);
                Ok(())
            }
            // Played elsewhere: there may be no gateway to be on stage with.
            Step::Start {} => Err(format!("runner does not know {step:?} here")),
            Step::Sleep { ms } => self.sleep(Duration::from_millis(*ms)).await,
            Step::KillAndRestart {} => {
                self.connections.clear();
                self.gateway.kill_and_restart().await
            }
            Step::FillDisk { leave_kib } => {
                let pid = self.gateway.pid().ok_or("the gateway is gone")?;
                environment::fill(pid, &self.gateway.state(), leave_kib << 10)
            }
            Step::Fault(fault) => environment::arm(self.gateway.root(), fault),
            Step::Load { method, count } => self.load(method, *count).await,
            // The gateway was started in it.
            Step::Cgroup { .. } => Ok(()),
            Step::BroadcastLoad(load) => {
                let swarm = self.swarm.as_mut().ok_or("there are no clients")?;
                swarm.broadcast(self.gateway.port, load).await
            }
        }
    }

    /// Sends `bytes` on a fresh connection.
    async fn send_first(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let connection = self.open().await?;
        connection.send(bytes).await;
        self.enter(name, connection);
        Ok(())
    }

    fn bytes(&self, value: &Value) -> Result<Vec<u8>, String> {
        self.words.bytes(value).map_err(|error| error.to_string())
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        String::from_utf8(self.bytes(value)?).map_err(|error| error.to_string())
    }

    async fn open(&self) -> Result<Connection, String> {
        let connection = Connection::open(self.gateway.port, None).await;
        connection.map_err(|error| format!("cannot connect: {error}"))
    }

    async fn upgrade(&mut self, upgrade: &Upgrade) -> Result<(), String> {
        let mut headers = operator::upgrade_headers(self.gateway.port);
        headers.retain(|(name, _)| !upgrade.drop_headers.contains(name));
        self.put(&mut headers, &upgrade.headers)?;
        let Upgrade { method, path, version, .. } = upgrade;
        let connection = self.open().await?;
        connection.send(&http::request(method, path, version, &headers, &[])).await;
        // Without an answer there is nothing to send the next step on.
        connection.wait(PATIENCE, |seen| !matches!(seen.answer(), Ok(None))).await;
        self.enter(&upgrade.conn, connection);
        Ok(())
    }

    async fn login(&mut self, login: &Login) -> Result<(), String> {
        if login.auth != "token" {
            return Err(format!("runner does not know how to log in by {}", login.auth));
        }
        let changes = json!({ "role": login.role, "scopes": login.scopes });
        let connection = operator::login(self.gateway.port, &changes).await?;
        self.enter(&login.conn, connection);
        Ok(())
    }

    async fn connect(&mut self, conn: &str, params: &Value) -> Result<(), String> {
        let text = operator::request(&self.words, operator::CONNECT_ID, "connect", params)?;
        self.turn_to(conn, Some(operator::CONNECT_ID))?;
        self.connection(conn)?.send_text(text.as_bytes()).await;
        Ok(())
    }

    async fn fragments(
        &mut self,
        conn: &str,
        opcode: u8,
        count: usize,
        each: &[u8],
    ) -> Result<(), String> {
        let go_on = ws::frame(ws::CONTINUATION, each);
        let mut bytes = ws::frame(opcode, each);
        bytes.extend(go_on.repeat(count.saturating_sub(2)));
        bytes.extend(ws::frame(ws::FIN | ws::CONTINUATION, each));
        self.turn_to(conn, None)?;
        self.connection(conn)?.send(&bytes).await;
        Ok(())
    }

    async fn pings(
        &mut self,
        conn: &str,
        count: usize,
        reads: bool,
        payload: usize,
    ) -> Result<(), String> {
        let ping = ws::frame(ws::FIN | ws::PING, &vec![b'p'; payload]);
        self.turn_to(conn, None)?;
        let connection = self.connection(conn)?;
        connection.set_reading(reads);
        connection.send(&ping.repeat(count)).await;
        // What it sent meanwhile is looked at afterwards.
        connection.set_reading(true);
        Ok(())
    }

    async fn rpc(
        &mut self,
        conn: &str,
        id: &str,
        method: &str,
        params: &Value,
    ) -> Result<(), String> {
        let text = operator::request(&self.words, id, method, params)?;
        self.session = params["sessionKey"].as_str().map(str::to_owned);
        self.turn_to(conn, Some(id))?;
        let connection = self.connection(conn)?;
        connection.send_text(text.as_bytes()).await;
        // If there is none, whoever expects it says so.
        let response = |message: &Value| message["type"] == "res" && message["id"] == *id;
        drop(connection.message(self.from, response).await);
        Ok(())
    }

    /// Puts a case's headers over the usual ones.
    fn put(
        &self,
        headers: &mut Vec<(String, String)>,
        over: &BTreeMap<String, Value>,
    ) -> Result<(), String> {
        for (name, value) in over {
            headers.retain(|(usual, _)| !usual.eq_ignore_ascii_case(name));
            headers.push((name.clone(), self.text(value)?));
        }
        Ok(())
    }

    async fn http(&mut self, request: &Http) -> Result<(), String> {
        let body = match &request.body {
            Some(body) => self.bytes(body)?,
            None => Vec::new(),
        };
        let mut headers = vec![("Host".to_owned(), format!("127.0.0.1:{}", self.gateway.port))];
        if request.body.is_some() {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        self.put(&mut headers, &request.headers)?;
        let target = self.text(&request.target)?;
        let connection = self.open().await?;
        connection
            .send(&http::request(&request.method, &target, "HTTP/1.1", &headers, &body))
            .await;
        if let Some(bytes) = request.disconnect_after_bytes {
            let begun = |seen: &Seen| match http::head(&seen.bytes) {
                Ok(Some(head)) => head.length + bytes <= seen.bytes.len(),
                Ok(None) | Err(_) => false,
            };
            if !connection.wait(PATIENCE, begun).await {
                return Err(format!(
                    "no answer to leave in the middle, but {}",
                    connection.seen().summary(0)
                ));
            }
            drop(connection);
            self.sent = Instant::now();
            return Ok(());
        }
        self.enter("http", connection);
        Ok(())
    }

    async fn http_idle(&mut self) -> Result<(), String> {
        let headers = [("Host".to_owned(), format!("127.0.0.1:{}", self.gateway.port))];
        let connection = self.open().await?;
        connection.send(&http::request("GET", "/healthz", "HTTP/1.1", &headers, &[])).await;
        connection.answer().await?;
        self.enter("http", connection);
        self.sent = Instant::now();
        Ok(())
    }

    async fn sleep(&self, at_most: Duration) -> Result<(), String> {
        let connection = self.scene().connection.ok_or("there is no connection to wait for")?;
        connection.wait(at_most, Seen::is_over).await;
        Ok(())
    }

    async fn load(&mut self, method: &str, count: usize) -> Result<(), String> {
        if method != "chat.inject" {
            return Err(format!("runner does not know how to load {method}"));
        }
        let operator = operator::login(self.gateway.port, &Value::Null).await?;
        for i in 0..count {
            let session = format!("load-{}", i / LOADS_PER_SESSION);
            let text = format!("load-{i} {} end", "x".repeat(100 + i % 400));
            let params = json!({ "sessionKey": session, "message": text });
            let response = operator.response(&format!("l{i}"), method, &params).await;
            let gone = response.is_err();
            self.loads.push(Loaded { session, text, response });
            if gone {
                break;
            }
        }
        Ok(())
    }

    /// Whether a load was answered as expected once the disk was full.
    pub(super) fn check_full(&self, expect: &Expect) -> Result<(), String> {
        let Some(expected) = &expect.res_after_full else { return Ok(()) };
        let mut refused = self.loads.iter().filter(|loaded| !loaded.is_acknowledged());
        match refused.next() {
            None => Err("refusals once the disk is full; everything was acknowledged".to_owned()),
            Some(Loaded { response: Ok(response), .. }) => expected.matches(response),
            Some(Loaded { response: Err(got), .. }) => {
                Err(format!("refusals once the disk is full; got {got}"))
            }
        }
    }
}

/// What a gateway and its clients know and nobody else may.
pub(super) fn secrets() -> BTreeMap<String, String> {
    let words = [("token", TOKEN), ("hook_token", HOOK_TOKEN)];
    words.map(|(name, word)| (name.to_owned(), word.to_owned())).into()
}
