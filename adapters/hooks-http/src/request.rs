//! What a request says.

use std::net::IpAddr;

use http::{HeaderMap, Method, Uri, header, request::Parts};
use http_kit::form;
use ports::driving::HookKnock;

/// The headers a token may stand in, besides `Authorization`: of this product and
/// of those it was before.
const TOKENS: [&str; 3] = ["x-openclaw-token", "x-moltbot-token", "x-clawdbot-token"];
/// The headers nobody behind is shown, besides those.
const SECRETS: [header::HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// What is known of a request without its body.
pub(crate) fn knock<'a>(
    head: &'a Parts,
    query: &[(Box<str>, Box<str>)],
    place: IpAddr,
    token: Option<&'a str>,
) -> HookKnock<'a> {
    HookKnock {
        path: head.uri.path(),
        is_post: head.method == Method::POST,
        place,
        token,
        has_query_token: query.iter().any(|(name, _)| &**name == "token"),
    }
}

/// The token, if one is shown. `Authorization: Bearer` counts before others.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let shown = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let filled = |token: &&str| !token.is_empty();
    bearer.filter(filled).or_else(|| TOKENS.into_iter().find_map(|name| shown(name).filter(filled)))
}

/// The names and values behind the `?`.
pub(crate) fn query(uri: &Uri) -> Vec<(Box<str>, Box<str>)> {
    let pairs = form(uri.query().unwrap_or_default().as_bytes()).into_iter();
    pairs.map(|(name, value)| (name.into(), value.into())).collect()
}

/// The headers without secrets, several lines of one joined with commas.
pub(crate) fn shown_headers(headers: &HeaderMap) -> Vec<(Box<str>, Box<str>)> {
    let is_shown =
        |name: &&header::HeaderName| !SECRETS.contains(name) && !TOKENS.contains(&name.as_str());
    let joined = |name: &header::HeaderName| {
        let lines = headers.get_all(name).iter().map(|it| String::from_utf8_lossy(it.as_bytes()));
        lines.collect::<Vec<_>>().join(", ")
    };
    let names = headers.keys().filter(is_shown);
    names.map(|name| (name.as_str().into(), joined(name).into())).collect()
}

#[test]
fn which_token_counts() {
    let shown = |headers: &[(&'static str, &'static str)]| {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), header::HeaderValue::from_static(value)))
            .collect();
        token(&headers).map(str::to_owned)
    };
    let (standard, own) = ("authorization", "x-openclaw-token");
    #[rustfmt::skip]
    let table = [
        (vec![],                                               None),
        (vec![(standard, "Bearer a")],                         Some("a")),
        (vec![(standard, "bearer  a ")],                       Some("a")),
        (vec![(standard, "Basic YTpi")],                       None),
        (vec![(standard, "Bearer "), (own, "b")],              Some("b")),
        (vec![(standard, "Bearer a"), (own, "b")],             Some("a")),
        (vec![(standard, "Basic YTpi"), ("x-moltbot-token", "b")], Some("b")),
        (vec![("x-clawdbot-token", "c"), (own, "")],           Some("c")),
    ];
    for (headers, expected) in table {
        assert_eq!(shown(&headers).as_deref(), expected, "{headers:?}");
    }
}

#[test]
fn secrets_are_not_shown_and_lines_are_joined() {
    let request = http::Request::post("/hooks/x?a=1&t%6Fken=x")
        .header("Authorization", "Bearer s")
        .header("X-OpenClaw-Token", "s")
        .header("X-Moltbot-Token", "s")
        .header("Cookie", "s")
        .header("X-GitHub-Event", "push")
        .header("X-Two", "1")
        .header("X-Two", "2")
        .body(())
        .unwrap();
    let mut headers = shown_headers(request.headers());
    headers.sort();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(headers, [("x-github-event", "push"), ("x-two", "1, 2")]);

    let (head, ()) = request.into_parts();
    let query = query(&head.uri);
    assert_eq!((&*query[0].0, &*query[0].1), ("a", "1"));
    let place = IpAddr::from([127, 0, 0, 1]);
    assert!(knock(&head, &query, place, None).has_query_token, "however it is spelled");
}
