//! The payment executor: the only service that speaks to the PSP.

use std::process::ExitCode;

use clap::Parser;
use system::{
    executor::{Config, serve},
    process::{Process, run},
};

/// The payment executor: the only service that speaks to the PSP.
///
/// Keep its PSP_SECRET_KEY in the environment, not on the command line. Several replicas may share one database.
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
