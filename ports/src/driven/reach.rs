//! How the gateway is reached from elsewhere.

use crate::Json;

/// Knows where clients on other machines find the gateway.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Reach: Send + Sync {
    /// Its addresses as `ws://` or `wss://` URLs, the best first. None if only
    /// this machine can reach it.
    fn urls(&self) -> Vec<String>;

    /// SHA-256 of its certificate in lower-case hex, if it has one that clients
    /// have to be told about.
    fn fingerprint(&self) -> Option<String>;
}

/// Writes what is handed from screen to screen.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait CodeWriter: Send + Sync {
    /// `contents` as text that survives being copied: base64url without padding.
    fn encode(&self, contents: &Json) -> String;

    /// `text` as a QR code: a PNG in a data URL. None if it is too long for one.
    fn picture(&self, text: &str) -> Option<String>;
}
