//! The `openclaw` program: the gateway, and the commands that talk to it.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    match cli::Cli::try_parse_from(&arguments) {
        Ok(cli) => cli::execute(cli),
        Err(error) => cli::misused(&arguments, &error),
    }
}
