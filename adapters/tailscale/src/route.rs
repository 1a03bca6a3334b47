//! The gateway's place in what Tailscale serves.
//!
//! The configuration is one JSON object for the whole machine: `TCP` says which
//! ports speak HTTPS, `Web` what is served under `name:port` and a path,
//! `AllowFunnel` to which of them the internet is let. It belongs to everybody on
//! this machine, so it is read, changed in one place and written back.

use domain::exposure::Exposure;
use ports::driven::TailnetError;
use serde_json::{Map, Value, json};

/// The gateway at the root of this machine's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// This machine's name in the tailnet.
    pub(crate) host: String,
    /// The port of the loopback it leads to.
    pub(crate) port: u16,
    /// Whether that port speaks TLS.
    pub(crate) tls: bool,
}

/// What adding a route came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Added {
    /// Whether the internet is let in.
    pub(crate) public: bool,
    /// Whether everything was left as it was found, because a funnel is to stay.
    pub(crate) preserved: bool,
}

impl Route {
    /// What to open.
    pub(crate) fn url(&self) -> String {
        format!("https://{}/", self.host)
    }

    /// What the command is told instead of a whole configuration.
    pub(crate) fn command_target(&self) -> String {
        if self.tls { self.target() } else { self.port.to_string() }
    }

