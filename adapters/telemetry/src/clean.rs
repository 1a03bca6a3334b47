//! Values that may stand in a log.

use std::fmt::Write;

use ports::config::holds_secret;

use crate::patterns::Patterns;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// From this length on, in letters, a secret may be told from others by its
/// beginning and its end.
const TELLING: usize = 18;

/// How much of a value is looked at, in bytes. Far more than is kept.
const LOOKED_AT: usize = 8 * 1024;

/// How far behind what is kept somebody's own patterns look, in bytes, so that
/// a secret is found that ends where the value is cut.
const BEYOND: usize = 512;

/// How secrets of well-known services begin.
const PREFIXES: [&str; 17] = [
    "sk-",
    "sk_",
    "pk-",
    "rk_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xapp-",
    "gsk_",
    "AIza",
    "pplx-",
    "npm_",
    "hf_",
    "eyJ",
];

/// From this length on a mix of cases and digits is taken for a secret.
const RANDOM: usize = 40;

/// What is hidden.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    /// Whether text is left as it is. Fields that are called like a secret, and
    /// control characters, are hidden in any case.
    pub(crate) off: bool,
    /// What somebody wants to have hidden besides.
    pub(crate) patterns: Patterns,
}

impl Redaction {
    /// `text` without secrets and control characters, at most about `limit` bytes.
    pub(crate) fn clean(&self, text: &str, limit: usize) -> String {
        let text = &text[..text.floor_char_boundary(LOOKED_AT)];
        let mut cleaned = if self.off { escape(text) } else { escape(&self.redact(text, limit)) };
        if limit < cleaned.len() {
            cleaned.truncate(cleaned.floor_char_boundary(limit));
            cleaned.push('…');
        }
        cleaned
    }

    /// `value` of a field called `name`, or nothing of it when it is a secret.
    pub(crate) fn clean_field(&self, name: &str, value: &str, limit: usize) -> String {
        if holds_secret(name) { HIDDEN.into() } else { self.clean(value, limit) }
    }

    fn redact(&self, text: &str, limit: usize) -> String {
        let text = redact(text);
        if self.patterns.is_empty() {
            return text;
        }
        let most = text.floor_char_boundary(limit + BEYOND);
        self.patterns.hide(&text[..most], mask)
    }
}

/// What is shown of a secret: of a long one the ends, of a short one nothing.
fn mask(secret: &str) -> String {
    let letters = secret.chars().count();
    if letters < TELLING {
        return HIDDEN.into();
    }
    let at = |letter: usize| secret.char_indices().nth(letter).map_or(secret.len(), |(at, _)| at);
    format!("{}…{}", &secret[..at(6)], &secret[at(letters - 4)..])
}

/// Stands for the word before credentials that are sure to follow.
const CREDENTIALS: &str = "Authorization: <scheme>";

/// Goes from word to word and hides those that look like a secret, or that
/// something before them announces as one.
pub(crate) fn redact(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    let (mut before, mut between) = ("", "");
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("-----BEGIN") {
            cleaned.push_str(HIDDEN);
            rest = after.split_once("-----END").map_or("", |(_, end)| end);
            continue;
        }
        if !is_word(first) {
            let gap = rest.find(is_word).unwrap_or(rest.len());
            (between, rest) = rest.split_at(gap);
            cleaned.push_str(between);
            continue;
        }
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let value = &rest[..rest.find(ends_value).unwrap_or(rest.len())];
        let names_scheme = before.eq_ignore_ascii_case("authorization")
            && value == word
            && rest[value.len()..].trim_start_matches(' ').starts_with(is_word);
        let (shown, hidden) = if is_scheme(word) || names_scheme {
            (word, "")
        } else if is_announced(before, between, value) {
            ("", value)
        } else if let Some(login) = login(between, value) {
            login
        } else {
            looks_secret(word, value)
        };
        cleaned.push_str(shown);
        if !hidden.is_empty() {
            cleaned.push_str(&mask(hidden));
        }
        before = if names_scheme { CREDENTIALS } else { word };
        between = "";
        rest = &rest[shown.len() + hidden.len()..];
    }
    cleaned
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '-'
}

