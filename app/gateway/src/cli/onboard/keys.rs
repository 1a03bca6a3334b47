//! Flags for secrets, and one for the key of each provider.

use std::{convert::Infallible, fmt, str::FromStr};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use domain::wizard::{FOREIGN, PROVIDERS};

/// A text that is not shown.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Hidden(pub(super) String);

impl FromStr for Hidden {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// A flag for the key of each provider.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Keys(pub(super) Vec<(&'static str, Hidden)>);

/// A flag, and for whose key it is.
struct KeyFlag {
    name: &'static str,
    provider: &'static str,
    label: &'static str,
    /// Whether it is there to be refused in words.
    foreign: bool,
}

fn key_flags() -> impl Iterator<Item = KeyFlag> {
    let known = PROVIDERS.iter().filter_map(|known| {
        let (provider, label) = (known.id, known.label);
        Some(KeyFlag { name: known.key_flag?, provider, label, foreign: false })
    });
    let custom = KeyFlag {
        name: "custom-api-key",
        provider: "custom",
        label: "the one at --custom-base-url",
        foreign: false,
    };
    let foreign = FOREIGN.iter().map(|foreign| KeyFlag {
        name: foreign.key_flag,
        provider: foreign.id,
        label: foreign.label,
        foreign: true,
    });
    known.chain([custom]).chain(foreign)
}

impl Args for Keys {
    fn augment_args(command: Command) -> Command {
        key_flags().fold(command, |command, KeyFlag { name, label, foreign, .. }| {
            let arg =
                Arg::new(name).long(name).value_name("KEY").help(format!("The key of {label}"));
            command.arg(arg.allow_hyphen_values(true).hide(foreign))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Keys {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = key_flags().filter_map(|KeyFlag { name, provider, .. }| {
            Some((provider, Hidden(matches.get_one::<String>(name)?.clone())))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
