//! Whose a definition is, and what in it nobody should see.

use ports::driven::ServiceAuthor;

/// The variable every definition of the product carries, of any generation.
const MARKERS: [&str; 3] =
    ["OPENCLAW_SERVICE_MARKER", "MOLTBOT_SERVICE_MARKER", "CLAWDBOT_SERVICE_MARKER"];

/// Who wrote a definition that reads `text` and runs `command`. OpenClaw's own
/// carry the same marker and run a script.
pub(crate) fn author(text: &str, command: &[String]) -> ServiceAuthor {
    if !MARKERS.iter().any(|marker| text.contains(marker)) {
        return ServiceAuthor::Stranger;
    }
    if runs_script(command) { ServiceAuthor::OpenClaw } else { ServiceAuthor::Ours }
}

/// Whether a JavaScript runtime, or a script by itself, is run.
fn runs_script(command: &[String]) -> bool {
    let base = |word: &str| word.rsplit(['/', '\\']).next().unwrap_or(word).to_lowercase();
    let runtime = command.first().is_some_and(|program| {
        let program = base(program);
        let program = program.strip_suffix(".exe").unwrap_or(&program);
        ["node", "bun", "deno", "tsx"].contains(&program)
    });
    let script = |word: &String| {
        let word = base(word);
        [".js", ".mjs", ".cjs", ".ts"].iter().any(|end| word.ends_with(end))
    };
    runtime || command.iter().take(3).any(script)
}

/// Whether a definition without the marker is a gateway of the product all the
/// same, by what it runs.
pub(crate) fn runs_gateway(command: &[String]) -> bool {
    let all = command.join(" ").to_lowercase();
    crate::name::is_of_product(&all) && command.iter().any(|word| word == "gateway")
}

/// Whether a variable of that name may hold a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    ["TOKEN", "PASSWORD", "SECRET", "API_KEY", "CREDENTIAL"].iter().any(|part| name.contains(part))
}

/// The names of the secrets among variables, which lose their values.
pub(crate) fn without_secrets(environment: &mut [(String, String)]) -> Vec<String> {
    let mut secrets = Vec::new();
    for (name, value) in environment.iter_mut().filter(|(name, _)| is_secret(name)) {
        secrets.push(name.clone());
        "[redacted]".clone_into(value);
    }
    secrets
}

#[test]
fn authors() {
    use ServiceAuthor::{OpenClaw, Ours, Stranger};

    let marked = "Environment=OPENCLAW_SERVICE_MARKER=openclaw";
    let old = "Environment=CLAWDBOT_SERVICE_MARKER=clawdbot";
    #[rustfmt::skip]
    let table = [
        (marked, "/usr/bin/openclaw gateway run --port 1", Ours),
        (marked, "/usr/bin/node /opt/openclaw/dist/index.js gateway --port 1", OpenClaw),
        (marked, r"C:\bun.exe entry gateway", OpenClaw),
        (marked, "/opt/openclaw.mjs gateway", OpenClaw),
        (old, "/usr/bin/node /opt/clawdbot/entry.js gateway", OpenClaw),
        ("", "/usr/bin/openclaw gateway run", Stranger),
        (marked, "", Ours),
    ];
    for (text, command, expected) in table {
        let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        assert_eq!(author(text, &command), expected, "{command:?}");
    }
}

#[test]
fn secrets_lose_their_values() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut environment = [pair("HOME", "/h"), pair("OPENCLAW_GATEWAY_TOKEN", "canary")];
    assert_eq!(without_secrets(&mut environment), ["OPENCLAW_GATEWAY_TOKEN"]);
    assert_eq!(environment[0].1, "/h");
    assert!(!format!("{environment:?}").contains("canary"));
}
