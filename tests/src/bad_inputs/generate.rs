//! Text and JSON as the cases describe it.
//!
//! A value of the file is itself, or a generator: an object whose only key
//! begins with `$`. Texts may hold placeholders such as `{{token}}`. Everything
//! is written out as text rather than built as a value, because many cases are
//! about what no JSON library would write.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::{Map, Value};

use super::ws;

/// What went wrong with a description. The case that holds it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotUnderstood(String);

impl std::fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "runner does not know {}", self.0)
    }
}

/// What the placeholders stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(pub(super) BTreeMap<String, String>);

impl Words {
    /// `raw` with every `{{name}}` replaced.
    pub(super) fn fill(&self, raw: &str) -> Result<String, NotUnderstood> {
        let mut filled = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once("{{") {
            // `{{` that nothing closes is itself, as in a JSON text.
            let Some((name, after)) = after.split_once("}}") else { break };
            filled.push_str(before);
            filled.push_str(&self.word(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// What a placeholder stands for: a word, perhaps with something done to it.
    fn word(&self, name: &str) -> Result<String, NotUnderstood> {
        let known = |name: &str| {
            let word = self.0.get(name);
            word.ok_or_else(|| NotUnderstood(format!("{{{{{name}}}}}")))
        };
        if let Some(name) = name.strip_suffix("|upper") {
            return Ok(known(name)?.to_uppercase());
        }
        if let Some(name) = name.strip_suffix("[:-1]") {
            let mut word = known(name)?.clone();
            word.pop();
            return Ok(word);
        }
        known(name).cloned()
    }

    /// The bytes that `value` describes: a text as it is, anything else as JSON.
    pub(super) fn bytes(&self, value: &Value) -> Result<Vec<u8>, NotUnderstood> {
        if let Value::String(text) = value {
            return Ok(self.fill(text)?.into_bytes());
        }
        let Some((name, of)) = generator(value) else { return Ok(self.json(value)?.into_bytes()) };
        match name {
            "$repeat" => Ok(self.bytes(&of["s"])?.repeat(count(&of["n"])?)),
            "$repeat_to_len_of" => {
                let length = self.word(of["of"].as_str().unwrap_or_default())?.len();
                Ok(self.bytes(&of["s"])?.repeat(length))
            }
            "$concat" => {
                let parts = of.as_array().ok_or_else(|| unknown(value))?;
                let parts = parts.iter().map(|part| self.bytes(part));
                Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
            }
            "$b64" => Ok(BASE64.encode(self.bytes(of)?).into_bytes()),
            "$pad_json" => {
                let mut text = self.json(&of["frame"])?.into_bytes();
                text.resize(count(&of["to_bytes"])?, b' ');
                Ok(text)
            }
            "$frame_text_hex" => {
                let payload = unhex(of.as_str().unwrap_or_default()).ok_or_else(|| unknown(of))?;
                Ok(hex(&ws::frame(ws::FIN | ws::TEXT, &payload)).into_bytes())
            }
            "$gzip_zeros" => Ok(gzip_zeros(count(of)? as u64)),
            _ => Ok(self.json(value)?.into_bytes()),
        }
    }

    /// The JSON text that `value` describes.
    pub(super) fn json(&self, value: &Value) -> Result<String, NotUnderstood> {
        match value {
            Value::String(text) => Ok(Value::from(self.fill(text)?).to_string()),
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.json(item)).collect();
                Ok(format!("[{}]", items?.join(",")))
            }
            Value::Object(members) => match generator(value) {
                Some((name, of)) => self.generated_json(value, name, of),
                None => self.object(members),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        }
    }

    fn object(&self, members: &Map<String, Value>) -> Result<String, NotUnderstood> {
        let members: Result<Vec<_>, _> = members
            .iter()
            .map(|(key, value)| Ok(format!("{}:{}", Value::from(key.as_str()), self.json(value)?)))
            .collect();
        Ok(format!("{{{}}}", members?.join(",")))
    }

    fn generated_json(
        &self,
        value: &Value,
        name: &str,
        of: &Value,
    ) -> Result<String, NotUnderstood> {
        let text = |key: &str| of[key].as_str().ok_or_else(|| unknown(value));
        match name {
            "$raw" => of.as_str().map(str::to_owned).ok_or_else(|| unknown(value)),
            "$nest" => {
                let n = count(&of["n"])?;
                let (open, close) = (text("open")?.repeat(n), text("close")?.repeat(n));
                Ok(format!("{open}{}{close}", text("core")?))
            }
            "$repeat_list" => {
                let item = self.json(&of["v"])?;
                Ok(format!("[{}]", vec![item; count(&of["n"])?].join(",")))
            }
            "$repeat" | "$repeat_to_len_of" | "$concat" => {
                let text = String::from_utf8(self.bytes(value)?).map_err(|_| unknown(value))?;
                Ok(Value::from(text).to_string())
            }
            _ => Err(unknown(value)),
        }
    }
}

/// `base` with the members of `changes` put over its own, all the way down.
pub(super) fn merged(base: Value, changes: &Value) -> Value {
    match (base, changes) {
        (base, Value::Null) => base,
        (Value::Object(mut base), Value::Object(members)) if generator(changes).is_none() => {
            for (key, value) in members {
                let old = base.remove(key).unwrap_or_default();
                base.insert(key.clone(), merged(old, value));
            }
            Value::Object(base)
        }
        (_, changes) => changes.clone(),
    }
}

/// `value` without the members that `changes` says are null.
pub(super) fn without_nulls(mut value: Value, changes: &Value) -> Value {
    let members = changes.as_object().into_iter().flatten();
    for (key, change) in members {
        match (change, value.as_object_mut()) {
            (Value::Null, Some(members)) => drop(members.remove(key)),
            (Value::Object(_), Some(members)) => {
                let member = members.remove(key).unwrap_or_default();
                members.insert(key.clone(), without_nulls(member, change));
            }
            _ => {}
        }
    }
    value
}

/// The bytes of a text of hexadecimal digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn generator(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object()?;
    let (name, of) = members.iter().next()?;
    (members.len() == 1 && name.starts_with('$')).then_some((name, of))
}

fn count(value: &Value) -> Result<usize, NotUnderstood> {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| unknown(value))
}

fn unknown(value: &Value) -> NotUnderstood {
    NotUnderstood(value.to_string().chars().take(80).collect())
}

/// A gzip file of about a thousandth of `n` bytes that unpacks to at least `n`
/// zeros. The checksum at its end is wrong: whoever gets to see that has
/// unpacked all of it.
fn gzip_zeros(n: u64) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    /// The longest match: one bit of its own and one for its distance.
    const MATCH: u64 = 258;
    let mut bits = Bits(HEADER.to_vec(), 0);
    // The last block, with codes of its own.
    bits.push(0b1, 1);
    bits.push(0b10, 2);
    // 286 codes for lengths, 1 for distances, 18 for the lengths of codes.
    bits.push(286 - 257, 5);
    bits.push(0, 5);
    bits.push(18 - 4, 4);
    // The code lengths that are used, in the order of RFC 1951: 18 (a run of
    // zeros) and 0 to 2, two bits each.
    for length in [0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2] {
        bits.push(length, 3);
    }
    // Their codes in order of symbol, most significant bit first.
    let [one, two, run] = [(0b10, 2), (0b01, 2), (0b11, 2)];
    let mut lengths =
        |symbols: &[(u64, u8)]| symbols.iter().for_each(|&(code, n)| bits.push(code, n));
    // A zero byte has 2 bits; 1 to 255 have none; the end has 2; the longest
    // match has 1; distance one has 1.
    lengths(&[two, run, (138 - 11, 7), run, (117 - 11, 7), two, run, (28 - 11, 7), one, one]);
    // Codes: the longest match 0, a zero byte 10, the end 11.
    bits.push(0b01, 2);
    for _ in 0..(n - 1).div_ceil(MATCH) {
        bits.push(0b00, 2);
    }
    bits.push(0b11, 2);
    let mut file = bits.0;
    file.extend([0; 8]);
    file
}

