//! Connections that remember what came over them.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Mutex, watch},
    task::JoinSet,
    time,
};

use super::{
    http::{self, Answer},
    site::Site,
    ws::{self, Assembly, Close, Event},
};

/// How long the gateway may take for anything it is expected to do. More than
/// its own longest deadline (10 s for a handshake), with a slow machine in mind.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A write that makes no progress for this long is given up: the other side has
/// stopped reading.
const STUCK: Duration = Duration::from_secs(2);

/// One end of a TCP connection that speaks HTTP and perhaps, later, WebSocket.
/// Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    /// When it was asked for.
    pub(super) opened: Instant,
    writer: Arc<Mutex<OwnedWriteHalf>>,
    seen: watch::Receiver<Seen>,
    reads: watch::Sender<bool>,
    counts: Arc<AtomicBool>,
    _reader: JoinSet<()>,
}

/// What came over a connection.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Everything up to the answer that made it a WebSocket, or just everything.
    pub(super) bytes: Vec<u8>,
    /// Whether it became a WebSocket.
    pub(super) upgraded: bool,
    pub(super) messages: Vec<Message>,
    /// How many `chat` events came since [`Connection::only_count`].
    pub(super) counted: usize,
    pub(super) close: Option<(Instant, Close)>,
    /// When and how it ended.
    pub(super) ended: Option<(Instant, String)>,
    // When the last of `bytes` came.
    at: Option<Instant>,
}

/// A message that came over a WebSocket.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) at: Instant,
    /// How long it was.
    pub(super) bytes: usize,
    /// Null if it was not JSON.
    pub(super) json: Value,
}

impl Seen {
    /// The first answer among the bytes, if it is complete.
    pub(super) fn answer(&self) -> Result<Option<Answer>, String> {
        http::answer(&self.bytes, self.ended.is_some(), self.at.unwrap_or_else(Instant::now))
    }

    /// The first message from `from` on that `wanted` is true of.
    pub(super) fn message(&self, from: usize, wanted: impl Fn(&Value) -> bool) -> Option<&Message> {
        self.messages.iter().skip(from).find(|message| wanted(&message.json))
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.close.is_some() || self.ended.is_some()
    }

    /// What came, in a line.
    pub(super) fn summary(&self, from: usize) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !self.upgraded {
            parts.push(format!("bytes {:?}", excerpt(&String::from_utf8_lossy(&self.bytes))));
        }
        for message in self.messages.iter().skip(from).filter(|message| !is_noise(&message.json)) {
            parts.push(excerpt(&message.json.to_string()));
        }
        parts.truncate(3);
        parts.extend(self.close.as_ref().map(|(_, close)| close.to_string()));
        parts.extend(self.ended.as_ref().map(|(_, how)| how.clone()));
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", then ") }
    }
}

/// Events come by themselves and say nothing about a request.
fn is_noise(message: &Value) -> bool {
    matches!(message["event"].as_str(), Some("connect.challenge" | "tick" | "health" | "presence"))
}

/// The beginning of a text.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

impl Connection {
    /// Connects to the gateway at `site`, from this address of its machine.
    pub(super) async fn open(site: &Site, from: Option<IpAddr>) -> io::Result<Self> {
        let opened = Instant::now();
        let stream = site.socket(from)?.connect(site.address(from)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let writer = Arc::new(Mutex::new(writer));
        let (sender, seen) = watch::channel(Seen::default());
        let (reads, may_read) = watch::channel(true);
        let counts = Arc::new(AtomicBool::new(false));
        let recorder = Recorder {
            reader,
            writer: Arc::clone(&writer),
            seen: sender,
            may_read,
            counts: Arc::clone(&counts),
        };
        let mut task = JoinSet::new();
        task.spawn(recorder.run());
        Ok(Self { opened, writer, seen, reads, counts, _reader: task })
    }

    /// Sends `bytes`, or as many of them as the other side takes, and says
    /// whether it took them all.
    pub(super) async fn send(&self, bytes: &[u8]) -> bool {
        let mut writer = self.writer.lock().await;
        for part in bytes.chunks(64 << 10) {
            match time::timeout(STUCK, writer.write_all(part)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return false,
            }
        }
        true
    }

    /// Sends a text frame.
    pub(super) async fn send_text(&self, text: &[u8]) {
        self.send(&ws::frame(ws::FIN | ws::TEXT, text)).await;
    }

    /// Stops reading, so that what the gateway sends piles up, or goes on.
    pub(super) fn set_reading(&self, reads: bool) {
        self.reads.send_replace(reads);
    }

    /// From now on only counts `chat` events and forgets all messages: there are
    /// many of them.
    pub(super) fn only_count(&self) {
        self.counts.store(true, Ordering::Relaxed);
    }

    /// What came so far.
    pub(super) fn seen(&self) -> watch::Ref<'_, Seen> {
        self.seen.borrow()
    }

    /// How many messages came so far.
    pub(super) fn messages(&self) -> usize {
        self.seen().messages.len()
    }

