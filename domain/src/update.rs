//! How the program came onto this machine, and what brings it up to date: always
//! the tool that installed it, never the program itself.

use std::str::FromStr;

/// What can be seen of how the program came here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Where the program is, links resolved.
    pub program: String,
    /// What `cargo install` wrote down beside it, if it did.
    pub cargo: Option<CargoRecord>,
    /// The Debian package the program belongs to.
    pub package: Option<String>,
    /// The directory it was compiled in, if that is where it lies.
    pub build: Option<String>,
    /// Whether this is the inside of a container.
    pub container: bool,
}

/// An entry of Cargo's `.crates.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CargoRecord {
    /// The directory below which `bin` is.
    pub root: String,
    /// The package.
    pub package: String,
    /// Where the package comes from.
    pub source: CargoSource,
}

/// Where a package of Cargo comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CargoSource {
    /// A registry.
    Registry,
    /// A repository.
    Git(String),
    /// A directory of this machine.
    Directory(String),
}

impl CargoRecord {
    /// The entry of the file `crates` in `root` for the program `binary`.
    pub fn find(crates: &str, root: &str, binary: &str) -> Option<Self> {
        crates.lines().find_map(|line| {
            let (id, programs) = line.split_once(" = [")?;
            let is_it = |program: &str| program.trim_matches([' ', '"']) == binary;
            if !programs.trim_end().strip_suffix(']')?.split(',').any(is_it) {
                return None;
            }
            let mut words = id.trim_matches('"').splitn(3, ' ');
            let (package, _version, source) = (words.next()?, words.next()?, words.next()?);
            let source = source.strip_prefix('(')?.strip_suffix(')')?;
            let source = match source.split_once('+')? {
                ("registry" | "sparse", _) => CargoSource::Registry,
                ("git", url) => CargoSource::Git(url.split(['?', '#']).next()?.to_owned()),
                ("path", url) => CargoSource::Directory(url.trim_start_matches("file://").into()),
                _ => return None,
            };
            Some(Self { root: root.into(), package: package.into(), source })
        })
    }
}

/// What installed the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installation {
    /// Cargo.
    Cargo(CargoRecord),
    /// npm, into a prefix of its own; without one, another tool of that world.
    Npm {
        /// The package.
        package: String,
        /// Where global packages lie.
        prefix: Option<String>,
    },
    /// Nix, which never changes what it installed.
    Nix,
    /// Somebody who compiled it in this directory.
    Build(String),
    /// The image of a container.
    Container,
    /// dpkg, this package.
    Debian(String),
    /// Nobody who left a trace: it was copied here.
    Copied(String),
}

impl Installation {
    /// What left these traces.
    pub fn of(traces: Traces) -> Self {
        let Traces { program, cargo, package, build, container } = traces;
        if program.starts_with("/nix/store/") {
            return Self::Nix;
        }
        if let Some(npm) = npm(&program) {
            return npm;
        }
        match (cargo, build, package) {
            (Some(cargo), ..) => Self::Cargo(cargo),
            (_, Some(build), _) => Self::Build(build),
            // A package inside an image is changed by changing the image.
            _ if container => Self::Container,
            (.., Some(package)) => Self::Debian(package),
            _ => Self::Copied(program),
        }
    }

    /// One word for it.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Cargo(_) => "cargo",
            Self::Npm { .. } => "npm",
            Self::Nix => "nix",
            Self::Build(_) => "source",
            Self::Container => "container",
            Self::Debian(_) => "deb",
            Self::Copied(_) => "unknown",
        }
    }

    /// The directory it concerns, if there is one.
    pub fn root(&self) -> Option<&str> {
        match self {
            Self::Cargo(cargo) => Some(&cargo.root),
            Self::Npm { prefix, .. } => prefix.as_deref(),
            Self::Build(root) => Some(root),
            Self::Nix | Self::Container | Self::Debian(_) | Self::Copied(_) => None,
        }
    }

    /// How `release` is installed, by somebody who is the superuser or not.
    pub fn plan(&self, release: &Release, superuser: bool) -> UpdatePlan {
        match self {
            Self::Cargo(cargo) => plan_cargo(cargo, release),
            Self::Npm { package, prefix: Some(prefix) } => plan_npm(package, prefix, release),
            Self::Npm { package, prefix: None } => skip(format!(
                "{package} was not installed by npm: update it with the tool that installed it"
            )),
            Self::Nix => skip(
                "installed by Nix: update the flake or channel it comes from, then run \
                 `nix profile upgrade openclaw` or rebuild the system",
            ),
            Self::Build(root) => skip(format!(
                "compiled in {root}: run `git pull && cargo build --release` there, then restart"
            )),
            Self::Container => {
                skip("part of a container image: pull the new image and start the container anew")
            }
            Self::Debian(package) => plan_debian(package, release, superuser),
            Self::Copied(program) => skip(format!(
                "no tool installed it: put the new release in the place of {program}, then restart"
            )),
        }
    }
}

