//! Passes with a clock that is set by hand.

use std::sync::atomic::{AtomicU64, Ordering};

use ports::{
    config::Config,
    driven::{MockConfigSource, MockEntropy},
};

use super::*;

const BASE: &str = "http://127.0.0.1:18789";
const NODE: ClientId = ClientId(1);

struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Fingerprints good enough to tell texts apart.
struct Folded;

impl Digests for Folded {
    fn sha256(&self, bytes: &[u8]) -> String {
        let fold = |sum: u64, byte: &u8| sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
        format!("{:064x}", bytes.iter().fold(7, fold)).chars().rev().collect()
    }
}

struct House {
    hand: Arc<Hand>,
    passes: Passes,
}

impl House {
    fn new() -> Self {
        Self::with(Config::default(), false)
    }

    fn with(config: Config, is_skipped: bool) -> Self {
        let hand = Arc::new(Hand(AtomicU64::new(1_000)));
        let mut entropy = MockEntropy::new();
        let drawn = AtomicU64::new(0);
        entropy.expect_uuid().returning(move || drawn.fetch_add(1, Ordering::Relaxed).to_string());
        let mut source = MockConfigSource::new();
        let config = Arc::new(config);
        source.expect_current().returning(move || Arc::clone(&config));
        let passes = Passes::new(Deps {
            clock: Arc::clone(&hand) as Arc<dyn Clock>,
            config: Arc::new(source),
            digests: Arc::new(Folded),
            entropy: Arc::new(entropy),
            is_skipped,
        });
        Self { hand, passes }
    }

    fn wait(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap();
        self.hand.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// The pass in the address the node is given.
    fn pass(&self, observed: Option<&str>) -> String {
        let fresh = self.passes.fresh(NODE, observed).unwrap();
        assert!(fresh.url.starts_with(&format!("{BASE}/__openclaw__/cap/")), "{fresh:?}");
        pass_in(&fresh.url).unwrap().to_owned()
    }
}

const ALMOST: Duration = Duration::from_secs(599);

#[test]
fn a_pass_is_good_for_ten_minutes_after_it_was_used() {
    let house = House::new();
    house.passes.arrived(NODE, BASE.to_owned());
    let pass = house.pass(None);
    for _ in 0..20 {
        house.wait(ALMOST);
        assert!(house.passes.is_good(&pass));
    }
    house.wait(UNUSED);
    assert!(!house.passes.is_good(&pass), "nobody used it for too long");
    assert!(!house.passes.is_good(&pass), "and it does not come back");
}

#[test]
fn a_pass_without_a_holder_ends_after_an_hour() {
    let house = House::new();
    let pass = house.passes.issue();
    for _ in 0..6 {
        assert!(house.passes.is_good(&pass));
        house.wait(ALMOST);
    }
    assert!(house.passes.is_good(&pass));
    house.wait(Duration::from_secs(6));
    assert!(!house.passes.is_good(&pass));
}

#[test]
fn a_pass_is_worth_nothing_once_its_holder_left() {
    let house = House::new();
    house.passes.arrived(NODE, BASE.to_owned());
    let pass = house.pass(None);
    assert!(house.passes.is_good(&pass));
    house.passes.left(NODE);
    assert!(!house.passes.is_good(&pass));
    assert_eq!(house.passes.fresh(NODE, None), None);
}

#[test]
fn a_new_pass_takes_the_place_of_the_old_one() {
    let house = House::new();
    house.passes.arrived(NODE, BASE.to_owned());
    let first = house.pass(None);
    let old = with_pass(BASE, &first);
    let second = house.pass(Some(&old));
    assert_ne!(first, second, "it was the current one, so there is a newer one now");
    assert!(!house.passes.is_good(&first) && house.passes.is_good(&second));

    // Two parts of a node notice at once that the old one is outdated.
    let again = house.passes.fresh(NODE, Some(&old)).unwrap();
    assert_eq!(again, Fresh { url: with_pass(BASE, &second), until: None });
    house.wait(UNUSED);
    assert_ne!(house.pass(Some(&old)), second, "which is outdated as well by now");
}

#[test]
fn only_so_many_passes_have_no_holder() {
    let house = House::new();
    house.passes.arrived(NODE, BASE.to_owned());
    let held = house.pass(None);
    let first = house.passes.issue();
    house.wait(Duration::from_secs(1));
    let second = house.passes.issue();
    for _ in 2..=MOST_UNHELD {
        house.passes.issue();
    }
    assert!(!house.passes.is_good(&first));
    assert!(house.passes.is_good(&second) && house.passes.is_good(&held));
}

#[test]
fn what_is_no_pass_lets_nobody_in() {
    let house = House::new();
    let pass = house.passes.issue();
    for wrong in ["", &pass[1..], &format!("{pass}0"), &"0".repeat(LENGTH)] {
        assert!(!house.passes.is_good(wrong), "{wrong}");
    }
    assert_eq!(pass.len(), LENGTH);
}

#[test]
fn there_are_no_passes_to_a_canvas_that_is_not_shown() {
    let mut off = Config::default();
    off.canvas_host.enabled = Some(false);
    for house in [House::with(off, false), House::with(Config::default(), true)] {
        house.passes.arrived(NODE, BASE.to_owned());
        assert!(!house.passes.is_shown());
        assert_eq!(house.passes.fresh(NODE, None), None);
    }
}
