//! What can go wrong on the way to an answer, in the words people know.

use std::{io, time::Duration};

use http_client::SecureError;

use crate::frames::GatewayError;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A secret would be readable on the way.
    #[error(
        "refusing to send a token or password to {0} unencrypted; use wss:// or a tunnel, or \
         --allow-insecure if the network in between is yours"
    )]
    Readable(String),
    /// Nobody listens there.
    #[error("no gateway answers at {target}: {}", source.kind())]
    Unreachable {
        /// Where.
        target: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The connection cannot be encrypted, or the other end is somebody else.
    #[error("no trusted connection to {target}: {source}")]
    Secure {
        /// Where.
        target: String,
        /// What went wrong.
        source: SecureError,
    },
    /// A certificate is expected of a gateway that shows none.
    #[error("a TLS fingerprint needs a wss:// address, and {0} is none")]
    PinnedInTheOpen(String),
    /// Somebody listens, but not a gateway.
    #[error("{0} is not a gateway: it does not speak WebSocket")]
    NotAGateway(String),
    /// The gateway does not let us in.
    #[error("the gateway refused the connection: {0}")]
    Refused(GatewayError),
    /// The connection ended or took too long.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The gateway says no.
    #[error("{0}")]
    Gateway(GatewayError),
    /// The gateway ended the connection.
    #[error("gateway closed ({code}{}{reason})", if reason.is_empty() { "" } else { " " })]
    Closed {
        /// The code of the closing.
        code: u16,
        /// Its reason.
        reason: String,
    },
    /// The gateway took too long.
    #[error("gateway timeout after {}ms", .0.as_millis())]
    Timeout(Duration),
    /// The gateway said something that makes no sense.
    #[error("the gateway sent something that is not part of its protocol")]
    Nonsense,
}
