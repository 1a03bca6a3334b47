//! Puts what shows A2UI into the program, if it can be built here.
//!
//! The renderer is the official one from npm (`web/`). Where there is no npm, or
//! it cannot fetch anything, the program is built without; it says so when it is
//! asked. This never fails the build.

use std::{
    env, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is copied to where it is built, so that nothing is written beside the
/// sources.
const SOURCES: [&str; 8] = [
    "package.json",
    "package-lock.json",
    "build.mjs",
    "host.js",
    "v08.js",
    "v09.js",
    "theme.js",
    "index.html",
];

fn main() {
    for source in SOURCES {
        println!("cargo:rerun-if-changed=web/{source}");
    }
    println!("cargo:rerun-if-env-changed=OPENCLAW_SKIP_WEB_BUILD");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let built = match build(&out.join("web")) {
        Ok(built) => built,
        Err(why) => {
            println!("cargo:warning=built without the A2UI renderer: {why}");
            Vec::new()
        }
    };
    if let Err(error) = list(&out.join("assets.rs"), &built) {
        println!("cargo:warning=cannot list the A2UI renderer: {error}");
    }
}

/// Builds the renderer in `place`, and returns its packed files.
fn build(place: &Path) -> Result<Vec<PathBuf>, String> {
    if env::var_os("OPENCLAW_SKIP_WEB_BUILD").is_some_and(|value| !value.is_empty()) {
        return Err("OPENCLAW_SKIP_WEB_BUILD is set".to_owned());
    }
    let words = |error: io::Error| error.to_string();
    fs::create_dir_all(place).map_err(words)?;
    for source in SOURCES {
        fs::copy(Path::new("web").join(source), place.join(source)).map_err(words)?;
    }
    // No script of any package runs.
    npm(place, &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])?;
    npm(place, &["run", "build"])?;
    let entries = fs::read_dir(place.join("dist")).map_err(words)?;
    let mut built: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    built.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    built.sort();
    Ok(built)
}

fn npm(place: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut npm = Command::new("npm");
    let done = npm.args(arguments).current_dir(place).stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("npm: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
    Err(format!("npm {}: {line}", arguments[0]))
}

/// Writes down in `list` what was built.
fn list(list: &Path, built: &[PathBuf]) -> io::Result<()> {
    let mut list = fs::File::create(list)?;
    writeln!(list, "const ASSETS: &[Asset] = &[")?;
    for path in built {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let version = fingerprint(&fs::read(path)?);
        writeln!(list, "    Asset {{")?;
        writeln!(list, "        name: {name:?},")?;
        writeln!(list, "        version: \"{version:016x}\",")?;
        writeln!(list, "        packed: include_bytes!({:?}),", path.to_string_lossy())?;
        writeln!(list, "    }},")?;
    }
    writeln!(list, "];")
}

/// Tells one build from another (FNV-1a).
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
