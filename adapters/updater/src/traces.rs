//! What those who install programs leave behind.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::update::{CargoRecord, Traces, UpdateCommand};

use crate::run::run;

/// How long dpkg may think about whose a file is.
const ANSWER: Duration = Duration::from_secs(5);

/// What there is about `program`, an absolute path without links.
pub(crate) async fn of(program: &Path) -> Traces {
    Traces {
        program: program.to_string_lossy().into_owned(),
        cargo: cargo(program),
        package: package(program).await,
        build: build(program),
        container: is_contained(Path::new("/")),
    }
}

/// What Cargo wrote down in the directory above `bin`.
fn cargo(program: &Path) -> Option<CargoRecord> {
    let bin = program.parent().filter(|directory| directory.ends_with("bin"))?;
    let root = bin.parent()?;
    let crates = fs::read_to_string(root.join(".crates.toml")).ok()?;
    CargoRecord::find(&crates, root.to_str()?, program.file_name()?.to_str()?)
}

/// The package a file belongs to, according to dpkg.
async fn package(program: &Path) -> Option<String> {
    let path = program.to_str()?;
    let ask = UpdateCommand::new("ask dpkg", &["dpkg-query", "--search", path]);
    let said = run(&ask, ANSWER, str::to_owned).await.log;
    if said.exit_code != Some(0) {
        return None;
    }
    // `openclaw:amd64: /usr/bin/openclaw`, and lines about diversions.
    let owner = |line: &str| {
        let (packages, found) = line.split_once(": ")?;
        let mut packages = packages.split(", ");
        let package = packages.next().filter(|_| found == path && packages.next().is_none())?;
        Some(package.split(':').next().unwrap_or(package).to_owned())
    };
    said.stdout_tail.lines().find_map(owner)
}

/// The directory that was compiled, of a program in its `target`.
fn build(program: &Path) -> Option<String> {
    let target = program.ancestors().find(|above| above.join("CACHEDIR.TAG").is_file())?;
    let root = target.parent()?;
    root.join("Cargo.toml").is_file().then(|| root.display().to_string())
}

/// Whether `root` comes from an image: Docker, Podman and Kubernetes say so. A
/// machine inside a machine, as LXC makes them, has packages of its own.
fn is_contained(root: &Path) -> bool {
    let says = ["/.dockerenv", "/run/.containerenv"];
    let below = |path: &str| -> PathBuf { root.join(path.trim_start_matches('/')) };
    if says.iter().any(|path| below(path).exists()) {
        return true;
    }
    let groups = fs::read_to_string(below("/proc/1/cgroup")).unwrap_or_default();
    ["docker", "kubepods", "containerd", "libpod"].iter().any(|word| groups.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_and_compilers_leave_traces() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        for directory in ["root/bin", "src/target/release", "other/target"] {
            fs::create_dir_all(at(directory)).unwrap();
        }
        let record = "[v1]\n\"gateway 0.1.0 (registry+https://x)\" = [\"openclaw\"]\n";
        fs::write(at("root/.crates.toml"), record).unwrap();
        fs::write(at("src/Cargo.toml"), "").unwrap();
        fs::write(at("src/target/CACHEDIR.TAG"), "").unwrap();
        fs::write(at("other/target/CACHEDIR.TAG"), "").unwrap();

        let found = cargo(&at("root/bin/openclaw")).unwrap();
        assert_eq!((found.package.as_str(), Path::new(&found.root)), ("gateway", &*at("root")));
        for other in ["root/bin/other", "root/openclaw", "src/bin/openclaw"] {
            assert_eq!(cargo(&at(other)), None, "{other}");
        }
        let src = Some(at("src").display().to_string());
        assert_eq!(build(&at("src/target/release/openclaw")), src);
        assert_eq!(build(&at("other/target/openclaw")), None);
        assert_eq!(build(&at("root/bin/openclaw")), None);
    }

    #[test]
    fn containers_say_so() {
        for (file, text, contained) in [
            (".dockerenv", "", true),
            ("run/.containerenv", "", true),
            ("proc/1/cgroup", "0::/kubepods/x\n", true),
            ("proc/1/cgroup", "0::/init.scope\n", false),
            ("other", "", false),
        ] {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            assert_eq!(is_contained(root.path()), contained, "{file}: {text}");
        }
    }

    /// Runs where there is a dpkg, and where there is none.
    #[tokio::test]
    async fn a_file_of_nobody_belongs_to_no_package() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("openclaw");
        fs::write(&program, "").unwrap();
        assert_eq!(package(&program).await, None);
    }
}
