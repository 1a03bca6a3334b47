//! How much a model reads, about.

/// How many bytes of text make a token, about: a good guess for languages in
/// Latin letters, too few tokens for others.
pub const BYTES_PER_TOKEN: u64 = 4;

/// How many tokens a picture makes, about: as many as the largest one that
/// models look at without making it smaller.
pub const TOKENS_PER_PICTURE: u64 = 1600;

/// About how many tokens `bytes` of text and so many pictures make, for models
/// nobody can ask: never none.
pub const fn estimate_tokens(bytes: u64, pictures: u64) -> u64 {
    let text = bytes.div_ceil(BYTES_PER_TOKEN);
    let all = text.saturating_add(pictures.saturating_mul(TOKENS_PER_PICTURE));
    if all == 0 { 1 } else { all }
}

#[test]
fn nothing_is_free() {
    #[rustfmt::skip]
    let table = [
        // bytes    pictures    tokens
        (0,         0,          1),
        (1,         0,          1),
        (4,         0,          1),
        (5,         0,          2),
        (400,       2,          3300),
        (u64::MAX,  u64::MAX,   u64::MAX),
    ];
    for (bytes, pictures, tokens) in table {
        assert_eq!(estimate_tokens(bytes, pictures), tokens, "{bytes} {pictures}");
    }
}
