//! `openclaw man`: the manual, made from what the command line understands.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::{failure::Failure, output};

/// Which pages.
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// The command to explain, as in `gateway run`; none is the whole program.
    command: Vec<String>,
    /// Write the pages of all commands into this directory.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Prints a page, or writes all of them.
pub(crate) fn manual(asked: &Manual, program: Command) -> Result<(), Failure> {
    let program = named(program.disable_help_flag(true), "");
    if let Some(dir) = &asked.dir {
        fs::create_dir_all(dir)?;
        return Ok(write(&program, dir)?);
    }
    let mut command = &program;
    for word in &asked.command {
        command = command
            .find_subcommand(word)
            .ok_or_else(|| Failure::new(format!("there is no command {word:?}")))?;
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(output::raw(&page)?)
}

/// `command` and those below it under the names of their pages:
/// `openclaw-gateway-run`.
fn named(command: Command, above: &str) -> Command {
    let name = format!("{above}{}", command.get_name());
    let words = name.replace('-', " ");
    let above = format!("{name}-");
    command.display_name(name).bin_name(words).mut_subcommands(|below| named(below, &above))
}

fn write(command: &Command, dir: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    fs::write(dir.join(format!("{name}.1")), page)?;
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set());
    shown.into_iter().try_for_each(|below| write(below, dir))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_has_a_page() {
        let dir = tempfile::tempdir().unwrap();
        let asked = Manual { command: Vec::new(), dir: Some(dir.path().to_owned()) };
        manual(&asked, Cli::command()).unwrap();
        let page = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(page("openclaw.1").contains("openclaw\\-gateway(1)"), "{}", page("openclaw.1"));
        let run = page("openclaw-gateway-run.1");
        assert!(run.contains("\\-\\-bind") && run.contains("openclaw gateway run"), "{run}");
        for name in ["openclaw-devices-approve.1", "openclaw-update-status.1"] {
            assert!(page(name).starts_with(".ie"), "{name}");
        }
        assert!(!dir.path().join("openclaw-man.1").exists(), "it is hidden");
    }

    #[test]
    fn only_commands_can_be_explained() {
        let asked = |word: &str| Manual { command: vec![word.to_owned()], dir: None };
        let unknown = manual(&asked("dance"), Cli::command()).unwrap_err();
        assert_eq!(unknown.message(), "there is no command \"dance\"");
    }
}
