//! The `openclaw` program: the gateway, and the commands that talk to it.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::cli::main()
}
