//! Whether an object that comes in pieces is whole.

/// How far an object was read.
#[derive(Debug, Default)]
pub(super) struct Balance {
    depth: usize,
    in_text: bool,
    escaped: bool,
    whole: bool,
}

impl Balance {
    /// Whether the bracket that closes the object was read. Of anything but an
    /// object nobody can say.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Reads on.
    pub(super) fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                b'{' | b'[' if !self.in_text => self.depth += 1,
                b'}' | b']' if !self.in_text => {
                    self.depth = self.depth.saturating_sub(1);
                    self.whole |= self.depth == 0;
                }
                _ => (),
            }
        }
    }
}

#[test]
fn an_object_is_whole_with_its_last_bracket() {
    #[rustfmt::skip]
    let table = [
        ("{}",                         true),
        (" {} ",                       true),
        (r#"{"a":{"b":[1]}}"#,         true),
        (r#"{"a":"}","b":"\"}"}"#,     true),
        (r#"{"a":"\\"}"#,              true),
        ("",                           false),
        ("{",                          false),
        (r#"{"a":{}"#,                 false),
        (r#"{"a":"}"#,                 false),
        (r#"{"a":"\"}"#,               false),
        ("null",                       false),
    ];
    for (json, whole) in table {
        let mut at_once = Balance::default();
        at_once.read(json);
        let mut in_pieces = Balance::default();
        json.split("").for_each(|piece| in_pieces.read(piece));
        assert_eq!((at_once.is_whole(), in_pieces.is_whole()), (whole, whole), "{json}");
    }
}
