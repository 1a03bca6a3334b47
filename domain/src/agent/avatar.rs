//! What an agent looks like, by what the configuration says.

use crate::plain_path::PlainPath;

/// What an agent looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Avatar {
    /// A picture somewhere on the web.
    Remote(Box<str>),
    /// A picture in a `data:` URL.
    Data(Box<str>),
    /// A file in the agent's workspace.
    File {
        /// Where in there.
        path: PlainPath,
        /// What it is, as in `image/png`.
        media_type: &'static str,
    },
    /// A path, but none that leads to a picture in the workspace.
    Unusable(NoPicture),
    /// A letter or a sign.
    Sign(Box<str>),
}

/// Why a path leads to no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPicture {
    /// It does not stay in the workspace, or to hidden files in there.
    Outside,
    /// Nothing that ends like that is shown.
    Extension,
}

impl NoPicture {
    /// As programs know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outside => "outside_workspace",
            Self::Extension => "unsupported_extension",
        }
    }
}

/// How large a picture of an agent may be, in bytes.
pub const LARGEST_AVATAR: u64 = 2 * 1024 * 1024;

/// Files that are shown, by what they end with.
const PICTURES: [(&str, &str); 6] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
];

impl Avatar {
    /// What `text`, of the configuration, means.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let begins = |with: &str| {
            text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
        };
        if begins("http://") || begins("https://") {
            return Self::Remote(text.into());
        }
        if begins("data:") {
            return Self::Data(text.into());
        }
        let extension = text.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let picture = PICTURES.iter().find(|(ending, _)| Some(*ending) == extension.as_deref());
        match (picture, PlainPath::written(text)) {
            (Some((_, media_type)), Ok(path)) => Self::File { path, media_type },
            (Some(_), Err(_)) => Self::Unusable(NoPicture::Outside),
            (None, _) if text.contains(['/', '\\']) => Self::Unusable(NoPicture::Extension),
            (None, _) => Self::Sign(text.into()),
        }
    }
}

#[test]
fn what_a_text_of_the_configuration_means() {
    let file = |path: &str, media_type| Avatar::File {
        path: PlainPath::written(path).unwrap(),
        media_type,
    };
    #[rustfmt::skip]
    let table = [
        ("https://example.org/a.png", Avatar::Remote("https://example.org/a.png".into())),
        ("HTTP://example.org",        Avatar::Remote("HTTP://example.org".into())),
        ("data:image/png;base64,AA",  Avatar::Data("data:image/png;base64,AA".into())),
        (" avatars/me.PNG ",          file("avatars/me.PNG", "image/png")),
        ("me.jpeg",                   file("me.jpeg", "image/jpeg")),
        ("./me.svg",                  file("me.svg", "image/svg+xml")),
        ("../me.png",                 Avatar::Unusable(NoPicture::Outside)),
        ("/etc/me.png",               Avatar::Unusable(NoPicture::Outside)),
        (".ssh/me.png",               Avatar::Unusable(NoPicture::Outside)),
        ("file:///etc/me.png",        Avatar::Unusable(NoPicture::Outside)),
        ("..\\me.png",                Avatar::Unusable(NoPicture::Outside)),
        ("/etc/passwd",               Avatar::Unusable(NoPicture::Extension)),
        ("avatars/me.ico",            Avatar::Unusable(NoPicture::Extension)),
        ("A",                         Avatar::Sign("A".into())),
        ("🦊",                        Avatar::Sign("🦊".into())),
        ("",                          Avatar::Sign("".into())),
    ];
    for (text, meant) in table {
        assert_eq!(Avatar::parse(text), meant, "{text:?}");
    }
}
