//! Greeting a client.

use std::{io, sync::Arc, time::Duration};

use http_kit::{Encryption, Secured};
use ports::BoxFuture;
use rustls::{
    ServerConfig, ServerConnection,
    server::{Accepted, Acceptor},
};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    handing_out::Proof,
    socket::{Kernel, TlsSocket},
};

/// How long a client that is turned away may take to see why.
const LINGER: Duration = Duration::from_secs(2);

/// Greets clients.
#[derive(Clone, Debug)]
pub(crate) struct Greeter {
    pub(crate) with_clients: Arc<ServerConfig>,
    pub(crate) with_validators: Arc<ServerConfig>,
}

impl Encryption for Greeter {
    fn accept(&self, tcp: TcpStream) -> BoxFuture<io::Result<Option<Secured>>> {
        Box::pin(self.clone().greet(tcp))
    }
}

impl Greeter {
    async fn greet(self, mut tcp: TcpStream) -> io::Result<Option<Secured>> {
        let accepted = hear(&mut tcp).await?;
        let validates = Proof::is_asked_for(&accepted.client_hello());
        let config = if validates { self.with_validators } else { self.with_clients };
        let mut session = match accepted.into_connection(config) {
            Ok(session) => session,
            Err((error, mut alert)) => {
                // It fits into the empty buffer of the socket.
                let _ = alert.write_all(&mut Kernel(&tcp));
                return refuse(&mut tcp, error).await;
            }
        };
        converse(&mut tcp, &mut session).await?;
        if validates {
            session.send_close_notify();
            send(&tcp, &mut session).await?;
            return Ok(None);
        }
        let http2 = session.alpn_protocol() == Some(b"h2");
        Ok(Some(Secured::new(Box::new(TlsSocket::new(tcp, session)), http2)))
    }
}

/// Hears what a client begins with.
async fn hear(tcp: &mut TcpStream) -> io::Result<Accepted> {
    let mut acceptor = Acceptor::default();
    let mut beginning = Beginning::default();
    loop {
        receive(tcp, |kernel| acceptor.read_tls(&mut beginning.of(kernel))).await?;
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => (),
            Err((error, mut alert)) => {
                // They fit into the empty buffer of the socket.
                let _ = if beginning.is_old() {
                    tcp.try_write(&PROTOCOL_VERSION).map(drop)
                } else {
                    alert.write_all(&mut Kernel(tcp))
                };
                return refuse(tcp, error).await;
            }
        }
    }
}

/// The alert for those who speak a version nobody should. The library looks at
/// other things first, and says that something is missing from the greeting.
const PROTOCOL_VERSION: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 70];

/// The first bytes of a greeting: five of the record around it, four of its own
/// head, and the version.
#[derive(Default)]
struct Beginning {
    bytes: [u8; 11],
    heard: usize,
}

impl Beginning {
    /// `kernel`, listened to.
    fn of<'a>(&'a mut self, kernel: &'a mut impl io::Read) -> impl io::Read + 'a {
        Overheard { beginning: self, kernel }
    }

    /// Whether it is a greeting of a version before TLS 1.2. Those of later ones
    /// say 1.2 in this place.
    fn is_old(&self) -> bool {
        let [0x16, _, _, _, _, 1, _, _, _, major, minor] = self.bytes else { return false };
        self.heard == self.bytes.len() && (major, minor) < (3, 3)
    }
}

struct Overheard<'a, R> {
    beginning: &'a mut Beginning,
    kernel: &'a mut R,
}

impl<R: io::Read> io::Read for Overheard<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.kernel.read(buffer)?;
        let Beginning { bytes, heard } = self.beginning;
        let more = read.min(bytes.len() - *heard);
        bytes[*heard..][..more].copy_from_slice(&buffer[..more]);
        *heard += more;
        Ok(read)
    }
}

/// Goes on until both sides are content.
async fn converse(tcp: &mut TcpStream, session: &mut ServerConnection) -> io::Result<()> {
    loop {
        send(tcp, session).await?;
        if !session.is_handshaking() {
            return Ok(());
        }
        receive(tcp, |kernel| session.read_tls(kernel)).await?;
        if let Err(error) = session.process_new_packets() {
            let _ = send(tcp, session).await;
            return refuse(tcp, error).await;
        }
    }
}

async fn send(tcp: &TcpStream, session: &mut ServerConnection) -> io::Result<()> {
    while session.wants_write() {
        match session.write_tls(&mut Kernel(tcp)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => tcp.writable().await?,
            written => drop(written?),
        }
    }
    Ok(())
}

async fn receive(
    tcp: &TcpStream,
    mut read: impl FnMut(&mut Kernel<'_>) -> io::Result<usize>,
) -> io::Result<()> {
    loop {
        match read(&mut Kernel(tcp)) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => tcp.readable().await?,
            Err(error) => return Err(error),
        }
    }
}

/// Hangs up so that the alert arrives: a socket closed with unread bytes resets
/// the connection, and the alert with it.
async fn refuse<T>(tcp: &mut TcpStream, error: rustls::Error) -> io::Result<T> {
    let hang_up = async {
        tcp.shutdown().await?;
        loop {
            let mut unread = [0; 512];
            receive(tcp, |kernel| io::Read::read(kernel, &mut unread)).await?;
        }
    };
    let _: Result<io::Result<()>, _> = timeout(LINGER, hang_up).await;
    Err(io::Error::new(io::ErrorKind::InvalidData, error))
}
