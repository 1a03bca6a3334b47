//! Names of things: parsed once, opaque afterwards, cheap to clone.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// Nothing is left after trimming.
    #[error("must NOT have fewer than 1 characters")]
    Empty,
    /// Longer than allowed.
    #[error("must NOT have more than {0} characters")]
    TooLong(usize),
    /// Contains characters that have no place in a name.
    #[error("must not contain control characters")]
    Control,
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, max = $max:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest accepted text, in bytes.
            pub const MAX_LEN: usize = $max;

            /// The text of the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                if raw.trim().is_empty() {
                    return Err(ParseIdError::Empty);
                }
                if Self::MAX_LEN < raw.len() {
                    return Err(ParseIdError::TooLong(Self::MAX_LEN));
                }
                if raw.chars().any(char::is_control) {
                    return Err(ParseIdError::Control);
                }
                Ok(Self(raw.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIdError;

            fn try_from(raw: String) -> Result<Self, Self::Error> {
                raw.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names one run. Clients choose it: it is the idempotency key of the call
    /// that started the run.
    RunId, max = 256
);
id!(
    /// Names one transcript. A session gets a new one when it is reset.
    SessionId, max = 128
);
id!(
    /// Names one record of a transcript.
    MessageId, max = 64
);

id!(
    /// Names a request that waits for somebody's decision: a pairing, a command.
    RequestId, max = 128
);
id!(
    /// Names one command that was sent to a node.
    InvokeId, max = 128
);
id!(
    /// Names a node. A node that was let in has the name of its device.
    NodeId, max = 256
);

/// Names a device: the SHA-256 of its public key, in 64 lower-case hex digits
/// (`ws-protocol.md` 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(Arc<str>);

/// The text is not the name of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a device id is 64 lower-case hex digits")]
pub struct ParseDeviceIdError;

impl DeviceId {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the node that runs on this device.
    pub fn node(&self) -> NodeId {
        NodeId(Arc::clone(&self.0))
    }
}

impl FromStr for DeviceId {
    type Err = ParseDeviceIdError;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if raw.len() == 64 && raw.bytes().all(digit) {
            Ok(Self(raw.into()))
        } else {
            Err(ParseDeviceIdError)
        }
    }
}

impl TryFrom<String> for DeviceId {
    type Error = ParseDeviceIdError;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.0.as_ref().into()
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names an agent: `[a-z0-9][a-z0-9_-]{0,63}`.
///
/// Reading never fails: letters become lower case, everything else that does
/// not fit becomes a dash, and nothing at all becomes `main`
/// (`ws-protocol.md` 9.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct AgentId(Arc<str>);

impl AgentId {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 64;

    /// The agent that is always there.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// The agent that `raw` names.
    pub fn normalize(raw: &str) -> Self {
        let mut name = String::with_capacity(raw.len().min(Self::MAX_LEN));
        for c in raw.trim().chars() {
            let c = c.to_ascii_lowercase();
            let fits = c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
            match fits {
                true => name.push(c),
                false if name.ends_with('-') => (),
                false => name.push('-'),
            }
        }
        let name = name.trim_start_matches(['-', '_']);
        let name = name.get(..Self::MAX_LEN).unwrap_or(name).trim_end_matches('-');
        if name.is_empty() { Self::main() } else { Self(name.into()) }
    }

    /// Whether `raw` is already in canonical form.
    pub fn is_canonical(raw: &str) -> bool {
        Self::normalize(raw).as_str() == raw
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for AgentId {
    fn from(raw: String) -> Self {
        Self::normalize(&raw)
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0.as_ref().into()
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[test]
fn agents_have_tame_names() {
    #[rustfmt::skip]
    let table = [
        ("main",           "main"),
        ("  Work Bot ",    "work-bot"),
        ("../../x",        "x"),
        ("",               "main"),
        ("---",            "main"),
        ("a__b",           "a__b"),
        ("über",           "ber"),
    ];
    for (raw, name) in table {
        assert_eq!(AgentId::normalize(raw).as_str(), name, "{raw:?}");
    }
    assert!(AgentId::normalize(&"x".repeat(200)).as_str().len() <= AgentId::MAX_LEN);
}

#[test]
fn names_are_neither_empty_nor_endless_nor_binary() {
    assert_eq!(" ".parse::<RunId>(), Err(ParseIdError::Empty));
    assert_eq!("x".repeat(257).parse::<RunId>(), Err(ParseIdError::TooLong(256)));
    assert_eq!("a\nb".parse::<RunId>(), Err(ParseIdError::Control));
    assert!("5f0c".parse::<SessionId>().is_ok());
}

#[test]
fn a_device_goes_by_the_hash_of_its_key() {
    let name = "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c";
    assert_eq!(name.parse::<DeviceId>().unwrap().node().as_str(), name);
    for other in ["", "__proto__", &name[1..], &name.to_uppercase(), &format!("{name} ")] {
        assert_eq!(other.parse::<DeviceId>(), Err(ParseDeviceIdError), "{other:?}");
    }
}
