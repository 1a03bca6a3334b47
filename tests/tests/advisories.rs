//! Which test proves that a published hole of the field is none of ours
//! (`security.md` 1.1, 1.4, 1.5 and 1.10), and that there are all of these tests.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tests::bad_inputs::{Standing, binary, standing};

/// What proves something.
#[derive(Clone, Copy, Debug)]
enum Proof {
    /// A case of `cases/`.
    Case(&'static str),
    /// A test: the file it is in, and its name.
    Test(&'static str, &'static str),
}

use Proof::{Case, Test};

const DOOR: &str = "app/rpc/src/door/tests.rs";
const REGISTRY: &str = "app/rpc/src/registry.rs";
const THROTTLE: &str = "domain/src/throttle.rs";
const VERIFY: &str = "adapters/signatures/src/verify.rs";
const CALLS: &str = "adapters/ws-server/src/tests/calls.rs";
const HANDSHAKE: &str = "adapters/ws-server/src/tests/handshake.rs";
const HOOKS_COMING_IN: &str = "app/usecases/src/hooks/tests/coming_in.rs";
const HOOKS_ONCE: &str = "app/usecases/src/hooks/tests/once.rs";
const HOOKS_HTTP: &str = "adapters/hooks-http/src/tests.rs";
const HERE: &str = "tests/tests/advisories.rs";

/// Every row of `security.md` 1.1, those of 1.4 and 1.10 that are about who is let
/// in, and those of 1.5 that are about webhooks.
const ADVISORIES: &[(&str, &[Proof])] = &[
    ("V-01", &[Test(DOOR, "whose_pages_may_knock"), Case("UPG-004"), Case("AUT-050")]),
    (
        "V-02",
        &[
            Case("ADV-002"),
            Test(REGISTRY, "every_method_asks_what_its_entry_says"),
            Case("RPC-056"),
            Case("RPC-057"),
        ],
    ),
    ("V-03", &[Case("ADV-003"), Test(DOOR, "who_is_not_let_in_is_told_why")]),
    ("V-04", &[Case("ADV-004"), Test(DOOR, "who_is_not_let_in_is_told_why")]),
    (
        "V-05",
        &[
            Case("ADV-005"),
            Test(DOOR, "guessing_ends_soon"),
            Test(DOOR, "a_device_on_this_machine_is_paired_at_once_but_no_page_is"),
        ],
    ),
    ("V-06", &[Case("DEV-021"), Case("AUT-036")]),
    ("V-07", &[Case("CON-035")]),
    (
        "V-08",
        &[
            Case("AUT-035"),
            Case("ADV-008"),
            Test(DOOR, "the_secret_alone_permits_nothing_from_elsewhere"),
        ],
    ),
    ("V-09", &[Case("AUT-050")]),
    ("V-10", &[Case("ADV-010"), Case("ADV-010B")]),
    (
        "V-11",
        &[
            Case("AUT-036"),
            Case("ADV-011"),
            Test(DOOR, "a_device_from_elsewhere_is_let_in_by_somebody"),
        ],
    ),
    ("V-12", &[Case("AUT-046"), Test("domain/src/pairing.rs", "who_may_approve_what")]),
    (
        "V-13",
        &[Case("ADV-013"), Case("ADV-013B"), Case("ADV-013C"), Case("ADV-013D"), Case("ADV-013E")],
    ),
    ("V-14", &[Case("ADV-014"), Case("RPC-062")]),
    ("V-15", &[Case("ADV-015")]),
    ("V-16", &[Case("ADV-016"), Test("domain/src/pairing/device.rs", "asking_anew_begins_anew")]),
    (
        "V-17",
        &[
            Case("DEV-025"),
            Test(DOOR, "a_setup_code_lets_one_device_in_once"),
            Test("domain/src/pairing/setup.rs", "a_code_is_good_once_for_a_while_and_for_little"),
        ],
    ),
    (
        "V-18",
        &[
            Case("ADV-018"),
            Case("ADV-018B"),
            Case("AUT-024"),
            Case("AUT-025"),
            Test("domain/src/peer.rs", "who_is_at_the_other_end"),
        ],
    ),
    (
        "V-19",
        &[
            Case("AUT-052"),
            Case("ADV-019"),
            Case("ADV-019B"),
            Case("ADV-019C"),
            Test("adapters/secrets-file/src/revoked.rs", "what_was_revoked_stays_revoked"),
        ],
    ),
    ("V-20", &[Case("ADV-020"), Case("ADV-020B")]),
    (
        "V-21",
        &[
            Case("AUT-028"),
            Case("ADV-021"),
            Test(DOOR, "forwarded_requests_of_strangers_are_turned_away"),
        ],
    ),
    (
        "V-22",
        &[
            Case("ADV-022"),
            Test("domain/src/pairing/request.rs", "asking_for_something_else_is_another_request"),
        ],
    ),
    ("V-23", &[Case("AUT-037"), Case("ADV-023"), Case("ADV-023B")]),
    ("V-24", &[Case("AUT-038")]),
    (
        "V-25",
        &[
            Case("AUT-018"),
            Case("AUT-020"),
            Case("ADV-025"),
            Test(DOOR, "guessing_ends_soon"),
            Test(THROTTLE, "trying_at_the_same_time_gains_nothing"),
            Test(THROTTLE, "never_more_verdicts_than_allowed"),
        ],
    ),
    (
        "V-26",
        &[
            Test("adapters/secrets-file/src/lib.rs", "only_the_same_secret_matches"),
            Test("adapters/signatures/src/mac.rs", "only_the_same_is_the_same"),
        ],
    ),
    ("V-27", &[Case("AUT-027"), Case("ADV-027"), Case("ADV-027B")]),
    ("V-28", &[Case("AUT-024"), Test("domain/src/peer.rs", "who_is_at_the_other_end")]),
    (
        "V-29",
        &[
            Test("adapters/config-file/src/decode.rs", "who_is_let_in_is_never_guessed"),
            Test(
                "adapters/config-file/tests/files.rs",
                "what_could_let_somebody_in_keeps_everybody_else_out",
            ),
            Test(
                "adapters/config-file/src/substitute.rs",
                "a_missing_variable_is_fatal_only_where_somebody_could_get_in",
            ),
        ],
    ),
    (
        "V-30",
        &[
            Case("HTP-041"),
            Test("app/usecases/src/tools/table.rs", "tools_that_govern_are_for_owners"),
        ],
    ),
    ("V-31", &[Case("ADV-031")]),
    ("V-32", &[Case("UPG-004"), Case("ADV-032")]),
    (
        "V-33",
        &[
            Test(
                "adapters/ws-client/src/target.rs",
                "what_leaves_this_machine_unencrypted_can_be_read",
            ),
            Test(HERE, "the_command_line_sends_no_secret_in_the_clear"),
        ],
    ),
    (
        "V-34",
        &[
            Test(
                "domain/src/discovery/found/tests.rs",
                "a_txt_record_decides_neither_the_endpoint_nor_the_pin",
            ),
            Test(
                "tests/tests/discovery.rs",
                "a_published_peer_is_found_where_it_resolves_to_whatever_it_claims",
            ),
        ],
    ),
    ("V-35", &[Case("AUT-051"), Test(DOOR, "nobody_sees_more_of_the_gateway_than_he_may")]),
    ("V-36", &[Case("AUT-048"), Test("domain/src/pairing/request.rs", "few_may_wait")]),
    ("V-37", &[Case("AUT-040"), Test(HERE, "principals_are_made_by_the_authenticator_alone")]),
    (
        "V-38",
        &[
            Test(REGISTRY, "every_method_asks_what_its_entry_says"),
            Test("tests/tests/methods.rs", "a_scope_opens_nothing_but_its_own"),
            Case("AUT-042"),
        ],
    ),
    (
        "V-70",
        &[
            Case("ADV-070"),
            Case("UPG-026"),
            Test(HANDSHAKE, "the_waiting_room_has_few_seats_and_those_let_in_leave_it"),
        ],
    ),
    ("V-71", &[Case("ADV-071"), Test(HANDSHAKE, "strangers_may_say_less_than_clients")]),
    (
        "V-72",
        &[
            Case("HOK-009"),
            Case("SLK-015"),
            Test(HOOKS_HTTP, "bodies_have_limits"),
            Test(HOOKS_HTTP, "few_bodies_of_strangers_are_read_at_a_time"),
        ],
    ),
    ("V-73", &[Test(THROTTLE, "a_crowd_neither_fills_the_memory_nor_locks_others_out")]),
    ("V-78", &[Case("HOK-003"), Test(HOOKS_COMING_IN, "guessing_ends_soon")]),
    ("V-79", &[Case("ADV-079"), Test(CALLS, "nobody_may_try_forbidden_doors_for_long")]),
    (
        "V-90",
        &[
            Test("adapters/process/tests/transform.rs", "nothing_outside_the_directory_is_run"),
            Test("adapters/config-file/src/hooks.rs", "a_mistake_leaves_nobody_in"),
        ],
    ),
    (
        "V-92",
        &[
            Case("HOK-016"),
            Case("HOK-019"),
            Test("domain/src/hooks/action.rs", "nothing_outside_the_prefix_is_reached"),
        ],
    ),
    ("V-93", &[Test("domain/src/hooks/action.rs", "who_may_be_asked")]),
    (
        "V-94",
        &[
            Case("HOK-017"),
            Test("domain/src/hooks/fence.rs", "what_came_from_outside_stays_between_its_lines"),
        ],
    ),
    ("V-95", &[Test(HOOKS_COMING_IN, "guessing_ends_soon")]),
    (
        "V-97",
        &[
            Case("SLK-002"),
            Test(HOOKS_COMING_IN, "whoever_signs_needs_no_token_and_nothing_else_helps"),
            Test("adapters/slack-events/src/tests.rs", "only_slack_is_listened_to"),
        ],
    ),
    (
        "V-98",
        &[
            Case("HOK-024"),
            Test(HOOKS_ONCE, "a_gateway_that_died_remembers"),
            Test(HOOKS_ONCE, "what_was_signed_counts_once_whatever_it_is_called"),
        ],
    ),
    ("V-100", &[Test("adapters/slack-events/src/tests.rs", "accounts_are_kept_apart")]),
    (
        "1.10 hooks-mapping.ts",
        &[Test("domain/src/hooks/tree.rs", "values_are_found_by_their_path")],
    ),
    ("1.10 safeEqual", &[Case("AUT-008"), Case("ADV-009")]),
    (
        "1.10 device-auth.ts payload",
        &[
            Case("ADV-110"),
            Test("domain/src/device/payload.rs", "a_field_that_could_be_two_is_never_signed"),
        ],
    ),
    (
        "1.10 device keys",
        &[
            Case("DEV-003"),
            Case("DEV-004"),
            Case("DEV-006"),
            Case("DEV-007"),
            Test(VERIFY, "keys_anybody_can_sign_for_are_none"),
            Test(VERIFY, "a_scalar_that_is_not_reduced_signs_nothing"),
        ],
    ),
    (
        "1.10 net.ts",
        &[
            Case("AUT-024"),
            Test("domain/src/exposure/addresses.rs", "an_address_that_is_not_there_is_an_error"),
        ],
    ),
    (
        "V-47",
        &[
            Test("domain/src/tools/direct.rs", "what_may_be_asked_for_directly"),
            Test(
                "app/rpc/src/methods/tools/tests.rs",
                "what_governs_or_speaks_for_others_is_not_there_by_default",
            ),
        ],
    ),
    (
        "1.11",
        &[
            Test("domain/src/exposure/guards.rs", "when_the_gateway_must_not_start"),
            Test(
                "app/gateway/tests/exposure.rs",
                "what_would_be_unsafe_or_of_no_use_does_not_start",
            ),
        ],
    ),
];

#[test]
fn every_advisory_about_who_may_has_a_row() {
    let rows: BTreeSet<&str> = ADVISORIES.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows.len(), ADVISORIES.len(), "a row is there twice");
    for number in 1..=38 {
        assert!(rows.contains(&*format!("V-{number:02}")), "V-{number:02}");
    }
}

