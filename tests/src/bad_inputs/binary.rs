//! Where the gateway is that is tested.

use std::{
    env,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// There is no gateway to test.
#[derive(Clone, Debug)]
pub struct NoBinary {
    looked_at: Vec<PathBuf>,
}

impl std::fmt::Display for NoBinary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "there is no openclaw binary to test: run `cargo build -p gateway` (or with \
             --release) first, or name one in OPENCLAW_BIN; looked at {:?}",
            self.looked_at
        )
    }
}

impl std::error::Error for NoBinary {}

/// The `openclaw` binary to test: the one that `OPENCLAW_BIN` names, else the
/// newest one that cargo built into the target directory of this test.
pub fn binary() -> Result<PathBuf, NoBinary> {
    if let Some(named) = env::var_os("OPENCLAW_BIN") {
        let named = PathBuf::from(named);
        // The gateway is started in another folder.
        return named.canonicalize().map_err(|_| NoBinary { looked_at: vec![named] });
    }
    let test = env::current_exe().unwrap_or_default();
    // A test is `target/<profile>/deps/<name>-<hash>`, a helper binary
    // `target/<profile>/<name>`.
    let target = test
        .ancestors()
        .find(|path| path.join("release").is_dir() || path.join("debug").is_dir())
        .unwrap_or_else(|| Path::new("target"));
    let candidates: Vec<PathBuf> =
        ["release", "debug"].iter().map(|profile| target.join(profile).join("openclaw")).collect();
    candidates
        .iter()
        .filter_map(|path| Some((built(path)?, path.clone())))
        .max()
        .map(|(_, path)| path)
        .ok_or(NoBinary { looked_at: candidates })
}

fn built(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}
