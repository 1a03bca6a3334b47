//! What the dashboard knows of the protocol is what the gateway says of it.

use std::{fs, path::Path};

/// Its types, and the shapes from which it makes forms, are written from the
/// tables of methods and events; here is where one hears that they changed.
#[test]
fn the_dashboard_knows_the_protocol_as_it_is() {
    let schema = rpc::manual::schema();
    up_to_date("generated.ts", &tests::typescript::declarations(&schema));
    up_to_date("schema.json", &(schema.to_string() + "\n"));
}

fn up_to_date(name: &str, now: &str) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters/control-ui/web/src/protocol");
    let path = folder.join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(folder).expect("there is room");
        fs::write(&path, now).expect("there is room");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(now == written, "{name} is not up to date: run with UPDATE=1");
}
