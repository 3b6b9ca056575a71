//! The fake as a program: any team, in any language, can point its Toss integration at it.

mod banner;

use std::{
    fs,
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use banner::Banner;
use clap::Parser;
use fake_psp::{
    Config, ConfigError, FakePsp, HolidaysError, Programme, ProgrammeError, StartError,
    UnknownPreset, read_holidays,
};
use serde_json::Value;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

/// A fake Toss Payments that can be programmed to misbehave.
///
/// Point any Toss client at it: only the address differs, and the secret key (test_sk_hanbeon).
/// It answers the API under /v1 and /v2, has the browser's scripts (/v2/standard) and the payment
/// window, and sends webhooks. No money moves.
///
/// The console (http://127.0.0.1:9090/_fake/console) shows everything that happens and breaks it;
/// so does the control API under /_fake. The state is gone when it stops, unless --data names a
/// file. It listens on the loopback only, unless --listen says otherwise: whoever reaches the port
/// controls the fake.
#[derive(Debug, Parser)]
#[command(name = "fake-psp", version, max_term_width = 100)]
struct Args {
    /// Where to listen. Port 0 takes any free port; the first line on stdout says which.
    #[arg(long, env = "FAKE_PSP_LISTEN", default_value = "127.0.0.1:9090", value_name = "ADDRESS")]
    listen: SocketAddr,

    /// A secret key that merchants may use; repeat it (or separate by commas) for several. By
    /// default test_sk_hanbeon.
    #[arg(
        long = "secret-key",
        env = "FAKE_PSP_SECRET_KEY",
        value_delimiter = ',',
        value_name = "KEY"
    )]
    secret_keys: Vec<String>,

    /// Where webhooks go; repeat it (or separate by commas) for several.
    #[arg(
        long = "webhook-url",
        env = "FAKE_PSP_WEBHOOK_URL",
        value_delimiter = ',',
        value_name = "URL"
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

    /// Installs a fault programme that is there already: flaky, lost-answers, webhook-chaos,
    /// outage and more; `GET /_fake/faults/presets` lists them.
    #[arg(long, env = "FAKE_PSP_PRESET", value_name = "NAME", conflicts_with = "faults")]
    preset: Option<String>,

    /// Keeps the state in this file (made if it is not there) and goes on where it ends, even
    /// after a kill. What is given here of webhooks and faults replaces what the file says.
    #[arg(long, env = "FAKE_PSP_DATA", value_name = "FILE")]
    data: Option<PathBuf>,

    /// Days on which banks are closed, besides Saturdays and Sundays: a date (2026-01-01) at the
    /// beginning of each line. By default Korea's of 2024 to 2027; an empty file: none.
    #[arg(long, env = "FAKE_PSP_HOLIDAYS", value_name = "FILE")]
    holidays: Option<PathBuf>,

    /// Switches in TOML, one `name = value` a line: what is not documented about Toss, and more.
    /// `GET /_fake/config` shows all of them. What is given on the command line goes before.
    #[arg(long, env = "FAKE_PSP_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// Sets one switch; repeat it for several. For example `--set fee_permyriad=250`.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    switches: Vec<String>,

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

#[derive(Debug, Error)]
enum RunError {
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("cannot read the fault programme {0}: {1}")]
    ReadFaults(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Faults(PathBuf, ProgrammeError),
    #[error("cannot read the switches {0}: {1}")]
    ReadConfig(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Config(PathBuf, ConfigError),
    #[error("{0}")]
    Given(ConfigError),
    #[error("--set {0}: {1}")]
    Switch(String, ConfigError),
    #[error("cannot read the holidays {0}: {1}")]
    ReadHolidays(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Holidays(PathBuf, HolidaysError),
    #[error("--preset: {0}")]
    Preset(#[from] UnknownPreset),
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
    let stderr = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    stderr.with_ansi(std::io::stderr().is_terminal()).init();
    let settings = settings(&args)?;
    let mut builder = FakePsp::builder().listen(args.listen);
    if let Some(file) = args.faults {
        builder = builder.faults(read_faults(file)?);
    }
    if let Some(name) = args.preset {
        builder = builder.faults(Programme::preset(&name)?);
    }
    if let Some(file) = args.data {
        builder = builder.data(file);
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    builder = builder.config(|config| *config = settings);
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

/// The settings of the file, and over them what the command line says.
fn settings(args: &Args) -> Result<Config, RunError> {
    // Without a public URL, it is taken from the address.
    let mut config = Config { public_url: String::new(), ..Config::korean() };
    if let Some(file) = &args.config {
        let text = fs::read_to_string(file).map_err(|e| RunError::ReadConfig(file.clone(), e))?;
        let changed = config.changed_by_toml(&text);
        config = changed.map_err(|error| RunError::Config(file.clone(), error))?;
    }
    if let Some(file) = &args.holidays {
        let text = fs::read_to_string(file).map_err(|e| RunError::ReadHolidays(file.clone(), e))?;
        let holidays = read_holidays(&text);
        config.holidays = holidays.map_err(|error| RunError::Holidays(file.clone(), error))?;
    }
    let lists = [("secret_keys", &args.secret_keys), ("webhook_urls", &args.webhook_urls)];
    let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let given = given.map(|(name, list)| (name.to_owned(), list.clone().into())).collect();
    config = config.changed(&given).map_err(RunError::Given)?;
    if let Some(url) = &args.public_url {
        config.public_url.clone_from(url);
    }
    for switch in &args.switches {
        let refused = |error| RunError::Switch(switch.clone(), error);
        // What is no TOML is meant as text: `merchant_id=tosspayments`.
        let (name, value) = switch.split_once('=').unwrap_or((switch, "true"));
        config = match config.changed_by_toml(switch) {
            Err(ConfigError::Toml(_)) => as_text(&config, name, value),
            // `business_number=2223344444` is a number to TOML only.
            Err(error @ ConfigError::Value(_)) => as_text(&config, name, value).map_err(|_| error),
            read => read,
        }
        .map_err(refused)?;
    }
    Ok(config)
}

fn as_text(config: &Config, name: &str, value: &str) -> Result<Config, ConfigError> {
    // What may be absent is switched off by its absence.
    let value = if value.trim() == "none" { Value::Null } else { Value::from(value.trim()) };
    config.changed(&[(name.trim().to_owned(), value)].into_iter().collect())
}

fn read_faults(file: PathBuf) -> Result<Programme, RunError> {
    let text = fs::read_to_string(&file).map_err(|e| RunError::ReadFaults(file.clone(), e))?;
    Programme::from_toml(&text).map_err(|error| RunError::Faults(file, error))
}
