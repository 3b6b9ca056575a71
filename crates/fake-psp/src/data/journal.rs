//! From acts to the disk: the way of the rows, and who has to wait for them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, watch};

use super::{DataError, DataFile, Row};
use crate::world::World;

/// Acts whose rows go into one transaction, at most.
const GROUP: usize = 1000;

/// Hands over what acts have touched. Acts are counted from 1.
#[derive(Debug)]
pub(crate) struct Journal {
    noted: AtomicU64,
    acts: mpsc::UnboundedSender<Vec<Row>>,
    written: watch::Receiver<u64>,
}

/// Writes what is handed over.
#[derive(Debug)]
pub(crate) struct Writer {
    file: DataFile,
    acts: mpsc::UnboundedReceiver<Vec<Row>>,
    written: watch::Sender<u64>,
}

impl Journal {
    /// Over a file, with the writer that has to be run.
    pub(crate) fn new(file: DataFile) -> (Self, Writer) {
        let (acts, taken) = mpsc::unbounded_channel();
        let (telling, written) = watch::channel(0);
        let journal = Self { noted: AtomicU64::new(0), acts, written };
        (journal, Writer { file, acts: taken, written: telling })
    }

    /// Notes what was touched. Whoever calls holds the world, so that the order is that of acts.
    pub(crate) fn note(&self, world: &mut World) {
        let rows = world.drain();
        if !rows.is_empty() {
            self.noted.fetch_add(1, Ordering::Relaxed);
            // With the writer gone it is never written, and so nobody is ever told of it.
            let _ = self.acts.send(rows);
        }
    }

    /// Waits until everything that was noted so far is on the disk. For ever, if the writer
    /// failed: then nothing may be told any more.
    pub(crate) async fn durable(&self) {
        let noted = self.noted.load(Ordering::Relaxed);
        if self.written.clone().wait_for(|written| *written >= noted).await.is_err() {
            std::future::pending().await
        }
    }
}

impl Writer {
    /// Writes what comes in, whatever came in meanwhile at once, until `stop`; and closes the file.
    ///
    /// # Errors
    /// When the file cannot be written to any more.
    pub(crate) async fn run(mut self, stop: impl Future) -> Result<(), DataError> {
        let mut group = Vec::new();
        let mut written = 0;
        let mut stop = std::pin::pin!(stop);
        loop {
            let acts = tokio::select! {
                biased;
                acts = self.acts.recv_many(&mut group, GROUP) => acts,
                _ = &mut stop => 0,
            };
            if acts == 0 {
                return self.file.close().await;
            }
            self.file.write(group.drain(..).flatten().collect()).await?;
            written += acts as u64;
            self.written.send_replace(written);
        }
    }
}
