//! Files people send along with a message (`ws-protocol.md` 8.1).

/// The largest attachment, in bytes, after decoding.
pub const MAX_BYTES: usize = 5_000_000;
/// The most attachments of one message.
pub const MAX_COUNT: usize = 32;

/// A file as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// What the sender says it is, as in `image`.
    pub kind: Option<String>,
    /// The same precisely, as in `image/png`.
    pub mime: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// The bytes in base64, perhaps as a `data:` URL.
    pub content: Option<String>,
}

/// A picture an agent may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is, as in `image/png`.
    pub mime: String,
    /// What it is called.
    pub name: Option<String>,
    /// The bytes in base64.
    pub data: String,
}

/// What became of the attachments of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Those an agent may look at.
    pub pictures: Vec<Attachment>,
    /// How many there were that no agent can look at.
    pub dropped: usize,
}

/// Why an attachment is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentRefused {
    /// It is not base64.
    #[error("attachment {label}: invalid base64 content")]
    NotBase64 {
        /// Which.
        label: String,
    },
    /// It is empty, or too large.
    #[error("attachment {label}: exceeds size limit ({bytes} > {MAX_BYTES} bytes)")]
    Size {
        /// Which.
        label: String,
        /// How large.
        bytes: usize,
    },
}

/// Sorts what was sent along. What has no content is passed over in silence;
/// what is no picture is counted.
pub fn sort(sent: Vec<Sent>) -> Result<Sorted, AttachmentRefused> {
    let mut sorted = Sorted::default();
    for (at, sent) in sent.into_iter().enumerate() {
        if sent.content.as_deref().is_none_or(|content| content.trim().is_empty()) {
            continue;
        }
        match accept(sent, at)? {
            Some(picture) => sorted.pictures.push(picture),
            None => sorted.dropped += 1,
        }
    }
    Ok(sorted)
}

fn accept(sent: Sent, at: usize) -> Result<Option<Attachment>, AttachmentRefused> {
    let Sent { kind, mime, name, content } = sent;
    let label = name.clone().or_else(|| kind.clone()).or_else(|| mime.clone());
    let label = label.unwrap_or_else(|| format!("attachment-{}", at + 1));
    let content = content.unwrap_or_default();
    let (declared, data) = split_data_url(content.trim());
    let Some(bytes) = decoded_len(data) else {
        return Err(AttachmentRefused::NotBase64 { label });
    };
    if bytes == 0 || MAX_BYTES < bytes {
        return Err(AttachmentRefused::Size { label, bytes });
    }
    // What the bytes say counts more than what the sender says.
    let said = mime.or_else(|| declared.map(str::to_owned));
    let said = said.map(|mime| mime.trim().to_ascii_lowercase());
    let is_picture = said.as_deref().is_some_and(|mime| mime.starts_with("image/"));
    let mime = match sniff(data) {
        Sniffed::Picture(mime) => mime.to_owned(),
        Sniffed::Unknown if is_picture => said.unwrap_or_default(),
        Sniffed::Unknown | Sniffed::Other => return Ok(None),
    };
    Ok(Some(Attachment { mime, name, data: data.to_owned() }))
}

/// `data:image/png;base64,AAAA` is `image/png` and `AAAA`.
fn split_data_url(content: &str) -> (Option<&str>, &str) {
    let parts = content.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match parts {
        Some((mime, data)) => (Some(mime), data),
        None => (None, content),
    }
}

/// How many bytes `data` stands for, if it is base64.
fn decoded_len(data: &str) -> Option<usize> {
    let body = data.trim_end_matches('=');
    let padding = data.len() - body.len();
    let letters = body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    (data.len().is_multiple_of(4) && padding <= 2 && letters).then(|| data.len() / 4 * 3 - padding)
}

/// What kind of picture the base64 `data` holds by its first bytes, as in
/// `image/png`, if it is one that is known here.
pub fn picture(data: &str) -> Option<&'static str> {
    match sniff(data) {
        Sniffed::Picture(mime) => Some(mime),
        Sniffed::Other | Sniffed::Unknown => None,
    }
}

