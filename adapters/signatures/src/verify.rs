//! Reading keys and checking signatures.

use domain::ids::DeviceId;
use ed25519_dalek::{Signature, VerifyingKey};
use ports::driven::{BadSignature, Digests, PublicKey, Signatures};

use crate::{
    Sha256,
    spelling::{self, PUBLIC_PREFIX},
};

/// Ed25519, verified strictly.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ed25519;

impl Signatures for Ed25519 {
    fn key(&self, text: &str) -> Option<PublicKey> {
        let bytes = if text.contains("BEGIN") {
            let der = spelling::pem(text, "PUBLIC KEY")?;
            der.strip_prefix(&PUBLIC_PREFIX)?.try_into().ok()?
        } else {
            spelling::decode(text)?
        };
        point(&bytes).map(|_| PublicKey(bytes))
    }

    fn spell(&self, key: &PublicKey) -> String {
        spelling::encode(&key.0)
    }

    fn device(&self, key: &PublicKey) -> DeviceId {
        device(&key.0)
    }

    fn verify(&self, key: &PublicKey, message: &str, signature: &str) -> Result<(), BadSignature> {
        let key = point(&key.0).ok_or(BadSignature)?;
        let bytes = spelling::decode(signature).ok_or(BadSignature)?;
        let signature = Signature::from_bytes(&bytes);
        key.verify_strict(message.as_bytes(), &signature).map_err(|_| BadSignature)
    }
}

/// The point `bytes` are, unless anybody could sign for it or it has another
/// spelling.
pub(crate) fn point(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(bytes).ok()?;
    // Reading takes the coordinate modulo the prime, writing reduces it.
    let same = key.to_edwards().compress().to_bytes() == *bytes;
    (same && !key.is_weak()).then_some(key)
}

/// The name of the device with this key.
pub(crate) fn device(key: &[u8; 32]) -> DeviceId {
    let name = Sha256.sha256(key);
    name.parse().expect("32 bytes are 64 lower-case hex digits")
}

#[cfg(test)]
mod tests {
    use domain::{
        device::payload::{self, SignedFields},
        time::Timestamp,
    };
    use ports::driven::Signer;
    use proptest::prelude::*;

    use super::*;
    use crate::DeviceKey;

    const KEY: &str = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
    const DEVICE: &str = "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c";
    const FIELDS: SignedFields<'_> = SignedFields {
        device: DEVICE,
        client_id: "cli",
        client_mode: "cli",
        role: "operator",
        scopes: &["operator.admin", "operator.approvals"],
        signed_at: Timestamp::from_millis(1_769_600_000_000),
        token: "tok",
        nonce: "nonce-1",
        platform: "Linux",
        device_family: "",
    };
    type Line = fn(&SignedFields<'_>) -> Result<String, payload::Ambiguous>;
    const SIGNED: [(Line, &str); 3] = [
        (
            payload::v1,
            "ISdfmISnsJg1wB_1qYkJXq2UamZnmIBs8wBv00An1zmePkMMqN4iOTWM496-tL9MXQdxzlqgTeYMpUsmtSBPBA",
        ),
        (
            payload::v2,
            "1wPWn8Visuc3Cjuvlv4_hiOohAYx_97PSrzTzip6bjdZSZV5aPQeUsjAiaMrSXwioWSk8r1LONBdFGm0Z3faCw",
        ),
        (
            payload::v3,
            "zw236TNzjxU0khXkE_vO0T-PsVaZsEakP9-FT6BvhAgtn4ldk8fdDzwDbFmZaq6MFesAvGKvQFlMmBXJvOzqCA",
        ),
    ];

    fn seed() -> [u8; 32] {
        std::array::from_fn(|at| u8::try_from(at).unwrap())
    }

    #[test]
    fn the_vectors_of_the_reference_hold_in_both_directions() {
        let ours = DeviceKey::from_seed(&seed());
        assert_eq!((ours.public_key(), ours.id().as_str()), (KEY.to_owned(), DEVICE));
        let key = Ed25519.key(KEY).unwrap();
        assert_eq!(Ed25519.device(&key).as_str(), DEVICE);
        assert_eq!(Ed25519.spell(&key), KEY);
        for (line, signature) in SIGNED {
            let line = line(&FIELDS).unwrap();
            assert_eq!(ours.sign(&line), signature, "{line}");
            assert_eq!(Ed25519.verify(&key, &line, signature), Ok(()), "{line}");
        }
    }

    #[test]
    fn a_key_is_read_from_base64url_base64_and_pem() {
        let key = Ed25519.key(KEY).unwrap();
        let plain = KEY.replace('_', "/");
        let pem = spelling::to_pem("PUBLIC KEY", &[&PUBLIC_PREFIX[..], &key.0].concat());
        for text in [format!("{KEY}="), plain.clone(), format!("{plain}="), pem] {
            assert_eq!(Ed25519.key(&text), Some(key), "{text}");
        }
        let short = spelling::to_pem("PUBLIC KEY", &PUBLIC_PREFIX);
        for text in ["", "A", &KEY[1..], &format!("{KEY}A"), &format!(" {KEY}"), "BEGIN", &short] {
            assert_eq!(Ed25519.key(text), None, "{text:?}");
        }
    }

    /// The eight points of small order, among them the neutral one, in every
    /// spelling that can be read as one of them.
    #[test]
    fn keys_anybody_can_sign_for_are_none() {
        const WEAK: [&str; 12] = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            // Not reduced: 1 + p, 0 + p, and the neutral point with a sign.
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ];
        for hex in WEAK {
            let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
            let bytes: [u8; 32] = std::array::from_fn(byte);
            assert_eq!(Ed25519.key(&spelling::encode(&bytes)), None, "{hex}");
            let forged = spelling::encode(&[&bytes[..], &[0; 32]].concat());
            assert!(Ed25519.verify(&PublicKey(bytes), "anything", &forged).is_err(), "{hex}");
        }
    }

    #[test]
    fn a_scalar_that_is_not_reduced_signs_nothing() {
        // The order of the group, little endian: adding it to the second half
        // changes the spelling and not the equation.
        const ORDER: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let key = Ed25519.key(KEY).unwrap();
        let line = payload::v3(&FIELDS).unwrap();
        let mut bytes: [u8; 64] = spelling::decode(SIGNED[2].1).unwrap();
        let mut carry = 0;
        for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            [*byte, _] = sum.to_le_bytes();
            carry = sum >> 8;
        }
        let malleable = spelling::encode(&bytes);
        assert_eq!(Ed25519.verify(&key, &line, &malleable), Err(BadSignature));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// One flipped bit of the signature, or one other letter in what was
        /// signed, and it does not fit any more.
        #[test]
        fn nothing_else_fits(bit in 0usize..512, at in 0usize..200) {
            let key = Ed25519.key(KEY).unwrap();
            let line = payload::v3(&FIELDS).unwrap();
            let mut bytes: [u8; 64] = spelling::decode(SIGNED[2].1).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Ed25519.verify(&key, &line, &spelling::encode(&bytes)).is_err());

            let mut other = line.clone().into_bytes();
            let at = at % other.len();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).unwrap();
            prop_assert!(Ed25519.verify(&key, &other, SIGNED[2].1).is_err());
        }
    }
}
