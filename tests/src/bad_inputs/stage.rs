//! Where a case is played, step by step.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    time::{Duration, Instant},
};

use ports::driven::Signer as _;
use serde_json::{Map, Value, json};
use tokio::time;

use super::{
    arrival,
    client::{Connection, PATIENCE, Seen},
    device::{Claim, Device, Keys},
    environment,
    expect::{Expect, Scene},
    fixture::{Contents, Fixture, PASSWORD},
    gateway::{Gateway, HOOK_TOKEN, Order, Start, TOKEN, free_port},
    generate::{Words, merged, unhex, without_nulls},
    http::{self, Answer},
    invariant::{Aftermath, Invariant, LOADS_PER_SESSION, Loaded},
    model::EndlessModel,
    operator, secure,
    site::LAN,
    step::{Connect, Damage, Http, Login, Repeat, Show, Step, Upgrade},
    swarm::Swarm,
    tampering,
    watch::Watch,
    webhook::{self, Crafted},
    written, ws,
};

/// How many conversations a populated gateway has, beside the main one.
const LOAD_SESSIONS: usize = 10;
/// What is said in the main conversation before something is damaged.
pub(super) const RECORDS: [&str; 3] = [
    "first record, which nobody damages, with some more words so that it is long enough",
    "second record, which is damaged in a way that leaves nothing of it as it was then",
    "third record, which nobody damages either, with some more words so that it is long",
];
/// A token that a gateway is given while it runs.
const NEW_TOKEN: &str = "n3w-tok3n-Zk8fLw2QvX5rTbY9mHc4JsNe7pGdUa6iRo1";

/// Where a case is played.
pub(super) struct Stage {
    pub(super) gateway: Gateway,
    words: Words,
    keys: Keys,
    connections: HashMap<String, Connection>,
    /// The connection that was used last.
    last: Option<String>,
    /// What came on it before.
    from: usize,
    /// The id of the request that was sent on it, if it has one.
    id: Option<String>,
    sent: Instant,
    /// The node that is there.
    node: Option<Connection>,
    /// The alert that came encrypted.
    alert: Option<u8>,
    /// The conversation that was spoken in last.
    session: Option<String>,
    /// The headers of the last request for a WebSocket.
    headers: Vec<(String, String)>,
    /// The token that was shown last.
    shown: Option<String>,
    /// The device that logged in last.
    device: Option<String>,
    /// The token of the setup code of this case, once there is one.
    setup_token: Option<String>,
    /// The database as it was before the first step.
    previous: Option<written::Copy>,
    loads: Vec<Loaded>,
    swarm: Option<Swarm>,
    model: Option<EndlessModel>,
    /// Whether the case is about several answers, and these.
    pub(super) keeps_answers: bool,
    answers: Vec<Answer>,
}

impl Stage {
    pub(super) fn new(
        gateway: Gateway,
        paths: &BTreeMap<String, Value>,
        model: Option<EndlessModel>,
    ) -> Self {
        let mut words = secrets();
        words.extend(free_port().ok().map(|port| ("port2".to_owned(), port.to_string())));
        words.insert("port".to_owned(), gateway.site.port.to_string());
        words.insert("config".to_owned(), gateway.config_file().display().to_string());
        words.insert("new_token".to_owned(), NEW_TOKEN.to_owned());
        words.insert("lan_ip".to_owned(), LAN.to_string());
        for (name, path) in paths {
            words.extend(path.as_str().map(|path| (name.clone(), path.to_owned())));
        }
        Self {
            gateway,
            words: Words(words),
            keys: Keys::default(),
            connections: HashMap::new(),
            last: None,
            from: 0,
            id: None,
            sent: Instant::now(),
            node: None,
            alert: None,
            session: None,
            headers: Vec::new(),
            shown: None,
            device: None,
            setup_token: None,
            previous: None,
            loads: Vec::new(),
            swarm: None,
            model,
            keeps_answers: false,
            answers: Vec::new(),
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            connection: self.last.as_ref().and_then(|name| self.connections.get(name)),
            conn_b: self.connections.get("b"),
            from: self.from,
            id: self.id.as_deref(),
            sent: self.sent,
            alert: self.alert,
            answers: &self.answers,
            words: &self.words,
        }
    }