fn ends_value(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '"' | '\'' | ',' | ';' | '&' | ')' | '}' | ']' | '>' | '`' | '\\')
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Whether what stands before `value` says that it is a secret:
/// `Bearer …`, `token=…`, `"apiKey": "…"`, `--password …`.
fn is_announced(before: &str, between: &str, value: &str) -> bool {
    if is_scheme(before) {
        let plain_word = value.len() < 16 && value.bytes().all(|byte| byte.is_ascii_lowercase());
        return between.trim().is_empty() && !plain_word;
    }
    if before == CREDENTIALS {
        return between.trim().is_empty();
    }
    let sign = between.trim_matches([' ', '"', '\'', '\\']);
    let named = matches!(sign, ":" | "=" | "=>" | ":=");
    let flag = before.starts_with("--") && between.trim().is_empty();
    (named || flag) && holds_secret(before.trim_start_matches('-'))
}

/// Splits what stands behind the `//` of an address, as in `user:secret@host`.
fn login<'a>(between: &str, value: &'a str) -> Option<(&'a str, &'a str)> {
    let user_is_empty = between.ends_with("://:");
    if !user_is_empty && !between.ends_with("://") {
        return None;
    }
    let authority = &value[..value.find(['/', '?', '#']).unwrap_or(value.len())];
    let (login, _host) = authority.rsplit_once('@')?;
    let secret = match login.find(':') {
        Some(colon) if !user_is_empty => colon + 1,
        _ => 0,
    };
    Some(login.split_at(secret))
}

/// Splits what follows into what may be shown and what has to be hidden.
fn looks_secret<'a>(word: &'a str, value: &'a str) -> (&'a str, &'a str) {
    let slack = word.strip_prefix("xox").and_then(|rest| rest.get(1..)?.strip_prefix('-'));
    let known = PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix));
    let beyond_prefix = |rest: &str| value.len() - word.len() + rest.len();
    if slack.or(known).is_some_and(|rest| 8 <= beyond_prefix(rest)) {
        return ("", value);
    }
    let digits = word.trim_start_matches("bot");
    let chat_bot = (6..=12).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && value[word.len()..]
            .strip_prefix(':')
            .is_some_and(|rest| 30 <= rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
    if chat_bot {
        let end = word.len() + 1;
        let secret = value[end..].find(|c| !is_word(c)).unwrap_or(value.len() - end);
        return ("", &value[..end + secret]);
    }
    let has = |kind: fn(&u8) -> bool| word.bytes().any(|byte| kind(&byte));
    let random =
        has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    if RANDOM <= word.len() && random { ("", word) } else { (word, "") }
}

