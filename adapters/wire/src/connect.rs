//! What a client says in its `connect` (`ws-protocol.md` 3.2, 12.2 and 13).

use std::collections::BTreeMap;

use domain::{
    access::Role,
    client::{ClientInfo, Mode, NodeOffer, Protocol},
    device::DeviceClaim,
    time::Timestamp,
};
use ports::driving::{Credentials, Knock, Refusal, RpcError};
use serde_json::{Map, Value, json, value::RawValue};

use crate::request::Dialect;

/// The oldest and the newest protocol spoken here.
const OLDEST: u64 = 3;
const NEWEST: u64 = 4;
/// The longest text a client may say about itself, in characters.
const MAX_TEXT: usize = 256;
/// The longest list of capabilities or scopes.
const MAX_LIST: usize = 128;
/// The longest list of commands of a node.
const MAX_COMMANDS: usize = 1024;
/// The longest key or signature, in characters.
const MAX_KEY: usize = 4096;
/// The longest search path of a node, in characters.
const MAX_PATH: usize = 32 * 1024;
/// How many complaints fit into one answer.
const MAX_FAULTS: usize = 8;

/// Reads the parameters of `connect`.
///
/// Unknown members are ignored and so are unknown scopes, which grant nothing.
pub fn knock(params: Option<&RawValue>, dialect: Dialect) -> Result<Knock, Refusal> {
    let params: Value = match params {
        Some(params) => serde_json::from_str(params.get()).map_err(|_| invalid("must be JSON"))?,
        None => Value::Object(Map::new()),
    };
    let Value::Object(params) = params else { return Err(invalid("must be object")) };

    let mut faults = Faults::default();
    let said = Said::read(&params, dialect, &mut faults);
    if !faults.0.is_empty() {
        faults.0.truncate(MAX_FAULTS);
        return Err(invalid(&faults.0.join("; ")));
    }
    let Said { range, mode, role, knock } = said;
    let protocol = negotiate(range, dialect)?;
    let role = match role {
        None => Role::Operator,
        Some(word) => *Role::ALL
            .iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| Refusal::policy(RpcError::invalid("invalid role")))?,
    };
    let info = ClientInfo { mode, ..knock.info };
    Ok(Knock { protocol, role, info, ..knock })
}

fn invalid(faults: &str) -> Refusal {
    Refusal::policy(RpcError::invalid(format!("invalid connect params: {faults}")))
}

fn negotiate((min, max): (u64, u64), dialect: Dialect) -> Result<Protocol, Refusal> {
    if min <= NEWEST && OLDEST <= max && min <= max {
        return Ok(match dialect {
            Dialect::Brief => Protocol::Brief,
            Dialect::Real if max < NEWEST => Protocol::V3,
            Dialect::Real => Protocol::V4,
        });
    }
    let details = json!({
        "code": "PROTOCOL_MISMATCH",
        "clientMinProtocol": min,
        "clientMaxProtocol": max,
        "expectedProtocol": NEWEST,
        "minimumProbeProtocol": OLDEST,
    });
    let error = RpcError::invalid("protocol mismatch").with_details(&details);
    Err(Refusal { error, close_code: 1002 })
}

/// What the parameters say, as far as they are in order.
struct Said<'a> {
    range: (u64, u64),
    mode: Mode,
    role: Option<&'a str>,
    knock: Knock,
}

