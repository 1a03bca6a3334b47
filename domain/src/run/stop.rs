//! Words that stop a run.

/// Whether a message is nothing but a word that stops what is running
/// (`ws-protocol.md` 8.1).
pub fn is_stop_word(message: &str) -> bool {
    const WORDS: [&str; 7] = ["/stop", "stop", "esc", "abort", "wait", "exit", "interrupt"];
    let message = message.trim();
    WORDS.iter().any(|word| message.eq_ignore_ascii_case(word))
}

#[test]
fn only_the_word_alone_stops() {
    for message in ["stop", " STOP ", "/stop", "Abort", "wait"] {
        assert!(is_stop_word(message), "{message:?}");
    }
    for message in ["", "stop it", "stopp", "/stop now", "waiting"] {
        assert!(!is_stop_word(message), "{message:?}");
    }
}
