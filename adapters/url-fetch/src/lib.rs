#![doc = include_str!("../README.md")]

mod call;
mod reach;

use std::{fmt, net::IpAddr};

use async_trait::async_trait;
use domain::outbound::{Blocked, WebAddress, is_public};
use http::{StatusCode, header};
use ports::driven::{Fetch, FetchError, FetchTerms, Fetched};
use tokio::sync::Semaphore;

use reach::{Names, Resolve};

/// How many fetches run at the same time.
const AT_ONCE: usize = 16;

/// Fetches what others name by its address.
pub struct UrlFetch {
    names: Box<dyn Resolve>,
    allowed: fn(IpAddr) -> bool,
    turns: Semaphore,
}

impl UrlFetch {
    /// Fetches from the open internet, and asks the system where names lead.
    pub fn new() -> Self {
        Self { names: Box::new(Names), allowed: is_public, turns: Semaphore::new(AT_ONCE) }
    }

    async fn go(&self, url: &str, terms: &FetchTerms) -> Result<Fetched, FetchError> {
        let mut address = WebAddress::parse(url)?;
        let turn = self.turns.acquire().await;
        let _turn = turn.map_err(|closed| FetchError::Unreachable(closed.into()))?;
        for _ in 0..=terms.max_redirects {
            if !address.is_listed(&terms.hosts) {
                return Err(Blocked::NotListed.into());
            }
            let stream = reach::connect(&address, &*self.names, self.allowed).await?;
            let answer = call::get(&address, stream, terms.max_bytes).await?;
            if answer.status.is_redirection()
                && let Some(location) = answer.headers.get(header::LOCATION)
            {
                let location = location.to_str().map_err(|_| Blocked::Malformed)?;
                address = address.follow(location)?;
                continue;
            }
            if answer.status != StatusCode::OK {
                return Err(FetchError::Status(answer.status.as_u16()));
            }
            let mime = answer.headers.get(header::CONTENT_TYPE);
            let mime = mime.and_then(|value| value.to_str().ok()).unwrap_or_default();
            let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            return Ok(Fetched {
                mime: (!mime.is_empty()).then_some(mime),
                name: address.file_name().to_owned(),
                bytes: answer.body,
            });
        }
        Err(FetchError::Redirects)
    }
}

#[async_trait]
impl Fetch for UrlFetch {
    async fn fetch(&self, url: &str, terms: &FetchTerms) -> Result<Fetched, FetchError> {
        let fetched = tokio::time::timeout(terms.timeout, self.go(url, terms)).await;
        fetched.unwrap_or(Err(FetchError::TooLong(terms.timeout)))
    }
}

impl Default for UrlFetch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UrlFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlFetch").field("turns", &self.turns).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
