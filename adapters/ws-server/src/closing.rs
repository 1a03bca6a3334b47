//! The end of a connection.

use std::{future::poll_fn, ops::ControlFlow, sync::Arc, task::Poll, time::Duration};

use tokio::time::{Instant, timeout};

use crate::{
    incoming::{Frames, Incoming},
    link::Link,
};

/// How long a client may do nothing, neither read nor write, before its socket
/// is closed without the last words being exchanged.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the end of a connection may take, whatever the client does.
const LIMIT: Duration = Duration::from_secs(3);
/// How much is read at once from a client that nobody listens to any more.
const GULP: usize = 8 * 1024;

/// Waits until the close frame is sent and answered, but not for long. What else
/// the client sends is read and thrown away: closing a socket with unread bytes
/// would take the close frame back.
pub(crate) async fn finish(link: Arc<Link>, frames: Frames) {
    Box::pin(say_goodbye(&link, frames)).await;
}

async fn say_goodbye(link: &Link, mut frames: Frames) {
    let end = Instant::now() + LIMIT;
    let mut buffer = vec![0; GULP];
    while let Ok(ControlFlow::Continue(())) =
        timeout(PATIENCE, step(link, &mut frames, &mut buffer)).await
        && Instant::now() < end
    {}
}

/// Resolves when something was sent or came, or when all is said.
async fn step(link: &Link, frames: &mut Frames, buffer: &mut [u8]) -> ControlFlow<()> {
    poll_fn(|cx| {
        let mut output = link.lock();
        output.watch(cx);
        let waiting = output.waits();
        let sent = output.poll_drain(cx).is_ready();
        if output.is_broken() || (sent && output.is_answered()) {
            return Poll::Ready(ControlFlow::Break(()));
        }
        match output.poll_read(cx, buffer) {
            Poll::Pending if output.waits() < waiting => Poll::Ready(ControlFlow::Continue(())),
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(read)) if 0 < read => {
                // After something that is no frame, nothing is.
                let _ = frames.feed(&mut buffer[..read], |incoming| match incoming {
                    Incoming::Close(_) => {
                        output.answered();
                        ControlFlow::Break(())
                    }
                    _ => ControlFlow::Continue(()),
                });
                Poll::Ready(ControlFlow::Continue(()))
            }
            Poll::Ready(_) => Poll::Ready(ControlFlow::Break(())),
        }
    })
    .await
}