    /// Waits until `enough` came, the connection ended, or `patience` did, and
    /// says whether it is enough.
    pub(super) async fn wait(&self, patience: Duration, enough: impl Fn(&Seen) -> bool) -> bool {
        let mut seen = self.seen.clone();
        let over = seen.wait_for(|seen| seen.ended.is_some() || enough(seen));
        drop(time::timeout(patience, over).await);
        enough(&self.seen())
    }

    /// Waits for the answer to an HTTP request.
    pub(super) async fn answer(&self) -> Result<Answer, String> {
        self.wait(PATIENCE, |seen| !matches!(seen.answer(), Ok(None))).await;
        let seen = self.seen();
        seen.answer()?.ok_or_else(|| format!("no answer but {}", seen.summary(0)))
    }

    /// Waits for the first message from `from` on that `wanted` is true of.
    pub(super) async fn message(
        &self,
        from: usize,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        self.wait(PATIENCE, |seen| seen.is_over() || seen.message(from, &wanted).is_some()).await;
        let seen = self.seen();
        match seen.message(from, wanted) {
            Some(message) => Ok(message.json.clone()),
            None => Err(seen.summary(from)),
        }
    }
}

/// Reads a connection to its end.
struct Recorder {
    reader: OwnedReadHalf,
    writer: Arc<Mutex<OwnedWriteHalf>>,
    seen: watch::Sender<Seen>,
    may_read: watch::Receiver<bool>,
    counts: Arc<AtomicBool>,
}

impl Recorder {
    async fn run(mut self) {
        let mut frames = Frames::default();
        let mut buffer = vec![0; 64 << 10];
        let how = loop {
            if self.may_read.wait_for(|reads| *reads).await.is_err() {
                return;
            }
            let read = tokio::select! {
                read = self.reader.read(&mut buffer) => read,
                // Look again whether to read at all.
                _ = self.may_read.changed() => continue,
            };
            match read {
                Ok(0) => break "end of stream".to_owned(),
                Err(error) => break error.to_string(),
                Ok(n) => {
                    if let Err(wrong) = self.take(&buffer[..n], &mut frames) {
                        break wrong;
                    }
                }
            }
        };
        self.seen.send_modify(|seen| seen.ended = Some((Instant::now(), how)));
    }

    fn take(&mut self, bytes: &[u8], frames: &mut Frames) -> Result<(), String> {
        let at = Instant::now();
        let mut events = Vec::new();
        let mut result = Ok(());
        self.seen.send_modify(|seen| {
            if seen.upgraded {
                frames.bytes.extend(bytes);
            } else {
                seen.at = Some(at);
                seen.bytes.extend(bytes);
                if let Ok(Some(head)) = http::head(&seen.bytes)
                    && head.status == 101
                {
                    seen.upgraded = true;
                    frames.bytes = seen.bytes.split_off(head.length);
                }
            }
            result = frames.take(&mut events);
            for event in events.drain(..) {
                self.note(seen, event, at);
            }
        });
        result
    }

    fn note(&self, seen: &mut Seen, event: Event, at: Instant) {
        match event {
            Event::Message(payload) if self.counts.load(Ordering::Relaxed) => {
                seen.counted += usize::from(is_chat_event(&payload));
            }
            Event::Message(payload) => {
                let json = serde_json::from_slice(&payload).unwrap_or_default();
                seen.messages.push(Message { at, bytes: payload.len(), json });
            }
            Event::Ping(payload) => self.reply(ws::PONG, &payload),
            Event::Pong => {}
            Event::Close(close) => {
                let code = close.code.map(u16::to_be_bytes);
                self.reply(ws::CLOSE, code.as_ref().map_or(&[][..], |code| code));
                seen.close.get_or_insert((at, close));
            }
        }
    }

    /// Answers as a client has to, unless the connection is stuck.
    fn reply(&self, opcode: u8, payload: &[u8]) {
        if let Ok(writer) = self.writer.try_lock() {
            let _unless_stuck = writer.try_write(&ws::frame(ws::FIN | opcode, payload));
        }
    }
}

/// Whether it is one, without reading all of it: the head of the frame says so.
fn is_chat_event(payload: &[u8]) -> bool {
    const HEAD: usize = 64;
    const NAME: &[u8] = br#""event":"chat""#;
    payload[..payload.len().min(HEAD)].windows(NAME.len()).any(|window| window == NAME)
}

#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    assembly: Assembly,
}

impl Frames {
    fn take(&mut self, events: &mut Vec<Event>) -> Result<(), String> {
        let mut taken = 0;
        let result = loop {
            match ws::take_frame(&self.bytes[taken..]) {
                Err(wrong) => break Err(wrong),
                Ok(None) => break Ok(()),
                Ok(Some((frame, length))) => {
                    taken += length;
                    match self.assembly.take(frame) {
                        Err(wrong) => break Err(wrong),
                        Ok(event) => events.extend(event),
                    }
                }
            }
        };
        self.bytes.drain(..taken);
        result
    }
}
