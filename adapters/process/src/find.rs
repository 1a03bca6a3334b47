//! Where programs are.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use domain::approval::Program;

/// The program `name`: a path, or a name that is looked for in the folders of
/// `path`. A path that does not begin with a slash is one below `cwd`.
pub fn find(name: &str, cwd: &Path, path: &str) -> Option<Program> {
    let found = path_of(name, cwd, path)?;
    let resolved = fs::canonicalize(&found).ok()?;
    let text = |path: PathBuf| path.into_os_string().into_string().ok();
    Some(Program { found: text(found)?, resolved: text(resolved)? })
}

/// The path of the program `name`, links not followed.
pub fn path_of(name: &str, cwd: &Path, path: &str) -> Option<PathBuf> {
    if name.is_empty() || name.contains('\0') {
        return None;
    }
    if name.contains('/') {
        return Some(cwd.join(name)).filter(|path| is_program(path));
    }
    // A folder that depends on where one is could be anybody's.
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    folders.map(|folder| Path::new(folder).join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    let about = fs::metadata(path);
    about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[test]
fn programs_are_found_where_they_may_be() {
    let dir = tempfile::tempdir().unwrap();
    let (bin, here) = (dir.path().join("bin"), dir.path().join("here"));
    for folder in [&bin, &here] {
        fs::create_dir(folder).unwrap();
        let tool = folder.join("tool");
        fs::write(&tool, "").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(bin.join("text"), "").unwrap();
    std::os::unix::fs::symlink("tool", bin.join("link")).unwrap();
    let path = format!(".::here:{}:/nowhere", bin.display());

    let resolved = |name: &str| find(name, &here, &path).map(|it| PathBuf::from(it.resolved));
    let real = |path: PathBuf| Some(fs::canonicalize(path).unwrap());
    assert_eq!(resolved("tool"), real(bin.join("tool")), "not the one where we are");
    assert_eq!(resolved("./tool"), real(here.join("tool")));
    assert_eq!(resolved("link"), real(bin.join("tool")));
    for name in ["text", "nobody", "", "bin", "../bin", "a\0b"] {
        assert_eq!(resolved(name), None, "{name:?}");
    }
}