#[test]
fn every_advisory_has_tests_that_are_there() {
    for (row, proofs) in ADVISORIES {
        assert!(!proofs.is_empty(), "{row}");
        for proof in *proofs {
            match proof {
                Case(id) => assert_eq!(standing(id), Some(Standing::Played), "{row}: {id}"),
                Test(file, name) => {
                    let text = fs::read_to_string(root().join(file));
                    let text = text.unwrap_or_else(|error| panic!("{row}: {file}: {error}"));
                    assert!(tests_in(&text).contains(name), "{row}: no test {name} in {file}");
                }
            }
        }
    }
}

/// V-37: nobody is an administrator because he is part of the program. Handlers
/// get the principal of who called them.
#[test]
fn principals_are_made_by_the_authenticator_alone() {
    const AUTHENTICATOR: &str = "app/usecases/src/auth/admission.rs";
    /// Made up for tests, and built for nothing else.
    const PRETENDER: &str = "adapters/http-kit/src/fake/door.rs";
    let mut makers = Vec::new();
    for room in ["ports/src", "adapters", "app"] {
        for file in sources(&root().join(room)) {
            let text = fs::read_to_string(&file).unwrap();
            let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
            let is_one = |line: &str| {
                let line = line.trim_start();
                line.contains("Principal {")
                    && !line.starts_with("//")
                    && !["struct ", "impl ", "fn ", "let Principal {"]
                        .iter()
                        .any(|word| line.contains(word))
            };
            if code.lines().any(is_one) {
                makers.push(file.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert_eq!(makers, [PRETENDER, AUTHENTICATOR].map(PathBuf::from));
    for manifest in manifests() {
        let text = fs::read_to_string(&manifest).unwrap();
        let (built, _) = text.split_once("[dev-dependencies]").unwrap_or((&text, ""));
        assert!(!built.contains("\"fake\""), "{} has pretenders in it", manifest.display());
    }
}

/// What each room says it is made of.
fn manifests() -> Vec<PathBuf> {
    let rooms = ["adapters", "app"].map(|room| fs::read_dir(root().join(room)).unwrap());
    let manifests = rooms.into_iter().flatten().map(|room| room.unwrap().path().join("Cargo.toml"));
    let manifests: Vec<_> = manifests.filter(|manifest| manifest.exists()).collect();
    assert!(manifests.len() > 40, "{}", manifests.len());
    manifests
}

/// V-33: nobody answers at that address, so that it would wait if it tried.
#[test]
fn the_command_line_sends_no_secret_in_the_clear() {
    let home = tempfile::tempdir().unwrap();
    let token = "a-token-that-is-long-enough-for-anybody-who-asks";
    let output = Command::new(binary().unwrap())
        .args(["health", "--url", "ws://192.0.2.10", "--token", token])
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("refusing to send a token"), "{said}");
    assert!(!said.contains(token), "{said}");
}

/// The Rust files below `directory` that are not for tests only.
fn sources(directory: &Path) -> Vec<PathBuf> {
    const FOR_TESTS: [&str; 5] = ["tests", "tests.rs", "testing.rs", "benches", "target"];
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if FOR_TESTS.iter().any(|other| name == *other) {
            continue;
        }
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of the functions of `text` that are tests.
fn tests_in(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_next = false;
    for line in text.lines().map(str::trim) {
        is_next |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_next) {
            names.extend(rest.split(['(', '<']).next());
            is_next = false;
        }
    }
    names
}
