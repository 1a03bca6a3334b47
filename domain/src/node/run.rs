//! `system.run`: that what is shown is what is run.

/// Whether `raw`, the line a person is shown, is the command `argv`: either its
/// words, quoted where they have to be, or the script it hands to a shell.
pub fn raw_command_fits(argv: &[String], raw: &str) -> bool {
    let raw = raw.trim();
    let as_words = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    raw == as_words || raw == argv.join(" ") && argv.iter().all(|word| is_plain(word)) || {
        let script = shell_script(argv);
        script.is_some_and(|script| script.trim() == raw)
    }
}

/// What a shell is handed, if `argv` is a shell that is handed exactly one thing.
fn shell_script(argv: &[String]) -> Option<&str> {
    let [program, flags @ .., script] = argv else { return None };
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let flags: Vec<String> = flags.iter().map(|flag| flag.to_ascii_lowercase()).collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let handed = match name {
        "sh" | "bash" | "zsh" | "dash" | "ksh" => matches!(flags[..], ["-c" | "-lc"]),
        "cmd" => matches!(flags[..], ["/c"] | ["/s", "/c"] | ["/d", "/s", "/c"]),
        _ => false,
    };
    handed.then_some(script)
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && !word.contains(|it: char| it.is_whitespace() || it == '"')
}

fn quoted(word: &str) -> String {
    if is_plain(word) { word.to_owned() } else { format!("\"{}\"", word.replace('"', "\\\"")) }
}

#[test]
fn a_line_is_the_words_or_the_script() {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    #[rustfmt::skip]
    let table: [(&[&str], &str, bool); 13] = [
        (&["ls", "-l"],                        "ls -l",              true),
        (&["ls", "-l"],                        " ls -l ",            true),
        (&["ls", "a b"],                       "ls \"a b\"",         true),
        (&["ls", "a b"],                       "ls a b",             false),
        (&["echo", ""],                        "echo \"\"",          true),
        (&["echo", "a\"b"],                    "echo \"a\\\"b\"",    true),
        (&["/bin/sh", "-lc", "ls; id"],        "ls; id",             true),
        (&["cmd.exe", "/d", "/s", "/c", "dir"], "dir",               true),
        // 1.8: shown is one thing, run is another.
        (&["rm", "-rf", "/"],                  "ls",                 false),
        (&["/bin/sh", "-c", "id"],             "ls",                 false),
        (&["/bin/sh", "-x", "-c", "id"],       "id",                 false),
        (&["env", "sh", "-c", "id"],           "id",                 false),
        (&[],                                  "ls",                 false),
    ];
    for (argv, raw, fits) in table {
        assert_eq!(raw_command_fits(&words(argv), raw), fits, "{argv:?} {raw:?}");
    }
}
