//! The binary answers.
//!
//! Having an integration test, this package gets its binary built by every
//! `cargo test --workspace`; the tests from outside, in `tests`, rely on that.

use std::process::Command;

#[test]
fn the_binary_says_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_openclaw")).arg("--version").output().unwrap();

    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(env!("CARGO_PKG_VERSION")));
}
