//! Which file the path of a request means.

/// The longest name of a file on the usual file systems, in bytes.
const LONGEST_NAME: usize = 255;
/// How deep files may lie.
const DEEPEST: usize = 32;

/// Names that mean a device on some systems, whatever their extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// The same, with a digit behind them.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// A way down from a root, by names that can be nothing but names: none is
/// empty, hidden, a device, or a step upwards, and none has a separator of any
/// system in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainPath {
    names: Vec<Box<str>>,
    is_folder: bool,
}

/// Why a path means no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPath {
    /// Its escapes are broken, or what they stand for is no text.
    #[error("malformed path")]
    Malformed,
    /// No file that may be seen is called that.
    #[error("not found")]
    Forbidden,
}

impl PlainPath {
    /// What `path` means, as it was sent. It is empty or begins with a slash;
    /// escapes are decoded once.
    pub fn parse(path: &str) -> Result<Self, NoPath> {
        let Some(path) = path.strip_prefix('/') else {
            let is_nothing = path.is_empty();
            return if is_nothing { Ok(Self::folder(Vec::new())) } else { Err(NoPath::Forbidden) };
        };
        let (path, is_folder) = match path.strip_suffix('/') {
            _ if path.is_empty() => return Ok(Self::folder(Vec::new())),
            Some(path) => (path, true),
            None => (path, false),
        };
        let names: Vec<_> = path.split('/').map(decode).collect::<Result<_, _>>()?;
        if DEEPEST < names.len() || !names.iter().all(|name| is_plain(name)) {
            return Err(NoPath::Forbidden);
        }
        Ok(Self { names, is_folder })
    }

    /// What `path` means where people write it, as in a configuration: below
    /// something, with names as they are.
    pub fn written(path: &str) -> Result<Self, NoPath> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let names: Vec<Box<str>> = path.split('/').map(Into::into).collect();
        if DEEPEST < names.len() || !names.iter().all(|name| is_plain(name)) {
            return Err(NoPath::Forbidden);
        }
        Ok(Self { names, is_folder: false })
    }

    fn folder(names: Vec<Box<str>>) -> Self {
        Self { names, is_folder: true }
    }

    /// The names, from the root downwards.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Whether it says that it means a folder.
    pub fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// What comes behind the last dot of the last name, in lower case.
    pub fn extension(&self) -> Option<String> {
        let (_, extension) = self.names.last()?.rsplit_once('.')?;
        Some(extension.to_ascii_lowercase())
    }

    /// Whether something of that name is never shown, nor looked after: hidden
    /// files, and what package managers put down.
    pub fn is_ignored(name: &str) -> bool {
        name.starts_with('.') || name == "node_modules"
    }
}

/// `name` without escapes.
fn decode(name: &str) -> Result<Box<str>, NoPath> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(NoPath::Malformed) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| NoPath::Malformed)?);
    }
    let decoded = String::from_utf8(bytes).map_err(|_| NoPath::Malformed)?;
    Ok(decoded.into())
}

