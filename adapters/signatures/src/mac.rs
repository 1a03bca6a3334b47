//! Comparing secrets and seals.

use std::sync::LazyLock;

use ports::driven::Macs;
use ring::{
    hmac::{self, HMAC_SHA256, Key, Tag},
    rand::{SecureRandom, SystemRandom},
};

/// HMAC-SHA-256.
#[derive(Clone, Copy, Debug, Default)]
pub struct HmacSha256;

/// Both sides of a comparison are sealed under a key nobody knows, so that
/// neither their lengths nor where they differ can be measured.
static KEY: LazyLock<Key> = LazyLock::new(|| {
    let mut key = [0; 32];
    let made = SystemRandom::new().fill(&mut key);
    made.expect("the system gave randomness when the gateway's secrets were opened");
    Key::new(HMAC_SHA256, &key)
});

impl Macs for HmacSha256 {
    fn is_seal(&self, secret: &str, before: &str, body: &[u8], seal: &[u8; 32]) -> bool {
        if secret.is_empty() {
            return false;
        }
        let key = Key::new(HMAC_SHA256, secret.as_bytes());
        if before.is_empty() {
            return hmac::verify(&key, body, seal).is_ok();
        }
        let mut sealed = hmac::Context::with_key(&key);
        sealed.update(before.as_bytes());
        sealed.update(body);
        is_tag(&sealed.sign(), seal)
    }

    fn is_same(&self, own: &str, presented: &str) -> bool {
        let same =
            is_tag(&hmac::sign(&KEY, own.as_bytes()), hmac::sign(&KEY, presented.as_bytes()));
        same && !own.is_empty()
    }
}

/// Whether two tags are the same, as `verify` compares: of both once more.
fn is_tag(tag: &Tag, other: impl AsRef<[u8]>) -> bool {
    let again = hmac::sign(&KEY, other.as_ref());
    hmac::verify(&KEY, tag.as_ref(), again.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> [u8; 32] {
        let byte = |index: usize| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap();
        std::array::from_fn(byte)
    }

    /// What GitHub and Slack say in their documentation.
    #[test]
    fn seals_others_made_are_known() {
        let github = bytes("757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
        assert!(HmacSha256.is_seal("It's a Secret to Everybody", "", b"Hello, World!", &github));
        assert!(!HmacSha256.is_seal("It's a secret to Everybody", "", b"Hello, World!", &github));

        let slack = bytes("a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        assert!(HmacSha256.is_seal(secret, "v0:1531420618:", body, &slack));
        assert!(!HmacSha256.is_seal(secret, "v0:1531420619:", body, &slack));
        assert!(!HmacSha256.is_seal(secret, "v0:1531420618:", &body[1..], &slack));
    }

    #[test]
    fn nothing_is_no_secret() {
        let empty = hmac::sign(&Key::new(HMAC_SHA256, b""), b"body");
        let seal = empty.as_ref().try_into().unwrap();
        assert!(!HmacSha256.is_seal("", "", b"body", seal));
        assert!(!HmacSha256.is_same("", ""));
    }

    proptest! {
        #[test]
        fn only_the_same_is_the_same(own in ".{1,40}", other in ".{0,40}") {
            prop_assert!(HmacSha256.is_same(&own, &own));
            prop_assert_eq!(HmacSha256.is_same(&own, &other), own == other);
        }
    }
}
