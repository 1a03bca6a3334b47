//! Programs that only read what is put into them and write what comes out.

/// Where such programs are, on a machine nobody has tampered with.
const TRUSTED: [&str; 3] = ["/bin/", "/usr/bin/", "/opt/homebrew/bin/"];

/// What a harmless call of one looks like.
struct Safe {
    name: &'static str,
    /// How many words that are not options may follow. They are texts to look
    /// for, never names of files.
    words: usize,
    /// Options of one letter without a value.
    flags: &'static str,
    /// Options of one letter with a value.
    values: &'static str,
    /// Long options, spelled in full, with a value behind `=` or none.
    long: &'static [&'static str],
}

#[rustfmt::skip]
const SAFE: [Safe; 9] = [
    Safe { name: "jq", words: 1, flags: "rcsSnjaMC", values: "",
        long: &["raw-output", "compact-output", "slurp", "sort-keys", "null-input", "join-output",
            "ascii-output", "monochrome-output", "color-output", "raw-input", "tab"] },
    Safe { name: "grep", words: 1, flags: "EFGPivwxcoqsnyzbU", values: "emABC",
        long: &["extended-regexp", "fixed-strings", "perl-regexp", "ignore-case", "invert-match",
            "word-regexp", "line-regexp", "count", "only-matching", "quiet", "silent", "line-number",
            "regexp", "max-count", "after-context", "before-context", "context", "null-data"] },
    Safe { name: "cut", words: 0, flags: "nsz", values: "bcdf",
        long: &["bytes", "characters", "delimiter", "fields", "complement", "only-delimited",
            "output-delimiter", "zero-terminated"] },
    Safe { name: "sort", words: 0, flags: "bdfgiMhnRrVcCsuz", values: "kt",
        long: &["ignore-leading-blanks", "dictionary-order", "ignore-case", "general-numeric-sort",
            "ignore-nonprinting", "month-sort", "human-numeric-sort", "numeric-sort", "reverse",
            "version-sort", "check", "key", "field-separator", "stable", "unique",
            "zero-terminated"] },
    Safe { name: "uniq", words: 0, flags: "cdDiuz", values: "fsw",
        long: &["count", "repeated", "unique", "ignore-case", "skip-fields", "skip-chars",
            "check-chars", "zero-terminated"] },
    Safe { name: "head", words: 0, flags: "qvz0123456789", values: "nc",
        long: &["lines", "bytes", "quiet", "silent", "verbose", "zero-terminated"] },
    Safe { name: "tail", words: 0, flags: "qvz0123456789", values: "nc",
        long: &["lines", "bytes", "quiet", "silent", "verbose", "zero-terminated"] },
    Safe { name: "tr", words: 2, flags: "cCdst", values: "",
        long: &["complement", "delete", "squeeze-repeats", "truncate-set1"] },
    Safe { name: "wc", words: 0, flags: "clmwL", values: "",
        long: &["bytes", "chars", "lines", "words", "max-line-length"] },
];

/// Whether `path` with `arguments` is a call that names no file and runs
/// nothing.
pub(super) fn is_safe(path: &str, arguments: &[&str]) -> bool {
    let name = TRUSTED.iter().find_map(|folder| path.strip_prefix(folder));
    let Some(safe) = SAFE.iter().find(|safe| Some(safe.name) == name) else { return false };
    let Some(words) = words(safe, arguments) else { return false };
    let allowed = match safe.name {
        // With `-e` there is a pattern already, and a word would be a file.
        "grep" if arguments.iter().any(|it| gives_pattern(it)) => 0,
        _ => safe.words,
    };
    let reads_elsewhere = |text: &&str| {
        let words = ["import", "include", "env", "input_filename", "get_search_list", "$__"];
        safe.name == "jq" && words.iter().any(|word| text.to_ascii_lowercase().contains(word))
    };
    words.len() <= allowed && !words.iter().any(reads_elsewhere)
}

