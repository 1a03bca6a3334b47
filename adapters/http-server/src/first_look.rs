//! A look at the first bytes of a connection, before they are parsed.
//!
//! A request that gives its length twice, by `Content-Length` and by
//! `Transfer-Encoding`, is how requests are smuggled past a proxy that believes
//! the other one. hyper drops the first, answers and closes the connection, so
//! that nothing can be smuggled; but it tells nobody. Here such a request is
//! seen while both are still there, if it is the first of its connection.

use futures_util::FutureExt;
use tokio::net::TcpStream;

/// What there is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstLook {
    /// The beginning of a conversation.
    Fine,
    /// The client has left.
    Gone,
    /// A request of two lengths.
    Ambiguous,
}

/// How far is looked, in bytes. Heads are a few hundred long.
const FAR: usize = 4096;

/// Waits until `stream` received something, looks at it and leaves it there.
pub(crate) async fn first_look(stream: &TcpStream) -> FirstLook {
    loop {
        // An accepted socket counts as readable until somebody tried, so look
        // first.
        if let Some(look) = look(stream) {
            return look;
        }
        if stream.readable().await.is_err() {
            return FirstLook::Gone;
        }
    }
}

/// What there is to see now. Not asynchronous, so that the bytes are on the
/// stack and not in every connection.
fn look(stream: &TcpStream) -> Option<FirstLook> {
    let mut head = [0; FAR];
    Some(match stream.peek(&mut head).now_or_never()? {
        Ok(0) | Err(_) => FirstLook::Gone,
        Ok(seen) if has_two_lengths(&head[..seen]) => FirstLook::Ambiguous,
        Ok(_) => FirstLook::Fine,
    })
}

fn has_two_lengths(bytes: &[u8]) -> bool {
    let (mut length, mut encoding) = (false, false);
    for line in bytes.split(|byte| *byte == b'\n').skip(1) {
        if line.trim_ascii().is_empty() {
            break;
        }
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        length |= name.eq_ignore_ascii_case(b"content-length");
        encoding |= name.eq_ignore_ascii_case(b"transfer-encoding");
    }
    length && encoding
}

#[test]
fn two_lengths_are_one_too_many() {
    #[rustfmt::skip]
    let table = [
        ("POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", true),
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nA: b\r\nCONTENT-LENGTH: 4\r\n\r\n", true),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nContent-Length: 4\r\n", false),
        ("POST / HTTP/1.1\r\nContent-Length: 44\r\n\r\n\nTransfer-Encoding: chunked\n", false),
        ("POST / HTTP/1.1\r\nContent-Length: 4\r\nX-Transfer-Encoding: chunked\r\n\r\n", false),
        ("", false),
    ];
    for (head, ambiguous) in table {
        assert_eq!(has_two_lengths(head.as_bytes()), ambiguous, "{head:?}");
    }
}
