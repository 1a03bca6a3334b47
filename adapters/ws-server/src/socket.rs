//! The socket under a connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use http_kit::SecuredSocket;
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};

/// What a connection reads from and writes to. An enum rather than a trait: the
/// flusher writes to thousands of them in a row.
#[derive(Debug)]
pub(crate) enum Socket {
    /// Plain TCP.
    Tcp(TcpStream),
    /// An encrypted connection.
    Secured(Box<dyn SecuredSocket>),
}

impl Socket {
    /// Reads what is there, or arranges to be woken. No bytes mean the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(tcp) => {
                let mut buffer = ReadBuf::new(buffer);
                Pin::new(tcp).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
            }
            Self::Secured(socket) => socket.poll_read(cx, buffer),
        }
    }

    /// Writes what the kernel takes now; `WouldBlock` when that is nothing. What
    /// was not taken has to be offered again before anything else is.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_write(bytes),
            Self::Secured(socket) => socket.try_write(bytes),
        }
    }

    /// Arranges to be woken when the kernel takes bytes again.
    pub(crate) fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_write_ready(cx),
            Self::Secured(socket) => socket.poll_write_ready(cx),
        }
    }
}