fn gives_pattern(argument: &str) -> bool {
    let short = argument.starts_with('-') && !argument.starts_with("--") && argument.contains('e');
    short || argument.starts_with("--regexp")
}

/// The arguments that are not options, if every option is one of those that are
/// known to be harmless.
fn words<'a>(safe: &Safe, arguments: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut words = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if let Some(long) = argument.strip_prefix("--") {
            let name = long.split('=').next().unwrap_or(long);
            if !safe.long.contains(&name) {
                return None;
            }
        } else if let Some(letters) = argument.strip_prefix('-') {
            for (at, letter) in letters.char_indices() {
                if safe.values.contains(letter) {
                    // The value is the rest of the word, else the next word.
                    if at + letter.len_utf8() == letters.len() {
                        rest.next()?;
                    }
                    break;
                }
                if !safe.flags.contains(letter) {
                    return None;
                }
            }
            // A dash alone is the input, and no harm.
        } else {
            words.push(*argument);
        }
    }
    Some(words)
}

#[test]
fn calls_that_harm_nobody() {
    #[rustfmt::skip]
    let table = [
        ("/usr/bin/head -n 5",            true),
        ("/usr/bin/head -5",              true),
        ("/usr/bin/head -n5 -q",          true),
        ("/usr/bin/head /etc/passwd",     false),
        ("/usr/bin/head -n",              false),
        ("/usr/bin/tail -f",              false),
        ("/usr/bin/tail --lines=5",       true),
        ("/usr/bin/tail --l=5",           false),
        ("/usr/bin/grep foo",             true),
        ("/usr/bin/grep -i foo",          true),
        ("/usr/bin/grep foo /etc/passwd", false),
        ("/usr/bin/grep -e foo",          true),
        ("/usr/bin/grep -efoo file",      false),
        ("/usr/bin/grep --regexp=a file", false),
        ("/usr/bin/grep -f file",         false),
        ("/usr/bin/grep -r foo",          false),
        ("/usr/bin/grep --file=x foo",    false),
        ("/usr/bin/sort -rn -k 2",        true),
        ("/usr/bin/sort -o out",          false),
        ("/usr/bin/sort --output=out",    false),
        ("/usr/bin/sort --compress-program=sh", false),
        ("/usr/bin/sort --compress-prog=sh",    false),
        ("/usr/bin/sort --comp=sh",       false),
        ("/usr/bin/sort -T /tmp",         false),
        ("/usr/bin/sort --files0-from=x", false),
        ("/usr/bin/sort file",            false),
        ("/usr/bin/uniq in out",          false),
        ("/usr/bin/uniq -c",              true),
        ("/usr/bin/tr a-z A-Z",           true),
        ("/usr/bin/tr a b c",             false),
        ("/usr/bin/wc -l",                true),
        ("/usr/bin/wc --files0-from=x",   false),
        ("/usr/bin/cut -d : -f 1",        true),
        ("/usr/bin/cut -f1 /etc/passwd",  false),
        ("/usr/bin/jq .a",                true),
        ("/usr/bin/jq -r .a[]",           true),
        ("/usr/bin/jq -f file",           false),
        ("/usr/bin/jq . file",            false),
        ("/usr/bin/jq env.SECRET",        false),
        ("/usr/bin/jq $ENV",              false),
        ("/usr/bin/jq --rawfile x y .",   false),
        ("/usr/bin/jq -L /tmp .",         false),
        ("/tmp/head -n 5",                false),
        ("/usr/bin/../../tmp/head -n 5",  false),
        ("/usr/local/bin/head -n 5",      false),
        ("head -n 5",                     false),
        ("/usr/bin/cat",                  false),
    ];
    for (call, expected) in table {
        let mut words = call.split(' ');
        let path = words.next().unwrap();
        assert_eq!(is_safe(path, &words.collect::<Vec<_>>()), expected, "{call}");
    }
}