/// The package below `node_modules` a program lies in.
fn npm(program: &str) -> Option<Installation> {
    let (before, behind) = program.split_once("/node_modules/")?;
    let mut parts = behind.split('/');
    let first = parts.next()?;
    let package = match parts.next() {
        Some(second) if first.starts_with('@') => format!("{first}/{second}"),
        _ => first.to_owned(),
    };
    let prefix = before.strip_suffix("/lib").map(str::to_owned);
    Some(Installation::Npm { package, prefix })
}

/// Which release is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// The newest that is meant for everybody.
    #[default]
    Stable,
    /// The newest that is meant for those who try it.
    Beta,
    /// What is being worked on.
    Dev,
    /// This one, by its version or tag.
    Named(ReleaseName),
}

/// A version or a tag. It cannot be taken for an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseName(String);

/// It is no version and no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version or tag has up to 64 letters, digits, and `.`, `-`, `_`, `+`, `~` between them")]
pub struct NoReleaseName;

impl FromStr for ReleaseName {
    type Err = NoReleaseName;

    fn from_str(text: &str) -> Result<Self, NoReleaseName> {
        let may_begin = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let may_follow = |c: char| c.is_ascii_alphanumeric() || ".-_+~".contains(c);
        let fits = (1..=64).contains(&text.len());
        if may_begin && fits && text.chars().all(may_follow) {
            return Ok(Self(text.to_owned()));
        }
        Err(NoReleaseName)
    }
}

impl Release {
    /// What npm calls it.
    fn tag(&self) -> &str {
        match self {
            Self::Stable => "latest",
            Self::Beta => "beta",
            Self::Dev => "dev",
            Self::Named(ReleaseName(name)) => name,
        }
    }
}

/// What is done to update the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum UpdatePlan {
    /// These commands, one after the other.
    Run(Vec<UpdateCommand>),
    /// Nothing; a person is told what to do instead.
    Skip(String),
}

/// A command of the tool that installed the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateCommand {
    /// What it is for, in a word or two.
    pub name: &'static str,
    /// The program and its arguments. No shell sees them.
    pub argv: Vec<String>,
}

impl UpdateCommand {
    /// `argv`, which is for `name`.
    pub fn new(name: &'static str, argv: &[&str]) -> Self {
        Self { name, argv: argv.iter().map(ToString::to_string).collect() }
    }

    /// The words of it, as a person would type them.
    pub fn line(&self) -> String {
        self.argv.join(" ")
    }
}

fn skip(reason: impl Into<String>) -> UpdatePlan {
    UpdatePlan::Skip(reason.into())
}

fn plan_cargo(cargo: &CargoRecord, release: &Release) -> UpdatePlan {
    let CargoRecord { root, package, source } = cargo;
    let mut argv = vec!["cargo", "install", "--locked", "--root", root];
    match (source, release) {
        (CargoSource::Directory(directory), _) => {
            return skip(format!(
                "compiled from {directory}: update that directory, then run \
                 `cargo install --locked --path {directory}`"
            ));
        }
        (CargoSource::Registry, Release::Stable) => (),
        (CargoSource::Registry, Release::Named(ReleaseName(version))) => {
            argv.extend(["--version", version]);
        }
        (CargoSource::Git(url), Release::Stable | Release::Dev) => argv.extend(["--git", url]),
        (CargoSource::Git(url), Release::Named(ReleaseName(tag))) => {
            argv.extend(["--git", url, "--tag", tag]);
        }
        (_, Release::Beta | Release::Dev) => {
            return skip("Cargo knows no such channel: name a version with --tag");
        }
    }
    argv.push(package);
    UpdatePlan::Run(vec![UpdateCommand::new("install", &argv)])
}

