//! Patterns for paths.

/// Whether `path` fits `pattern`: `*` is anything within a segment, `**`
/// anything, `?` one character within a segment. Case does not matter. A pattern
/// without a slash fits nothing: a name says nothing about where a program is.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    if !pattern.starts_with('/') {
        return false;
    }
    let lower = |text: &str| -> Vec<char> { text.chars().flat_map(char::to_lowercase).collect() };
    fits_from(&lower(pattern), &lower(path))
}

/// Without recursion: of several stars only the last two have to be tried
/// again, the last of each kind.
fn fits_from(pattern: &[char], path: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows a star does not fit: behind the star,
    // with one more character taken by it.
    let mut narrow: Option<(usize, usize)> = None;
    let mut wide: Option<(usize, usize)> = None;
    loop {
        if t == path.len() && pattern[p..].iter().all(|c| *c == '*') {
            return true;
        }
        match pattern.get(p) {
            Some('*') => {
                let stars = pattern[p..].iter().take_while(|c| **c == '*').count();
                p += stars;
                if stars == 1 {
                    narrow = Some((p, t));
                } else {
                    wide = Some((p, t));
                    narrow = None;
                }
                continue;
            }
            Some('?') if path.get(t).is_some_and(|c| *c != '/') => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            Some(c) if path.get(t) == Some(c) => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            Some(_) | None => (),
        }
        if let Some((behind, from)) =
            narrow.filter(|(_, from)| path.get(*from).is_some_and(|c| *c != '/'))
        {
            narrow = Some((behind, from + 1));
            (p, t) = (behind, from + 1);
        } else if let Some((behind, from)) = wide.filter(|(_, from)| *from < path.len()) {
            wide = Some((behind, from + 1));
            narrow = None;
            (p, t) = (behind, from + 1);
        } else {
            return false;
        }
    }
}

#[test]
fn patterns() {
    #[rustfmt::skip]
    let table = [
        ("/usr/bin/rg",      "/usr/bin/rg",           true),
        ("/USR/bin/RG",      "/usr/bin/rg",           true),
        ("/usr/bin/rg",      "/usr/bin/rgx",          false),
        ("/usr/bin/rg",      "/usr/bin/r",            false),
        ("/usr/*/rg",        "/usr/bin/rg",           true),
        ("/usr/*/rg",        "/usr/local/bin/rg",     false),
        ("/usr/**/rg",       "/usr/local/bin/rg",     true),
        ("/usr/**",          "/usr/local/bin/rg",     true),
        ("/**",              "/anything",             true),
        ("/usr/bin/r?",      "/usr/bin/rg",           true),
        ("/usr/bin?rg",      "/usr/bin/rg",           false),
        ("/opt/*-*/bin/*",   "/opt/a-b/bin/tool",     true),
        ("/opt/**/x*/b",     "/opt/x1/c/x2/b",        true),
        ("/opt/**/x*/b",     "/opt/x1/c/y2/b",        false),
        ("/a/*",             "/a/",                   true),
        ("rg",               "/usr/bin/rg",           false),
        ("*",                "/usr/bin/rg",           false),
        ("**",               "/usr/bin/rg",           false),
        ("",                 "",                      false),
    ];
    for (pattern, path, expected) in table {
        assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
    }
}

#[test]
fn many_stars_take_no_time() {
    let pattern = format!("/{}b", "*a".repeat(50));
    assert!(!fits(&pattern, &format!("/{}", "a".repeat(5_000))));
}
