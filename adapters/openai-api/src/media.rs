//! Pictures in requests: inside them, or at an address.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::attachment;
use http_kit::compute;
use ports::{
    config::HttpFilesConfig,
    driven::{Fetch, FetchError, FetchTerms, ModelPart},
};

/// What a picture may be unless the configuration says otherwise.
const PICTURES: [&str; 6] =
    ["image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif"];
/// Pictures in one message.
const MAX_PICTURES: usize = 8;
/// Bytes of one picture.
const MAX_PICTURE: usize = 10 * 1024 * 1024;
/// Bytes of all pictures of a message.
const MAX_ALL_PICTURES: usize = 20 * 1024 * 1024;
const MAX_REDIRECTS: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a picture, or what should be one, is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaError {
    #[error("not fetched here, send it as a data: URL")]
    NotFetched,
    #[error("not a data: URL with base64")]
    Malformed,
    #[error("must be one of {0}")]
    Mime(String),
    #[error("the bytes are not {0}")]
    Disguised(String),
    #[error("too large, at most {0} bytes each")]
    TooLarge(usize),
    #[error("too large, at most {MAX_ALL_PICTURES} bytes together")]
    AllTooLarge,
    #[error("at most {MAX_PICTURES} pictures")]
    TooMany,
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// What a picture may be, and where it may be.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) allow_url: bool,
    pub(crate) mimes: Vec<String>,
    pub(crate) terms: FetchTerms,
}

impl Policy {
    /// The rules for pictures, which are fetched from addresses if the
    /// configuration says so; otherwise, if `by_default`.
    pub(crate) fn pictures(config: &HttpFilesConfig, by_default: bool) -> Self {
        let size = |configured: Option<u64>, usual: usize| {
            configured.map_or(usual, |it| usize::try_from(it).unwrap_or(usize::MAX))
        };
        let mimes = match config.allowed_mimes.as_slice() {
            [] => PICTURES.map(str::to_owned).to_vec(),
            mimes => mimes.iter().map(|mime| mime.trim().to_ascii_lowercase()).collect(),
        };
        Self {
            allow_url: config.allow_url.unwrap_or(by_default),
            mimes,
            terms: FetchTerms {
                hosts: config.url_allowlist.clone(),
                max_bytes: size(config.max_bytes, MAX_PICTURE),
                max_redirects: size(config.max_redirects, MAX_REDIRECTS),
                timeout: config.timeout_ms.map_or(TIMEOUT, Duration::from_millis),
            },
        }
    }

    /// `mime` as it is written here, if it is allowed.
    pub(crate) fn allowed(&self, mime: &str) -> Result<&str, MediaError> {
        // A common slip of the tongue.
        let mime = if mime.eq_ignore_ascii_case("image/jpg") { "image/jpeg" } else { mime };
        let found = self.mimes.iter().find(|allowed| mime.eq_ignore_ascii_case(allowed));
        found.map(String::as_str).ok_or_else(|| MediaError::Mime(self.mimes.join(", ")))
    }
}

/// A part of what somebody says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// It is here.
    Ready(ModelPart),
    /// A picture at this address.
    Picture(String),
}

/// What a message may have in pictures, and what is left of that.
#[derive(Debug)]
pub(crate) struct Pictures {
    policy: Policy,
    count: usize,
    bytes: usize,
}

impl Pictures {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, count: 0, bytes: 0 }
    }

    /// The picture at `url`, which may hold it.
    pub(crate) fn take(&mut self, url: String) -> Result<Piece, MediaError> {
        if is_remote(&url) {
            self.count()?;
            let fetched = self.policy.allow_url.then_some(Piece::Picture(url));
            return fetched.ok_or(MediaError::NotFetched);
        }
        let (mime, data) = split_data_url(url)?;
        self.given(&mime, data).map(Piece::Ready)
    }

    /// The picture in `data`, which is base64. How large it is is told from the
    /// length of the text; only its beginning is decoded.
    pub(crate) fn given(&mut self, mime: &str, data: String) -> Result<ModelPart, MediaError> {
        let mime = self.policy.allowed(mime)?.to_owned();
        let size = decoded_size(data.as_bytes()).ok_or(MediaError::Malformed)?;
        self.count()?;
        self.weigh(size)?;
        match attachment::picture(&data) {
            Some(found) if same(found, &mime) => Ok(ModelPart::Image { mime, data }),
            _ => Err(MediaError::Disguised(mime)),
        }
    }

    /// Fetches the picture at `url`.
    pub(crate) async fn fetch(
        &mut self,
        url: &str,
        fetch: &dyn Fetch,
    ) -> Result<ModelPart, MediaError> {
        let fetched = fetch.fetch(url, &self.policy.terms).await?;
        let claimed = fetched.mime.filter(|mime| mime != "application/octet-stream");
        let claimed = claimed.map(|mime| self.policy.allowed(&mime).map(str::to_owned));
        let claimed = claimed.transpose()?;
        self.weigh(fetched.bytes.len())?;
        let data = compute(fetched.bytes.len(), move || STANDARD.encode(fetched.bytes)).await;
        let found = attachment::picture(&data);
        let found = found.filter(|found| claimed.as_deref().is_none_or(|it| same(found, it)));
        let Some(found) = found else {
            return Err(MediaError::Disguised(claimed.unwrap_or_else(|| "a picture".to_owned())));
        };
        let mime = self.policy.allowed(found)?.to_owned();
        Ok(ModelPart::Image { mime, data })
    }

    fn count(&mut self) -> Result<(), MediaError> {
        self.count += 1;
        if MAX_PICTURES < self.count { Err(MediaError::TooMany) } else { Ok(()) }
    }

    fn weigh(&mut self, size: usize) -> Result<(), MediaError> {
        self.bytes = self.bytes.saturating_add(size);
        if self.policy.terms.max_bytes < size {
            return Err(MediaError::TooLarge(self.policy.terms.max_bytes));
        }
        if MAX_ALL_PICTURES < self.bytes { Err(MediaError::AllTooLarge) } else { Ok(()) }
    }
}

