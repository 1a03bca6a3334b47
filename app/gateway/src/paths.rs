//! Where the gateway keeps its things.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// The places of one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// What has to survive a restart.
    pub state_dir: PathBuf,
    /// The configuration file, which need not exist.
    pub config_path: PathBuf,
    /// The log files.
    pub log_dir: PathBuf,
}

/// Why there are no places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// Nothing says where.
    #[error("set HOME or OPENCLAW_STATE_DIR, so that there is a place for the state")]
    NoHome,
    /// The name cannot be part of a path.
    #[error("Invalid --profile (letters, digits, `-` and `_`, at most 64)")]
    Profile,
}

/// The names the product had, the newest first: of variables, of directories,
/// of configuration files.
const PREFIXES: [&str; 3] = ["OPENCLAW_", "MOLTBOT_", "CLAWDBOT_"];
const DIRECTORIES: [&str; 3] = [".openclaw", ".moltbot", ".clawdbot"];
const FILES: [&str; 3] = ["openclaw.json", "moltbot.json", "clawdbot.json"];

impl Paths {
    /// Where the store is in the state directory.
    pub const DATABASE: &str = "state/openclaw-gateway.sqlite";

    /// The places by the variables `env`, for `profile` if one is given by
    /// flag. What an older version left behind is used where it is.
    pub fn resolve(
        env: &dyn Fn(&str) -> Option<String>,
        profile: Option<&str>,
    ) -> Result<Self, PathsError> {
        let named = variable(env, "PROFILE");
        let profile = match profile.or(named.as_deref()).map(str::trim) {
            None | Some("" | "default") => String::new(),
            Some(name) if is_name(name) => format!("-{name}"),
            Some(_) => return Err(PathsError::Profile),
        };
        let home = variable(env, "HOME").or_else(|| filled(env("HOME")));
        let home = home.map(PathBuf::from);
        let at = |path: &str| expand(path, home.as_deref());

        let state_dir = match variable(env, "STATE_DIR") {
            Some(path) => at(&path)?,
            None => {
                let home = home.as_deref().ok_or(PathsError::NoHome)?;
                first_existing(DIRECTORIES.map(|name| home.join(format!("{name}{profile}"))))
            }
        };
        let config_path = match variable(env, "CONFIG_PATH") {
            Some(path) => at(&path)?,
            None => first_existing(FILES.map(|name| state_dir.join(name))),
        };
        let log_dir = state_dir.join("logs");
        Ok(Self { state_dir, config_path, log_dir })
    }

    /// Where the store is.
    pub fn database(&self) -> PathBuf {
        self.state_dir.join(Self::DATABASE)
    }

    /// The state directories of older generations in `home` that are not the one
    /// in use.
    pub fn left_behind(&self, home: &Path) -> Vec<PathBuf> {
        let older = DIRECTORIES[1..].iter().map(|name| home.join(name));
        // A link to the new one is how OpenClaw moves.
        older
            .filter(|path| *path != self.state_dir && path.is_dir() && !path.is_symlink())
            .collect()
    }

    /// Makes the state directory, for its owner only, if it is not there.
    pub fn create(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.state_dir)
    }
}

/// The variable `name` under any of the names the product had.
fn variable(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    PREFIXES.iter().find_map(|prefix| filled(env(&format!("{prefix}{name}"))))
}

