//! The fake as a program: any team, in any language, can point its Toss integration at it.

mod banner;

use std::{collections::BTreeSet, io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use banner::Banner;
use clap::Parser;
use fake_psp::{FakePsp, HolidaysError, Programme, ProgrammeError, StartError, read_holidays};
use jiff::civil::Date;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// A fake Toss Payments that can be programmed to misbehave.
///
/// It answers the API under /v1, shows a payment window under /window, and is controlled under
/// /_fake: GET /_fake/book is what was really taken and given back, POST /_fake/faults installs a
/// fault programme (JSON), DELETE /_fake/faults removes it, GET /_fake/faults/applied is what
/// fired, GET /_fake/calls and GET /_fake/webhooks are the logs, POST
/// /_fake/payments/{paymentKey}/cancel cancels by hand as in Toss's console. No money moves.
/// The state is gone when it stops, unless --data names a file.
#[derive(Debug, Parser)]
#[command(name = "fake-psp", version, max_term_width = 100)]
struct Args {
    /// Where to listen. Port 0 takes any free port; the first line on stdout says which.
    #[arg(long, env = "FAKE_PSP_LISTEN", default_value = "127.0.0.1:9090", value_name = "ADDRESS")]
    listen: SocketAddr,

    /// A secret key that merchants may use; repeat it (or separate by commas) for several.
    #[arg(
        long = "secret-key",
        env = "FAKE_PSP_SECRET_KEY",
        default_value = "test_sk_hanbeon",
        value_delimiter = ',',
        value_name = "KEY"
    )]
    secret_keys: Vec<String>,

    /// Where webhooks go; repeat it (or separate by commas) for several.
    #[arg(
        long = "webhook-url",
        env = "FAKE_PSP_WEBHOOK_URL",
        value_delimiter = ',',
        value_name = "URL",
        value_parser = webhook_url
    )]
    webhook_urls: Vec<String>,

    /// A fault programme in TOML, installed at the start.
    ///
    /// Example:
    ///   [[rules]]
    ///   on = { endpoint = "confirm", nth = 1 }
    ///   then = "act_then_close"
    #[arg(long, env = "FAKE_PSP_FAULTS", value_name = "FILE", verbatim_doc_comment)]
    faults: Option<PathBuf>,

    /// Keeps the state in this file (made if it is not there) and goes on where it ends, even
    /// after a kill. What is given here of webhooks and faults replaces what the file says.
    #[arg(long, env = "FAKE_PSP_DATA", value_name = "FILE")]
    data: Option<PathBuf>,

    /// Days on which banks are closed, besides Saturdays and Sundays: a date (2026-01-01) at the
    /// beginning of each line. By default Korea's of 2024 to 2027; an empty file: none.
    #[arg(long, env = "FAKE_PSP_HOLIDAYS", value_name = "FILE")]
    holidays: Option<PathBuf>,

    /// Makes keys and probabilities repeatable: the same seed, order ids and times give the same
    /// payment keys. By default drawn from the operating system.
    #[arg(long, env = "FAKE_PSP_SEED", value_name = "NUMBER")]
    seed: Option<u64>,

    /// How browsers reach this fake, for the URLs in its answers. By default from --listen.
    #[arg(long, env = "FAKE_PSP_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,

    /// What to log, as in RUST_LOG: error, warn, info, debug, or per module.
    #[arg(long, env = "FAKE_PSP_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

/// Refuses what the fake could not deliver to.
fn webhook_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL ({error}); write http://…"))?;
    match url.scheme() {
        "http" | "https" => Ok(text.to_owned()),
        other => Err(format!("`{other}` is no scheme for a webhook; write http:// or https://")),
    }
}

#[derive(Debug, Error)]
enum RunError {
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("cannot read the fault programme {0}: {1}")]
    ReadFaults(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Faults(PathBuf, ProgrammeError),
    #[error("cannot read the holidays {0}: {1}")]
    ReadHolidays(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Holidays(PathBuf, HolidaysError),
    #[error("--log: {0}; try `info` or `fake_psp=debug`")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    #[error("cannot listen to signals: {0}")]
    Signals(std::io::Error),
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-psp: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), RunError> {
    let filter = tracing_subscriber::EnvFilter::try_new(&args.log)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut builder = FakePsp::builder().listen(args.listen);
    if let Some(file) = args.faults {
        builder = builder.faults(read_faults(file)?);
    }
    if let Some(file) = args.data {
        builder = builder.data(file);
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    let holidays = args.holidays.map(read_holidays_of).transpose()?;
    builder = builder.config(|config| {
        if let Some(holidays) = holidays {
            config.holidays = holidays;
        }
        config.secret_keys = args.secret_keys;
        config.webhook_urls = args.webhook_urls;
        config.public_url = args.public_url.unwrap_or_default();
    });
    let fake = builder.open().await?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {}", fake.url())
        .and_then(|()| stdout.flush())
        .map_err(RunError::Stdout)?;
    // Whoever reads the first line only may have gone by now.
    let _ = write!(stdout, "{}", Banner { url: fake.url(), config: &fake.psp().config() });
    fake.serve(async {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
    .await
    .map_err(StartError::from)?;
    Ok(())
}

fn read_holidays_of(file: PathBuf) -> Result<BTreeSet<Date>, RunError> {
    let text =
        std::fs::read_to_string(&file).map_err(|e| RunError::ReadHolidays(file.clone(), e))?;
    read_holidays(&text).map_err(|error| RunError::Holidays(file, error))
}

fn read_faults(file: PathBuf) -> Result<Programme, RunError> {
    let text = std::fs::read_to_string(&file).map_err(|e| RunError::ReadFaults(file.clone(), e))?;
    Programme::from_toml(&text).map_err(|error| RunError::Faults(file, error))
}
