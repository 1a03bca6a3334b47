//! The names a gateway goes by on the network.

use std::fmt;

use crate::discovery::harmless::is_invisible;

/// The name of a gateway among the others: `Kitchen (OpenClaw)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceName(
    // Invariant: not empty, at most MAX_BYTES, nothing invisible, no dot, no
    // backslash.
    String,
);

impl InstanceName {
    /// What a label of DNS may have.
    pub const MAX_BYTES: usize = 63;
    /// Left free at first, so that a responder which gives a name that is taken
    /// a number of its own does not exceed the limit.
    const SPARE: usize = " (999)".len();
    const SUFFIX: &str = " (OpenClaw)";

    /// The name of the gateway on the machine called `machine`.
    pub fn of_machine(machine: &str) -> Self {
        let room = Self::MAX_BYTES - Self::SPARE - Self::SUFFIX.len();
        Self(format!("{}{}", cut(&display_name(machine), room).trim_end(), Self::SUFFIX))
    }

    /// The name to try when this one is taken: `Kitchen (OpenClaw) (2)`, and then
    /// `(3)`.
    #[must_use]
    pub fn next(&self) -> Self {
        let (base, number) = self.numbered().unwrap_or((&self.0, 1));
        let suffix = format!(" ({})", number.saturating_add(1));
        Self(format!("{}{suffix}", cut(base, Self::MAX_BYTES - suffix.len()).trim_end()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn numbered(&self) -> Option<(&str, u32)> {
        let (base, number) = self.0.strip_suffix(')')?.rsplit_once(" (")?;
        Some((base, number.parse().ok()?))
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a host below `.local`: letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostLabel(
    // Invariant: 1 to 63 letters, digits and dashes, in lower case, no dash at
    // either end.
    String,
);

impl HostLabel {
    const MAX_BYTES: usize = 63;
    const SPARE: usize = "-999".len();

    /// What the host called `name` is called below `.local`; `openclaw` when
    /// nothing of the name can be used.
    pub fn of(name: &str) -> Self {
        let label: String = first_label(name)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .take(Self::MAX_BYTES - Self::SPARE)
            .collect();
        let label = label.trim_matches('-');
        Self(if label.is_empty() { FALLBACK } else { label }.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole name: `kitchen.local`.
    pub fn in_local(&self) -> String {
        format!("{}.local", self.0)
    }
}

/// What a machine without a usable name is called.
const FALLBACK: &str = "openclaw";

/// The name of a machine as people see it.
pub(super) fn display_name(machine: &str) -> String {
    let seen = |letter: &char| !letter.is_control() && !is_invisible(*letter) && *letter != '\\';
    let name: String = first_label(machine).chars().filter(seen).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.strip_suffix(InstanceName::SUFFIX).unwrap_or(&name);
    if name.is_empty() { FALLBACK.to_owned() } else { name.to_owned() }
}

/// `kitchen.example.net` is called `kitchen`, and a machine that only has the
/// name every machine has is called nothing.
fn first_label(name: &str) -> &str {
    let label = name.trim().split('.').next().unwrap_or_default();
    if label.eq_ignore_ascii_case("localhost") { "" } else { label }
}

/// The beginning of `text`, at most `bytes` long, without half a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_machines_are_called() {
        #[rustfmt::skip]
        let table = [
            // machine                instance                          host below .local
            ("kitchen",             "kitchen (OpenClaw)",             "kitchen"),
            ("kitchen.example.net", "kitchen (OpenClaw)",             "kitchen"),
            ("Kitchen Mac",         "Kitchen Mac (OpenClaw)",         "kitchen-mac"),
            ("Küche",               "Küche (OpenClaw)",               "k-che"),
            ("box (OpenClaw)",      "box (OpenClaw)",                 "box--openclaw"),
            ("",                    "openclaw (OpenClaw)",            "openclaw"),
            ("  ",                  "openclaw (OpenClaw)",            "openclaw"),
            ("...",                 "openclaw (OpenClaw)",            "openclaw"),
            ("localhost",           "openclaw (OpenClaw)",            "openclaw"),
            ("--",                  "-- (OpenClaw)",                  "openclaw"),
            ("a\u{7}\u{202e}\\b",   "ab (OpenClaw)",                  "a---b"),
        ];
        for (machine, instance, host) in table {
            assert_eq!(InstanceName::of_machine(machine).as_str(), instance);
            assert_eq!(HostLabel::of(machine).as_str(), host, "{machine:?}");
        }
        assert_eq!(HostLabel::of("Kitchen").in_local(), "kitchen.local");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let name = InstanceName::of_machine("kitchen");
        assert_eq!(name.next().as_str(), "kitchen (OpenClaw) (2)");
        assert_eq!(name.next().next().as_str(), "kitchen (OpenClaw) (3)");
    }

    proptest! {
        /// Whatever a machine is called, and however often its name is taken,
        /// its names fit into a label of DNS and differ from each other.
        #[test]
        fn every_name_fits(machine in "\\PC{0,80}", conflicts in 0_usize..30) {
            let mut name = InstanceName::of_machine(&machine);
            prop_assert!(name.as_str().len() + InstanceName::SPARE <= InstanceName::MAX_BYTES);
            prop_assert!(!name.as_str().contains(['.', '\\']));
            for _ in 0..conflicts {
                let next = name.next();
                prop_assert_ne!(&next, &name);
                prop_assert!(next.as_str().len() <= InstanceName::MAX_BYTES);
                name = next;
            }
            let host = HostLabel::of(&machine);
            prop_assert!((1..=59).contains(&host.as_str().len()));
            prop_assert!(!host.as_str().starts_with('-') && !host.as_str().ends_with('-'));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            prop_assert!(host.as_str().chars().all(plain));
        }
    }
}