impl<'a> Said<'a> {
    fn read(params: &'a Map<String, Value>, dialect: Dialect, faults: &mut Faults) -> Self {
        let brief = dialect == Dialect::Brief;
        let root = Members { object: params, path: "" };
        let mut number = |name| match root.integer(name, faults) {
            None if brief && !params.contains_key(name) => NEWEST,
            None => {
                root.require(name, faults);
                NEWEST
            }
            Some(number) => number,
        };
        let range = (number("minProtocol"), number("maxProtocol"));

        let client = root.object("client", faults);
        if client.is_none() && !brief {
            root.require("client", faults);
        }
        let (info, mode) = match client {
            Some(object) => client_info(&Members { object, path: "/client" }, brief, faults),
            None => (nobody(), Mode::Backend),
        };
        let said = client.and_then(|object| object.get("id")).and_then(Value::as_str);
        let client_id = said.unwrap_or(&info.id).to_owned();

        let mut credentials = Credentials::default();
        let auth = root.object("auth", faults).map(|object| Members { object, path: "/auth" });
        let flat = brief.then_some(Members { object: params, path: "" });
        for members in auth.iter().chain(&flat) {
            let text = |name, faults: &mut Faults| {
                members.text(name, 0..=usize::MAX, faults).map(Box::<str>::from)
            };
            credentials.token = credentials.token.or(text("token", faults));
            credentials.password = credentials.password.or(text("password", faults));
            credentials.device_token = credentials.device_token.or(text("deviceToken", faults));
            credentials.setup_token = credentials.setup_token.or(text("bootstrapToken", faults));
        }

        let scopes = root.list("scopes", MAX_LIST, faults);
        let scopes = scopes.map(|words| words.into_iter().map(Box::from).collect());
        let words = |words: Option<Vec<&str>>| -> Vec<Box<str>> {
            words.unwrap_or_default().into_iter().map(Box::from).collect()
        };
        let capabilities = words(root.list("caps", MAX_LIST, faults));
        let offer = NodeOffer {
            caps: capabilities.clone(),
            commands: words(root.list("commands", MAX_COMMANDS, faults)),
            permissions: root.switches("permissions", MAX_LIST, faults),
            path_env: root.text("pathEnv", 0..=MAX_PATH, faults).map(Box::from),
        };
        for name in ["locale", "userAgent"] {
            root.text(name, 0..=usize::MAX, faults);
        }
        let device = root.object("device", faults);
        let device =
            device.and_then(|object| device_claim(&Members { object, path: "/device" }, faults));

        let knock = Knock {
            protocol: Protocol::V4,
            role: Role::Operator,
            scopes,
            client_id: client_id.into(),
            credentials,
            info,
            capabilities,
            device,
            offer,
        };
        Self { range, mode, role: root.text("role", 1..=MAX_TEXT, faults), knock }
    }
}

/// What is assumed of a client in the brief's dialect that says nothing.
fn nobody() -> ClientInfo {
    ClientInfo {
        id: "gateway-client".into(),
        version: "0".into(),
        platform: "unknown".into(),
        mode: Mode::Backend,
        display_name: None,
        device_family: None,
        model_identifier: None,
        instance_id: None,
    }
}

fn client_info(client: &Members<'_>, brief: bool, faults: &mut Faults) -> (ClientInfo, Mode) {
    let nobody = nobody();
    let required = |name, otherwise: &str, faults: &mut Faults| -> Box<str> {
        match client.text(name, 1..=MAX_TEXT, faults) {
            Some(text) => text.into(),
            None => {
                if !brief {
                    client.require(name, faults);
                }
                otherwise.into()
            }
        }
    };
    let id = client_id(&required("id", &nobody.id, faults));
    let version = required("version", &nobody.version, faults);
    let platform = required("platform", &nobody.platform, faults);
    let word = required("mode", nobody.mode.as_str(), faults);
    let mode = Mode::ALL.iter().find(|mode| mode.as_str() == &*word).copied();
    if mode.is_none() {
        faults.at("/client/mode", "must be equal to one of the allowed values");
    }
    let optional =
        |name, faults: &mut Faults| client.text(name, 1..=MAX_TEXT, faults).map(Box::from);
    let info = ClientInfo {
        id,
        version,
        platform,
        display_name: optional("displayName", faults),
        device_family: optional("deviceFamily", faults),
        model_identifier: optional("modelIdentifier", faults),
        instance_id: optional("instanceId", faults),
        ..nobody
    };
    (info, mode.unwrap_or(Mode::Backend))
}

/// The name of a program today, whatever it was called when it was built.
/// Programs nobody knows are clients like any other.
fn client_id(said: &str) -> Box<str> {
    const PLAIN: [&str; 7] =
        ["webchat-ui", "webchat", "cli", "gateway-client", "node-host", "test", "fingerprint"];
    const PREFIXED: [&str; 10] = [
        "control-ui",
        "macos",
        "ios",
        "android",
        "probe",
        "browser-copilot",
        "tui",
        "linux",
        "watchos",
        "worker",
    ];
    let bare = ["openclaw-", "moltbot-", "clawdbot-"].iter().find_map(|it| said.strip_prefix(it));
    match bare {
        Some(bare) if PREFIXED.contains(&bare) => format!("openclaw-{bare}").into(),
        None if PLAIN.contains(&said) => said.into(),
        _ => nobody().id,
    }
}