    pub(super) fn aftermath<'a>(&'a mut self, watch: &'a Watch) -> Aftermath<'a> {
        Aftermath {
            gateway: &mut self.gateway,
            keys: &mut self.keys,
            words: &self.words,
            headers: &self.headers,
            shown: self.shown.as_deref(),
            device: self.device.as_deref(),
            node: self.node.as_ref(),
            connection: self.last.as_ref().and_then(|name| self.connections.get(name)),
            from: self.from,
            session: self.session.as_deref(),
            watch,
            loads: &self.loads,
            swarm: self.swarm.as_ref(),
            model: self.model.as_ref(),
        }
    }

    /// Brings the gateway into the state in which a case begins.
    pub(super) async fn prepare(
        &mut self,
        fixture: &Fixture,
        devices: &[Device],
        steps: &[Step],
        invariants: &[Invariant],
    ) -> Result<(), String> {
        if fixture.contents == Contents::Conversations {
            self.populate().await?;
        }
        for device in devices {
            let site = &self.gateway.site;
            let platform = match fixture.contents {
                Contents::Node | Contents::GoneNode => Some("linux"),
                Contents::Phone => Some("ios"),
                _ => None,
            };
            let platform = platform.filter(|_| device.name == "paired-node");
            let token = if let Some(platform) = platform {
                let (node, token) = arrival::stay(site, &mut self.keys, *device, platform).await?;
                // A node that is gone has hung up.
                self.node = Some(node).filter(|_| fixture.contents != Contents::GoneNode);
                token
            } else {
                arrival::pair(site, &mut self.keys, *device).await?
            };
            let (name, id) = (device.name, self.keys.of(device.name).id().to_string());
            self.words.0.insert(format!("dev.{name}.id"), id);
            self.words.0.insert(format!("dev.{name}.token"), token);
        }
        if fixture.contents == Contents::TwoNodes {
            self.ask_other_node().await?;
        }
        if fixture.contents == Contents::WaitingDevice {
            let request = arrival::wait(&self.gateway.site, &mut self.keys).await?;
            self.words.0.insert("pending_admin_request".to_owned(), request);
        }
        for name in steps.iter().filter_map(Step::swapped) {
            let (id, key) = (self.keys.of(name).id().to_string(), self.keys.of("fresh"));
            self.gateway.kill().await?;
            written::swap_key(&self.gateway.database(), &id, &key.public_key()).await?;
            self.gateway.restart().await?;
        }
        for step in steps {
            if let Step::Damage { what } = step {
                self.expect_damage(*what).await?;
            }
        }
        if invariants.contains(&Invariant::NothingForeign) {
            // Somebody whom others must not see.
            let neighbour = Device::named("paired-admin")?;
            let site = &self.gateway.site;
            let auth = site.manner.auth();
            let (connection, _) =
                arrival::arrive(site, &mut self.keys, neighbour, auth, &Value::Null).await?;
            self.connections.insert("neighbour".to_owned(), connection);
            let id = self.keys.of(neighbour.name).id().to_string();
            self.words.0.insert(format!("dev.{}.id", neighbour.name), id);
        }
        Ok(())
    }

    /// Has another node be asked for something that it does not answer.
    async fn ask_other_node(&mut self) -> Result<(), String> {
        let device = Device::named("other-node")?;
        let site = &self.gateway.site;
        let (node, _) = arrival::stay(site, &mut self.keys, device, "ios").await?;
        let id = self.keys.of(device.name).id().to_string();
        let operator = operator::login(site, &Value::Null).await?;
        let params = json!({
            "nodeId": id, "command": "canvas.present", "idempotencyKey": "k", "timeoutMs": 60_000,
        });
        let text = operator::request(&self.words, "asks", "node.invoke", &params)?;
        operator.send_text(text.as_bytes()).await;
        let asked = |message: &Value| message["event"] == "node.invoke.request";
        let asked = node.message(0, asked).await?["payload"]["id"].clone();
        let asked = asked.as_str().ok_or("a question without an id")?;
        self.words.0.insert("invoke_of_other".to_owned(), asked.to_owned());
        self.words.0.insert(format!("dev.{}.id", device.name), id);
        self.connections.insert("who asks".to_owned(), operator);
        self.node = Some(node);
        Ok(())
    }

