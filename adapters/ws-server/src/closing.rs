//! The end of a connection.

use std::{future::poll_fn, ops::ControlFlow, sync::Arc, task::Poll, time::Duration};

use tokio::time::timeout;

use crate::{
    incoming::{Frames, Incoming},
    link::Link,
};

/// How long a client may take to read the last frame and to answer it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much is read at once from a client that nobody listens to any more.
const GULP: usize = 4 * 1024;

/// Waits until the close frame is sent and answered, but not for long. What else
/// the client sends is read and thrown away: closing a socket with unread bytes
/// would take the close frame back.
pub(crate) async fn finish(link: Arc<Link>, frames: Frames) {
    let _ = timeout(PATIENCE, Box::pin(goodbye(&link, frames))).await;
}

async fn goodbye(link: &Link, mut frames: Frames) {
    let mut buffer = vec![0; GULP];
    let mut readable = true;
    poll_fn(|cx| {
        let mut output = link.lock();
        output.watch(cx);
        if output.poll_drain(cx).is_ready() && (output.is_answered() || output.is_broken()) {
            return Poll::Ready(());
        }
        loop {
            match output.poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(read)) if 0 < read => {
                    // After something that is no frame, nothing is.
                    readable = readable
                        && frames
                            .feed(&mut buffer[..read], |incoming| match incoming {
                                Incoming::Close(_) => {
                                    output.answered();
                                    ControlFlow::Break(())
                                }
                                _ => ControlFlow::Continue(()),
                            })
                            .is_ok();
                    if output.is_answered() && !output.is_blocked() {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    })
    .await;
}
