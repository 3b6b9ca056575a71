//! A fake that runs beside a test and ends with it.

use std::{ops::Deref, thread};

use tokio::{runtime, sync::oneshot};

use super::{Builder, StartError};
use crate::FakePsp;

/// A running fake: the handle of [`FakePsp`] (book, faults, calls, time…) and where it listens.
/// Dropping it stops the fake at once; its port is free then.
#[derive(Debug)]
pub struct Running {
    psp: FakePsp,
    url: String,
    secret_key: String,
    /// Dropped to stop.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    pub(super) async fn start(builder: Builder) -> Result<Self, StartError> {
        let (stop, stopped) = oneshot::channel();
        let (started, told) = oneshot::channel();
        let name = "fake-psp".to_owned();
        let run = move || {
            let opened = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(StartError::Thread)
                .and_then(|runtime| Ok((runtime.block_on(builder.open())?, runtime)));
            match opened {
                Err(error) => drop(started.send(Err(error))),
                Ok((opened, runtime)) => {
                    let handle = (opened.psp.clone(), opened.url.clone());
                    // Whoever starts it may have given up: then nobody keeps `stop`, either.
                    let _ = started.send(Ok(handle));
                    if let Err(error) = runtime.block_on(opened.serve_until(stopped)) {
                        tracing::error!(%error, "the fake stopped");
                    }
                }
            }
        };
        let thread = thread::Builder::new().name(name).spawn(run).map_err(StartError::Thread)?;
        let (psp, url) = told.await.expect("the thread tells before it ends")?;
        let secret_key = psp.config().secret_keys.first().cloned().unwrap_or_default();
        Ok(Self { psp, url, secret_key, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`: what a client is given instead of `https://api.tosspayments.com`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The client key, for a page that pays.
    pub fn client_key(&self) -> String {
        self.config().client_key()
    }

    /// The first secret key that is known.
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }
}

impl Deref for Running {
    type Target = FakePsp;

    fn deref(&self) -> &FakePsp {
        &self.psp
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told on stderr already; another one here would hide it.
            let _ = thread.join();
        }
    }
}
