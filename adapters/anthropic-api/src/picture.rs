//! Pictures that come inside a request.

use http_kit::decoded_size;
use ports::driven::ModelPart;
use serde::Deserialize;

/// What a picture may be.
const MIMES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/// Pictures in one request.
const MAX_PICTURES: usize = 100;
/// Bytes of one picture.
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Where a picture is, as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
    media_type: Option<String>,
    data: Option<String>,
}

/// Why a picture is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    #[error("source: pictures are not fetched, send them as base64")]
    Elsewhere,
    #[error("source.data: not base64")]
    Malformed,
    #[error("source.media_type: must be one of {}", MIMES.join(", "))]
    Mime,
    #[error("source.data: too large, at most {MAX_BYTES} bytes")]
    TooLarge,
    #[error("source: at most {MAX_PICTURES} pictures")]
    TooMany,
}

/// How many pictures a request had so far.
#[derive(Debug, Default)]
pub(crate) struct Pictures(usize);

impl Pictures {
    /// The picture of `source`. How large it is is told from the length of the
    /// text; nothing is decoded.
    pub(crate) fn take(&mut self, source: Source) -> Result<ModelPart, PictureError> {
        if source.kind.as_deref() != Some("base64") {
            return Err(PictureError::Elsewhere);
        }
        let mime = source.media_type.unwrap_or_default();
        let mime = MIMES.into_iter().find(|known| mime.eq_ignore_ascii_case(known));
        let mime = mime.ok_or(PictureError::Mime)?.to_owned();
        let data = source.data.unwrap_or_default();
        let size = decoded_size(data.as_bytes()).ok_or(PictureError::Malformed)?;
        if MAX_BYTES < size {
            return Err(PictureError::TooLarge);
        }
        self.0 += 1;
        if MAX_PICTURES < self.0 {
            return Err(PictureError::TooMany);
        }
        Ok(ModelPart::Image { mime, data })
    }
}

#[test]
fn pictures_come_inside_the_request_and_are_small() {
    let take = |kind: &str, mime: &str, data: &str| {
        let [kind, media_type, data] = [kind, mime, data].map(|text| Some(text.to_owned()));
        Pictures::default().take(Source { kind, media_type, data })
    };
    let image = |mime: &str, data: &str| {
        Ok(ModelPart::Image { mime: mime.to_owned(), data: data.to_owned() })
    };
    #[rustfmt::skip]
    let table = [
        ("base64", "image/png",      "AAAA",   image("image/png", "AAAA")),
        ("base64", "Image/JPEG",     "QQ==",   image("image/jpeg", "QQ==")),
        ("base64", "image/svg+xml",  "AAAA",   Err(PictureError::Mime)),
        ("base64", "",               "AAAA",   Err(PictureError::Mime)),
        ("base64", "image/png",      "",       Err(PictureError::Malformed)),
        ("base64", "image/png",      "A",      Err(PictureError::Malformed)),
        ("base64", "image/png",      "data:",  Err(PictureError::Malformed)),
        ("url",    "image/png",      "AAAA",   Err(PictureError::Elsewhere)),
        ("file",   "",               "",       Err(PictureError::Elsewhere)),
        ("",       "",               "",       Err(PictureError::Elsewhere)),
    ];
    for (kind, mime, data, taken) in table {
        assert_eq!(take(kind, mime, data), taken, "{kind} {mime} {data}");
    }
    let large = |bytes: usize| "A".repeat(bytes.div_ceil(3) * 4);
    assert!(take("base64", "image/png", &large(MAX_BYTES - 2)).is_ok());
    let too_large = take("base64", "image/png", &large(MAX_BYTES + 3));
    assert_eq!(too_large, Err(PictureError::TooLarge));

    let mut pictures = Pictures(MAX_PICTURES);
    let one_more = Source {
        kind: Some("base64".to_owned()),
        media_type: Some("image/png".to_owned()),
        data: Some("AAAA".to_owned()),
    };
    assert_eq!(pictures.take(one_more), Err(PictureError::TooMany));
}
