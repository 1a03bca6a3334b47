//! Pictures that come inside a request.

use ports::driven::ModelPart;

/// What a picture may be.
const MIMES: [&str; 6] =
    ["image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif"];
/// Pictures in one message.
const MAX_IMAGES: usize = 8;
/// Bytes of one picture.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Bytes of all pictures of a message.
const MAX_TOTAL_BYTES: usize = 20 * 1024 * 1024;

/// Why a picture, or what should be one, is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImageError {
    #[error("only text and image_url parts are supported")]
    Foreign,
    #[error("image_url: pictures are not fetched, send them as data: URLs")]
    Remote,
    #[error("image_url: not a data: URL with base64")]
    Malformed,
    #[error("image_url: must be one of {}", MIMES.join(", "))]
    Mime,
    #[error("image_url: too large, at most {MAX_BYTES} bytes each and {MAX_TOTAL_BYTES} together")]
    TooLarge,
    #[error("image_url: at most {MAX_IMAGES} pictures")]
    TooMany,
}

/// What is left of what a message may have in pictures.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    images: usize,
    bytes: usize,
}

impl Allowance {
    /// The picture in `url`. How large it is is told from the length of the
    /// text; nothing is decoded.
    pub(crate) fn take(&mut self, mut url: String) -> Result<ModelPart, ImageError> {
        let (mime, start) = head(&url)?;
        let size = decoded_size(&url.as_bytes()[start..]).ok_or(ImageError::Malformed)?;
        self.images += 1;
        self.bytes = self.bytes.saturating_add(size);
        if MAX_IMAGES < self.images {
            return Err(ImageError::TooMany);
        }
        if MAX_BYTES < size || MAX_TOTAL_BYTES < self.bytes {
            return Err(ImageError::TooLarge);
        }
        url.drain(..start);
        Ok(ModelPart::Image { mime: mime.to_owned(), data: url })
    }
}

/// What kind of picture `url` holds, and where its data begins.
fn head(url: &str) -> Result<(&'static str, usize), ImageError> {
    let scheme = url.split(':').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("data") {
        let remote = ["http", "https"].iter().any(|http| scheme.eq_ignore_ascii_case(http));
        return Err(if remote { ImageError::Remote } else { ImageError::Malformed });
    }
    let comma = url.find(',').ok_or(ImageError::Malformed)?;
    let mut words = url[scheme.len() + 1..comma].split(';');
    let kind = words.next().unwrap_or_default().trim();
    if !words.next_back().is_some_and(|word| word.trim().eq_ignore_ascii_case("base64")) {
        return Err(ImageError::Malformed);
    }
    // A common slip of the tongue.
    let kind = if kind.eq_ignore_ascii_case("image/jpg") { "image/jpeg" } else { kind };
    let mime = MIMES.into_iter().find(|mime| kind.eq_ignore_ascii_case(mime));
    Ok((mime.ok_or(ImageError::Mime)?, comma + 1))
}

/// How many bytes `base64` stands for, if it is base64.
fn decoded_size(base64: &[u8]) -> Option<usize> {
    let data = match base64 {
        [data @ .., b'=', b'='] | [data @ .., b'='] | data => data,
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let whole = base64.len().is_multiple_of(4) && !data.is_empty() && data.iter().all(plain);
    whole.then_some(data.len() * 3 / 4)
}

#[test]
fn pictures_come_inside_the_request_and_are_small() {
    let take = |url: &str| Allowance::default().take(url.to_owned());
    let image = |mime: &str, data: &str| {
        Ok(ModelPart::Image { mime: mime.to_owned(), data: data.to_owned() })
    };
    #[rustfmt::skip]
    let table = [
        ("data:image/png;base64,AAAA",               image("image/png", "AAAA")),
        ("DATA:Image/JPG;charset=x;BASE64,QQ==",     image("image/jpeg", "QQ==")),
        ("https://example.com/a.png",                Err(ImageError::Remote)),
        ("HTTP://169.254.169.254/latest",            Err(ImageError::Remote)),
        ("file:///etc/passwd",                       Err(ImageError::Malformed)),
        ("",                                         Err(ImageError::Malformed)),
        ("data:image/png,AAAA",                      Err(ImageError::Malformed)),
        ("data:image/png;base64",                    Err(ImageError::Malformed)),
        ("data:image/png;base64,",                   Err(ImageError::Malformed)),
        ("data:image/png;base64,A",                  Err(ImageError::Malformed)),
        ("data:image/png;base64,AA A",               Err(ImageError::Malformed)),
        ("data:image/png;base64,A===",               Err(ImageError::Malformed)),
        ("data:image/svg+xml;base64,AAAA",           Err(ImageError::Mime)),
        ("data:;base64,AAAA",                        Err(ImageError::Mime)),
    ];
    for (url, taken) in table {
        assert_eq!(take(url), taken, "{url}");
    }

    let large =
        |bytes: usize| format!("data:image/png;base64,{}", "A".repeat(bytes.div_ceil(3) * 4));
    assert!(take(&large(MAX_BYTES - 2)).is_ok());
    assert_eq!(take(&large(MAX_BYTES + 3)), Err(ImageError::TooLarge));
    let mut allowance = Allowance::default();
    for _ in 0..2 {
        allowance.take(large(MAX_BYTES - 2)).unwrap();
    }
    assert_eq!(allowance.take(large(300)), Err(ImageError::TooLarge));
    let mut allowance = Allowance::default();
    for _ in 0..MAX_IMAGES {
        allowance.take("data:image/png;base64,AAAA".to_owned()).unwrap();
    }
    let one_more = allowance.take("data:image/png;base64,AAAA".to_owned());
    assert_eq!(one_more, Err(ImageError::TooMany));
}
