//! Writing JSON by hand, where a frame is written often enough to matter.

/// Writes the members of one JSON object.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Writes an object whose members `members` adds.
    pub(crate) fn write(out: &'a mut Vec<u8>, members: impl FnOnce(&mut Self)) {
        out.push(b'{');
        let mut object = Self { out, empty: true };
        members(&mut object);
        object.out.push(b'}');
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        push_text(self.member(name), value);
        self
    }

    /// A text, if there is one.
    pub(crate) fn text_if(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &'static str, value: u64) -> &mut Self {
        push_number(self.member(name), value);
        self
    }

    /// A value that is written already, as `true` is.
    pub(crate) fn raw(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.member(name).extend_from_slice(value.as_bytes());
        self
    }

    /// Another object.
    pub(crate) fn object(
        &mut self,
        name: &'static str,
        members: impl FnOnce(&mut Object<'_>),
    ) -> &mut Self {
        Object::write(self.member(name), members);
        self
    }

    /// Whatever `write` writes.
    pub(crate) fn with(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> &mut Self {
        write(self.member(name));
        self
    }

    fn member(&mut self, name: &'static str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }
}

pub(crate) fn push_number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// What stands between the quotes of a JSON text.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a text contains, it can be read back.
        #[test]
        fn what_is_escaped_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            push_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn control_characters_quotes_and_backslashes_are_escaped() {
        let mut out = Vec::new();
        push_text(&mut out, "a\"b\\c\n\r\t\u{0}\u{1f}\u{7f}é");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001f\u{7f}é\""
        );
    }
}
