//! The files of the dashboard, which are part of the program.

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path below the dashboard's own, as in `assets/main-1a2b3c.js`.
    pub(crate) name: &'static str,
    /// Changes with its content; a value for `ETag`.
    pub(crate) tag: &'static str,
    /// Its content.
    pub(crate) plain: &'static [u8],
    /// The same, packed by Brotli, where that makes it smaller.
    pub(crate) brotli: Option<&'static [u8]>,
    /// The same, packed by gzip, where that makes it smaller.
    pub(crate) gzip: Option<&'static [u8]>,
}

/// Every file, in the order of their names.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What everything begins with.
pub(crate) const INDEX: &str = "index.html";

impl File {
    /// The file of that name.
    pub(crate) fn called(name: &str) -> Option<&'static Self> {
        let place = FILES.binary_search_by(|file| file.name.cmp(name)).ok()?;
        Some(&FILES[place])
    }

    /// Its type, by the end of its name.
    pub(crate) fn content_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" => "application/json; charset=utf-8",
            "webmanifest" => "application/manifest+json; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "woff2" => "font/woff2",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// Whether its name changes with its content.
    pub(crate) fn is_immutable(&self) -> bool {
        self.name.starts_with("assets/")
    }
}

#[test]
fn files_are_found_by_their_names_only() {
    assert!(FILES.is_sorted_by(|one, other| one.name < other.name));
    for file in FILES {
        assert_eq!(File::called(file.name).unwrap().tag, file.tag);
    }
    assert_eq!(File::called(INDEX).unwrap().content_type(), "text/html; charset=utf-8");
    for no in ["", "assets", "assets/", "../Cargo.toml", "index.html/", "INDEX.HTML"] {
        assert!(File::called(no).is_none(), "{no}");
    }
}
