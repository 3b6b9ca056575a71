//! The wallet: what each seller may be paid.

use std::process::ExitCode;

use clap::Parser;
use system::{
    process::{Process, run},
    wallet::{Config, serve},
};

/// The wallet: what each seller may be paid.
///
/// It follows the payment service's feed. Several replicas may share one database.
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
