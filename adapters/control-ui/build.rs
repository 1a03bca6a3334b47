//! Puts the dashboard into the program: what `npm run build` makes of `web/`.
//!
//! With Node it is built here when its sources changed. Without Node, or when
//! building it fails, what lies in `web/dist` is taken, and where nothing lies
//! there, `src/missing.html`. None of that ever fails the build of the gateway.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// What the dashboard is made of, below `web/`.
const SOURCES: &[&str] = &[
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "public",
    "scripts",
    "src",
];
/// Says which sources `dist` was made of.
const STAMP: &str = ".made-of";
/// Says for which lock file the libraries are there.
const INSTALLED: &str = "node_modules/.installed-for";

fn main() -> Result<(), Box<dyn Error>> {
    let web = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("web");
    for source in SOURCES {
        println!("cargo::rerun-if-changed=web/{source}");
    }
    println!("cargo::rerun-if-changed=src/missing.html");
    println!("cargo::rerun-if-env-changed=OPENCLAW_SKIP_UI_BUILD");
    let is_wanted = env::var_os("DOCS_RS").is_none()
        && env::var("OPENCLAW_SKIP_UI_BUILD").map_or(true, |it| it.is_empty() || it == "0");

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let dist = out.join("dist");
    // One build at a time, however many of Cargo's run.
    let lock = fs::File::create(web.join(".building")).and_then(|file| file.lock().map(|()| file));
    if is_wanted
        && lock.is_ok()
        && let Err(why) = build(&web)
    {
        println!("cargo::warning=the dashboard was not built: {why}");
    }
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    let files = if web.join("dist/index.html").exists() {
        copy(&web.join("dist"), &dist)?;
        files(&dist)?
    } else {
        if is_wanted {
            println!("cargo::warning=the gateway is built without its dashboard");
        }
        fs::create_dir_all(&dist)?;
        fs::copy("src/missing.html", dist.join("index.html"))?;
        vec!["index.html".to_owned()]
    };
    drop(lock);
    fs::write(out.join("files.rs"), table(&dist, &files)?)?;
    Ok(())
}

/// Makes `web/dist`, unless it was made of these sources already.
fn build(web: &Path) -> Result<(), String> {
    let problem = |error: io::Error| error.to_string();
    let made_of = fingerprint(web, SOURCES).map_err(problem)?;
    let dist = web.join("dist");
    if fs::read_to_string(dist.join(STAMP)).is_ok_and(|stamp| stamp == made_of) {
        return Ok(());
    }
    let libraries = fingerprint(web, &["package-lock.json"]).map_err(problem)?;
    let installed = fs::read_to_string(web.join(INSTALLED));
    if !installed.is_ok_and(|stamp| stamp == libraries) {
        npm(web, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
        fs::write(web.join(INSTALLED), libraries).map_err(problem)?;
    }
    npm(web, &["run", "build"])?;
    fs::write(dist.join(STAMP), made_of).map_err(problem)
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("npm").args(arguments).current_dir(web).output();
    let output = output.map_err(|error| format!("npm cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().rev().take(12).collect();
    let lines: Vec<&str> = lines.into_iter().rev().collect();
    Err(format!("npm {} failed: {}", arguments[0], lines.join(" | ")))
}

/// Changes with the content of `sources` below `web`.
fn fingerprint(web: &Path, sources: &[&str]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for source in sources {
        let path = web.join(source);
        let names = if path.is_dir() { files(&path)? } else { vec![String::new()] };
        for name in names {
            let file = if name.is_empty() { path.clone() } else { path.join(&name) };
            hasher.write(source.as_bytes());
            hasher.write(name.as_bytes());
            hasher.write(&fs::read(file)?);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The files below `folder`, as paths with `/`, in order.
fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?.into_iter().map(|it| format!("{name}/{it}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for name in files(from)? {
        let target = to.join(&name);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(from.join(&name), target)?;
    }
    Ok(())
}

/// The files as a Rust table, in the order of their names.
fn table(dist: &Path, files: &[String]) -> Result<String, Box<dyn Error>> {
    let mut text = String::from("&[\n");
    for name in files {
        let ending = Path::new(name).extension().and_then(OsStr::to_str);
        let is_packed = matches!(ending, Some("br" | "gz"));
        if is_packed || name == STAMP {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(dist.join(name))?);
        let packed = |ending: &str| {
            let packed = format!("{name}.{ending}");
            let here = files.contains(&packed);
            if here { format!("Some({})", included(dist, &packed)) } else { "None".to_owned() }
        };
        writeln!(
            text,
            "File {{ name: {name:?}, tag: \"\\\"{:016x}\\\"\", plain: {}, brotli: {}, gzip: {} }},",
            hasher.finish(),
            included(dist, name),
            packed("br"),
            packed("gz"),
        )?;
    }
    Ok(text + "]\n")
}

fn included(dist: &Path, name: &str) -> String {
    format!("include_bytes!({:?})", dist.join(name).display().to_string())
}
