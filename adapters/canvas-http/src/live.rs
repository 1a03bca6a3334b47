//! The WebSocket over which pages learn that they changed.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use domain::canvas::Place;
use fastwebsockets::{
    Frame, OpCode, Payload, WebSocketError, WebSocketWrite,
    upgrade::{UpgradeFut, is_upgrade_request, upgrade},
};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_kit::{Body, circumstances, empty};
use hyper::{body::Incoming, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncWrite, WriteHalf},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::{Instant, interval, sleep_until, timeout},
};

use crate::{
    Deps,
    answer::{not_found, stamp, words, wrong_method},
    entry::entry,
    watching::{Lookouts, Watch},
};

/// How many pages are told at a time.
const MOST: usize = 64;
/// How long files have to be left alone before a page is told.
const QUIET: Duration = Duration::from_millis(75);
/// How long it takes at most, however busy somebody writes.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is seen to that somebody is there.
const BEAT: Duration = Duration::from_secs(30);
/// How long nothing may be heard.
const SILENCE: Duration = Duration::from_secs(75);
/// How long a page may take to hear something.
const SLOW: Duration = Duration::from_secs(10);
/// How long a page may take to say goodbye, once it was told.
const GOODBYE: Duration = Duration::from_secs(1);
/// Pages have nothing to say.
const LONGEST: usize = 1024;
/// How many answers to pings wait.
const PONGS: usize = 4;

/// The gateway is going away.
const GOING: u16 = 1001;
/// The pass of the page is not good any more.
const REFUSED: u16 = 1008;

pub(crate) struct Live {
    deps: Deps,
    lookouts: Lookouts,
    seats: Arc<Semaphore>,
}

impl Live {
    pub(crate) fn new(deps: Deps) -> Self {
        Self { deps, lookouts: Lookouts::default(), seats: Arc::new(Semaphore::new(MOST)) }
    }

    pub(crate) async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        match self.take(&mut request).await {
            Ok(switching) => switching,
            Err(refusal) => stamp(*refusal, None),
        }
    }

    async fn take(
        &self,
        request: &mut Request<Incoming>,
    ) -> Result<Response<Body>, Box<Response<Body>>> {
        let Deps { canvas, door, tasks, .. } = &self.deps;
        if !canvas.is_shown() || !self.deps.is_live() {
            return Err(Box::new(not_found()));
        }
        if let Some(refusal) = wrong_method(request.method()) {
            return Err(Box::new(refusal));
        }
        is_proper(request)?;
        self.check_origin(request)?;
        let pass = Place::of(request.uri().path()).and_then(|place| place.pass.map(Box::from));
        // What is asked about is not the body, which stays where it is.
        let head = head(request);
        entry(&**canvas, &**door, &head, pass.as_deref()).await?;
        let full = || Box::new(words(StatusCode::SERVICE_UNAVAILABLE, "too many pages"));
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| full())?;
        let watch = self.lookouts.watch(&self.deps.root()).await;
        let watch = watch.ok_or_else(|| {
            Box::new(words(StatusCode::SERVICE_UNAVAILABLE, "files are not watched"))
        })?;
        let (switching, upgraded) =
            upgrade(request).map_err(|_| Box::new(empty(StatusCode::BAD_REQUEST)))?;
        let page = Page { deps: self.deps.clone(), pass, watch, _seat: seat };
        tasks.spawn(page.live(upgraded));
        let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
        *response.headers_mut() = switching.into_parts().0.headers;
        Ok(response)
    }

    /// A page in a sandbox is of no origin, and says so; pages of others are sent
    /// away like everywhere.
    fn check_origin(&self, request: &Request<Incoming>) -> Result<(), Box<Response<Body>>> {
        let mut circumstances = circumstances(request, &*self.deps.door);
        if circumstances.origin.as_deref() == Some("null") {
            circumstances.origin = None;
        }
        let refused = self.deps.door.may_knock(&circumstances).err();
        match refused {
            Some(_) => Err(Box::new(words(StatusCode::FORBIDDEN, "origin not allowed"))),
            None => Ok(()),
        }
    }
}

/// The head of `request`.
fn head(request: &Request<Incoming>) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    head.headers_mut().remove(header::ACCEPT);
    if let Some(ends) = request.extensions().get::<http_kit::Ends>() {
        head.extensions_mut().insert(*ends);
    }
    head
}

