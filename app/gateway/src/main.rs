//! The `openclaw` program: the gateway, and the commands that talk to it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
