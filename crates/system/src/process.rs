//! What every binary does around its service: flags, logs, signals, the real environment.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use crate::{
    kernel::{Entropy, SystemClock},
    service::{Env, ServeError},
    transport::TokioDial,
};

/// Settings of a process; each may be a flag or an environment variable.
#[derive(Debug, Clone, Args)]
pub struct Process {
    /// Where to listen; port 0 takes a free one and says which.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// The service's own database: `sqlite://FILE?mode=rwc` or `postgres://USER@HOST/NAME`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Runs a service as a process until SIGTERM or Ctrl-C. Logs are JSON lines on standard error,
/// filtered by RUST_LOG.
pub async fn run<F, S>(process: Process, serve: F) -> ExitCode
where
    F: FnOnce(TcpListener, Env, std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) -> S,
    S: Future<Output = Result<(), ServeError>>,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).with_env_filter(filter).init();
    sqlx::any::install_default_drivers();
    let listener = match TcpListener::bind(process.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!(
                "error: cannot listen on {}: {error}. Choose another --listen",
                process.listen
            );
            return ExitCode::FAILURE;
        }
    };
    match listener.local_addr() {
        Ok(address) => println!("listening on http://{address}"),
        Err(error) => tracing::warn!(%error, "the listener has no address"),
    }
    let env = Env {
        clock: Arc::new(SystemClock),
        entropy: Entropy::from_os(),
        dial: Arc::new(TokioDial::new()),
        database_url: process.database_url,
    };
    match serve(listener, env, Box::pin(stop())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: finishing what was begun");
}