    fn target(&self) -> String {
        // The certificate is for other names than this address.
        let scheme = if self.tls { "https+insecure" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    fn place(&self) -> String {
        format!("{}:443", self.host)
    }

    /// Adds the route to `config`, unless it would take somebody's place, or
    /// change who can reach what others serve, or be carried further than `how`
    /// says.
    pub(crate) fn add(
        &self,
        config: &mut Value,
        how: Exposure,
        preserve_funnel: bool,
    ) -> Result<Added, TailnetError> {
        if config.is_null() {
            *config = json!({});
        }
        let garbled = TailnetError::Garbled("what it serves");
        if !config.is_object() {
            return Err(garbled);
        }
        self.check_port(config)?;
        let handlers = &config["Web"][self.place()]["Handlers"];
        let root = &handlers["/"];
        if !root.is_null() && !self.is_ours(root) {
            return Err(self.taken("something else is served there already"));
        }
        let with_others = handlers.as_object().is_some_and(|all| all.keys().any(|at| at != "/"));
        let funnel = config["AllowFunnel"][self.place()] == true;
        let alone = !root.is_null() && !with_others;
        match how {
            Exposure::Serve if funnel && alone && preserve_funnel => {
                return Ok(Added { public: true, preserved: true });
            }
            Exposure::Serve if funnel && !alone => {
                return Err(self.taken("a funnel is open there, which would let the internet in"));
            }
            Exposure::Funnel if with_others && !funnel => {
                return Err(self.taken(
                    "other things are served there to the tailnet, which a funnel would show to \
                     the internet",
                ));
            }
            Exposure::Serve | Exposure::Funnel => (),
        }
        self.write(config, how).ok_or(garbled)?;
        tidy(config);
        Ok(Added { public: how == Exposure::Funnel, preserved: false })
    }

    fn write(&self, config: &mut Value, how: Exposure) -> Option<()> {
        let place = self.place();
        entry(config, &["TCP", "443"])?.insert("HTTPS".into(), true.into());
        let handlers = entry(config, &["Web", &place, "Handlers"])?;
        handlers.insert("/".into(), json!({ "Proxy": self.target() }));
        let funnels = entry(config, &["AllowFunnel"])?;
        match how {
            Exposure::Serve => funnels.remove(&place),
            Exposure::Funnel => funnels.insert(place, true.into()),
        };
        Some(())
    }

    /// Removes the route from `config`, if it is there and still ours.
    pub(crate) fn remove(&self, config: &mut Value) {
        if self.is_ours(&config["Web"][self.place()]["Handlers"]["/"]) {
            // Where something has another shape than that, there is nothing
            // left of ours to remove.
            self.cut(config);
            tidy(config);
        }
    }

    fn cut(&self, config: &mut Value) -> Option<()> {
        let place = self.place();
        let handlers = entry(config, &["Web", &place, "Handlers"])?;
        handlers.remove("/");
        if handlers.is_empty() {
            let web = entry(config, &["Web"])?;
            web.remove(&place);
            if !web.keys().any(|other| other.ends_with(":443")) {
                entry(config, &["TCP"])?.remove("443");
            }
            entry(config, &["AllowFunnel"])?.remove(&place);
        }
        Some(())
    }

    /// Port 443 has to be free, or to speak HTTPS for everybody.
    fn check_port(&self, config: &Value) -> Result<(), TailnetError> {
        let port = &config["TCP"]["443"];
        if !port.is_null() && port["HTTPS"] != true {
            return Err(self.taken("port 443 is forwarded elsewhere"));
        }
        let mut foreground = config["Foreground"].as_object().into_iter().flat_map(Map::values);
        if foreground.any(|config| !config["TCP"]["443"].is_null()) {
            return Err(self.taken("a `tailscale serve` in a terminal uses port 443"));
        }
        Ok(())
    }

    /// Whether a handler leads to the gateway, in any of the spellings that are
    /// in use.
    fn is_ours(&self, handler: &Value) -> bool {
        let Some(proxy) = handler["Proxy"].as_str() else { return false };
        let (scheme, rest) = proxy.split_once("://").unwrap_or(("http", proxy));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').unwrap_or(("127.0.0.1", rest));
        let speaks_tls = matches!(scheme, "https" | "https+insecure");
        matches!(host, "127.0.0.1" | "localhost")
            && port == self.port.to_string()
            && speaks_tls == self.tls
    }

    fn taken(&self, why: &str) -> TailnetError {
        TailnetError::Taken(format!("{}: {why}", self.url()))
    }
}

/// Whether `config` serves anything at all.
pub(crate) fn serves_anything(config: &Value) -> bool {
    config.as_object().is_some_and(|all| all.values().any(|value| !is_empty(value)))
}

/// The object at `path`, made where it is missing; `None` where something else
/// is in its place.
fn entry<'a>(config: &'a mut Value, path: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let mut place = config;
    for step in path {
        if place.is_null() {
            *place = json!({});
        }
        place = place.as_object_mut()?.entry(*step).or_insert(Value::Null);
    }
    if place.is_null() {
        *place = json!({});
    }
    place.as_object_mut()
}

/// Leaves out the maps that are empty, as Tailscale does.
fn tidy(config: &mut Value) {
    let Some(config) = config.as_object_mut() else { return };
    for key in ["TCP", "Web", "AllowFunnel"] {
        if config.get(key).is_some_and(is_empty) {
            config.remove(key);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use Exposure::{Funnel, Serve};

    use super::*;

    const PLACE: &str = "host.tailnet.ts.net:443";

    fn route() -> Route {
        Route { host: "host.tailnet.ts.net".to_owned(), port: 18789, tls: false }
    }

    fn served(handlers: &Value, funnel: bool) -> Value {
        let mut config = json!({
            "TCP": { "443": { "HTTPS": true } },
            "Web": { PLACE: { "Handlers": handlers } },
        });
        if funnel {
            config["AllowFunnel"] = json!({ PLACE: true });
        }
        config
    }

    fn ours() -> Value {
        json!({ "/": { "Proxy": "http://127.0.0.1:18789" } })
    }

    #[test]
    fn a_route_is_added_to_what_is_there() {
        let forwarded =
            json!({ "TCP": { "8443": { "TCPForward": "x:1" } }, "Services": { "a": 1 } });
        let mut both = served(&ours(), false);
        both["TCP"]["8443"] = forwarded["TCP"]["8443"].clone();
        both["Services"] = forwarded["Services"].clone();
        let beside = json!({ "/": { "Proxy": "http://127.0.0.1:18789" }, "/x": { "Text": "x" } });

        #[rustfmt::skip]
        let table = [
            (json!(null),                              Serve,  served(&ours(), false)),
            (json!({}),                                Funnel, served(&ours(), true)),
            (forwarded,                                Serve,  both),
            (served(&ours(), false),                   Serve,  served(&ours(), false)),
            (served(&ours(), false),                   Funnel, served(&ours(), true)),
            (served(&ours(), true),                    Serve,  served(&ours(), false)),
            (served(&json!({ "/x": { "Text": "x" } }), false), Serve, served(&beside, false)),
            (served(&json!({ "/x": { "Text": "x" } }), true), Funnel, served(&beside, true)),
            (served(&json!({ "/": { "Proxy": "localhost:18789/" } }), false), Serve, served(&ours(), false)),
        ];
        for (before, how, expected) in table {
            let mut config = before.clone();
            let added = route().add(&mut config, how, false).unwrap();
            assert_eq!(config, expected, "{how} on {before}");
            assert_eq!(added, Added { public: how == Funnel, preserved: false });
        }
    }

    #[test]
    fn a_place_that_is_taken_and_a_funnel_of_others_are_left_alone() {
        let other = json!({ "/": { "Proxy": "http://127.0.0.1:3000" } });
        let beside = json!({ "/x": { "Text": "x" } });
        #[rustfmt::skip]
        let table = [
            (served(&other, false),  Serve,  "something else"),
            (served(&json!({ "/": { "Path": "/srv" } }), false), Serve, "something else"),
            (served(&json!({ "/": { "Proxy": "http://192.0.2.1:18789" } }), false), Serve, "something else"),
            (json!({ "TCP": { "443": { "TCPForward": "127.0.0.1:22" } } }), Serve, "forwarded elsewhere"),
            (json!({ "Foreground": { "s": { "TCP": { "443": { "HTTPS": true } } } } }), Serve, "in a terminal"),
            (served(&beside, true),  Serve,  "let the internet in"),
            (json!({ "AllowFunnel": { PLACE: true } }), Serve, "let the internet in"),
            (served(&beside, false), Funnel, "show to the internet"),
            (json!([]),              Serve,  "cannot be understood"),
            (json!({ "TCP": 4 }),    Serve,  "cannot be understood"),
            (json!({ "Web": [] }),   Serve,  "cannot be understood"),
        ];
        for (before, how, expected) in table {
            let mut config = before.clone();
            let error = route().add(&mut config, how, false).unwrap_err().to_string();
            assert!(error.contains(expected), "{how} on {before}: {error}");
        }
    }

    #[test]
    fn a_funnel_is_preserved_only_for_the_gateway_itself() {
        let mut config = served(&ours(), true);
        let added = route().add(&mut config, Serve, true).unwrap();
        assert_eq!(added, Added { public: true, preserved: true });
        assert_eq!(config, served(&ours(), true));
        let mut others = served(&json!({ "/x": { "Text": "x" } }), true);
        assert!(route().add(&mut others, Serve, true).is_err());
    }

    #[test]
    fn only_our_own_route_is_removed() {
        let beside = json!({ "/": { "Proxy": "http://127.0.0.1:18789" }, "/x": { "Text": "x" } });
        let mut elsewhere = served(&ours(), true);
        elsewhere["Web"]["other.ts.net:443"] = json!({ "Handlers": { "/": { "Text": "x" } } });
        let mut other_left = elsewhere.clone();
        other_left["Web"].as_object_mut().unwrap().remove(PLACE);
        other_left.as_object_mut().unwrap().remove("AllowFunnel");
        let foreign = served(&json!({ "/": { "Proxy": "http://127.0.0.1:3000" } }), false);

        #[rustfmt::skip]
        let table = [
            (served(&ours(), false), json!({})),
            (served(&ours(), true),  json!({})),
            (served(&beside, true),  served(&json!({ "/x": { "Text": "x" } }), true)),
            (elsewhere,              other_left),
            (foreign.clone(),        foreign),
            (json!({}),              json!({})),
            (json!(null),            json!(null)),
        ];
        for (before, expected) in table {
            let mut config = before.clone();
            route().remove(&mut config);
            assert_eq!(config, expected, "{before}");
        }
    }

    #[test]
    fn a_port_with_tls_is_another_target() {
        let secure = Route { tls: true, ..route() };
        let mut config = json!({});
        secure.add(&mut config, Serve, false).unwrap();
        let handler = &config["Web"][PLACE]["Handlers"]["/"];
        assert_eq!(handler["Proxy"], "https+insecure://127.0.0.1:18789");
        assert!(secure.is_ours(handler) && !route().is_ours(handler));
        assert_eq!(
            (secure.command_target().as_str(), route().command_target().as_str()),
            ("https+insecure://127.0.0.1:18789", "18789")
        );
    }
}