enum Sniffed {
    Picture(&'static str),
    Other,
    Unknown,
}

/// What the first bytes say.
fn sniff(data: &str) -> Sniffed {
    const OTHER: [&[u8]; 6] = [b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"ID3", b"OggS"];

    const HEIC: [&[u8]; 3] = [b"heic", b"heix", b"hevc"];
    const HEIF: [&[u8]; 3] = [b"mif1", b"msf1", b"heim"];

    let head = first_bytes(data);
    let begins = |magic: &[u8]| head.starts_with(magic);
    let is_media = |brand: &[u8]| head.get(4..8) == Some(b"ftyp") && head.get(8..12) == Some(brand);
    if begins(b"\x89PNG\r\n\x1a\n") {
        Sniffed::Picture("image/png")
    } else if begins(b"\xff\xd8\xff") {
        Sniffed::Picture("image/jpeg")
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        Sniffed::Picture("image/gif")
    } else if begins(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Sniffed::Picture("image/webp")
    } else if HEIC.iter().any(|brand| is_media(brand)) {
        Sniffed::Picture("image/heic")
    } else if HEIF.iter().any(|brand| is_media(brand)) {
        Sniffed::Picture("image/heif")
    } else if OTHER.iter().any(|magic| begins(magic)) || begins(b"RIFF") {
        Sniffed::Other
    } else {
        Sniffed::Unknown
    }
}

/// The first bytes `data` stands for, at least twelve if there are so many.
fn first_bytes(data: &str) -> Vec<u8> {
    let sextet = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let letters = data.bytes().take_while(|b| *b != b'=').take(16).map(sextet);
    let letters: Vec<u8> = letters.collect();
    let mut bytes = Vec::with_capacity(12);
    for group in letters.chunks(4) {
        let bits = group.iter().fold(0u32, |bits, sextet| bits << 6 | u32::from(*sextet));
        let bits = bits << (6 * (4 - group.len()));
        let [_, a, b, c] = bits.to_be_bytes();
        bytes.extend_from_slice(&[a, b, c][..group.len().saturating_sub(1)]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pixel.
    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    fn sent(mime: Option<&str>, content: &str) -> Sent {
        Sent {
            mime: mime.map(str::to_owned),
            name: Some("a.png".to_owned()),
            content: Some(content.to_owned()),
            ..Sent::default()
        }
    }

    #[test]
    fn what_is_accepted_and_what_is_not() {
        let url = format!("data:image/jpeg;base64,{PNG}");
        #[rustfmt::skip]
        let table = [
            // said to be          content                       taken for
            (Some("image/png"),    PNG,                          Ok(Some("image/png"))),
            (Some("text/plain"),   PNG,                          Ok(Some("image/png"))),
            (None,                 PNG,                          Ok(Some("image/png"))),
            (None,                 url.as_str(),                 Ok(Some("image/png"))),
            (None,                 "/9j/4AAQSkZJRg==",           Ok(Some("image/jpeg"))),
            (None,                 "R0lGODlhAQABAAAAACw=",       Ok(Some("image/gif"))),
            (None,                 "UklGRiQAAABXRUJQVlA4",       Ok(Some("image/webp"))),
            (None,                 "AAAAGGZ0eXBoZWlj",           Ok(Some("image/heic"))),
            (None,                 "AAAAGGZ0eXBtaWYx",           Ok(Some("image/heif"))),
            (Some("image/avif"),   "AAAA",                       Ok(Some("image/avif"))),
            (None,                 "AAAA",                       Ok(None)),
            (Some("image/png"),    "JVBERi0xLjQ=",               Ok(None)),
            (Some("image/png"),    "%%%",                        Err("attachment a.png: invalid base64 content")),
            (Some("image/png"),    "AAAAA",                      Err("attachment a.png: invalid base64 content")),
            (Some("image/png"),    "A===",                       Err("attachment a.png: invalid base64 content")),
            (Some("image/png"),    "AA=A",                       Err("attachment a.png: invalid base64 content")),
        ];
        for (mime, content, expected) in table {
            let sorted = sort(vec![sent(mime, content)]);
            let found = sorted
                .map(|sorted| sorted.pictures.first().map(|picture| picture.mime.clone()))
                .map_err(|refused| refused.to_string());
            let expected = expected.map(|mime| mime.map(str::to_owned)).map_err(str::to_owned);
            assert_eq!(found, expected, "{mime:?} {content:.20}");
        }
    }

    #[test]
    fn size_is_what_it_is_after_decoding() {
        let at_limit = "AAAA".repeat(MAX_BYTES / 3) + "AAA=";
        assert_eq!(decoded_len(&at_limit), Some(MAX_BYTES));
        assert_eq!(sort(vec![sent(Some("image/png"), &at_limit)]).unwrap().pictures.len(), 1);

        let above = "AAAA".repeat(MAX_BYTES / 3 + 1);
        let refused = sort(vec![sent(Some("image/png"), &above)]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "attachment a.png: exceeds size limit (5000001 > 5000000 bytes)"
        );
    }

    #[test]
    fn what_cannot_be_shown_is_counted_and_what_is_empty_is_not() {
        let pdf = sent(None, "JVBERi0xLjQ=");
        let empty = Sent { content: None, ..pdf.clone() };
        let sorted = sort(vec![pdf, empty, sent(None, " ")]).unwrap();
        assert_eq!((sorted.pictures.len(), sorted.dropped), (0, 1));
    }
}
