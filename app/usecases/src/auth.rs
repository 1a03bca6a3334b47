//! Who knows the secret (`ws-protocol.md` 4.1 to 4.3).

use std::{fmt, sync::Arc};

use domain::access::Proof;
use ports::{
    config::AuthMode,
    driven::{ConfigSource, Secrets},
    driving::Credentials,
};

/// Compares what somebody shows with the gateway's own secrets.
#[derive(Clone)]
pub struct Auth {
    config: Arc<dyn ConfigSource>,
    secrets: Arc<dyn Secrets>,
    chosen: Option<AuthMode>,
}

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

/// Where the secret may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Only in the field that is named after it.
    Own,
    /// In any field.
    Any,
}

impl Auth {
    /// Compares with `secrets`, in the manner `config` asks for.
    pub fn new(config: Arc<dyn ConfigSource>, secrets: Arc<dyn Secrets>) -> Self {
        Self { config, secrets, chosen: None }
    }

    /// The same, wanting `mode` whatever the configuration says, if there is
    /// one.
    #[must_use]
    pub fn wanting(self, mode: Option<AuthMode>) -> Self {
        Self { chosen: mode, ..self }
    }

    /// What a client has to show.
    pub fn mode(&self) -> AuthMode {
        let default = || {
            if self.secrets.has_password() { AuthMode::Password } else { AuthMode::Token }
        };
        let configured = || self.config.current().gateway.auth.mode;
        self.chosen.or_else(configured).unwrap_or_else(default)
    }

    /// Decides whether `credentials` are enough for somebody who is `local` or
    /// not.
    pub fn prove(
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
        let Credentials { token, password, .. } = credentials;
        match self.mode() {
            AuthMode::None if local => Ok(Proof::Nothing),
            AuthMode::None => Err(Unproven::NotLocal),
            AuthMode::Token if !self.secrets.has_token() => Err(Unproven::TokenNotConfigured),
            AuthMode::Token => match shown(token, password) {
                None => Err(Unproven::TokenMissing),
                Some(shown) if self.secrets.is_token(&shown) => Ok(Proof::Token),
                Some(_) => Err(Unproven::TokenMismatch),
            },
            AuthMode::Password if !self.secrets.has_password() => {
                Err(Unproven::PasswordNotConfigured)
            }
            AuthMode::Password => match shown(password, token) {
                None => Err(Unproven::PasswordMissing),
                Some(shown) if self.secrets.is_password(&shown) => Ok(Proof::Password),
                Some(_) => Err(Unproven::PasswordMismatch),
            },
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ports::{config::Config, driven::MockSecrets};

    use super::*;
    use crate::testing::config;

    fn auth(mode: Option<AuthMode>, token: bool, password: bool) -> Auth {
        let mut secrets = MockSecrets::new();
        secrets.expect_has_token().return_const(token);
        secrets.expect_has_password().return_const(password);
        secrets.expect_is_token().returning(move |text| token && text == "t");
        secrets.expect_is_password().returning(move |text| password && text == "p");
        let mut tree = Config::default();
        tree.gateway.auth.mode = mode;
        Auth::new(config(tree), Arc::new(secrets))
    }

    #[test]
    fn what_is_enough() {
        use AuthMode::{None as Nothing, Password, Token};
        use Field::{Any, Own};
        use Unproven::{
            NotLocal, PasswordMismatch, PasswordMissing, PasswordNotConfigured, TokenMismatch,
            TokenMissing, TokenNotConfigured,
        };

        let t = Proof::Token;
        let p = Proof::Password;
        #[rustfmt::skip]
        let table = [
            // mode            has        token       password    where  verdict
            (None,           (true,  false), Some("t"), None,       Own, Ok(t)),
            (None,           (true,  true),  Some("t"), None,       Own, Err(PasswordMissing)),
            (None,           (true,  true),  None,      Some("p"),  Own, Ok(p)),
            (Some(Token),    (true,  true),  Some("t"), Some("x"),  Own, Ok(t)),
            (Some(Token),    (true,  false), Some("x"), None,       Own, Err(TokenMismatch)),
            (Some(Token),    (true,  false), Some(""),  None,       Own, Err(TokenMissing)),
            (Some(Token),    (true,  false), None,      None,       Any, Err(TokenMissing)),
            (Some(Token),    (true,  false), None,      Some("t"),  Own, Err(TokenMissing)),
            (Some(Token),    (true,  false), None,      Some("t"),  Any, Ok(t)),
            (Some(Token),    (true,  false), Some("x"), Some("t"),  Any, Err(TokenMismatch)),
            (Some(Token),    (false, false), Some(""),  None,       Any, Err(TokenNotConfigured)),
            (Some(Password), (true,  true),  Some("t"), Some("x"),  Own, Err(PasswordMismatch)),
            (Some(Password), (true,  true),  Some("p"), None,       Own, Err(PasswordMissing)),
            (Some(Password), (true,  true),  Some("p"), None,       Any, Ok(p)),
            (Some(Password), (true,  false), None,      Some("p"),  Own, Err(PasswordNotConfigured)),
        ];
        for (mode, (has_token, has_password), token, password, field, verdict) in table {
            let credentials = Credentials {
                token: token.map(Into::into),
                password: password.map(Into::into),
                ..Credentials::default()
            };
            let auth = auth(mode, has_token, has_password);
            let found = auth.prove(&credentials, field, true);
            assert_eq!(found, verdict, "{mode:?} {token:?} {password:?} {field:?}");
        }

        let open = auth(Some(Nothing), false, false);
        assert_eq!(open.prove(&Credentials::default(), Own, true), Ok(Proof::Nothing));
        assert_eq!(open.prove(&Credentials::default(), Own, false), Err(NotLocal));
    }
}
