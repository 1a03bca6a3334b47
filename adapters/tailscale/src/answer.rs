//! What Tailscale says, which has the same shape from its local API and from
//! its command.

use std::net::IpAddr;

use domain::exposure::Exposure;
use ports::driven::{TailnetError, TailnetStatus, TailnetUser};
use serde_json::Value;

/// The longest answer that is read, in bytes.
pub(crate) const LONGEST: usize = 200_000;
/// The longest name, address of a picture or complaint that is kept, in bytes.
const LONGEST_TEXT: usize = 512;
/// The login all machines with tags share.
const TAGGED: &str = "tagged-devices";

/// What `status` says.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) known: TailnetStatus,
    /// Names the tailnet gets certificates for.
    certificates: Vec<String>,
    /// What the tailnet's policy lets this machine do.
    capabilities: Vec<String>,
}

impl Status {
    pub(crate) fn read(json: &Value) -> Result<Self, TailnetError> {
        let garbled = || TailnetError::Garbled("its status");
        let state = text(&json["BackendState"]).ok_or_else(garbled)?;
        let own = &json["Self"];
        let addresses: Vec<IpAddr> = [&own["TailscaleIPs"], &json["TailscaleIPs"]]
            .into_iter()
            .find_map(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|address| address.as_str()?.parse().ok())
            .collect();
        let dns_name = text(&own["DNSName"])
            .map(|name| name.trim_end_matches('.').to_ascii_lowercase())
            .filter(|name| is_host_name(name));
        let keys = own["CapMap"].as_object().into_iter().flat_map(|map| map.keys().cloned());
        Ok(Self {
            known: TailnetStatus { dns_name, addresses, state },
            certificates: texts(&json["CertDomains"]).collect(),
            capabilities: keys.chain(texts(&own["Capabilities"])).collect(),
        })
    }

    /// The name to be found by, if the tailnet is set up for that.
    pub(crate) fn host_for(self, how: Exposure) -> Result<String, TailnetError> {
        let not_allowed = |why: String| Err(TailnetError::NotAllowed(why));
        if self.known.state != "Running" {
            return Err(TailnetError::NotConnected(self.known.state));
        }
        let Some(name) = self.known.dns_name else {
            return not_allowed("this machine has no name in its tailnet".to_owned());
        };
        if !self.certificates.iter().any(|domain| domain.eq_ignore_ascii_case(&name)) {
            return not_allowed(
                "the tailnet has no HTTPS certificates; enable them at \
                 https://login.tailscale.com/admin/dns"
                    .to_owned(),
            );
        }
        if how == Exposure::Funnel && !self.capabilities.iter().any(|it| it == "funnel") {
            return not_allowed(
                "this machine may not open a funnel; the tailnet's policy has to give it the \
                 attribute `funnel`"
                    .to_owned(),
            );
        }
        Ok(name)
    }
}

/// Who an answer of `whois` is about.
pub(crate) fn user(json: &Value) -> Result<Option<TailnetUser>, TailnetError> {
    let tagged = json["Node"]["Tags"].as_array().is_some_and(|tags| !tags.is_empty());
    let profile = &json["UserProfile"];
    let named =
        |record: &Value| ["LoginName", "Login", "login"].iter().find_map(|key| text(&record[*key]));
    let (record, login) = match (named(profile), named(json)) {
        (Some(login), _) => (profile, login),
        (None, Some(login)) => (json, login),
        (None, None) => return Err(TailnetError::Garbled("a user")),
    };
    if tagged || login == TAGGED {
        return Ok(None);
    }
    let name = ["DisplayName", "Name", "name"].iter().find_map(|key| text(&record[*key]));
    Ok(Some(TailnetUser { login, name, picture: text(&record["ProfilePicURL"]) }))
}

/// The object in `output`, which may have other things before and after it.
pub(crate) fn object_in(output: &str) -> Option<Value> {
    let object = output.get(output.find('{')?..=output.rfind('}')?)?;
    serde_json::from_str(object).ok()
}

/// The first line of what Tailscale complains about, fit to be shown.
pub(crate) fn complaint(text: &str) -> String {
    let said = object_in(text).and_then(|json| Some(json["error"].as_str()?.to_owned()));
    let said = said.as_deref().unwrap_or(text);
    let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing");
    let shown = line.chars().filter(|letter| !letter.is_control());
    shown.take(LONGEST_TEXT / 2).collect()
}

/// A text worth keeping: not blank, not endless, on one line.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = !text.is_empty() && text.len() <= LONGEST_TEXT && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    value.as_array().into_iter().flatten().filter_map(text)
}

