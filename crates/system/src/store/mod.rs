//! The one door to the database: SQLite or PostgreSQL behind one SQL text.
//!
//! What differs between the engines is here and nowhere else: how a write transaction begins, how
//! rows are claimed by several workers, what is set on a new connection.

mod migrate;

use std::{fmt, time::Duration};

use sqlx::{Any, AnyPool, Executor, any::AnyPoolOptions};
use tokio::time::{sleep, timeout};

pub use migrate::{Migration, engine_sql};

/// An open write transaction; dropping it rolls back.
pub type Tx = sqlx::Transaction<'static, Any>;

/// How long a caller waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// Connections per replica; also how many statements can be under way at once.
const CONNECTIONS: u32 = 8;

/// How often a service looks for its database when it starts, every 2 s.
const START_TRIES: u32 = 30;

/// The engine behind the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The database could not do it: nothing is known but that. Callers ask again or give up;
/// a commit that failed this way *may have happened*.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection within [`ACQUIRE`].
    #[error("no database connection within 5 s: is the database up, are the pools large enough?")]
    Busy,
    /// The driver or the database refused.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether a UNIQUE or PRIMARY KEY constraint refused the row.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, StoreError::Sql(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
}

/// A pool of connections to one service's database.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    engine: Engine,
}

impl Store {
    /// Connects, and brings the schema up to date. Keeps trying for a minute: services and their
    /// database are often started together, in any order.
    ///
    /// # Errors
    /// If the database cannot be reached or a migration fails; nothing is half-migrated.
    pub async fn open(url: &str, migrations: &[Migration]) -> Result<Self, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::open_once(url, migrations).await {
                Err(error) if tries < START_TRIES && is_passing(&error) => {
                    tracing::warn!(%error, tries, "the database is not there yet");
                    sleep(Duration::from_secs(2)).await;
                }
                result => return result,
            }
        }
    }

    async fn open_once(url: &str, migrations: &[Migration]) -> Result<Self, StoreError> {
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            // The deadline of a caller is `ACQUIRE`, on tokio's clock; the pool's own uses the
            // machine's clock and must never be the first to fire.
            .acquire_timeout(Duration::from_secs(3600))
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    let settings = settings(connection.backend_name());
                    connection.execute(sqlx::raw_sql(settings)).await?;
                    Ok(())
                })
            })
            .connect_lazy(url)?;
        let engine =
            match timeout(ACQUIRE, pool.acquire()).await.map_err(|_| StoreError::Busy)?? {
                connection if connection.backend_name() == "PostgreSQL" => Engine::Postgres,
                _ => Engine::Sqlite,
            };
        let store = Self { pool, engine };
        migrate::run(&store, migrations).await?;
        Ok(store)
    }

    /// Begins a write transaction. On SQLite it takes the write lock at once: a transaction that
    /// reads first and writes later could otherwise be refused in its middle.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        match timeout(ACQUIRE, self.pool.begin_with(begin)).await {
            Ok(tx) => Ok(tx?),
            Err(_) => Err(StoreError::Busy),
        }
    }

    /// A connection for single statements.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        match timeout(ACQUIRE, self.pool.acquire()).await {
            Ok(connection) => Ok(connection?),
            Err(_) => Err(StoreError::Busy),
        }
    }

    /// What ends a `SELECT` by which several workers take different rows: PostgreSQL skips rows
    /// that another worker has locked; on SQLite there is only ever one writer.
    pub fn skip_locked(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// The engine behind the door.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Closes every connection; part of a graceful stop.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// `($1, $2), ($3, $4)` for two rows of two columns. (sqlx's own builder writes `?`, which
/// PostgreSQL does not understand.)
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places = (1..=columns).map(|column| format!("${}", row * columns + column));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Whether waiting may help: the database does not answer, or is still starting.
fn is_passing(error: &StoreError) -> bool {
    match error {
        StoreError::Busy | StoreError::Sql(sqlx::Error::Io(_)) => true,
        // PostgreSQL: "the database system is starting up" and its kin.
        StoreError::Sql(sqlx::Error::Database(e)) => {
            e.code().is_some_and(|code| code.starts_with("57"))
        }
        StoreError::Sql(_) => false,
    }
}

/// Settings of a new connection.
fn settings(backend: &str) -> &'static str {
    match backend {
        // No statement of ours takes seconds: one that does is stuck, and its caller has gone.
        "PostgreSQL" => {
            "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '30s'"
        }
        // FULL: a commit that was acknowledged survives a power cut. This is money.
        _ => {
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(placeholders(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
