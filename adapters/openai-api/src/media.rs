//! Pictures in requests: inside them, or at an address.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::attachment;
use http_kit::{compute, decoded_size};
use ports::{
    config::HttpFilesConfig,
    driven::{Fetch, FetchError, FetchTerms, Fetched, ModelPart},
};

use crate::responses::files;

/// What a file may be unless the configuration says otherwise.
const FILES: [&str; 5] =
    ["text/plain", "text/markdown", "text/html", "text/csv", "application/json"];
/// How large a file may be unless the configuration says otherwise, in bytes.
const MAX_FILE: usize = 5 * 1024 * 1024;
/// How much of a file is shown unless the configuration says otherwise, in
/// characters.
const MAX_CHARS: usize = 60_000;
/// What a picture may be unless the configuration says otherwise.
const PICTURES: [&str; 6] =
    ["image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif"];
/// Pictures in one message.
const MAX_PICTURES: usize = 8;
/// Pictures in a whole conversation.
const MAX_IN_CONVERSATION: usize = 100;
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
    #[error("at most {0} pictures")]
    TooMany(usize),
    #[error("at most {MAX_PICTURES} addresses")]
    TooManyElsewhere,
    #[error("PDF files are not read here, send their text")]
    Pdf,
    #[error("files are not kept here, send the file itself")]
    NoFiles,
    #[error("neither an address nor data")]
    NoSource,
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// What a picture or a file may be, and where it may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Policy {
    pub(crate) allow_url: bool,
    pub(crate) mimes: Vec<String>,
    pub(crate) terms: FetchTerms,
    /// How much of a text is shown, in characters.
    pub(crate) max_chars: usize,
}

impl Policy {
    /// The rules for pictures, which are fetched from addresses if the
    /// configuration says so; otherwise, if `by_default`.
    pub(crate) fn pictures(config: &HttpFilesConfig, by_default: bool) -> Self {
        Self::of(config, by_default, &PICTURES, MAX_PICTURE)
    }

    /// The rules for files, which are fetched unless the configuration says
    /// otherwise.
    pub(crate) fn files(config: &HttpFilesConfig) -> Self {
        Self::of(config, true, &FILES, MAX_FILE)
    }

    fn of(config: &HttpFilesConfig, by_default: bool, usual: &[&str], max_bytes: usize) -> Self {
        let size = |configured: Option<u64>, usual: usize| {
            configured.map_or(usual, |it| usize::try_from(it).unwrap_or(usize::MAX))
        };
        let mimes = match config.allowed_mimes.as_slice() {
            [] => usual.iter().map(|mime| (*mime).to_owned()).collect(),
            mimes => mimes.iter().map(|mime| mime.trim().to_ascii_lowercase()).collect(),
        };
        Self {
            allow_url: config.allow_url.unwrap_or(by_default),
            mimes,
            terms: FetchTerms {
                hosts: config.url_allowlist.clone(),
                max_bytes: size(config.max_bytes, max_bytes),
                max_redirects: size(config.max_redirects, MAX_REDIRECTS),
                timeout: config.timeout_ms.map_or(TIMEOUT, Duration::from_millis),
            },
            max_chars: size(config.max_chars, MAX_CHARS),
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
    /// A file elsewhere.
    File(RemoteFile),
}

/// A file elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RemoteFile {
    pub(crate) url: String,
    /// What the request calls it.
    pub(crate) name: Option<String>,
    pub(crate) policy: Policy,
}

/// A part of what somebody says, and what was at its address if it has one.
pub(crate) enum Got {
    Ready(ModelPart),
    Picture(Result<Fetched, FetchError>),
    File(RemoteFile, Result<Fetched, FetchError>),
}

impl Piece {
    /// Whether it has to be fetched.
    pub(crate) const fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Picture(_) | Self::File(_))
    }

    /// Fetches it if it is elsewhere, a picture on `terms`.
    pub(crate) async fn get(self, fetch: &dyn Fetch, terms: &FetchTerms) -> Got {
        match self {
            Self::Ready(part) => Got::Ready(part),
            Self::Picture(url) => Got::Picture(fetch.fetch(&url, terms).await),
            Self::File(file) => {
                let fetched = fetch.fetch(&file.url, &file.policy.terms).await;
                Got::File(file, fetched)
            }
        }
    }
}

impl RemoteFile {
    /// The file as a text.
    pub(crate) fn read(&self, fetched: &Fetched) -> Result<ModelPart, MediaError> {
        files::fetched(&self.policy, self.name.as_deref(), fetched)
    }
}

/// What a message may have in pictures, and what is left of that.
#[derive(Debug)]
pub(crate) struct Pictures {
    what: &'static str,
    policy: Policy,
    most: usize,
    count: usize,
    elsewhere: usize,
    bytes: usize,
}

impl Pictures {
    /// Pictures under the rules of `policy`; `what` is what requests call them.
    pub(crate) fn new(what: &'static str, policy: Policy) -> Self {
        Self { what, policy, most: MAX_PICTURES, count: 0, elsewhere: 0, bytes: 0 }
    }

    /// The same for a whole conversation, in which there may be more.
    pub(crate) fn of_conversation(what: &'static str, policy: Policy) -> Self {
        Self { most: MAX_IN_CONVERSATION, ..Self::new(what, policy) }
    }

    pub(crate) const fn what(&self) -> &'static str {
        self.what
    }

    pub(crate) const fn terms(&self) -> &FetchTerms {
        &self.policy.terms
    }

    /// The picture at `url`, which may hold it.
    pub(crate) fn take(&mut self, url: String) -> Result<Piece, MediaError> {
        if is_remote(&url) {
            self.count()?;
            self.elsewhere += 1;
            if MAX_PICTURES < self.elsewhere {
                return Err(MediaError::TooManyElsewhere);
            }
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

    /// A picture that was fetched.
    pub(crate) async fn fetched(&mut self, fetched: Fetched) -> Result<ModelPart, MediaError> {
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
        if self.most < self.count { Err(MediaError::TooMany(self.most)) } else { Ok(()) }
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

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "iVBORw0KGgoA";
    const JPEG: &str = "/9j/4A==";

    fn pictures() -> Pictures {
        Pictures::new("image_url", Policy::pictures(&HttpFilesConfig::default(), false))
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
