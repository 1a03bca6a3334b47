//! What a device signs: its claim as one line of text (`ws-protocol.md` 4.6).
//!
//! The fields are joined without escaping, so a field that holds a separator
//! could be read as two. Such a claim is never written down, and so never
//! signed and never believed.

use std::fmt;

use crate::time::Timestamp;

/// Everything a device can put its signature under.
#[derive(Clone, Copy)]
pub struct SignedFields<'a> {
    /// The name of the device.
    pub device: &'a str,
    /// Which program, as in `cli`.
    pub client_id: &'a str,
    /// What kind of program.
    pub client_mode: &'a str,
    /// The role it wants, `operator` when it does not say.
    pub role: &'a str,
    /// The scopes it asks for, as they were sent.
    pub scopes: &'a [&'a str],
    /// When it signs.
    pub signed_at: Timestamp,
    /// The token it shows, or nothing. Never a password.
    pub token: &'a str,
    /// The nonce of the challenge, or nothing.
    pub nonce: &'a str,
    /// What it runs on, as it was sent, or nothing.
    pub platform: &'a str,
    /// The family of the device, as it was sent, or nothing.
    pub device_family: &'a str,
}

impl fmt::Debug for SignedFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedFields")
            .field("device", &self.device)
            .field("client_id", &self.client_id)
            .field("role", &self.role)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// A field holds a separator, so the line could be read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signed field must not contain a separator")]
pub struct Ambiguous;

/// The line of clients that were told no nonce. Good on the same machine only.
pub fn v1(fields: &SignedFields<'_>) -> Result<String, Ambiguous> {
    line("v1", fields, &[])
}

/// The line of clients of January 2026.
pub fn v2(fields: &SignedFields<'_>) -> Result<String, Ambiguous> {
    line("v2", fields, &[fields.nonce])
}

/// The line of today's clients.
pub fn v3(fields: &SignedFields<'_>) -> Result<String, Ambiguous> {
    let tame = |text: &str| text.trim().to_ascii_lowercase();
    let (platform, family) = (tame(fields.platform), tame(fields.device_family));
    line("v3", fields, &[fields.nonce, &platform, &family])
}

fn line(version: &str, fields: &SignedFields<'_>, last: &[&str]) -> Result<String, Ambiguous> {
    if fields.scopes.iter().any(|scope| scope.contains(',')) {
        return Err(Ambiguous);
    }
    let scopes = fields.scopes.join(",");
    let signed_at = fields.signed_at.as_millis().to_string();
    let first = [
        version,
        fields.device,
        fields.client_id,
        fields.client_mode,
        fields.role,
        &scopes,
        &signed_at,
        fields.token,
    ];
    let all: Vec<&str> = first.iter().chain(last).copied().collect();
    if all.iter().any(|field| field.contains('|')) {
        return Err(Ambiguous);
    }
    Ok(all.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: SignedFields<'_> = SignedFields {
        device: "56475aa7",
        client_id: "cli",
        client_mode: "cli",
        role: "operator",
        scopes: &["operator.admin", "operator.approvals"],
        signed_at: Timestamp::from_millis(1_769_600_000_000),
        token: "tok",
        nonce: "nonce-1",
        platform: " Linux ",
        device_family: "",
    };

    #[test]
    fn the_three_lines() {
        let scopes = "operator.admin,operator.approvals";
        let common = format!("56475aa7|cli|cli|operator|{scopes}|1769600000000|tok");
        assert_eq!(v1(&FIELDS), Ok(format!("v1|{common}")));
        assert_eq!(v2(&FIELDS), Ok(format!("v2|{common}|nonce-1")));
        assert_eq!(v3(&FIELDS), Ok(format!("v3|{common}|nonce-1|linux|")));
        let bare = SignedFields { scopes: &[], token: "", ..FIELDS };
        assert_eq!(v1(&bare).unwrap(), "v1|56475aa7|cli|cli|operator||1769600000000|");
    }

    #[test]
    fn only_the_letters_of_ascii_become_small() {
        let fields = SignedFields { platform: "\u{130}OS", device_family: "iPhone", ..FIELDS };
        assert!(v3(&fields).unwrap().ends_with("|\u{130}os|iphone"));
    }

    #[test]
    fn a_field_that_could_be_two_is_never_signed() {
        #[rustfmt::skip]
        let table = [
            SignedFields { device: "a|b", ..FIELDS },
            SignedFields { client_id: "a|b", ..FIELDS },
            SignedFields { client_mode: "a|b", ..FIELDS },
            SignedFields { role: "operator|x", ..FIELDS },
            SignedFields { scopes: &["a|b"], ..FIELDS },
            SignedFields { scopes: &["a,b"], ..FIELDS },
            SignedFields { token: "a|b", ..FIELDS },
        ];
        for (case, fields) in table.iter().enumerate() {
            for line in [v1, v2, v3] {
                assert_eq!(line(fields), Err(Ambiguous), "case {case}");
            }
        }
        assert_eq!(v2(&SignedFields { nonce: "a|b", ..FIELDS }), Err(Ambiguous));
        assert_eq!(v3(&SignedFields { platform: "a|b", ..FIELDS }), Err(Ambiguous));
        assert_eq!(v3(&SignedFields { device_family: "|", ..FIELDS }), Err(Ambiguous));
    }
}
