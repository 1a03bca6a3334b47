//! Devices: the keys clients keep, and what they sign with them
//! (`ws-protocol.md` 4.6).

pub mod payload;

use std::{fmt, time::Duration};

use self::payload::{Ambiguous, SignedFields};
use crate::{client::Protocol, time::Timestamp};

/// What a client says about its device in `connect`. Nothing in here is checked
/// yet.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceClaim {
    /// The name it claims.
    pub id: Box<str>,
    /// Its public key, as it spells it.
    pub public_key: Box<str>,
    /// Its signature, as it spells it.
    pub signature: Box<str>,
    /// When it signed.
    pub signed_at: Timestamp,
    /// The nonce it signed, if any.
    pub nonce: Option<Box<str>>,
}

/// Why a client is not the device it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFault {
    /// What it calls its key is none.
    #[error("device public key invalid")]
    Key,
    /// Its key belongs to another device.
    #[error("device identity mismatch")]
    Identity,
    /// It signed too long ago, or in the future.
    #[error("device signature expired")]
    Expired,
    /// It did not sign the nonce of the challenge.
    #[error("device nonce required")]
    NonceMissing,
    /// It signed the nonce of another challenge.
    #[error("device nonce mismatch")]
    NonceMismatch,
    /// The signature is not its own, or not under what it says.
    #[error("device signature invalid")]
    Signature,
}

/// What a claim has to answer to.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// The nonce the client was sent.
    pub nonce: &'a str,
    /// How it speaks.
    pub protocol: Protocol,
    /// Whether it may do without the nonce: a client on this machine, where the
    /// configuration allows that.
    pub nonce_optional: bool,
    /// Now.
    pub now: Timestamp,
}

impl Challenge<'_> {
    /// How far the clock of a client may be off. Clients of today sign the time
    /// of the challenge, older ones their own.
    fn skew(&self) -> Duration {
        match self.protocol {
            Protocol::V3 => Duration::from_mins(10),
            Protocol::V4 | Protocol::Brief => Duration::from_mins(2),
        }
    }
}

impl DeviceClaim {
    /// Whether the claim is fresh: made now, and for this connection.
    pub fn check(&self, challenge: &Challenge<'_>) -> Result<(), DeviceFault> {
        let (now, then) = (challenge.now, self.signed_at);
        if challenge.skew() < now.since(then).max(then.since(now)) {
            return Err(DeviceFault::Expired);
        }
        match self.nonce.as_deref().map(str::trim).filter(|nonce| !nonce.is_empty()) {
            Some(nonce) if nonce == challenge.nonce => Ok(()),
            Some(_) => Err(DeviceFault::NonceMismatch),
            None if challenge.nonce_optional => Ok(()),
            None => Err(DeviceFault::NonceMissing),
        }
    }

    /// The lines the device may have signed, the likeliest first.
    pub fn lines(&self, fields: &SignedFields<'_>) -> Result<Vec<String>, Ambiguous> {
        match self.nonce {
            Some(_) => Ok(vec![payload::v3(fields)?, payload::v2(fields)?]),
            None => Ok(vec![payload::v1(fields)?]),
        }
    }
}

impl fmt::Debug for DeviceClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceClaim")
            .field("id", &self.id)
            .field("signed_at", &self.signed_at)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}

#[test]
fn a_claim_is_made_now_and_for_this_connection() {
    use DeviceFault::{Expired, NonceMismatch, NonceMissing};
    use Protocol::{V3, V4};

    let now = Timestamp::from_millis(10_000_000);
    let (minutes, ago, ahead) = (Duration::from_mins, |it| now - it, |it| now + it);
    let (two, ten, bit) = (minutes(2), minutes(10), Duration::from_millis(1));
    let forever = Timestamp::from_millis(1 << 63);
    #[rustfmt::skip]
    let table = [
        (now,             Some("n"), V4, false, Ok(())),
        (ago(two),        Some("n"), V4, false, Ok(())),
        (ahead(two),      Some("n"), V4, false, Ok(())),
        (ago(two + bit),  Some("n"), V4, false, Err(Expired)),
        (ahead(two + bit),Some("n"), V4, false, Err(Expired)),
        (ago(ten),        Some("n"), V3, false, Ok(())),
        (ago(ten + bit),  Some("n"), V3, false, Err(Expired)),
        (forever,         Some("n"), V3, false, Err(Expired)),
        (now,             Some("x"), V3, true,  Err(NonceMismatch)),
        (now,             Some(""),  V4, false, Err(NonceMissing)),
        (now,             None,      V3, false, Err(NonceMissing)),
        (now,             None,      V3, true,  Ok(())),
    ];
    for (signed_at, nonce, protocol, nonce_optional, verdict) in table {
        let claim = DeviceClaim {
            id: "d".into(),
            public_key: "k".into(),
            signature: "s".into(),
            signed_at,
            nonce: nonce.map(Box::from),
        };
        let challenge = Challenge { nonce: "n", protocol, nonce_optional, now };
        assert_eq!(claim.check(&challenge), verdict, "{claim:?} {challenge:?}");
    }
}
