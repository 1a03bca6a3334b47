//! Where a client finds the canvas.

use domain::{access::Role, client::Client};
use ports::driving::Circumstances;

use super::Door;

/// The address under which whoever connects in these circumstances reaches the
/// gateway. The name was found good before.
pub(super) fn base(circumstances: &Circumstances) -> Option<String> {
    let host = circumstances.host.as_deref()?;
    let forwarded = circumstances.header("x-forwarded-proto").unwrap_or_default();
    let outside = forwarded.split(',').next().unwrap_or_default().trim();
    let is_secure = circumstances.secure || outside.eq_ignore_ascii_case("https");
    let scheme = if is_secure { "https" } else { "http" };
    Some(format!("{scheme}://{host}"))
}

impl Door {
    /// Where `client` finds the canvas, if it is a node: others ask when they
    /// want to see it.
    pub(super) fn canvas_of(&self, client: &Client) -> Option<String> {
        let is_node = client.principal.role == Role::Node;
        let fresh = is_node.then(|| self.services.canvas.fresh(client.id, None)).flatten();
        fresh.map(|fresh| fresh.url)
    }
}

#[test]
fn a_client_finds_the_canvas_where_it_found_the_gateway() {
    let circumstances = |host: Option<&str>, secure, forwarded: &str| Circumstances {
        connection: Box::default(),
        peer: [127, 0, 0, 1].into(),
        host: host.map(Into::into),
        origin: None,
        headers: [("x-forwarded-proto".into(), forwarded.into())].into(),
        secure,
        nonce: Box::default(),
        challenged_at: domain::time::Timestamp::default(),
    };
    #[rustfmt::skip]
    let table = [
        (Some("a:18789"),   false, "",             Some("http://a:18789")),
        (Some("a"),         true,  "",             Some("https://a")),
        (Some("a"),         false, "https, http",  Some("https://a")),
        (Some("[::1]:1"),   false, "http, https",  Some("http://[::1]:1")),
        (None,              true,  "https",        None),
    ];
    for (host, secure, forwarded, expected) in table {
        let found = base(&circumstances(host, secure, forwarded));
        assert_eq!(found.as_deref(), expected, "{host:?} {secure} {forwarded}");
    }
}