/// Bytes filled from their lowest bit, and how many bits of the last are used.
struct Bits(Vec<u8>, u8);

impl Bits {
    fn push(&mut self, value: u64, bits: u8) {
        for bit in 0..bits {
            if self.1 == 0 {
                self.0.push(0);
            }
            let last = self.0.len() - 1;
            let set = u8::from(value >> bit & 1 == 1);
            self.0[last] |= set << self.1;
            self.1 = (self.1 + 1) % 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words() -> Words {
        let words = [("port", "18789"), ("token", "aBc")];
        Words(words.map(|(name, word)| (name.to_owned(), word.to_owned())).into())
    }

    #[test]
    fn texts() {
        let text = |value: Value| String::from_utf8(words().bytes(&value).unwrap()).unwrap();

        assert_eq!(text(json!("Host: a:{{port}}")), "Host: a:18789");
        assert_eq!(text(json!("{{token|upper}} {{token[:-1]}}")), "ABC aB");
        assert_eq!(text(json!({"$repeat": {"s": "ab", "n": 3}})), "ababab");
        assert_eq!(text(json!({"$repeat_to_len_of": {"s": "é", "of": "token"}})), "ééé");
        assert_eq!(text(json!({"$concat": ["a", {"$repeat": {"s": "b", "n": 2}}, "c"]})), "abbc");
        assert_eq!(text(json!({"$b64": "a{{port}}"})), "YTE4Nzg5");
        assert_eq!(text(json!({"$pad_json": {"frame": {"a": 1}, "to_bytes": 10}})), "{\"a\":1}   ");
        assert_eq!(text(json!({"a": [1, null, "{{port}}"]})), r#"{"a":[1,null,"18789"]}"#);
    }

    #[test]
    fn json_texts() {
        let text = |value: Value| words().json(&value).unwrap();

        assert_eq!(text(json!({"$raw": "3.0"})), "3.0");
        assert_eq!(text(json!({"x": {"$repeat": {"s": "\"", "n": 2}}})), r#"{"x":"\"\""}"#);
        assert_eq!(text(json!({"$repeat_list": {"v": {"a": 1}, "n": 2}})), r#"[{"a":1},{"a":1}]"#);
        let nest = json!({"p": {"$nest": {"open": "[", "close": "]", "n": 3, "core": "1"}}});
        assert_eq!(text(nest), r#"{"p":[[[1]]]}"#);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let error = |value: Value| words().bytes(&value).unwrap_err().to_string();

        assert_eq!(error(json!("{{nonce}}")), "runner does not know {{nonce}}");
        assert_eq!(error(json!({"$bomb": 1})), r#"runner does not know {"$bomb":1}"#);
        assert_eq!(error(json!({"a": {"$bomb": 1}})), r#"runner does not know {"$bomb":1}"#);
    }

    #[test]
    fn merging() {
        let base = json!({"client": {"id": "x", "mode": "backend"}, "role": "operator"});
        let merged = merged(base, &json!({"client": {"mode": "root"}, "caps": {"$raw": "1"}}));
        let expected = json!({
            "client": {"id": "x", "mode": "root"},
            "role": "operator",
            "caps": {"$raw": "1"},
        });
        assert_eq!(merged, expected);
    }

    #[test]
    fn leaving_out_what_is_null() {
        let changes = json!({"auth": {"token": null, "password": "p"}, "caps": null});
        let base = json!({"auth": {"token": "t"}, "caps": []});
        let merged = without_nulls(merged(base, &changes), &changes);
        assert_eq!(merged, json!({"auth": {"password": "p"}}));
    }

    #[test]
    fn a_gigabyte_fits_into_a_megabyte() {
        assert!(gzip_zeros(1 << 30).len() < 1 << 20);
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(unhex("c182ff"), Some(vec![0xc1, 0x82, 0xff]));
        assert_eq!(unhex("c"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(hex(&[0x00, 0xef]), "00ef");
    }
}
