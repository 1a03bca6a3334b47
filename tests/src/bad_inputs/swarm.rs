//! Many clients at once.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{task::JoinSet, time};

use super::{
    client::{Connection, PATIENCE, Seen},
    gateway::Gateway,
    operator,
    site::Site,
    step::BroadcastLoad,
};

/// Where the broadcasts are said.
const PLACE: &str = "main";

/// Many open connections.
#[derive(Debug)]
pub(super) struct Swarm {
    /// In the order in which they were opened; the first are those that stall.
    clients: Vec<Connection>,
    stalled: usize,
    /// How many broadcasts were accepted.
    accepted: usize,
    /// How many files the gateway had open before they came.
    open_files: usize,
}

impl Swarm {
    /// Opens `count` WebSocket connections.
    pub(super) async fn open(site: &Site, count: usize, apart: bool) -> Result<Self, String> {
        let mut clients = Vec::with_capacity(count);
        for i in 0..count {
            let open = operator::open(site, apart.then(|| address(i))).await;
            clients.push(open.map_err(|why| format!("socket {} of {count}: {why}", i + 1))?);
        }
        Ok(Self { clients, stalled: 0, accepted: 0, open_files: 0 })
    }

    /// Opens `count` WebSocket connections and logs them in.
    pub(super) async fn log_in(gateway: &Gateway, count: usize) -> Result<Self, String> {
        const AT_ONCE: usize = 16;
        let open_files = gateway.open_files().unwrap_or_default();
        let mut clients = Vec::with_capacity(count);
        let mut logins = JoinSet::new();
        for i in 0..count + AT_ONCE {
            if i < count {
                let site = gateway.site.clone();
                logins.spawn(async move { operator::login(&site, &Value::Null).await });
            }
            if AT_ONCE <= i
                && let Some(login) = logins.join_next().await
            {
                clients.push(login.map_err(|error| error.to_string())??);
            }
        }
        Ok(Self { clients, stalled: 0, accepted: 0, open_files })
    }

    /// Makes events while some do not read.
    pub(super) async fn broadcast(
        &mut self,
        site: &Site,
        load: &BroadcastLoad,
    ) -> Result<(), String> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a few thousand"
        )]
        let stalled = (self.clients.len() as f64 * load.stalled_share) as usize;
        self.stalled = stalled;
        for (i, client) in self.clients.iter().enumerate() {
            client.only_count();
            client.set_reading(self.stalled <= i);
        }
        let writer = operator::login(site, &Value::Null).await?;
        writer.call("sessions.patch", json!({ "key": PLACE })).await?;
        let from = writer.messages();
        let message = "x".repeat(load.bytes);
        let mut pace =
            time::interval(Duration::from_secs(1) / load.events_per_s.try_into().unwrap_or(1));
        let sent = load.events_per_s * load.seconds;
        for i in 0..sent {
            pace.tick().await;
            let params = json!({ "sessionKey": PLACE, "message": message });
            let id = format!("b{i}");
            let frame =
                json!({ "type": "req", "id": id, "method": "chat.inject", "params": params });
            writer.send_text(frame.to_string().as_bytes()).await;
        }
        let answers = |seen: &Seen| {
            let answers = seen.messages.iter().skip(from);
            answers.filter(|message| message.json["type"] == "res").count()
        };
        let all = |seen: &Seen| sent <= answers(seen) as u64;
        if !writer.wait(PATIENCE, all).await {
            return Err(format!("{} of {sent} broadcasts were answered", answers(&writer.seen())));
        }
        let seen = writer.seen();
        let answers = seen.messages.iter().skip(from);
        self.accepted = answers.filter(|message| message.json["ok"] == true).count();
        Ok(())
    }

    /// Whether every client that reads got every event.
    pub(super) async fn live_miss_nothing(&self) -> Result<(), String> {
        if self.accepted == 0 {
            return Err("no broadcast was accepted".to_owned());
        }
        for client in &self.clients[self.stalled..] {
            if !client.wait(PATIENCE, |seen| self.accepted <= seen.counted).await {
                let seen = client.seen();
                let how = seen.summary(0);
                return Err(format!("{} of {} events; {how}", seen.counted, self.accepted));
            }
        }
        Ok(())
    }

    /// Whether the gateway let go of every client that does not read, and told
    /// those who could still be told that they are too slow.
    ///
    /// Whether it let go shows in its open files: what was sent before waits in
    /// the system, and a client may not see the end behind it for minutes.
    pub(super) async fn stalled_are_closed(&self, gateway: &Gateway) -> Result<(), String> {
        /// Files that have nothing to do with these clients, such as the
        /// connection of whoever broadcasts.
        const OTHERS: usize = 8;
        const LOOKS: u32 = 100;
        let live = self.clients.len() - self.stalled;
        let mut open = 0;
        for _ in 0..LOOKS {
            open = gateway.open_files().unwrap_or_default().saturating_sub(self.open_files);
            if open <= live + OTHERS {
                break;
            }
            time::sleep(PATIENCE / LOOKS).await;
        }
        if live + OTHERS < open {
            return Err(format!("none but the {live} live clients; {open} are open"));
        }
        for client in &self.clients[..self.stalled] {
            client.set_reading(true);
            client.wait(Duration::from_millis(1), Seen::is_over).await;
            let seen = client.seen();
            if let Some((_, close)) = &seen.close
                && (close.code != Some(1008) || close.reason != "slow consumer")
            {
                return Err(close.to_string());
            }
        }
        Ok(())
    }
}

/// A loopback address of its own for each client.
fn address(i: usize) -> IpAddr {
    let [.., high, low] = (i + 256).to_be_bytes();
    Ipv4Addr::new(127, 7, high, low).into()
}
