//! Telling somebody that what he showed is not enough, so that he knows what to
//! do (`ws-protocol.md` 4.3).

use domain::client::{ClientInfo, Mode};
use ports::driving::RpcError;
use serde::Serialize;
use usecases::auth::Unproven;

/// What programs make of a refusal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    code: &'static str,
    auth_reason: &'static str,
    can_retry_with_device_token: bool,
    recommended_next_step: &'static str,
}

/// The refusal for `info`. It says what is missing and never what was shown.
pub(super) fn refused(unproven: Unproven, info: &ClientInfo) -> RpcError {
    let hint = Hint::of(info);
    let (token, password) = (hint.token(), hint.password());
    let (message, code, reason, next) = match unproven {
        Unproven::TokenNotConfigured => (
            "gateway token not configured on gateway (set gateway.auth.token)".to_owned(),
            "AUTH_TOKEN_NOT_CONFIGURED",
            "token_missing_config",
            "review_auth_configuration",
        ),
        Unproven::TokenMissing => (
            format!("gateway token missing ({token})"),
            "AUTH_TOKEN_MISSING",
            "token_missing",
            "update_auth_configuration",
        ),
        Unproven::TokenMismatch => (
            format!("gateway token mismatch ({token})"),
            "AUTH_TOKEN_MISMATCH",
            "token_mismatch",
            "update_auth_credentials",
        ),
        Unproven::PasswordNotConfigured => (
            "gateway password not configured on gateway (set gateway.auth.password)".to_owned(),
            "AUTH_PASSWORD_NOT_CONFIGURED",
            "password_missing_config",
            "review_auth_configuration",
        ),
        Unproven::PasswordMissing => (
            format!("gateway password missing ({password})"),
            "AUTH_PASSWORD_MISSING",
            "password_missing",
            "update_auth_configuration",
        ),
        Unproven::PasswordMismatch => (
            format!("gateway password mismatch ({password})"),
            "AUTH_PASSWORD_MISMATCH",
            "password_mismatch",
            "update_auth_credentials",
        ),
        Unproven::NotLocal => (
            "this gateway only lets in clients on its own machine".to_owned(),
            "AUTH_REQUIRED",
            "not_local",
            "review_auth_configuration",
        ),
    };
    let details = Details {
        code,
        auth_reason: reason,
        can_retry_with_device_token: false,
        recommended_next_step: next,
    };
    RpcError::invalid(format!("unauthorized: {message}")).with_details(&details)
}

/// Where the user of a client can enter the secret.
#[derive(Clone, Copy)]
enum Hint {
    CommandLine,
    Page,
    Elsewhere,
}

impl Hint {
    fn of(info: &ClientInfo) -> Self {
        let is_page = info.mode == Mode::Webchat
            || info.id.ends_with("control-ui")
            || &*info.id == "webchat-ui";
        match info.mode {
            Mode::Cli => Self::CommandLine,
            _ if is_page => Self::Page,
            _ => Self::Elsewhere,
        }
    }

    const fn token(self) -> &'static str {
        match self {
            Self::CommandLine => "set gateway.remote.token to match gateway.auth.token",
            Self::Page => "open the dashboard with its token, or enter the token in its settings",
            Self::Elsewhere => "provide gateway auth token",
        }
    }

    const fn password(self) -> &'static str {
        match self {
            Self::CommandLine => "set gateway.remote.password to match gateway.auth.password",
            Self::Page => "enter the password in the settings of the dashboard",
            Self::Elsewhere => "provide gateway auth password",
        }
    }
}