/// What a client says about its device, if all of it is there and in order.
fn device_claim(device: &Members<'_>, faults: &mut Faults) -> Option<DeviceClaim> {
    let mut text = |name| -> Option<Box<str>> {
        let text = device.text(name, 1..=MAX_KEY, faults);
        if text.is_none() {
            device.require(name, faults);
        }
        text.map(Box::from)
    };
    let (id, public_key, signature) = (text("id"), text("publicKey"), text("signature"));
    let signed_at = device.moment("signedAt", faults);
    if signed_at.is_none() {
        device.require("signedAt", faults);
    }
    let nonce = device.text("nonce", 1..=MAX_TEXT, faults).map(Box::from);
    Some(DeviceClaim {
        id: id?,
        public_key: public_key?,
        signature: signature?,
        signed_at: signed_at?,
        nonce,
    })
}

/// What is wrong with the parameters, in the words of Ajv.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn at(&mut self, path: &str, fault: &str) {
        self.0.push(if path.is_empty() { fault.to_owned() } else { format!("at {path}: {fault}") });
    }
}

/// The members of one object of the parameters. Each look at one returns it if
/// it is there and in order, and complains if it is there and not.
struct Members<'a> {
    object: &'a Map<String, Value>,
    path: &'static str,
}

impl<'a> Members<'a> {
    /// Complains if there is no member `name`.
    fn require(&self, name: &str, faults: &mut Faults) {
        if !self.object.contains_key(name) {
            faults.at(self.path, &format!("must have required property '{name}'"));
        }
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn object(&self, name: &str, faults: &mut Faults) -> Option<&'a Map<String, Value>> {
        let value = self.object.get(name)?;
        if !value.is_object() {
            faults.at(&self.at(name), "must be object");
        }
        value.as_object()
    }

    fn text(
        &self,
        name: &str,
        length: std::ops::RangeInclusive<usize>,
        faults: &mut Faults,
    ) -> Option<&'a str> {
        let Value::String(text) = self.object.get(name)? else {
            faults.at(&self.at(name), "must be string");
            return None;
        };
        match text.chars().count() {
            count if count < *length.start() => {
                let least = length.start();
                faults.at(&self.at(name), &format!("must NOT have fewer than {least} characters"));
            }
            count if *length.end() < count => {
                let most = length.end();
                faults.at(&self.at(name), &format!("must NOT have more than {most} characters"));
            }
            _ => return Some(text),
        }
        None
    }

    /// A positive integer; `3.0` is one.
    fn integer(&self, name: &str, faults: &mut Faults) -> Option<u64> {
        let value = self.object.get(name)?;
        let fault = match value.as_u64().or_else(|| value.as_f64().and_then(whole)) {
            Some(0) => "must be >= 1",
            Some(number) => return Some(number),
            None if value.as_i64().is_some() => "must be >= 1",
            None => "must be integer",
        };
        faults.at(&self.at(name), fault);
        None
    }

    /// A moment, in milliseconds since 1970. What is before that, or beyond what
    /// can be told, is as far away as can be told.
    fn moment(&self, name: &str, faults: &mut Faults) -> Option<Timestamp> {
        let value = self.object.get(name)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what does not fit becomes the nearest that does"
        )]
        let nearest = |number: f64| (number.fract() == 0.0).then_some(number as u64);
        let millis = value.as_u64().or_else(|| value.as_f64().and_then(nearest));
        if millis.is_none() {
            faults.at(&self.at(name), "must be integer");
        }
        millis.map(Timestamp::from_millis)
    }

    /// An object whose members are all `true` or `false`.
    fn switches(&self, name: &str, most: usize, faults: &mut Faults) -> BTreeMap<Box<str>, bool> {
        let Some(object) = self.object(name, faults) else { return BTreeMap::new() };
        if most < object.len() {
            faults.at(&self.at(name), &format!("must NOT have more than {most} properties"));
            return BTreeMap::new();
        }
        if !object.values().all(Value::is_boolean) {
            faults.at(&self.at(name), "must be an object of booleans");
        }
        let switch =
            |(name, value): (&String, &Value)| Some((name.as_str().into(), value.as_bool()?));
        object.iter().filter_map(switch).collect()
    }

    fn list(&self, name: &str, most: usize, faults: &mut Faults) -> Option<Vec<&'a str>> {
        let Value::Array(items) = self.object.get(name)? else {
            faults.at(&self.at(name), "must be array");
            return None;
        };
        if most < items.len() {
            faults.at(&self.at(name), &format!("must NOT have more than {most} items"));
            return None;
        }
        let mut words = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item {
                Value::String(word) if word.is_empty() => faults.at(
                    &format!("{}/{index}", self.at(name)),
                    "must NOT have fewer than 1 characters",
                ),
                Value::String(word) => words.push(word.as_str()),
                _ => faults.at(&format!("{}/{index}", self.at(name)), "must be string"),
            }
        }
        Some(words)
    }
}