    /// Brings about what is going to be damaged.
    async fn expect_damage(&mut self, what: Damage) -> Result<(), String> {
        let operator = operator::login(&self.gateway.site, &Value::Null).await?;
        match what {
            Damage::OverwriteMessage => {
                for text in RECORDS {
                    let params = json!({ "sessionKey": "main", "message": text });
                    operator.call("chat.inject", params).await?;
                }
            }
            Damage::TruncateApprovals => {
                let file =
                    json!({ "version": 1, "defaults": { "security": "full", "ask": "off" } });
                let current = operator.call("exec.approvals.get", json!({})).await?;
                let params = json!({ "file": file, "baseHash": current["hash"] });
                operator.call("exec.approvals.set", params).await?;
            }
            Damage::RestoreDevices => {
                self.gateway.kill().await?;
                self.previous = Some(written::Copy::of(&self.gateway.database())?);
                self.gateway.restart().await?;
            }
            Damage::RestoreDatabaseAlone => {
                self.gateway.kill().await?;
                written::settle(&self.gateway.database()).await?;
                self.previous = Some(written::Copy::of(&self.gateway.database())?);
                self.gateway.restart().await?;
                let operator = operator::login(&self.gateway.site, &Value::Null).await?;
                let params = json!({ "sessionKey": "main", "message": RECORDS[0] });
                operator.call("chat.inject", params).await?;
            }
            Damage::OverwriteDatabase | Damage::NextVersion => {}
        }
        Ok(())
    }