/// Two names for one thing.
fn same(one: &str, other: &str) -> bool {
    let apple = ["image/heic", "image/heif"];
    one == other || (apple.contains(&one) && apple.contains(&other))
}

/// Whether `url` leads elsewhere rather than holding something, or being none.
/// What may be fetched is judged by whoever fetches.
pub(crate) fn is_remote(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| !scheme.trim().eq_ignore_ascii_case("data"))
}

/// What `url` holds: its type, as it was written, and the base64.
pub(crate) fn split_data_url(mut url: String) -> Result<(String, String), MediaError> {
    let comma = url.find(',').ok_or(MediaError::Malformed)?;
    let head =
        url[..comma].split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("data"));
    let mut words = head.ok_or(MediaError::Malformed)?.1.split(';');
    let mime = words.next().unwrap_or_default().trim().to_owned();
    if !words.next_back().is_some_and(|word| word.trim().eq_ignore_ascii_case("base64")) {
        return Err(MediaError::Malformed);
    }
    url.drain(..=comma);
    Ok((mime, url))
}

/// How many bytes `base64` stands for, if it is base64.
pub(crate) fn decoded_size(base64: &[u8]) -> Option<usize> {
    let data = match base64 {
        [data @ .., b'=', b'='] | [data @ .., b'='] | data => data,
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let whole = base64.len().is_multiple_of(4) && !data.is_empty() && data.iter().all(plain);
    whole.then_some(data.len() * 3 / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "iVBORw0KGgoA";
    const JPEG: &str = "/9j/4A==";

    fn pictures() -> Pictures {
        Pictures::new(Policy::pictures(&HttpFilesConfig::default(), false))
    }

    #[test]
    fn pictures_inside_a_request() {
        let image = |mime: &str, data: &str| {
            Ok(Piece::Ready(ModelPart::Image { mime: mime.to_owned(), data: data.to_owned() }))
        };
        let allowed = format!("must be one of {}", PICTURES.join(", "));
        let (malformed, allowed) = (Err("not a data: URL with base64"), Err(allowed.as_str()));
        let not_fetched = Err("not fetched here, send it as a data: URL");
        #[rustfmt::skip]
        let table = [
            (format!("data:image/png;base64,{PNG}"),                 image("image/png", PNG)),
            (format!("DATA:Image/JPG;charset=x;BASE64,{JPEG}"),      image("image/jpeg", JPEG)),
            ("data:image/heif;base64,AAAAGGZ0eXBoZWlj".to_owned(),   image("image/heif", "AAAAGGZ0eXBoZWlj")),
            (format!("data:image/jpeg;base64,{PNG}"),                Err("the bytes are not image/jpeg")),
            ("data:image/png;base64,AAAA".to_owned(),                Err("the bytes are not image/png")),
            ("https://example.com/a.png".to_owned(),                 not_fetched.clone()),
            ("HTTP://169.254.169.254/latest".to_owned(),             not_fetched.clone()),
            ("file:///etc/passwd".to_owned(),                        not_fetched),
            (String::new(),                                          malformed.clone()),
            ("iVBORw0KGgoA".to_owned(),                              malformed.clone()),
            ("data:image/png,AAAA".to_owned(),                       malformed.clone()),
            ("data:image/png;base64".to_owned(),                     malformed.clone()),
            ("data:image/png;base64,".to_owned(),                    malformed.clone()),
            ("data:image/png;base64,A".to_owned(),                   malformed.clone()),
            ("data:image/png;base64,AA A".to_owned(),                malformed.clone()),
            ("data:image/png;base64,A===".to_owned(),                malformed),
            ("data:image/svg+xml;base64,AAAA".to_owned(),            allowed.clone()),
            ("data:;base64,AAAA".to_owned(),                         allowed),
        ];
        for (url, expected) in table {
            let found = pictures().take(url.clone()).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{url}");
        }
    }

    #[test]
    fn pictures_are_small_and_few() {
        let large = |bytes: usize| {
            format!("data:image/png;base64,{PNG}{}", "A".repeat(bytes.div_ceil(3) * 4 - PNG.len()))
        };
        let take = |pictures: &mut Pictures, url: String| {
            pictures.take(url).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(take(&mut pictures(), large(MAX_PICTURE - 2)), Ok(()));
        let too_large = "too large, at most 10485760 bytes each".to_owned();
        assert_eq!(take(&mut pictures(), large(MAX_PICTURE + 3)), Err(too_large));

        let mut two = pictures();
        for _ in 0..2 {
            take(&mut two, large(MAX_PICTURE - 2)).unwrap();
        }
        let together = "too large, at most 20971520 bytes together".to_owned();
        assert_eq!(take(&mut two, large(300)), Err(together));

        let mut many = pictures();
        for _ in 0..MAX_PICTURES {
            take(&mut many, large(30)).unwrap();
        }
        assert_eq!(take(&mut many, large(30)), Err("at most 8 pictures".to_owned()));
    }
}