fn is_host_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    !name.is_empty() && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_somebody_is() {
        let owner = |name: Option<&str>, picture: Option<&str>| {
            Ok(Some(TailnetUser {
                login: "owner@example.com".to_owned(),
                name: name.map(Into::into),
                picture: picture.map(Into::into),
            }))
        };
        let garbled = Err(TailnetError::Garbled("a user"));
        #[rustfmt::skip]
        let table = [
            (json!({ "Node": {}, "UserProfile": { "ID": 1, "LoginName": "owner@example.com", "DisplayName": "Owner", "ProfilePicURL": "https://x/y" } }),
             owner(Some("Owner"), Some("https://x/y"))),
            (json!({ "UserProfile": { "Login": " owner@example.com ", "DisplayName": 7 } }), owner(None, None)),
            (json!({ "LoginName": "owner@example.com" }), owner(None, None)),
            (json!({ "login": "owner@example.com", "name": "Owner" }), owner(Some("Owner"), None)),
            (json!({ "Node": { "Tags": ["tag:ci"] }, "UserProfile": { "LoginName": "owner@example.com" } }), Ok(None)),
            (json!({ "UserProfile": { "LoginName": "tagged-devices" } }), Ok(None)),
            (json!({ "UserProfile": { "LoginName": ["owner@example.com"] } }), garbled.clone()),
            (json!({ "UserProfile": { "LoginName": "" } }), garbled.clone()),
            (json!({ "UserProfile": { "LoginName": "owner@example.com\nadmin" } }), garbled.clone()),
            (json!({ "UserProfile": { "LoginName": "x".repeat(513) } }), garbled.clone()),
            (json!([]), garbled.clone()),
            (json!(null), garbled),
        ];
        for (answer, expected) in table {
            assert_eq!(user(&answer), expected, "{answer}");
        }
    }

    fn running() -> Value {
        json!({
            "BackendState": "Running",
            "TailscaleIPs": ["100.100.1.1"],
            "Self": {
                "DNSName": "Host.Tailnet.ts.net.",
                "TailscaleIPs": ["100.100.1.1", "fd7a:115c:a1e0::1", 7, "nonsense"],
                "CapMap": { "funnel": null, "https": null },
            },
            "CertDomains": ["host.tailnet.ts.net"],
        })
    }

    #[test]
    fn what_is_known_about_this_machine() {
        let status = Status::read(&running()).unwrap().known;
        assert_eq!(status.dns_name.as_deref(), Some("host.tailnet.ts.net"));
        assert_eq!(status.addresses.len(), 2, "what is no address is left out");
        for broken in [json!({}), json!({ "BackendState": 4 }), json!("Running"), json!(null)] {
            assert!(Status::read(&broken).is_err(), "{broken}");
        }
        let odd = json!({ "BackendState": "Running", "Self": { "DNSName": "a b/c" } });
        assert_eq!(Status::read(&odd).unwrap().known.dns_name, None);
    }

    #[test]
    fn what_the_tailnet_has_to_be_set_up_for() {
        use Exposure::{Funnel, Serve};

        let with = |key: &str, value: Value| {
            let mut status = running();
            *status.pointer_mut(key).unwrap() = value;
            status
        };
        #[rustfmt::skip]
        let table = [
            (running(),                                     Serve,  None),
            (running(),                                     Funnel, None),
            (with("/BackendState", json!("NeedsLogin")),    Serve,  Some("NeedsLogin, not Running")),
            (with("/Self/DNSName", json!("")),              Serve,  Some("no name")),
            (with("/CertDomains", json!(null)),             Serve,  Some("no HTTPS certificates")),
            (with("/Self/CapMap", json!({ "https": null })), Serve, None),
            (with("/Self/CapMap", json!({ "https": null })), Funnel, Some("attribute `funnel`")),
        ];
        for (status, how, expected) in table {
            let found = Status::read(&status).unwrap().host_for(how);
            match expected {
                None => assert_eq!(found.as_deref(), Ok("host.tailnet.ts.net"), "{status}"),
                Some(part) => assert!(found.unwrap_err().to_string().contains(part), "{part}"),
            }
        }
    }

    #[test]
    fn noise_around_an_answer_is_left_out() {
        let table = [
            ("{\"a\":1}", true),
            ("Warning: old client\n{\"a\":1}\nbye", true),
            ("} {", false),
            ("no answer", false),
            ("{\"a\":", false),
            ("", false),
        ];
        for (output, expected) in table {
            assert_eq!(object_in(output).is_some(), expected, "{output:?}");
        }
        assert_eq!(complaint("\n  \u{1b}[31mno\u{7} way\nmore"), "[31mno way");
        assert_eq!(complaint(r#"{"error":"updating config: x"}"#), "updating config: x");
    }
}