    /// Says something in the main conversation and makes some more.
    async fn populate(&self) -> Result<(), String> {
        let operator = operator::login(&self.gateway.site, &Value::Null).await?;
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
            Step::Connect(connect) => self.connect(connect).await,
            Step::ConnectRawNumber { conn, field, literal } => {
                let mut params = operator::connect_params();
                params[field] = json!({ "$raw": literal });
                self.send_connect(conn, &params).await
            }
            Step::Close { conn } => {
                self.connection(conn)?.send(&ws::frame(ws::FIN | ws::CLOSE, &[])).await;
                self.connection(conn)?.wait(PATIENCE, Seen::is_over).await;
                self.connections.remove(conn);
                Ok(())
            }
            Step::Repeat(repeat) => self.repeat(repeat).await,
            Step::SetupCode { conn, device, expect_fail } => {
                self.connect_with_code(conn, Device::named(device)?, !expect_fail).await
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
                let swarm = Swarm::open(&self.gateway.site, *count, *distinct_source_ips).await?;
                self.swarm = Some(swarm);
                Ok(())
            }
            Step::OpenMany { count, login: true, .. } => {
                self.swarm = Some(Swarm::log_in(&self.gateway, *count).await?);
                Ok(())
            }
            Step::OpenMany { .. } => Err(format!("runner does not know {step:?}")),
            Step::Http(request) => self.http(request).await,
            Step::Slack { target, craft } => self.slack(target, craft).await,
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
                let connection = self.open(None).await?;
                self.alert = secure::renegotiate(&connection).await?;
                self.enter("tls", connection);
                Ok(())
            }
            Step::Sleep { ms } => self.sleep(Duration::from_millis(*ms)).await,
            Step::KillAndRestart {} => {
                self.connections.clear();
                self.gateway.kill_and_restart().await
            }
            Step::Kill {} => {
                self.connections.clear();
                self.gateway.kill().await
            }
            Step::Start { .. } => self.gateway.restart().await,
            Step::Cli { .. } => Err("runner does not know a command that others follow".to_owned()),
            Step::Damage { what } => self.damage(*what).await,
            Step::WriteConfig { raw, while_running } => {
                if *while_running != self.gateway.pid().is_some() {
                    return Err(format!("runner does not know {step:?}"));
                }
                let text = tampering::config(&self.gateway, &self.words, raw)?;
                self.gateway.write_config(text)
            }
            Step::MergeConfig { json } => {
                let changes = self.words.json(json).map_err(|error| error.to_string())?;
                let text = tampering::merged_config(&self.gateway, &changes)?;
                self.gateway.write_config(text)
            }
            Step::Chmod { path, mode } => {
                let path = self.words.fill(path).map_err(|error| error.to_string())?;
                tampering::chmod(&path, mode)
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
                swarm.broadcast(&self.gateway.site, load).await
            }
        }
    }

    /// Plays the last step of a case about whether a gateway starts.
    pub(super) async fn start(&mut self, step: &Step) -> Result<Start, String> {
        let Step::Cli { args } = step else {
            let order = tampering::order(&self.gateway);
            return self.gateway.attempt(order).await;
        };
        let arguments: Result<Vec<String>, _> = args.iter().map(|it| self.words.fill(it)).collect();
        let arguments = arguments.map_err(|error| error.to_string())?;
        let place = arguments.iter().position(|it| it == "--port");
        let named = place.and_then(|at| arguments.get(at + 1)?.parse().ok());
        let port = named.unwrap_or(self.gateway.site.port);
        let tells_port = place.is_none();
        self.gateway.attempt(Some(Order { arguments, port, tells_port })).await
    }

    async fn damage(&self, what: Damage) -> Result<(), String> {
        let database = self.gateway.database();
        match what {
            Damage::RestoreDevices | Damage::RestoreDatabaseAlone => {
                self.previous.as_ref().ok_or("there is no copy")?.restore(&database)
            }
            Damage::OverwriteMessage => {
                written::settle(&database).await?;
                tampering::overwrite_text(&database, RECORDS[1])
            }
            Damage::TruncateApprovals => {
                tampering::truncate(&self.gateway.state().join("exec-approvals.json"))
            }
            Damage::OverwriteDatabase => {
                written::settle(&database).await?;
                tampering::overwrite_page(&database)
            }
            Damage::NextVersion => {
                written::settle(&database).await?;
                tampering::next_version(&database)
            }
        }
    }

    /// Sends `bytes` on a fresh connection.
    async fn send_first(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let connection = self.open(None).await?;
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

    async fn open(&self, from: Option<IpAddr>) -> Result<Connection, String> {
        let connection = Connection::open(&self.gateway.site, from).await;
        connection.map_err(|error| format!("cannot connect: {error}"))
    }

    async fn upgrade(&mut self, upgrade: &Upgrade) -> Result<(), String> {
        let from = match &upgrade.from_ip {
            Some(from) => {
                let from = self.words.fill(from).map_err(|error| error.to_string())?;
                Some(from.parse().map_err(|_| format!("runner does not know the place {from}"))?)
            }
            None => None,
        };
        let mut headers = operator::upgrade_headers(&self.gateway.site.host(from));
        headers.retain(|(name, _)| !upgrade.drop_headers.contains(name));
        self.put(&mut headers, &upgrade.headers)?;
        let Upgrade { method, path, version, .. } = upgrade;
        let connection = self.open(from).await?;
        connection.send(&http::request(method, path, version, &headers, &[])).await;
        self.headers = headers;
        // Without an answer there is nothing to send the next step on.
        connection.wait(PATIENCE, |seen| !matches!(seen.answer(), Ok(None))).await;
        self.enter(&upgrade.conn, connection);
        Ok(())
    }

    async fn login(&mut self, login: &Login) -> Result<(), String> {
        let changes = json!({
            "role": login.role, "scopes": login.scopes, "client": login.client,
        });
        let site = &self.gateway.site;
        let Some(Claim::Plain(name)) = &login.device else {
            let connection = operator::login(site, &changes).await?;
            self.enter(&login.conn, connection);
            return Ok(());
        };
        let auth = match login.auth {
            Show::Token => site.manner.auth(),
            Show::DeviceToken => json!({ "token": self.token_of(name)? }),
            Show::None => json!({}),
        };
        let device = Device::named(name)?;
        let (connection, response) =
            arrival::arrive(site, &mut self.keys, device, auth, &changes).await?;
        if response["ok"] != true {
            return Err(format!("cannot log in: {}", response["error"]));
        }
        self.device = Some(name.clone());
        self.enter(&login.conn, connection);
        Ok(())
    }

    fn token_of(&self, device: &str) -> Result<&str, String> {
        let token = self.words.0.get(&format!("dev.{device}.token"));
        token.map(String::as_str).ok_or_else(|| format!("{device} has no token"))
    }

    async fn connect(&mut self, connect: &Connect) -> Result<(), String> {
        let mut changes = connect.merge_params.clone();
        let of_device = match (&connect.device, changes.as_object_mut()) {
            (Some(_), Some(changes)) => changes.remove("device").unwrap_or_default(),
            _ => Value::Null,
        };
        let mut params = operator::connect_params();
        match (connect.auth, &connect.device) {
            (Show::Token, _) => {}
            (Show::DeviceToken, Some(Claim::Plain(name))) => {
                params["auth"] = json!({ "token": self.token_of(name)? });
            }
            (Show::DeviceToken, _) => return Err("runner does not know whose token".to_owned()),
            (Show::None, _) => params["auth"] = json!({}),
        }
        let mut params = merged(params, &changes);
        if connect.drop_null {
            params = without_nulls(params, &changes);
        }
        if let Some(claim) = &connect.device {
            if let Claim::Plain(name) = claim {
                self.device = Some(name.clone());
            }
            let device = self.claim(&connect.conn, claim, &params).await?;
            params["device"] = merged(device, &of_device);
        }
        self.send_connect(&connect.conn, &params).await
    }

    /// What a device says on `conn` that connects with `params`.
    async fn claim(&mut self, conn: &str, claim: &Claim, params: &Value) -> Result<Value, String> {
        for (name, connection) in &self.connections {
            if connection.seen().upgraded {
                self.words.0.insert(format!("{name}.nonce"), connection.nonce().await?);
            }
        }
        let nonce = self.connection(conn)?.nonce().await?;
        // It signs what is sent, not how the file describes that.
        let text = self.words.json(params).map_err(|error| error.to_string())?;
        let params: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        self.shown = params["auth"]["token"].as_str().map(str::to_owned);
        let fill = |text: &str| self.words.fill(text).map_err(|error| error.to_string());
        claim.device(&mut self.keys, &params, &nonce, fill)
    }

    async fn repeat(&mut self, repeat: &Repeat) -> Result<(), String> {
        for _ in 0..repeat.times {
            if repeat.fresh_device {
                self.keys.forget("fresh");
            }
            for step in &repeat.steps {
                Box::pin(self.play(step)).await?;
            }
            let (from, id) = (self.from, self.id.clone());
            let answered = |message: &Value| {
                message["type"] == "res" && id.as_ref().is_none_or(|id| message["id"] == **id)
            };
            let connection = self.scene().connection.ok_or("there is nothing to wait for")?;
            let done = |seen: &Seen| seen.is_over() || seen.message(from, answered).is_some();
            connection.wait(PATIENCE, done).await;
        }
        Ok(())
    }

    /// Connects as a phone does that read a setup code.
    async fn connect_with_code(
        &mut self,
        conn: &str,
        device: Device,
        has_to_work: bool,
    ) -> Result<(), String> {
        let site = &self.gateway.site;
        let token = match &self.setup_token {
            Some(token) => token.clone(),
            None => arrival::setup_token(site).await?,
        };
        self.setup_token = Some(token.clone());
        let auth = json!({ "bootstrapToken": token });
        let changes = json!({ "role": "node", "scopes": [] });
        let (connection, response) =
            arrival::arrive(site, &mut self.keys, device, auth, &changes).await?;
        if has_to_work && response["ok"] != true {
            return Err(format!("the setup code is refused: {}", response["error"]));
        }
        self.enter(conn, connection);
        self.id = Some(operator::CONNECT_ID.to_owned());
        Ok(())
    }

    async fn send_connect(&mut self, conn: &str, params: &Value) -> Result<(), String> {
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
        self.learn_requests(params).await?;
        if params.to_string().contains("{{config_hash}}") {
            let operator = operator::login(&self.gateway.site, &Value::Null).await?;
            let config = operator.call("config.get", json!({})).await?;
            let hash = config["hash"].as_str().ok_or("a configuration without a hash")?;
            self.words.0.insert("config_hash".to_owned(), hash.to_owned());
        }
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

    /// Learns which request waits for a client that was told so on another
    /// connection, if `params` mention it.
    async fn learn_requests(&mut self, params: &Value) -> Result<(), String> {
        let text = params.to_string();
        for (name, connection) in &self.connections {
            let word = format!("{name}.request");
            if text.contains(&format!("{{{{{word}}}}}")) {
                let response = connection.message(0, |message| message["type"] == "res").await?;
                let request = response["error"]["details"]["requestId"].as_str();
                let request = request.ok_or_else(|| format!("nothing waits: {response}"))?;
                self.words.0.insert(word, request.to_owned());
            }
        }
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
        let mut headers = vec![("Host".to_owned(), self.gateway.site.host(None))];
        if request.body.is_some() {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        self.put(&mut headers, &request.headers)?;
        let target = self.text(&request.target)?;
        let connection = self.open(None).await?;
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
        self.keep_answer(&connection).await?;
        self.enter("http", connection);
        Ok(())
    }

    async fn slack(&mut self, target: &Value, craft: &Map<String, Value>) -> Result<(), String> {
        let Crafted { headers, body } = webhook::slack(craft)?;
        let host = ("Host".to_owned(), self.gateway.site.host(None));
        let length = ("Content-Length".to_owned(), body.len().to_string());
        let headers: Vec<_> = [host, length].into_iter().chain(headers).collect();
        let target = self.text(target)?;
        let connection = self.open(None).await?;
        connection.send(&http::request("POST", &target, "HTTP/1.1", &headers, &body)).await;
        self.enter("http", connection);
        Ok(())
    }

    /// Waits for an answer, where the case is about several.
    async fn keep_answer(&mut self, connection: &Connection) -> Result<(), String> {
        if self.keeps_answers {
            self.answers.push(connection.answer().await?);
        }
        Ok(())
    }

    async fn http_idle(&mut self) -> Result<(), String> {
        let headers = [("Host".to_owned(), self.gateway.site.host(None))];
        let connection = self.open(None).await?;
        connection.send(&http::request("GET", "/healthz", "HTTP/1.1", &headers, &[])).await;
        connection.answer().await?;
        self.enter("http", connection);
        self.sent = Instant::now();
        Ok(())
    }

    async fn sleep(&self, at_most: Duration) -> Result<(), String> {
        match self.scene().connection {
            Some(connection) => drop(connection.wait(at_most, Seen::is_over).await),
            // Nothing tells when it has looked at its files.
            None => time::sleep(at_most).await,
        }
        Ok(())
    }

    async fn load(&mut self, method: &str, count: usize) -> Result<(), String> {
        if method != "chat.inject" {
            return Err(format!("runner does not know how to load {method}"));
        }
        let operator = operator::login(&self.gateway.site, &Value::Null).await?;
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
    let words = [("token", TOKEN), ("password", PASSWORD), ("hook_token", HOOK_TOKEN)];
    words.map(|(name, word)| (name.to_owned(), word.to_owned())).into()
}