/// Refuses what is not a proper upgrade. Looks at what the library leaves
/// unchecked.
fn is_proper(request: &Request<Incoming>) -> Result<(), Box<Response<Body>>> {
    let is_version = |value: &HeaderValue| value == "13";
    if request.method() != Method::GET
        || request.version() != Version::HTTP_11
        || !is_upgrade_request(request)
    {
        return Err(Box::new(empty(StatusCode::BAD_REQUEST)));
    }
    if request.headers().get(header::SEC_WEBSOCKET_VERSION).is_some_and(is_version) {
        return Ok(());
    }
    let mut response = empty(StatusCode::UPGRADE_REQUIRED);
    let version = HeaderValue::from_static("13");
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
    Err(Box::new(response))
}

/// A page that listens.
struct Page {
    deps: Deps,
    pass: Option<Box<str>>,
    watch: Arc<Watch>,
    _seat: OwnedSemaphorePermit,
}

impl Page {
    /// Tells the page until either side has enough.
    async fn live(self, upgraded: UpgradeFut) {
        let Ok(mut socket) = upgraded.await else { return };
        socket.set_auto_close(false);
        socket.set_auto_pong(false);
        socket.set_max_message_size(LONGEST);
        let (mut ear, mut mouth) = socket.split(tokio::io::split);
        let (pings, pinged) = mpsc::channel(PONGS);
        let hear = async {
            let mut send = |_: Frame<'_>| async { Ok::<_, Infallible>(()) };
            while let Ok(Ok(frame)) = timeout(SILENCE, ear.read_frame(&mut send)).await {
                match frame.opcode {
                    OpCode::Close => return,
                    // Who pings faster than it listens gets fewer answers.
                    OpCode::Ping => drop(pings.try_send(frame.payload.to_vec())),
                    _ => (),
                }
            }
        };
        let mut hear = pin!(hear);
        let code = tokio::select! {
            biased;
            () = self.deps.stop.cancelled() => Some(GOING),
            () = &mut hear => None,
            code = self.tell(&mut mouth, pinged) => code,
        };
        if let Some(code) = code {
            // It leaves, whether the page hears it or not.
            let told = timeout(SLOW, mouth.write_frame(Frame::close(code, b""))).await;
            // Its answer would find nobody here, and the page an error instead of the
            // reason (RFC 6455, 7.1.1).
            if let Ok(Ok(())) = told {
                let _ = timeout(GOODBYE, hear).await;
            }
        }
    }

    /// Tells what there is to tell, and returns why no more.
    async fn tell(
        &self,
        mouth: &mut WebSocketWrite<WriteHalf<TokioIo<Upgraded>>>,
        mut pinged: mpsc::Receiver<Vec<u8>>,
    ) -> Option<u16> {
        let mut news = self.watch.news();
        news.mark_unchanged();
        let mut beat = interval(BEAT);
        let mut due: Option<Due> = None;
        loop {
            let frame = tokio::select! {
                changed = changed(&mut news) => {
                    changed?;
                    due = Some(Due::again(due, Instant::now()));
                    continue;
                }
                () = until(due) => {
                    due = None;
                    Frame::text(Payload::Borrowed(b"reload"))
                }
                Some(ping) = pinged.recv() => Frame::pong(Payload::Owned(ping)),
                _ = beat.tick() => {
                    // A page that is looked at keeps its pass.
                    if self.pass.as_deref().is_some_and(|pass| !self.deps.canvas.is_good(pass)) {
                        return Some(REFUSED);
                    }
                    Frame::new(true, OpCode::Ping, None, Payload::Borrowed(b""))
                }
            };
            write(mouth, frame).await.ok()?;
        }
    }
}

async fn changed(news: &mut watch::Receiver<u64>) -> Option<()> {
    news.changed().await.ok()
}

async fn write<S: AsyncWrite + Unpin>(
    mouth: &mut WebSocketWrite<S>,
    frame: Frame<'_>,
) -> Result<(), WebSocketError> {
    timeout(SLOW, mouth.write_frame(frame)).await.unwrap_or(Err(WebSocketError::ConnectionClosed))
}

/// When a page is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    at: Instant,
    latest: Instant,
}

impl Due {
    /// Something changed (again) `now`.
    fn again(before: Option<Self>, now: Instant) -> Self {
        let latest = before.map_or(now + PATIENCE, |due| due.latest);
        Self { at: latest.min(now + QUIET), latest }
    }
}

async fn until(due: Option<Due>) {
    match due {
        Some(due) => sleep_until(due.at).await,
        None => std::future::pending().await,
    }
}

#[test]
fn a_page_is_told_when_files_are_left_alone_or_after_a_second() {
    let begin = Instant::now();
    let at = |millis| begin + Duration::from_millis(millis);
    let first = Due::again(None, at(0));
    assert_eq!(first.at, at(75));
    assert_eq!(Due::again(Some(first), at(60)).at, at(135));
    assert_eq!(Due::again(Some(first), at(990)).at, at(1000));
}
