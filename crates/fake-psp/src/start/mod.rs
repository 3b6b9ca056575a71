//! The fake on a real machine: the wall clock, the operating system's chance, TCP, and webhooks
//! over HTTP and HTTPS. The binary and Rust tests start it here; the simulation does not.
//!
//! ```no_run
//! # async fn test() {
//! use fake_psp::FakePsp;
//!
//! let toss = FakePsp::start().await;
//! let base_url = toss.url(); // instead of https://api.tosspayments.com
//! let secret_key = toss.secret_key();
//! // … let your code take a payment …
//! assert_eq!(toss.book().len(), 1);
//! # }
//! ```

mod deliver;
mod running;

use std::{
    future::pending,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    pin::pin,
    sync::Arc,
};

use jiff::Timestamp;
use thiserror::Error;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    Clock, Config, DataError, FakePsp, Programme, SeededEntropy,
    data::{DataFile, Writer},
};
use deliver::HttpDeliver;
pub use running::Running;

/// The machine's clock.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the real clock comes in")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// What a fake is started with. Made by [`FakePsp::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    config: Config,
    listen: SocketAddr,
    seed: Option<u64>,
    programme: Option<Programme>,
    data: Option<PathBuf>,
}

/// Why a fake cannot be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {0}: {1}; choose another address (port 0 takes any free port)")]
    Listen(SocketAddr, std::io::Error),
    /// The data file cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The machine gives no thread or no event loop.
    #[error("cannot start a thread for the fake: {0}")]
    Thread(std::io::Error),
}

impl FakePsp {
    /// Starts a fake for a test: on a free port of the loopback, with the real clock, until the
    /// handle is dropped. It runs on a thread of its own, so a test may block.
    ///
    /// # Panics
    /// When the machine has no free port. [`FakePsp::builder`] returns errors instead.
    pub async fn start() -> Running {
        Self::builder().start().await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`Self::start`], with settings of one's own.
    pub fn builder() -> Builder {
        Builder {
            config: Config { public_url: String::new(), ..Config::korean() },
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: None,
            programme: None,
            data: None,
        }
    }
}

impl Builder {
    /// The one secret key that is known, instead of `test_sk_hanbeon`.
    #[must_use]
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.config.secret_keys = vec![key.into()];
        self
    }

    /// One more URL that webhooks go to, `http://` or `https://`.
    #[must_use]
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.config.webhook_urls.push(url.into());
        self
    }

    /// Makes keys and probabilities repeatable: the same seed, order ids and times give the same
    /// payment keys. Without it, the operating system is asked.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A fault programme that is installed from the start, instead of the one in the data file.
    #[must_use]
    pub fn faults(mut self, programme: Programme) -> Self {
        self.programme = Some(programme);
        self
    }

    /// Changes any setting. `public_url` is filled in from the address if it is left empty.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Keeps the state in this file and goes on where it ends. Only one process can use it.
    #[must_use]
    pub fn data(mut self, file: impl Into<PathBuf>) -> Self {
        self.data = Some(file.into());
        self
    }

    /// Where to listen, instead of a free port of the loopback.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Starts it on a thread of its own.
    ///
    /// # Errors
    /// When it cannot listen, the data file cannot be used, or the machine gives no thread.
    pub async fn start(self) -> Result<Running, StartError> {
        Running::start(self).await
    }

    /// Binds the port, for a program that serves on its own event loop.
    ///
    /// # Errors
    /// When it cannot listen, or the data file cannot be used.
    pub async fn open(mut self) -> Result<Opened, StartError> {
        let refused = |error| StartError::Listen(self.listen, error);
        let listener = TcpListener::bind(self.listen).await.map_err(refused)?;
        let url = url_of(listener.local_addr().map_err(refused)?);
        self.config.public_url.truncate(self.config.public_url.trim_end_matches('/').len());
        if self.config.public_url.is_empty() {
            self.config.public_url.clone_from(&url);
        }
        #[expect(clippy::disallowed_methods, reason = "this is where real chance comes in")]
        let seed = self.seed.unwrap_or_else(rand::random);
        tracing::debug!(seed, "keys are drawn from this seed");
        let entropy = Arc::new(SeededEntropy::new(seed));
        let clock = Arc::new(SystemClock);
        let (psp, writer) = match self.data {
            None => (FakePsp::new(self.config, clock, entropy), None),
            Some(path) => {
                let file = DataFile::open(&path).await?;
                let (psp, writer) = FakePsp::with_file(self.config, clock, entropy, file).await?;
                (psp, Some(writer))
            }
        };
        psp.start_recorder();
        if let Some(programme) = self.programme {
            psp.install(programme);
        }
        Ok(Opened { psp, listener, url, writer })
    }
}

/// A fake that has its port but does not answer yet.
#[derive(Debug)]
pub struct Opened {
    psp: FakePsp,
    listener: TcpListener,
    url: String,
    writer: Option<Writer>,
}

impl Opened {
    /// The fake.
    pub fn psp(&self) -> &FakePsp {
        &self.psp
    }

    /// Where clients on this machine reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers until `stop`, and carries webhooks.
    ///
    /// # Errors
    /// When the data file cannot be written to any more. What was not written was not answered.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), DataError> {
        let Self { psp, listener, writer, url: _ } = self;
        let serving = psp.serve_tcp(listener, Arc::new(HttpDeliver::new()), stop);
        beside(writer, serving).await
    }

    /// As [`Self::serve`], but `stop` ends it at once, whatever is on its way.
    async fn serve_until(self, stop: impl Future) -> Result<(), DataError> {
        let Self { psp, listener, writer, url: _ } = self;
        let serving = psp.serve_tcp(listener, Arc::new(HttpDeliver::new()), pending());
        let serving = async {
            tokio::select! { _ = stop => {}, () = serving => {} }
        };
        beside(writer, serving).await
    }
}

/// Writes while the fake serves, and then whatever is left.
async fn beside(
    writer: Option<Writer>,
    serving: impl Future<Output = ()>,
) -> Result<(), DataError> {
    let Some(writer) = writer else {
        serving.await;
        return Ok(());
    };
    let (last, stopped) = oneshot::channel::<()>();
    let mut writing = pin!(writer.run(stopped));
    tokio::select! {
        failed = &mut writing => return failed,
        () = serving => drop(last),
    }
    writing.await
}

/// Bound to every address, it is reached by the loopback's.
fn url_of(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}
