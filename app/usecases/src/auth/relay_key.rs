//! Keys that are good for asking models without an agent, and for nothing else.

use ports::driving::Credentials;

use super::Auth;

impl Auth {
    /// The name of the key that somebody shows, if it is one. What the gateway
    /// itself is opened with is none, whatever the configuration says.
    pub(super) fn relay_key(&self, credentials: &Credentials) -> Option<String> {
        let config = self.0.deps.config.current();
        let shown = credentials.token.as_deref().or(credentials.password.as_deref())?;
        let macs = &self.0.deps.macs;
        let mut found = None;
        // All of them are compared, so that the time does not tell which one it was.
        for (name, token) in config.gateway.http.relay.good_keys() {
            if macs.is_same(token.trim(), shown) {
                found = Some(name.to_owned());
            }
        }
        found.filter(|_| !self.0.deps.secrets.is_token(shown))
    }
}
