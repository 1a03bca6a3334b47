//! The folder the pages are in.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use tracing::warn;

/// The page of a folder.
const INDEX: &str = "index.html";

/// A page for a canvas that has none yet.
const SAMPLE: &str = include_str!("sample.html");

/// Makes `root` if it is not there, with a first page if it is empty.
pub(crate) fn prepare(root: &Path) {
    if let Err(error) = make(root) {
        warn!(
            error = &error as &dyn std::error::Error,
            root = %root.display(),
            "there is no place for the canvas",
        );
    }
}

fn make(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    if fs::read_dir(root)?.next().is_some() {
        return Ok(());
    }
    let index = File::options().write(true).create_new(true).open(root.join(INDEX));
    match index {
        Ok(mut index) => index.write_all(SAMPLE.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[test]
fn an_empty_canvas_gets_a_page_and_a_filled_one_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("workspace/canvas");
    prepare(&root);
    assert_eq!(fs::read_to_string(root.join(INDEX)).unwrap(), SAMPLE);
    fs::rename(root.join(INDEX), root.join("other.html")).unwrap();
    prepare(&root);
    assert!(!root.join(INDEX).exists());
    prepare(&root.join("other.html/canvas"));
}
