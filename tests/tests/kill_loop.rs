//! A short kill loop. The long one is `cargo run -p tests --release --bin kill-loop`.

use std::process::Command;

#[test]
fn what_was_acknowledged_survives_five_kills() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_kill-loop")).args(["--cycles", "5"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("kill-loop: 5 cycles") && said.contains(" 0 lost, 0 doubled"), "{said}");
}