/// The integer a number is, if it is one that fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and within the range in which every integer is exact"
)]
fn whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use domain::access::{Scope, Scopes};
    use proptest::prelude::*;

    use super::*;

    fn full() -> Value {
        json!({
            "minProtocol": 3,
            "maxProtocol": 4,
            "client": { "id": "cli", "version": "1", "platform": "linux", "mode": "cli" },
        })
    }

    /// `full` with `change` merged in; `null` removes.
    fn with(mut change: Value) -> Value {
        fn merge(into: &mut Value, from: Value) {
            match from {
                Value::Object(from) if into.is_object() => {
                    for (key, value) in from {
                        if value.is_null() {
                            into.as_object_mut().unwrap().remove(&key);
                        } else {
                            merge(&mut into[&key], value);
                        }
                    }
                }
                from => *into = from,
            }
        }
        let mut params = full();
        merge(&mut params, change.take());
        params
    }

    fn read(params: &Value, dialect: Dialect) -> Result<Knock, Refusal> {
        let raw = serde_json::value::to_raw_value(params).unwrap();
        knock(Some(&raw), dialect)
    }

    fn real(params: &Value) -> Result<Knock, Refusal> {
        read(params, Dialect::Real)
    }

    #[test]
    fn all_of_it_is_read() {
        let knock = real(&with(json!({
            "client": { "id": "clawdbot-control-ui", "displayName": "me", "instanceId": "i" },
            "role": "node",
            "scopes": ["operator.read", "operator.unheard-of"],
            "caps": ["session-scoped-events"],
            "auth": { "token": "t", "deviceToken": "d" },
            "device": { "id": "d", "publicKey": "k", "signature": "s", "signedAt": 1 },
            "isAdmin": true,
        })))
        .unwrap();
        assert_eq!((knock.protocol, knock.role), (Protocol::V4, Role::Node));
        assert_eq!(knock.asked(), Scopes::NONE.with(Scope::Read));
        assert_eq!(knock.scopes.unwrap()[1], "operator.unheard-of".into());
        assert_eq!(&*knock.client_id, "clawdbot-control-ui", "what a device signs");
        assert_eq!(knock.credentials.token.as_deref(), Some("t"));
        assert_eq!((&*knock.info.id, knock.info.mode), ("openclaw-control-ui", Mode::Cli));
        assert_eq!(knock.info.display_name.as_deref(), Some("me"));
        assert_eq!(knock.capabilities, [Box::from("session-scoped-events")]);
        assert_eq!(knock.device.unwrap().signed_at, Timestamp::from_millis(1));
        assert_eq!(knock.credentials.device_token.as_deref(), Some("d"));
        assert_eq!(real(&full()).unwrap().scopes, None);
    }

    #[test]
    fn what_is_wrong_is_said_as_ajv_would() {
        #[rustfmt::skip]
        let table = [
            (with(json!({"client": {"id": null}})),           "at /client: must have required property 'id'"),
            (with(json!({"client": {"mode": "root"}})),       "at /client/mode: must be equal to one of the allowed values"),
            (with(json!({"client": {"version": ""}})),        "at /client/version: must NOT have fewer than 1 characters"),
            (with(json!({"client": {"displayName": "n".repeat(300)}})), "at /client/displayName: must NOT have more than 256 characters"),
            (with(json!({"client": null})),                   "must have required property 'client'"),
            (with(json!({"minProtocol": "3"})),               "at /minProtocol: must be integer"),
            (with(json!({"maxProtocol": 3.5})),               "at /maxProtocol: must be integer"),
            (with(json!({"maxProtocol": -3})),                "at /maxProtocol: must be >= 1"),
            (with(json!({"minProtocol": 0})),                 "at /minProtocol: must be >= 1"),
            (with(json!({"auth": "x"})),                      "at /auth: must be object"),
            (with(json!({"auth": {"token": 1}})),             "at /auth/token: must be string"),
            (with(json!({"caps": vec!["c"; 129]})),           "at /caps: must NOT have more than 128 items"),
            (with(json!({"scopes": [1]})),                    "at /scopes/0: must be string"),
            (with(json!({"device": {"id": "d", "publicKey": "k", "signature": "s"}})), "at /device: must have required property 'signedAt'"),
            (with(json!({"device": {"id": "d", "publicKey": "k", "signature": "s", "signedAt": 1.5}})), "at /device/signedAt: must be integer"),
            (with(json!({"role": 1, "minProtocol": null})),   "must have required property 'minProtocol'; at /role: must be string"),
            (json!([]),                                       "must be object"),
        ];
        for (params, fault) in table {
            let refusal = real(&params).unwrap_err();
            assert_eq!(refusal.error.message, format!("invalid connect params: {fault}"));
            assert_eq!(refusal.close_code, 1008);
        }
        let refusal = knock(None, Dialect::Real).unwrap_err();
        assert!(refusal.error.message.starts_with("invalid connect params: must have required"));
        let refusal = real(&with(json!({"role": "admin"}))).unwrap_err();
        assert_eq!((refusal.error.message.as_str(), refusal.close_code), ("invalid role", 1008));
    }

    /// DEV-012: it is for others to say that a signature is too old or too new.
    #[test]
    fn a_device_may_have_signed_at_any_time() {
        let table = [
            (json!(1_769_600_000_000_u64), 1_769_600_000_000),
            (json!(5.0), 5),
            (json!(0), 0),
            (json!(-1), 0),
            (json!(i64::MIN), 0),
            (json!(1_u64 << 63), 1 << 63),
            (json!(1e300), u64::MAX),
        ];
        for (said, millis) in table {
            let device = json!({"id": "d", "publicKey": "k", "signature": "s", "signedAt": said});
            let claim = real(&with(json!({ "device": device }))).unwrap().device.unwrap();
            assert_eq!(claim.signed_at, Timestamp::from_millis(millis), "{said}");
        }
    }

    #[test]
    fn the_newest_common_protocol_is_spoken() {
        #[rustfmt::skip]
        let table = [
            (json!(1), json!(3),                  Some(Protocol::V3)),
            (json!(3), json!(3.0),                Some(Protocol::V3)),
            (json!(3), json!(4),                  Some(Protocol::V4)),
            (json!(4), json!(9_007_199_254_740_993_u64), Some(Protocol::V4)),
            (json!(1), json!(2),                  None),
            (json!(3), json!(2),                  None),
            (json!(4), json!(3),                  None),
            (json!(5), json!(9),                  None),
        ];
        for (min, max, protocol) in table {
            let knock = real(&with(json!({"minProtocol": min, "maxProtocol": max})));
            match (knock, protocol) {
                (Ok(knock), Some(protocol)) => assert_eq!(knock.protocol, protocol),
                (Err(refusal), None) => {
                    assert_eq!(refusal.error.message, "protocol mismatch");
                    assert_eq!(refusal.close_code, 1002);
                    let details = refusal.error.details.unwrap();
                    assert!(details.as_str().contains("\"expectedProtocol\":4"), "{details:?}");
                }
                (knock, _) => panic!("{min}..{max}: {knock:?}"),
            }
        }
    }

    #[test]
    fn the_brief_is_content_with_less() {
        let flat = read(&json!({"password": "p"}), Dialect::Brief).unwrap();
        assert_eq!((flat.protocol, flat.role), (Protocol::Brief, Role::Operator));
        assert_eq!(flat.credentials.password.as_deref(), Some("p"));
        assert_eq!((&*flat.info.id, flat.info.mode), ("gateway-client", Mode::Backend));

        let minimal = json!({"auth": {"token": "t"}, "client": {"id": "cli"}, "scopes": []});
        let minimal = read(&minimal, Dialect::Brief).unwrap();
        assert_eq!(minimal.credentials.token.as_deref(), Some("t"));
        assert_eq!((&*minimal.info.id, minimal.scopes), ("cli", Some(vec![])));
        assert!(real(&json!({"auth": {"token": "t"}})).is_err());
        assert_eq!(read(&full(), Dialect::Brief).unwrap().protocol, Protocol::Brief);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z]{0,6}".prop_map(Value::from),
        ];
        let names = "client|auth|caps|scopes|role|device|minProtocol|maxProtocol|id|mode|token";
        leaf.prop_recursive(3, 24, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(names, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever a client says, it is let through to the doorkeeper or told
        /// what is wrong, in words that fit into an answer.
        #[test]
        fn any_params_are_read_or_refused(params in any_json(), brief in any::<bool>()) {
            let dialect = if brief { Dialect::Brief } else { Dialect::Real };
            if let Err(refusal) = read(&params, dialect) {
                prop_assert!(refusal.error.message.len() < 2_000);
                prop_assert!([1002, 1008].contains(&refusal.close_code));
            }
        }
    }
}
