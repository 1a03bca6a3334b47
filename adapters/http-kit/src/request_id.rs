//! What a request is called.

use http::{HeaderMap, HeaderValue};

/// The longest name that is repeated, in bytes.
const MAX_LEN: usize = 128;

/// The `x-request-id` a request came with, if it is a plain one; else a new one
/// made of `uuid`. Nothing if that cannot be sent.
pub fn request_id(headers: &HeaderMap, uuid: &str) -> Option<HeaderValue> {
    let tame = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    let given = headers.get("x-request-id").filter(|given| {
        let bytes = given.as_bytes();
        !bytes.is_empty() && bytes.len() <= MAX_LEN && bytes.iter().all(tame)
    });
    given.cloned().or_else(|| HeaderValue::try_from(format!("req_{uuid}")).ok())
}

#[test]
fn only_plain_names_are_repeated() {
    let long = "x".repeat(129);
    #[rustfmt::skip]
    let table = [
        ("abc-1.2_3:4",  "abc-1.2_3:4"),
        ("a b",          "req_u"),
        ("a<script>",    "req_u"),
        (&long,          "req_u"),
        ("",             "req_u"),
    ];
    for (given, named) in table {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", given.parse().unwrap());
        assert_eq!(request_id(&headers, "u").unwrap(), named);
    }
    assert_eq!(request_id(&HeaderMap::new(), "u").unwrap(), "req_u");
}
