//! An encrypted connection that never waits.

use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http_kit::SecuredSocket;
use rustls::ServerConnection;
use tokio::{io::AsyncWrite, net::TcpStream};

/// How much is encrypted at once, in bytes. More waits for as long as the
/// kernel does not take this much, and so does not take up memory twice.
const GULP: usize = 64 * 1024;

/// An encrypted connection: what TLS makes of bytes, and the socket below.
pub(crate) struct TlsSocket {
    tcp: TcpStream,
    session: ServerConnection,
    /// How many of the bytes that will be offered next are encrypted already and
    /// wait in `session`. They count as written when the kernel has them.
    encrypted: usize,
    parted: bool,
}

impl TlsSocket {
    /// The connection of `session` over `tcp`, after its handshake.
    pub(crate) fn new(tcp: TcpStream, session: ServerConnection) -> Self {
        Self { tcp, session, encrypted: 0, parted: false }
    }

    /// Hands what is encrypted to the kernel; `WouldBlock` when it does not take
    /// all of it.
    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut Kernel(&self.tcp))?;
        }
        Ok(())
    }
}

impl SecuredSocket for TlsSocket {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                read => return Poll::Ready(read),
            }
            match self.session.read_tls(&mut Kernel(&self.tcp)) {
                Ok(_) => (),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.tcp.poll_read_ready(cx))?;
                    continue;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
            let processed = self.session.process_new_packets();
            // Alerts and the like. What the kernel does not take now goes with
            // what is written next.
            let _ = self.flush();
            if let Err(error) = processed {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
        }
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        loop {
            match self.flush() {
                Ok(()) => (),
                Err(error) if written == 0 => return Err(error),
                // The next attempt says it again.
                Err(_) => return Ok(written),
            }
            let done = self.encrypted.min(bytes.len() - written);
            self.encrypted -= done;
            written += done;
            if written == bytes.len() {
                return Ok(written);
            }
            let rest = &bytes[written..];
            self.encrypted = self.session.writer().write(&rest[..rest.len().min(GULP)])?;
            if self.encrypted == 0 {
                // It takes nothing once it has said goodbye.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    }

    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_write_ready(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.parted {
            self.parted = true;
            self.session.send_close_notify();
        }
        loop {
            match self.flush() {
                Ok(()) => return Pin::new(&mut self.tcp).poll_shutdown(cx),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.tcp.poll_write_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// What the kernel has and takes now, as blocking I/O that never blocks.
pub(crate) struct Kernel<'a>(pub(crate) &'a TcpStream);

impl Read for Kernel<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Kernel<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for TlsSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSocket").field("tcp", &self.tcp).finish_non_exhaustive()
    }
}