fn plan_npm(package: &str, prefix: &str, release: &Release) -> UpdatePlan {
    let package = format!("{package}@{}", release.tag());
    let argv = ["npm", "install", "--global", "--prefix", prefix, &package];
    UpdatePlan::Run(vec![UpdateCommand::new("install", &argv)])
}

fn plan_debian(package: &str, release: &Release, superuser: bool) -> UpdatePlan {
    let package = match release {
        Release::Stable => package.to_owned(),
        Release::Named(ReleaseName(version)) => format!("{package}={version}"),
        Release::Beta | Release::Dev => {
            return skip("apt knows no such channel: name a version with --tag");
        }
    };
    let refresh = UpdateCommand::new("refresh", &["apt-get", "update"]);
    let install = ["apt-get", "install", "--yes", "--only-upgrade", &package];
    let install = UpdateCommand::new("install", &install);
    if superuser {
        return UpdatePlan::Run(vec![refresh, install]);
    }
    let (refresh, install) = (refresh.line(), install.line());
    skip(format!("only root may change packages: run `sudo {refresh} && sudo {install}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: &str = r#"[v1]
"cargo-deb 3.0.0 (registry+https://github.com/rust-lang/crates.io-index)" = ["cargo-deb"]
"gateway 0.1.0 (git+https://example.com/openclaw.git?branch=main#0123abc)" = ["openclaw", "other"]
"local 0.2.0 (path+file:///src/local)" = ["local"]
"broken 1 = ["broken"]
"odd 1.0.0 (future+x)" = ["odd"]
"#;

    #[test]
    fn what_cargo_wrote_down() {
        let found = |binary| {
            let record = CargoRecord::find(CRATES, "/root/.cargo", binary)?;
            assert_eq!(record.root, "/root/.cargo");
            Some((record.package, record.source))
        };
        let git = CargoSource::Git("https://example.com/openclaw.git".into());
        let directory = CargoSource::Directory("/src/local".into());
        assert_eq!(found("openclaw"), Some(("gateway".into(), git.clone())));
        assert_eq!(found("other"), Some(("gateway".into(), git)));
        assert_eq!(found("cargo-deb"), Some(("cargo-deb".into(), CargoSource::Registry)));
        assert_eq!(found("local"), Some(("local".into(), directory)));
        for unknown in ["claw", "broken", "odd", ""] {
            assert_eq!(found(unknown), None, "{unknown}");
        }
    }

    fn cargo(source: CargoSource) -> CargoRecord {
        CargoRecord { root: "/r".into(), package: "gateway".into(), source }
    }

    #[test]
    fn who_installed_it() {
        let at = |program: &str| Traces { program: program.into(), ..Traces::default() };
        let package = |traces| Traces { package: Some("openclaw".into()), ..traces };
        let contained = |traces| Traces { container: true, ..traces };
        let by_cargo = |traces| Traces { cargo: Some(cargo(CargoSource::Registry)), ..traces };
        let npm = |package: &str, prefix: Option<&str>| Installation::Npm {
            package: package.into(),
            prefix: prefix.map(Into::into),
        };
        let registry = Installation::Cargo(cargo(CargoSource::Registry));
        let built = Traces { build: Some("/src".into()), ..at("/src/target/release/openclaw") };
        #[rustfmt::skip]
        let table = [
            (at("/nix/store/abc-openclaw/bin/openclaw"), Installation::Nix),
            (contained(by_cargo(at("/r/bin/openclaw"))), registry),
            (contained(built.clone()),                   Installation::Build("/src".into())),
            (built,                                      Installation::Build("/src".into())),
            (package(at("/usr/bin/openclaw")),           Installation::Debian("openclaw".into())),
            (contained(package(at("/usr/bin/openclaw"))), Installation::Container),
            (contained(at("/openclaw")),                 Installation::Container),
            (at("/opt/openclaw"),                        Installation::Copied("/opt/openclaw".into())),
            (at("/usr/lib/node_modules/openclaw/bin/x"), npm("openclaw", Some("/usr"))),
            (at("/h/.n/lib/node_modules/@a/b/bin/x"),    npm("@a/b", Some("/h/.n"))),
            (at("/h/.bun/install/global/node_modules/o/x"), npm("o", None)),
        ];
        for (traces, expected) in table {
            assert_eq!(Installation::of(traces.clone()), expected, "{traces:?}");
        }
    }

    #[test]
    fn what_is_run_and_what_is_not() {
        let named = || Release::Named("1.2.3".parse().unwrap());
        let registry = || Installation::Cargo(cargo(CargoSource::Registry));
        let git = || Installation::Cargo(cargo(CargoSource::Git("https://x/y".into())));
        let npm = || Installation::Npm { package: "o".into(), prefix: Some("/p".into()) };
        let debian = || Installation::Debian("openclaw".into());
        #[rustfmt::skip]
        let table = [
            (registry(), Release::Stable, "cargo install --locked --root /r gateway"),
            (registry(), named(),         "cargo install --locked --root /r --version 1.2.3 gateway"),
            (git(),      Release::Stable, "cargo install --locked --root /r --git https://x/y gateway"),
            (git(),      Release::Dev,    "cargo install --locked --root /r --git https://x/y gateway"),
            (git(),      named(), "cargo install --locked --root /r --git https://x/y --tag 1.2.3 gateway"),
            (npm(),      Release::Stable, "npm install --global --prefix /p o@latest"),
            (npm(),      Release::Beta,   "npm install --global --prefix /p o@beta"),
            (npm(),      named(),         "npm install --global --prefix /p o@1.2.3"),
            (debian(),   Release::Stable,
             "apt-get update; apt-get install --yes --only-upgrade openclaw"),
            (debian(),   named(),
             "apt-get update; apt-get install --yes --only-upgrade openclaw=1.2.3"),
        ];
        for (installation, release, expected) in table {
            let UpdatePlan::Run(commands) = installation.plan(&release, true) else {
                panic!("{installation:?} {release:?} is skipped");
            };
            let lines: Vec<_> = commands.iter().map(UpdateCommand::line).collect();
            assert_eq!(lines.join("; "), expected);
        }
        let directory = Installation::Cargo(cargo(CargoSource::Directory("/src".into())));
        #[rustfmt::skip]
        let table = [
            (registry(), Release::Beta, "name a version"),
            (git(), Release::Beta, "name a version"),
            (directory, Release::Stable, "cargo install --locked --path /src"),
            (debian(), Release::Dev, "name a version"),
            (debian(), Release::Stable, "sudo apt-get update && sudo apt-get install --yes"),
            (Installation::Nix, Release::Stable, "nix profile upgrade"),
            (Installation::Container, Release::Stable, "pull the new image"),
            (Installation::Build("/src".into()), Release::Stable, "compiled in /src"),
            (Installation::Copied("/opt/o".into()), Release::Stable, "in the place of /opt/o"),
            (Installation::Npm { package: "o".into(), prefix: None }, Release::Stable, "not installed by npm"),
        ];
        for (installation, release, expected) in table {
            let UpdatePlan::Skip(reason) = installation.plan(&release, false) else {
                panic!("{installation:?} {release:?} is not skipped");
            };
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn a_release_cannot_be_an_option() {
        for (text, fine) in [
            ("1.2.3", true),
            ("v1", true),
            ("1.0.0-rc.1+b~2", true),
            ("latest", true),
            ("", false),
            ("--force", false),
            (".1", false),
            ("a b", false),
            ("a/b", false),
            ("é", false),
        ] {
            assert_eq!(text.parse::<ReleaseName>().is_ok(), fine, "{text}");
        }
        assert_eq!("x".repeat(65).parse::<ReleaseName>(), Err(NoReleaseName));
    }
}
