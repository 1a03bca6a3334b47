//! Values that may stand in a log.

use std::fmt::Write;

use ports::config::holds_secret;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// How much of a value is looked at, in bytes. Far more than is kept.
const LOOKED_AT: usize = 8 * 1024;

/// How secrets of well-known services begin.
const PREFIXES: [&str; 20] = [
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
    "xoxb-",
    "xoxp-",
    "xoxa-",
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

/// `text` without secrets and control characters, at most about `limit` bytes.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let looked_at = &text[..text.floor_char_boundary(LOOKED_AT)];
    let mut cleaned = escape(&redact(looked_at));
    if limit < cleaned.len() {
        cleaned.truncate(cleaned.floor_char_boundary(limit));
        cleaned.push('…');
    }
    cleaned
}

/// `value` of a field called `name`, or nothing of it when it is a secret.
pub(crate) fn clean_field(name: &str, value: &str, limit: usize) -> String {
    if holds_secret(name) { HIDDEN.into() } else { clean(value, limit) }
}

/// Goes from word to word and hides those that look like a secret, or that
/// something before them announces as one.
fn redact(text: &str) -> String {
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
        let (shown, hidden) = if is_scheme(word) {
            (word, "")
        } else if is_announced(before, between, value) {
            ("", value)
        } else {
            looks_secret(word, value)
        };
        cleaned.push_str(shown);
        if !hidden.is_empty() {
            cleaned.push_str(HIDDEN);
        }
        before = word;
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
    let sign = between.trim_matches([' ', '"', '\'', '\\']);
    let named = matches!(sign, ":" | "=" | "=>" | ":=");
    let flag = before.starts_with("--") && between.trim().is_empty();
    (named || flag) && holds_secret(before.trim_start_matches('-'))
}

/// Splits what follows into what may be shown and what has to be hidden.
fn looks_secret<'a>(word: &'a str, value: &'a str) -> (&'a str, &'a str) {
    if let Some(prefix) = PREFIXES.iter().find(|prefix| word.starts_with(**prefix)) {
        let (prefix, secret) = value.split_at(prefix.len());
        if 8 <= secret.len() {
            return (prefix, secret);
        }
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

#[test]
fn secrets_are_hidden() {
    #[rustfmt::skip]
    let table = [
        ("Authorization: Bearer canary-1.x/y=", "Authorization: Bearer ***"),
        ("authorization=Basic Y2FuYXJ5OmNhbmFyeQ==", "authorization=Basic ***"),
        ("token=canary&x=1", "token=***&x=1"),
        ("?api_key=canary", "?api_key=***"),
        (r#"{"apiKey": "canary","port":1}"#, r#"{"apiKey": "***","port":1}"#),
        (r#"{\"password\":\"canary\"}"#, r#"{\"password\":\"***\"}"#),
        ("--token canary --port 1", "--token *** --port 1"),
        ("key sk-canary1234 was refused", "key sk-*** was refused"),
        ("ghp_canary0123456789", "ghp_***"),
        ("https://api.test/bot123456789:AAcanaryAAcanaryAAcanaryAAcanaryAA1/send",
         "https://api.test/***/send"),
        ("a 9f-CanaryCanaryCanaryCanaryCanaryCanary0123 b", "a *** b"),
        ("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----", "*** PRIVATE KEY-----"),
        ("eyJcanarycanary.eyJcanary.canary rest", "eyJ*** rest"),
    ];
    for (text, expected) in table {
        assert_eq!(clean(text, 300), expected);
    }
    assert_eq!(clean_field("botToken", "canary", 300), "***");
    assert_eq!(clean_field("port", "18789", 300), "18789");
}

#[test]
fn everything_else_stays() {
    for text in [
        "listening on ws://127.0.0.1:18789 (PID 12)",
        "the token is in /home/me/.openclaw/gateway-token",
        "session agent:main:telegram:dm:1234",
        "run 6c8d9a52-9f7e-4d0f-8f3e-0a5b6f1f2a3b",
        "hash e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "maxTokens=5 mainKey=main sk-1",
        "a bearer token is missing",
        "größe=5 日本",
        "",
    ] {
        assert_eq!(clean(text, 300), text);
    }
}

#[test]
fn a_value_cannot_write_a_line_of_its_own() {
    let text = "a\r\n12:00:00 [gateway] forged\u{1b}[31m\u{9b}2J\t\u{202e}\u{0}";
    let cleaned = clean(text, 300);
    assert_eq!(cleaned, "a\\r\\n12:00:00 [gateway] forged\\u{1b}[31m\\u{9b}2J\\t\\u{202e}\\u{0}");
}

#[test]
fn long_values_are_cut_between_letters() {
    let cleaned = clean(&"é".repeat(10_000), 301);
    assert_eq!(cleaned, "é".repeat(150) + "…");
    assert!(clean(&"x".repeat(100_000), 300).len() <= 303);
}
