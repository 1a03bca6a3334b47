//! What somebody is told who is not let in: a code for programs, and for people
//! what to do next (`ws-protocol.md` 3.5 and 4.3).

use domain::{
    client::{ClientInfo, Mode},
    device::DeviceFault,
};

use super::{NoIdentity, Refused, Unproven};

/// What somebody is told who is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The sentence.
    pub message: String,
    /// The code programs act on.
    pub code: &'static str,
    /// More exactly, as older programs call it.
    pub reason: &'static str,
    /// What a program should do next.
    pub step: &'static str,
    /// What a person should do next: something to type, where there is.
    pub next: String,
}

impl Refused {
    /// What a client like `info` is told.
    pub fn telling(&self, info: &ClientInfo) -> Telling {
        let message = match self {
            Self::Unproven { why, .. } => format!("unauthorized: {}", why.sentence(Hint::of(info))),
            other => other.to_string(),
        };
        let (code, reason, step) = self.words();
        Telling { message, code, reason, step, next: self.next() }
    }

    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Proxy(_) => {
                ("PROXY_ATTRIBUTION_REQUIRED", "proxy_unknown", "review_auth_configuration")
            }
            Self::NoDevice => ("DEVICE_IDENTITY_REQUIRED", "device-required", "pair_device"),
            Self::NotSecure => {
                ("CONTROL_UI_DEVICE_IDENTITY_REQUIRED", "not-secure", "reopen_control_ui_securely")
            }
            Self::Device(fault) => device_words(*fault),
            Self::TooMany { .. } => ("AUTH_RATE_LIMITED", "rate_limited", "wait_then_retry"),
            Self::Unproven { why, has_device_token } => {
                let (code, reason, step) = why.words();
                let retry = *has_device_token && why.was_a_try();
                (code, reason, if retry { "retry_with_device_token" } else { step })
            }
            Self::DeviceToken => {
                ("AUTH_DEVICE_TOKEN_MISMATCH", "device_token_mismatch", "update_auth_credentials")
            }
            Self::SetupCode(_) => (
                "AUTH_BOOTSTRAP_TOKEN_INVALID",
                "bootstrap_token_invalid",
                "update_auth_credentials",
            ),
            Self::Identity(nobody) => identity_words(*nobody),
            Self::NotPaired { reason, .. } => {
                ("PAIRING_REQUIRED", reason.as_str(), "wait_then_retry")
            }
            Self::Store(_) => ("UNAVAILABLE", "store", "wait_then_retry"),
        }
    }

    fn next(&self) -> String {
        let next = match self {
            Self::Proxy(_) => {
                "add the proxy's address to gateway.trustedProxies in openclaw.json, or connect \
                 without it"
            }
            Self::NoDevice | Self::NotSecure => {
                "connect with a device identity, or show the gateway's token; on the gateway's \
                 machine, `openclaw devices list` shows who waits"
            }
            Self::Device(DeviceFault::Expired) => "set the clock of the device",
            Self::Device(_) => "connect again; if that does not help, pair the device anew",
            Self::TooMany { .. } => "wait, then check the token: `cat ~/.openclaw/gateway-token`",
            Self::Unproven { why, .. } => why.next(),
            Self::DeviceToken => {
                "connect with the gateway's token, which gives the device a new one"
            }
            Self::SetupCode(_) => "make a new setup code: `openclaw devices setup-code`",
            Self::Identity(_) => "see gateway.auth.trustedProxy in openclaw.json",
            Self::NotPaired { request: Some(request), .. } => {
                return format!("openclaw devices approve {}", request.id);
            }
            Self::NotPaired { request: None, .. } => {
                "decide about those that wait: `openclaw devices list`, then approve or reject"
            }
            Self::Store(_) => "look into the gateway's log: `openclaw logs`",
        };
        next.to_owned()
    }
}

fn device_words(fault: DeviceFault) -> (&'static str, &'static str, &'static str) {
    let (code, reason) = match fault {
        DeviceFault::Key => ("DEVICE_AUTH_PUBLIC_KEY_INVALID", "device-public-key"),
        DeviceFault::Identity => ("DEVICE_AUTH_DEVICE_ID_MISMATCH", "device-id-mismatch"),
        DeviceFault::Expired => ("DEVICE_AUTH_SIGNATURE_EXPIRED", "device-signature-stale"),
        DeviceFault::NonceMissing => ("DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing"),
        DeviceFault::NonceMismatch => ("DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch"),
        DeviceFault::Signature => ("DEVICE_AUTH_SIGNATURE_INVALID", "device-signature"),
    };
    (code, reason, "update_auth_credentials")
}

fn identity_words(nobody: NoIdentity) -> (&'static str, &'static str, &'static str) {
    let (code, reason) = match nobody {
        NoIdentity::NoProxy => ("AUTH_REQUIRED", "trusted_proxy_required"),
        NoIdentity::NoUser => ("AUTH_IDENTITY_HEADER_REQUIRED", "trusted_proxy_user_missing"),
        NoIdentity::MissingHeader => {
            ("AUTH_IDENTITY_HEADER_REQUIRED", "trusted_proxy_missing_header")
        }
        NoIdentity::NotAllowed => ("AUTH_UNAUTHORIZED", "trusted_proxy_user_not_allowed"),
    };
    (code, reason, "review_auth_configuration")
}

impl Unproven {
    fn sentence(self, hint: Hint) -> String {
        let (token, password) = (hint.token(), hint.password());
        match self {
            Self::TokenNotConfigured => {
                "gateway token not configured on gateway (set gateway.auth.token)".to_owned()
            }
            Self::TokenMissing => format!("gateway token missing ({token})"),
            Self::TokenMismatch => format!("gateway token mismatch ({token})"),
            Self::PasswordNotConfigured => {
                "gateway password not configured on gateway (set gateway.auth.password)".to_owned()
            }
            Self::PasswordMissing => format!("gateway password missing ({password})"),
            Self::PasswordMismatch => format!("gateway password mismatch ({password})"),
            Self::NotLocal => "this gateway only lets in clients on its own machine".to_owned(),
        }
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        const CONFIGURE: &str = "update_auth_configuration";
        const CREDENTIALS: &str = "update_auth_credentials";
        const REVIEW: &str = "review_auth_configuration";
        match self {
            Self::TokenNotConfigured => {
                ("AUTH_TOKEN_NOT_CONFIGURED", "token_missing_config", REVIEW)
            }
            Self::TokenMissing => ("AUTH_TOKEN_MISSING", "token_missing", CONFIGURE),
            Self::TokenMismatch => ("AUTH_TOKEN_MISMATCH", "token_mismatch", CREDENTIALS),
            Self::PasswordNotConfigured => {
                ("AUTH_PASSWORD_NOT_CONFIGURED", "password_missing_config", REVIEW)
            }
            Self::PasswordMissing => ("AUTH_PASSWORD_MISSING", "password_missing", CONFIGURE),
            Self::PasswordMismatch => ("AUTH_PASSWORD_MISMATCH", "password_mismatch", CREDENTIALS),
            Self::NotLocal => ("AUTH_REQUIRED", "not_local", REVIEW),
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::TokenNotConfigured | Self::PasswordNotConfigured => {
                "set the secret in gateway.auth in openclaw.json"
            }
            Self::TokenMissing | Self::TokenMismatch => {
                "show the gateway's token; on its machine: `cat ~/.openclaw/gateway-token`"
            }
            Self::PasswordMissing | Self::PasswordMismatch => "show the gateway's password",
            Self::NotLocal => "connect from the gateway's machine, or change gateway.auth.mode",
        }
    }
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
