//! What lies in a canvas before a case begins.

use std::{fs, io, os::unix::fs::symlink, path::Path};

use rustix::fs::{CWD, FileType, Mode, mknodat};

/// What is odd about a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Nothing,
    /// A link to a folder of the system.
    Link,
    /// A pipe into which nobody writes.
    Pipe,
    /// A hidden file.
    Hidden,
    /// A picture that runs a script.
    Picture,
    /// A page that means harm.
    Evil,
}

impl Page {
    /// The canvas of the fixture of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "canvas" => Self::Nothing,
            "canvas-symlink" => Self::Link,
            "canvas-fifo" => Self::Pipe,
            "canvas-dotfile" => Self::Hidden,
            "canvas-svg" => Self::Picture,
            "canvas-html" => Self::Evil,
            _ => return None,
        })
    }

    /// Fills the canvas at `root`.
    pub(super) fn prepare(self, root: &Path) -> io::Result<()> {
        fs::create_dir_all(root)?;
        fs::write(root.join("index.html"), "<body>hello</body>")?;
        match self {
            Self::Nothing => Ok(()),
            Self::Link => symlink("/etc", root.join("linkdir")),
            Self::Pipe => Ok(mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RWXU, 0)?),
            Self::Hidden => fs::write(root.join(".env"), "KEY=secret"),
            Self::Picture => fs::write(root.join("x.svg"), "<svg onload='alert(1)'/>"),
            Self::Evil => fs::write(root.join("evil.html"), "<script>new WebSocket('/')</script>"),
        }
    }
}
