//! `sim`: runs seeded chaos scenarios against the real payment services.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
