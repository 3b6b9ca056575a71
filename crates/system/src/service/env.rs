//! What a service is given by whoever starts it: a binary, or anything else that can offer a
//! clock, random numbers, a dialler and a database.

use std::sync::Arc;

use crate::{
    kernel::{Clock, Entropy},
    store::StoreError,
    transport::{Dial, HttpClient},
};

/// The environment of a service.
#[derive(Clone)]
pub struct Env {
    /// Tells the date.
    pub clock: Arc<dyn Clock>,
    /// Source of ids and jitter.
    pub entropy: Entropy,
    /// Opens connections to other services.
    pub dial: Arc<dyn Dial>,
    /// `sqlite://FILE?mode=rwc` or `postgres://…`.
    pub database_url: String,
}

impl Env {
    /// An HTTP client over the dialler.
    pub fn http(&self) -> HttpClient {
        HttpClient::new(self.dial.clone())
    }
}

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database cannot be opened or migrated.
    #[error("cannot open the database: {0}. Check DATABASE_URL and that the server is up")]
    Store(#[from] StoreError),
    /// The configuration makes no sense.
    #[error("configuration: {0}")]
    Config(String),
}
