//! Connections that are encrypted, whoever does it.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ports::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Encrypts connections.
pub trait Encryption: Send + Sync {
    /// Greets the client at the other end of `tcp`. There is no connection when
    /// it only wanted to see our certificate, and was shown it.
    ///
    /// The caller decides how long this may take, and drops the future then. A
    /// client that does not do its part has been told why when this fails.
    fn accept(&self, tcp: TcpStream) -> BoxFuture<io::Result<Option<Secured>>>;
}

/// An encrypted connection that takes what the kernel takes, and never waits.
pub trait SecuredSocket: fmt::Debug + Send {
    /// Reads what is there, or arranges to be woken. No bytes mean the end.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes what the kernel takes now; `WouldBlock` when that is nothing.
    ///
    /// Bytes that were not taken have to be offered again, unchanged and before
    /// any others: some of them may be encrypted already.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Arranges to be woken when the kernel takes bytes again.
    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says that nothing more will be written.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// An encrypted connection.
#[derive(Debug)]
pub struct Secured {
    socket: Box<dyn SecuredSocket>,
    http2: bool,
}

impl Secured {
    /// The connection over `socket`; `http2` says whether client and server
    /// agreed on it.
    pub fn new(socket: Box<dyn SecuredSocket>, http2: bool) -> Self {
        Self { socket, http2 }
    }

    /// Whether HTTP/2 is spoken on it.
    pub fn speaks_http2(&self) -> bool {
        self.http2
    }

    /// What is below.
    pub fn into_socket(self) -> Box<dyn SecuredSocket> {
        self.socket
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(self.socket.poll_read(cx, buffer.initialize_unfilled()))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

/// Whoever writes keeps what was not taken at the head of what it writes next,
/// as every buffered writer does; see [`SecuredSocket::try_write`].
impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.socket.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.socket.poll_write_ready(cx))?;
                }
                written => return Poll::Ready(written),
            }
        }
    }

    /// What was written is with the kernel already.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_shutdown(cx)
    }
}