/// Everything that could end a line, move a cursor or change the order of
/// reading is spelled out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(letter));
            }
            control if control.is_control() => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(control));
            }
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str, limit: usize) -> String {
        Redaction::default().clean(text, limit)
    }

    #[test]
    fn secrets_are_hidden() {
        #[rustfmt::skip]
        let table = [
            ("Authorization: Bearer canary-1.x/y=", "Authorization: Bearer ***"),
            ("authorization=Basic Y2FuYXJ5OmNhbmFyeQ==", "authorization=Basic Y2FuYX…eQ=="),
            ("Authorization: Bearer canary", "Authorization: Bearer ***"),
            ("Authorization: Token canary", "Authorization: Token ***"),
            ("Authorization: canary", "Authorization: ***"),
            ("token=canary&x=1", "token=***&x=1"),
            ("GET /?token=canary0123456789canary HTTP/1.1", "GET /?token=canary…nary HTTP/1.1"),
            ("?api_key=canary", "?api_key=***"),
            (r#"{"apiKey": "canary","port":1}"#, r#"{"apiKey": "***","port":1}"#),
            (r#"{\"password\":\"canary\"}"#, r#"{\"password\":\"***\"}"#),
            ("--token canary --port 1", "--token *** --port 1"),
            ("--password=canary", "--password=***"),
            ("key sk-canary1234 was refused", "key *** was refused"),
            ("sk-proj-canarycanary0123", "sk-pro…0123"),
            ("ghp_canary0123456789", "ghp_ca…6789"),
            ("github_pat_canary0123456789", "github…6789"),
            ("xoxb-canary0123456789 xoxp-canary0123456789", "xoxb-c…6789 xoxp-c…6789"),
            ("xoxs-canary012", "***"),
            ("xapp-1-canary0123456789", "xapp-1…6789"),
            ("gsk_canary0123456789", "gsk_ca…6789"),
            ("AIzaCanary0123456789", "AIzaCa…6789"),
            ("pplx-canary0123456789", "pplx-c…6789"),
            ("npm_canary0123456789", "npm_ca…6789"),
            ("https://api.test/bot123456789:AAcanaryAAcanaryAAcanaryAAcanaryAA1/send",
             "https://api.test/bot123…yAA1/send"),
            ("123456789:AAcanaryAAcanaryAAcanaryAAcanaryAA1", "123456…yAA1"),
            ("a 9f-CanaryCanaryCanaryCanaryCanaryCanary0123 b", "a 9f-Can…0123 b"),
            ("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----", "*** PRIVATE KEY-----"),
            ("-----BEGIN RSA PRIVATE KEY-----\ncanary", "***"),
            ("eyJcanarycanary.eyJcanary.canary rest", "eyJcan…nary rest"),
            ("redis://:canary@db/0", "redis://:***@db/0"),
            ("https://me:canary@host/p and https://canary@host", "https://me:***@host/p and https://***@host"),
        ];
        for (text, expected) in table {
            assert_eq!(clean(text, 300), expected, "{text}");
        }
        let redaction = Redaction::default();
        assert_eq!(redaction.clean_field("botToken", "canary-canary-canary", 300), "***");
        assert_eq!(redaction.clean_field("port", "18789", 300), "18789");
    }

    #[test]
    fn of_a_long_secret_the_ends_are_shown() {
        assert_eq!(mask("0123456789abcdefg"), "***");
        assert_eq!(mask("0123456789abcdefgh"), "012345…efgh");
        assert_eq!(mask("ääääääöööööööößßßß"), "ääääää…ßßßß");
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "listening on ws://127.0.0.1:18789 (PID 12)",
            "the token is in /home/me/.openclaw/gateway-token",
            "session agent:main:telegram:dm:1234",
            "run 6c8d9a52-9f7e-4d0f-8f3e-0a5b6f1f2a3b",
            "hash e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "maxTokens=5 mainKey=main sk-1 xox xoxb-1 xoxé",
            "a bearer token is missing",
            "mail to me@example.com, see https://example.com/@me",
            "größe=5 日本",
            "",
        ] {
            assert_eq!(clean(text, 300), text);
        }
    }

    #[test]
    fn patterns_of_ones_own_hide_more_even_where_the_value_is_cut() {
        let (patterns, refused) = Patterns::new(&[r"acme_[a-z0-9]{20}".to_owned()]);
        assert_eq!(refused.len(), 0);
        let redaction = Redaction { off: false, patterns };
        let text = "x acme_0123456789abcdefghij y";
        assert_eq!(redaction.clean(text, 300), "x acme_0…ghij y");
        assert_eq!(redaction.clean(text, 10), "x acme_0…");
        assert_eq!(redaction.clean("token=canary", 300), "token=***");
    }

    #[test]
    fn switched_off_it_still_hides_fields_that_are_secrets() {
        let redaction = Redaction { off: true, ..Redaction::default() };
        assert_eq!(redaction.clean("token=canary\n", 300), "token=canary\\n");
        assert_eq!(redaction.clean_field("token", "canary", 300), "***");
    }

    #[test]
    fn a_value_cannot_write_a_line_of_its_own() {
        let text = "a\r\n12:00:00 [gateway] forged\u{1b}[31m\u{9b}2J\t\u{202e}\u{0}";
        let cleaned = clean(text, 300);
        assert_eq!(
            cleaned,
            "a\\r\\n12:00:00 [gateway] forged\\u{1b}[31m\\u{9b}2J\\t\\u{202e}\\u{0}"
        );
    }

    #[test]
    fn long_values_are_cut_between_letters() {
        let cleaned = clean(&"é".repeat(10_000), 301);
        assert_eq!(cleaned, "é".repeat(150) + "…");
        assert!(clean(&"x".repeat(100_000), 300).len() <= 303);
    }

    proptest::proptest! {
        /// Whatever somebody sends, cleaning it ends, and leaves one line.
        #[test]
        fn anything_can_be_cleaned(text in "\\PC{0,60}([ =:\"-]|sk-|xox|://|@|\n|Bearer ){0,6}\\PC{0,60}") {
            let cleaned = clean(&text, 100);
            proptest::prop_assert!(cleaned.len() <= 103);
            proptest::prop_assert!(!cleaned.contains('\n'));
        }
    }
}