/// Whether `name` is a name and nothing else, on every system.
fn is_plain(name: &str) -> bool {
    let separates = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':');
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('.')
        && !name.ends_with(['.', ' '])
        && !name.contains(separates)
        && !is_device(name)
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered = |device: &&str| {
        let mut number = stem.strip_prefix(*device).into_iter().flat_map(str::chars);
        let digit = number.next();
        number.next().is_none()
            && digit.is_some_and(|digit| matches!(digit, '0'..='9' | '¹' | '²' | '³'))
    };
    DEVICES.contains(&&*stem) || NUMBERED_DEVICES.iter().any(is_numbered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_means_a_file_below_the_root_or_nothing() {
        use NoPath::{Forbidden, Malformed};

        let deep = "/a".repeat(DEEPEST);
        let long = format!("/{}", "a".repeat(LONGEST_NAME));
        #[rustfmt::skip]
        let table: &[(&str, Result<&[&str], NoPath>)] = &[
            ("",                        Ok(&[])),
            ("/",                       Ok(&[])),
            ("/a.html",                 Ok(&["a.html"])),
            ("/a/",                     Ok(&["a"])),
            ("/a/b%20c.txt",            Ok(&["a", "b c.txt"])),
            ("/%C3%A9.html",            Ok(&["é.html"])),
            ("/a%2Eb",                  Ok(&["a.b"])),
            ("/%252e%252e/x",           Ok(&["%2e%2e", "x"])),
            ("/con-cert.html",          Ok(&["con-cert.html"])),
            ("/com10",                  Ok(&["com10"])),
            ("/%E0%A4%A",               Err(Malformed)),
            ("/%",                      Err(Malformed)),
            ("/%zz",                    Err(Malformed)),
            ("/%+1",                    Err(Malformed)),
            ("/%ff",                    Err(Malformed)),
            ("/..",                     Err(Forbidden)),
            ("/../x",                   Err(Forbidden)),
            ("/a/../x",                 Err(Forbidden)),
            ("/./x",                    Err(Forbidden)),
            ("/%2e%2e/x",               Err(Forbidden)),
            ("/.%2e/x",                 Err(Forbidden)),
            ("/a%2fb",                  Err(Forbidden)),
            ("/..%2fx",                 Err(Forbidden)),
            ("/..%5cx",                 Err(Forbidden)),
            ("/a\\b",                   Err(Forbidden)),
            ("/a%00",                   Err(Forbidden)),
            ("/a%0ab",                  Err(Forbidden)),
            ("/.env",                   Err(Forbidden)),
            ("/%2eenv",                 Err(Forbidden)),
            ("/a/.git/config",          Err(Forbidden)),
            ("//a",                     Err(Forbidden)),
            ("//",                      Err(Forbidden)),
            ("/a//b",                   Err(Forbidden)),
            ("/c:",                     Err(Forbidden)),
            ("/a.html::$DATA",          Err(Forbidden)),
            ("/NUL",                    Err(Forbidden)),
            ("/aux.html",               Err(Forbidden)),
            ("/con .txt",               Err(Forbidden)),
            ("/Com1.js",                Err(Forbidden)),
            ("/lpt%C2%B2",              Err(Forbidden)),
            ("/a.",                     Err(Forbidden)),
            ("/a%20",                   Err(Forbidden)),
            ("a",                       Err(Forbidden)),
        ];
        for (path, expected) in table {
            let found = PlainPath::parse(path);
            let names = found.as_ref().map(|path| path.names().collect::<Vec<_>>());
            assert_eq!(names, expected.as_ref().map(|names| names.to_vec()), "{path:?}");
        }
        assert!(PlainPath::parse(&deep).is_ok() && PlainPath::parse(&long).is_ok());
        assert_eq!(PlainPath::parse(&format!("{deep}/a")), Err(Forbidden));
        assert_eq!(PlainPath::parse(&format!("{long}a")), Err(Forbidden));
    }

    #[test]
    fn a_path_people_write_means_a_file_below_something() {
        let fine = ["a.png", "./a.png", "avatars/a b.png", "%2e%2e", "é.png"];
        let not = [
            "",
            ".",
            "..",
            "../a.png",
            "a/../b",
            "/a.png",
            "~/a.png/..",
            ".a.png",
            "a//b",
            "a/",
            "C:\\a.png",
            "a\0.png",
        ];
        assert!(fine.iter().all(|path| PlainPath::written(path).is_ok()));
        for path in not {
            assert_eq!(PlainPath::written(path), Err(NoPath::Forbidden), "{path:?}");
        }
        assert_eq!(PlainPath::written("%2e%2e").unwrap().names().next(), Some("%2e%2e"));
    }

    #[test]
    fn a_path_says_what_kind_of_file_it_means() {
        #[rustfmt::skip]
        let table = [
            ("",            true,  None),
            ("/",           true,  None),
            ("/a/",         true,  None),
            ("/a.b/c",      false, None),
            ("/x.HTML",     false, Some("html")),
            ("/x.tar.gz",   false, Some("gz")),
        ];
        for (path, is_folder, extension) in table {
            let found = PlainPath::parse(path).unwrap();
            assert_eq!(found.is_folder(), is_folder, "{path}");
            assert_eq!(found.extension().as_deref(), extension, "{path}");
        }
    }

    #[test]
    fn what_is_hidden_or_installed_is_nobodys_business() {
        let ignored = [".git", ".index.html.swp", "node_modules"];
        assert!(ignored.iter().all(|name| PlainPath::is_ignored(name)));
        assert!(!PlainPath::is_ignored("index.html"));
    }

    proptest! {
        /// Whatever is sent, joining the names to a root stays below it.
        #[test]
        fn no_path_leads_out(path in "(/|%2f|%5c|%2e|\\.|%00|%|[a-c]|\\\\|:|é){0,12}") {
            if let Ok(found) = PlainPath::parse(&path) {
                for name in found.names() {
                    prop_assert!(!name.is_empty() && !name.starts_with('.'));
                    prop_assert!(!name.contains(['/', '\\', ':', '\0']));
                }
            }
        }

        /// Every plain name can be asked for, whatever of it is escaped.
        #[test]
        fn escapes_change_nothing(name in "[a-z]{4,9}\\.[a-z]{1,4}", escaped in any::<u16>()) {
            let spell = |(at, byte): (usize, u8)| match escaped >> at & 1 {
                1 => format!("%{byte:02X}"),
                _ => char::from(byte).to_string(),
            };
            let path: String = name.bytes().enumerate().map(spell).collect();
            let found = PlainPath::parse(&format!("/{path}")).unwrap();
            prop_assert_eq!(found.names().collect::<Vec<_>>(), [&*name]);
        }
    }
}
