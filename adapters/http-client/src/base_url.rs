//! Where a service is.

use std::{fmt, str::FromStr};

use http::{
    Uri,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};

/// Where a service is: an `http` or `https` address that paths are added to, as
/// in `http://127.0.0.1:11434/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    // Invariant: does not end in a slash.
    path: String,
    query: Option<String>,
}

/// Why a text is not a [`BaseUrl`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseBaseUrlError {
    /// It is not an address, or not of a kind that can be called.
    #[error("a base URL is an http or https address, as in http://127.0.0.1:11434/v1")]
    NotHttp,
    /// It holds a user name or a password, which would end up in messages.
    #[error("a base URL holds no user name and no password; use headers or the key")]
    Credentials,
}

impl BaseUrl {
    /// The address of `path`, which begins with a slash, below this one.
    pub fn join(&self, path: &str) -> Uri {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let whole = format!("{}{path}{query}", self.path);
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        let path = PathAndQuery::try_from(whole).unwrap_or(PathAndQuery::from_static("/"));
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).unwrap_or_default()
    }

    /// The same address without `ending` at the end of its path.
    #[must_use]
    pub fn without_ending(mut self, ending: &str) -> Self {
        if let Some(path) = self.path.strip_suffix(ending) {
            self.path.truncate(path.len());
        }
        self
    }

    /// The name of the machine, without the port.
    pub fn host(&self) -> &str {
        self.authority.host()
    }
}

impl FromStr for BaseUrl {
    type Err = ParseBaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts =
            text.trim().parse::<Uri>().map_err(|_| ParseBaseUrlError::NotHttp)?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(ParseBaseUrlError::NotHttp);
        };
        if (scheme != Scheme::HTTP && scheme != Scheme::HTTPS) || authority.host().is_empty() {
            return Err(ParseBaseUrlError::NotHttp);
        }
        if authority.as_str().contains('@') {
            return Err(ParseBaseUrlError::Credentials);
        }
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        let query = parts.path_and_query.as_ref().and_then(PathAndQuery::query);
        Ok(Self {
            path: path.trim_end_matches('/').to_owned(),
            query: query.map(str::to_owned),
            scheme,
            authority,
        })
    }
}

impl fmt::Display for BaseUrl {
    /// Without the query, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

#[test]
fn paths_are_added_to_a_base() {
    #[rustfmt::skip]
    let table = [
        ("https://api.openai.com/v1",      "https://api.openai.com/v1/models"),
        (" http://127.0.0.1:11434/v1/ ",   "http://127.0.0.1:11434/v1/models"),
        ("http://[::1]:8080",              "http://[::1]:8080/models"),
        ("https://x.example/a?version=2",  "https://x.example/a/models?version=2"),
    ];
    for (base, joined) in table {
        let base: BaseUrl = base.parse().unwrap();
        assert_eq!(base.join("/models").to_string(), joined);
    }
}

#[test]
fn what_cannot_be_called_is_refused() {
    use ParseBaseUrlError::{Credentials, NotHttp};

    for bad in ["", "api.openai.com/v1", "/v1", "ftp://x/", "file:///etc/passwd", "http://a b/"] {
        assert_eq!(bad.parse::<BaseUrl>(), Err(NotHttp), "{bad:?}");
    }
    assert_eq!("https://me:secret@x.example".parse::<BaseUrl>(), Err(Credentials));
}

#[test]
fn the_query_is_not_shown() {
    let base: BaseUrl = "https://x.example/a/v1?key=secret".parse().unwrap();
    assert_eq!(base.to_string(), "https://x.example/a/v1");
    assert_eq!(base.without_ending("/v1").to_string(), "https://x.example/a");
}
