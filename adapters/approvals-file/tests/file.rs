//! The file, as its owner and others may find it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    sync::Barrier,
    thread,
};

use approvals_file::PolicyFile;
use domain::{
    approval::{Rules, Security},
    ids::AgentId,
};
use ports::{
    contract,
    driven::{ApprovalPolicy, PolicyError},
    view::{AgentApprovals, ApprovalDefaults, ApprovalsFile},
};

fn allowing() -> ApprovalsFile {
    let defaults = ApprovalDefaults { security: Some(Security::Full), ..Default::default() };
    ApprovalsFile { defaults: Some(defaults), ..ApprovalsFile::default() }
}

#[test]
fn it_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::approval_policy(&PolicyFile::in_dir(&dir.path().join("state")));
}

#[test]
fn it_is_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let policy = PolicyFile::in_dir(dir.path());
    policy.store(&allowing(), None).unwrap();
    let mode = || fs::metadata(policy.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(policy.path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(policy.load().problem, None);
    assert_eq!(mode(), 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left over");
}

/// A file somebody damaged lets nothing run, and stays as it is until somebody
/// who has seen it replaces it.
#[test]
fn a_file_that_is_not_understood_lets_nothing_run() {
    let dir = tempfile::tempdir().unwrap();
    let policy = PolicyFile::in_dir(dir.path());
    policy.store(&allowing(), None).unwrap();
    let whole = fs::read(policy.path()).unwrap();
    let long = [&whole[..], &vec![b' '; 2 * 1024 * 1024]].concat();
    for bytes in [&whole[..whole.len() / 2], b"", b"null", b"\xff\xfe", br#"{"version":2}"#, &long]
    {
        fs::write(policy.path(), bytes).unwrap();
        let found = policy.load();
        assert!(found.exists && found.problem.is_some(), "{bytes:.20?}");
        assert_eq!(found.rules(&AgentId::main()), Rules::DENY);
        let blind = policy.store(&allowing(), None);
        assert!(blind.is_err(), "{bytes:.20?}");
        assert_eq!(fs::read(policy.path()).unwrap(), bytes);
    }
    fs::write(policy.path(), b"nonsense").unwrap();
    policy.store(&allowing(), Some(policy.load().hash)).unwrap();
    assert_eq!(policy.load().problem, None);
}

#[test]
fn links_folders_and_pipes_are_no_policy() {
    let dir = tempfile::tempdir().unwrap();
    let policy = PolicyFile::in_dir(dir.path());
    policy.store(&allowing(), None).unwrap();
    let elsewhere = dir.path().join("elsewhere");
    fs::rename(policy.path(), &elsewhere).unwrap();

    symlink(&elsewhere, policy.path()).unwrap();
    assert_eq!(policy.load().rules(&AgentId::main()), Rules::DENY);
    assert!(matches!(policy.store(&allowing(), None), Err(PolicyError::Unwritable(_))));
    fs::remove_file(policy.path()).unwrap();

    fs::create_dir(policy.path()).unwrap();
    assert_eq!(policy.load().rules(&AgentId::main()), Rules::DENY);
    fs::remove_dir(policy.path()).unwrap();

    let made = std::process::Command::new("mkfifo").arg(policy.path()).status().unwrap();
    assert!(made.success());
    assert_eq!(policy.load().rules(&AgentId::main()), Rules::DENY);
}

/// Of many that write on top of the same text, one gets through.
#[test]
fn nobody_undoes_what_he_has_not_seen() {
    let dir = tempfile::tempdir().unwrap();
    let base = PolicyFile::in_dir(dir.path()).store(&allowing(), None).unwrap().hash;
    let barrier = Barrier::new(8);
    let write = |n: usize| {
        // Each as if in a process of its own.
        let policy = PolicyFile::in_dir(dir.path());
        let agents = [(n.to_string(), AgentApprovals::default())].into();
        let file = ApprovalsFile { agents, ..allowing() };
        barrier.wait();
        policy.store(&file, Some(base.clone())).is_ok()
    };
    let written = thread::scope(|scope| {
        let write = &write;
        let started: Vec<_> = (0..8).map(|n| scope.spawn(move || write(n))).collect();
        started.into_iter().map(|it| it.join().unwrap()).filter(|ok| *ok).count()
    });
    assert_eq!(written, 1);
}
