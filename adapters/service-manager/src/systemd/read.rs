//! What a unit says, read back.

/// The parts of a unit one wants to see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) command: Vec<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Unit {
    pub(crate) fn read(text: &str) -> Self {
        let mut unit = Self::default();
        for line in text.lines().map(str::trim) {
            let Some((key, value)) = line.split_once('=') else { continue };
            match key.trim() {
                // The last one counts; an empty one takes the others back.
                "ExecStart" => unit.command = words(value, true),
                "WorkingDirectory" => unit.working_directory = Some(value.replace("%%", "%")),
                "Environment" => unit.environment.extend(
                    words(value, false)
                        .iter()
                        .filter_map(|word| word.split_once('='))
                        .map(|(name, value)| (name.to_owned(), value.to_owned())),
                ),
                _ => (),
            }
        }
        unit
    }
}

/// The words of a value: quotes keep spaces together, a backslash takes the next
/// character as it is, and `%%` is a percent sign.
fn words(value: &str, command: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', _) => word.get_or_insert_default().extend(letters.next()),
            ('%', _) if letters.peek() == Some(&'%') => {
                letters.next();
                word.get_or_insert_default().push('%');
            }
            // In the program itself a dollar is a dollar.
            ('$', _) if command && !words.is_empty() && letters.peek() == Some(&'$') => {
                letters.next();
                word.get_or_insert_default().push('$');
            }
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_in_quotes_and_out_of_them() {
    #[rustfmt::skip]
    let table: [(&str, &[&str]); 6] = [
        ("/bin/x gateway  run", &["/bin/x", "gateway", "run"]),
        (r#""/a b/x" --port 1"#, &["/a b/x", "--port", "1"]),
        (r#""say \"hi\" \\""#, &[r#"say "hi" \"#]),
        ("/bin/x 100%% $$HOME", &["/bin/x", "100%", "$HOME"]),
        (r#"/bin/x """#, &["/bin/x", ""]),
        ("", &[]),
    ];
    for (value, expected) in table {
        assert_eq!(words(value, true), expected, "{value}");
    }
}

#[test]
fn the_unit_openclaw_writes_is_read() {
    let text = "[Service]\nExecStart=/usr/bin/node /opt/x/index.js gateway --port 18789\n\
        WorkingDirectory=/home/u\nEnvironment=HOME=/home/u\n\
        Environment=\"PATH=/usr/bin:/bin\" OPENCLAW_GATEWAY_TOKEN=canary\n";
    let unit = Unit::read(text);
    let command = ["/usr/bin/node", "/opt/x/index.js", "gateway", "--port", "18789"];
    assert_eq!(unit.command, command);
    assert_eq!(unit.working_directory.as_deref(), Some("/home/u"));
    let names: Vec<_> = unit.environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["HOME", "PATH", "OPENCLAW_GATEWAY_TOKEN"]);
}
