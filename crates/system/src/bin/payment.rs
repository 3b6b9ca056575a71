//! The payment service: checkout, confirmation, status pages, webhooks.

use std::process::ExitCode;

use clap::Parser;
use system::{
    payment::{Config, serve},
    process::{Process, run},
};

/// The payment service: checkout, confirmation, status pages, webhooks.
///
/// Every setting is a flag or the environment variable beside it. Several replicas may share one database.
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
