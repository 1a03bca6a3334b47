//! Which fields a body has, and what becomes of them in another form.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

/// What becomes of a field when a request is said in another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// It is understood, and said or refused by whoever reads it.
    Read,
    /// The answer is the same without it.
    Idle,
    /// The answer is the same without it where it has this value, which is JSON.
    Only(&'static str),
}

/// The first field of `body`, a JSON object, that would be lost if it was said in
/// another form: one that is not among the `known`, or has another value. A field
/// that is `null` says nothing.
pub fn lost_field(body: &[u8], known: &[(&str, Field)]) -> Option<String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    fields.into_iter().find_map(|(name, value)| {
        if value.get() == "null" {
            return None;
        }
        let known = known.iter().find(|(known, _)| *known == name);
        let is_kept = match known.map(|(_, field)| field) {
            None => false,
            Some(Field::Read | Field::Idle) => true,
            Some(Field::Only(usual)) => {
                let read = |text: &str| serde_json::from_str::<Value>(text).ok();
                read(value.get()) == read(usual)
            }
        };
        (!is_kept).then_some(name)
    })
}

#[test]
fn what_is_not_known_would_be_lost() {
    const KNOWN: &[(&str, Field)] = &[
        ("model", Field::Read),
        ("user", Field::Idle),
        ("logprobs", Field::Only("false")),
        ("logit_bias", Field::Only("{}")),
        ("modalities", Field::Only(r#"["text"]"#)),
    ];
    #[rustfmt::skip]
    let table = [
        (r#"{"model":"a","user":"b"}"#,                None),
        (r#"{"logprobs":false,"logit_bias":{ }}"#,     None),
        (r#"{"modalities":[ "text" ],"odd":null}"#,    None),
        (r#"{"logprobs":true}"#,                       Some("logprobs")),
        (r#"{"logit_bias":{"50256":-100}}"#,           Some("logit_bias")),
        (r#"{"modalities":["text","audio"]}"#,         Some("modalities")),
        (r#"{"model":"a","min_p":0.1}"#,               Some("min_p")),
        (r#"{"m\u0069n_p":0.1}"#,                      Some("min_p")),
        // Somebody else explains what is wrong with these.
        ("[]",                                         None),
        ("{",                                          None),
    ];
    for (body, lost) in table {
        assert_eq!(lost_field(body.as_bytes(), KNOWN).as_deref(), lost, "{body}");
    }
}
