//! The hostile inputs of `cases/bad-inputs.json` against the binary.
//!
//! `CASE=WSF-015` plays one of them, `CASE=WSF,HTP-0` all whose ids begin so.

use std::env;

use tests::bad_inputs::play_all;

#[tokio::test(flavor = "multi_thread")]
async fn no_bad_input_does_more_than_it_may() {
    let select = env::var("CASE").ok();
    let report = play_all(select.as_deref()).await.unwrap_or_else(|why| panic!("{why}"));

    anstream::println!("{report}");
    assert_ne!(report.selected(), 0, "no case is called {select:?}");
    assert_eq!(report.failed(), 0, "bad inputs do what they may not: see above");
}
