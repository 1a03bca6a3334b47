//! The first sixty keys of the configuration changed in turn, with few clients. With many:
//! `tests/load/reloads`.

use std::process::Command;

#[test]
fn nobody_notices_that_the_configuration_changes() {
    // How late a change may come is for a quiet machine.
    let few =
        ["--clients", "10", "--runs", "5", "--reloads", "20", "--late", "15000", "--keys", "60"];
    let output = Command::new(env!("CARGO_BIN_EXE_reloads")).args(few).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(" 0 no difference []") && said.contains("every promise was kept"),
        "{said}"
    );
}