fn filled(value: Option<String>) -> Option<String> {
    value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn is_name(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `path` with `~` replaced, absolute.
fn expand(path: &str, home: Option<&Path>) -> Result<PathBuf, PathsError> {
    let path = match path.strip_prefix('~') {
        Some("") => home.ok_or(PathsError::NoHome)?.to_owned(),
        Some(rest) if rest.starts_with('/') => {
            home.ok_or(PathsError::NoHome)?.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(path),
    };
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// The first that exists, else the first.
fn first_existing(candidates: [PathBuf; 3]) -> PathBuf {
    let found = candidates.iter().find(|path| path.exists()).cloned();
    let [newest, ..] = candidates;
    found.unwrap_or(newest)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    #[test]
    fn where_things_are() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        fs::create_dir_all(dir.path().join("old/.clawdbot")).unwrap();
        fs::write(dir.path().join("old/.clawdbot/clawdbot.json"), "{}").unwrap();
        fs::create_dir_all(dir.path().join("both/.openclaw")).unwrap();
        fs::create_dir_all(dir.path().join("both/.moltbot")).unwrap();

        #[rustfmt::skip]
        let table: [(Variables, Option<&str>, &str, &str); 14] = [
            (&[("HOME", "@")], None, "@/.openclaw", "@/.openclaw/openclaw.json"),
            (&[("HOME", "@")], Some("work"), "@/.openclaw-work", "@/.openclaw-work/openclaw.json"),
            (&[("HOME", "@")], Some("default"), "@/.openclaw", "@/.openclaw/openclaw.json"),
            (&[("HOME", "@"), ("OPENCLAW_PROFILE", "dev")], None, "@/.openclaw-dev", "@/.openclaw-dev/openclaw.json"),
            (&[("HOME", "@"), ("OPENCLAW_PROFILE", "dev")], Some("x"), "@/.openclaw-x", "@/.openclaw-x/openclaw.json"),
            (&[("HOME", "/no"), ("OPENCLAW_HOME", "@")], None, "@/.openclaw", "@/.openclaw/openclaw.json"),
            (&[("HOME", "@"), ("OPENCLAW_STATE_DIR", "/s")], Some("x"), "/s", "/s/openclaw.json"),
            (&[("OPENCLAW_STATE_DIR", "/s")], None, "/s", "/s/openclaw.json"),
            (&[("HOME", "@"), ("OPENCLAW_STATE_DIR", "~/s")], None, "@/s", "@/s/openclaw.json"),
            (&[("HOME", "@"), ("CLAWDBOT_STATE_DIR", "/c"), ("MOLTBOT_STATE_DIR", "/m")], None, "/m", "/m/openclaw.json"),
            (&[("HOME", "@"), ("OPENCLAW_STATE_DIR", " "), ("CLAWDBOT_STATE_DIR", "/c")], None, "/c", "/c/openclaw.json"),
            (&[("HOME", "@"), ("OPENCLAW_CONFIG_PATH", "~/c.json5")], None, "@/.openclaw", "@/c.json5"),
            (&[("HOME", "@/old")], None, "@/old/.clawdbot", "@/old/.clawdbot/clawdbot.json"),
            (&[("HOME", "@/both")], None, "@/both/.openclaw", "@/both/.openclaw/openclaw.json"),
        ];
        for (env, profile, state, config) in table {
            let env = |name: &str| {
                let found = env.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.replace('@', home))
            };
            let paths = Paths::resolve(&env, profile).unwrap();
            assert_eq!(paths.state_dir, PathBuf::from(state.replace('@', home)));
            assert_eq!(paths.config_path, PathBuf::from(config.replace('@', home)));
            assert_eq!(paths.log_dir, paths.state_dir.join("logs"));
        }
    }

    #[test]
    fn without_a_home_and_with_an_odd_profile_there_is_no_place() {
        assert_eq!(Paths::resolve(&|_| None, None), Err(PathsError::NoHome));
        let home = |name: &str| (name == "HOME").then(|| "/home/me".to_owned());
        for profile in ["../x", "a/b", "a b", &"x".repeat(65), "é"] {
            assert_eq!(Paths::resolve(&home, Some(profile)), Err(PathsError::Profile));
        }
    }

    #[test]
    fn the_state_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b").to_str().unwrap().to_owned();
        let env = |name: &str| (name == "OPENCLAW_STATE_DIR").then(|| state.clone());
        let paths = Paths::resolve(&env, None).unwrap();
        paths.create().unwrap();
        paths.create().unwrap();
        let mode = fs::metadata(&paths.state_dir).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
    }
}
