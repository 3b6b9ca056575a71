//! The nightly reconciliation with the PSP.

use std::process::ExitCode;

use clap::Parser;
use system::{
    process::{Process, run},
    reconciler::{Config, serve},
};

/// The nightly reconciliation with the PSP.
///
/// It compares, classifies, repairs what can be repaired, and keeps a report per Korean day.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    process: Process,
    #[command(flatten)]
    config: Config,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    run(args.process, |listener, env, stop| serve(listener, args.config, env, stop)).await
}
