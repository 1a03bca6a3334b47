//! Who knows the secret (`ws-protocol.md` 4.1 to 4.3).

use domain::access::Proof;
use ports::{config::AuthMode, driving::Credentials};

use super::Auth;

/// Why what somebody showed is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The gateway wants a token and has none itself.
    TokenNotConfigured,
    /// The gateway wants a token.
    TokenMissing,
    /// That is not the token.
    TokenMismatch,
    /// The gateway wants a password and has none itself.
    PasswordNotConfigured,
    /// The gateway wants a password.
    PasswordMissing,
    /// That is not the password.
    PasswordMismatch,
    /// The gateway wants nothing, but only of clients on its own machine.
    NotLocal,
}

impl Unproven {
    /// Whether somebody tried a secret, so that it counts as a failure.
    pub(super) const fn was_a_try(self) -> bool {
        matches!(self, Self::TokenMismatch | Self::PasswordMismatch)
    }
}

/// Where the secret may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Only in the field that is named after it.
    Own,
    /// In any field.
    Any,
}

impl Auth {
    /// Decides whether `credentials` are enough for somebody who is `local` or
    /// not, as far as the shared secret goes.
    pub(super) async fn prove(
        &self,
        credentials: &Credentials,
        field: Field,
        local: bool,
    ) -> Result<Proof, Unproven> {
        let shown = |own: &Option<Box<str>>, other: &Option<Box<str>>| {
            let filled = |text: &Option<Box<str>>| text.clone().filter(|text| !text.is_empty());
            match field {
                Field::Own => filled(own),
                Field::Any => filled(own).or_else(|| filled(other)),
            }
        };
        let secrets = &self.0.deps.secrets;
        let Credentials { token, password, .. } = credentials;
        match self.rules().mode() {
            AuthMode::None if local => Ok(Proof::Nothing),
            AuthMode::None | AuthMode::TrustedProxy => Err(Unproven::NotLocal),
            AuthMode::Token if !secrets.has_token() => Err(Unproven::TokenNotConfigured),
            AuthMode::Token => match shown(token, password) {
                None => Err(Unproven::TokenMissing),
                Some(shown) if secrets.is_token(&shown) => Ok(Proof::Token),
                Some(_) => Err(Unproven::TokenMismatch),
            },
            AuthMode::Password if !secrets.has_password() => Err(Unproven::PasswordNotConfigured),
            AuthMode::Password => match shown(password, token) {
                None => Err(Unproven::PasswordMissing),
                Some(shown) if secrets.is_password(&shown).await => Ok(Proof::Password),
                Some(_) => Err(Unproven::PasswordMismatch),
            },
        }
    }
}
