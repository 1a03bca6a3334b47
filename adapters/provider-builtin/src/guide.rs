//! What is said while no model is connected.

use std::fmt::Write as _;

/// How much of a message is repeated, in characters.
const REPEATED: usize = 80;

/// The lines of the configuration file that connect a server.
const SNIPPET: &str = r#"{
  "models": {
    "providers": {
      "local": { "baseUrl": "http://127.0.0.1:8080/v1", "models": [{ "id": "my-model" }] }
    }
  },
  "agents": { "defaults": { "model": "local/my-model" } }
}"#;

/// The answer to `question`.
pub(crate) fn answer(question: &str) -> String {
    let mut answer = String::with_capacity(1200);
    if let Some(question) = shortened(question) {
        let _ = writeln!(answer, "Your message arrived: \"{question}\"");
    }
    let _ = write!(
        answer,
        "No model is connected to this gateway yet, so nobody can answer. \
         Connect one in any of these ways:\n\
         \n\
         1. With a key. Set one of these where the gateway is started, and restart it:\n\
         \n\
         ```sh\n\
         export OPENAI_API_KEY=your-key\n\
         export ANTHROPIC_API_KEY=your-key\n\
         export OPENROUTER_API_KEY=your-key\n\
         ```\n\
         \n\
         2. Without a key, on this machine. Install Ollama from https://ollama.com, fetch a model, and \
         restart the gateway; it looks for Ollama on 127.0.0.1:11434 when it starts:\n\
         \n\
         ```sh\n\
         ollama pull qwen3:8b\n\
         ```\n\
         \n\
         3. With any server that speaks OpenAI's protocol. Put this into `~/.openclaw/openclaw.json` with \
         your server's address and model (and `\"apiKey\"` beside `\"baseUrl\"` if it wants one), and \
         restart the gateway:\n\
         \n\
         ```json5\n\
         {SNIPPET}\n\
         ```\n\
         \n\
         Commands work without a model: /help lists them, /status shows how the gateway is, /model shows \
         and chooses models.",
    );
    answer
}

/// `question` on one line and not too long; nothing if there is nothing in it.
fn shortened(question: &str) -> Option<String> {
    let words = question.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(REPEATED) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    (!line.is_empty()).then_some(line)
}

#[test]
fn a_message_is_repeated_on_one_line() {
    #[rustfmt::skip]
    let table = [
        ("",                      None),
        (" \n\t",                 None),
        ("hello",                 Some("hello".to_owned())),
        ("a\r\n b\u{1b}[31m",     Some("a b [31m".to_owned())),
    ];
    for (question, line) in table {
        assert_eq!(shortened(question), line, "{question:?}");
    }
    let long = shortened(&"ü".repeat(100_000)).unwrap();
    assert_eq!((long.chars().count(), long.ends_with('…')), (REPEATED + 1, true));
    assert!(answer("hi").starts_with("Your message arrived: \"hi\"\nNo model is connected"));
    assert!(answer("").starts_with("No model is connected"));
}

#[test]
fn the_lines_to_copy_are_right() {
    let config: ports::config::Config = serde_json::from_str(SNIPPET).unwrap();
    let local = &config.models.providers["local"];
    assert_eq!(local.base_url.as_deref(), Some("http://127.0.0.1:8080/v1"));
    let model = config.agents.defaults.model.unwrap().candidates().remove(0);
    assert_eq!((model.provider(), model.model()), ("local", local.models[0].id.as_str()));

    let answer = answer("");
    assert!(answer.contains(SNIPPET));
    for name in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"] {
        assert!(answer.contains(&format!("\nexport {name}=")), "{answer}");
    }
}
