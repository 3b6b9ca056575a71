//! The file: one table of rows in SQLite, held by one process.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, QueryBuilder, Sqlite, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};
use thiserror::Error;

use super::Row;
use crate::world::World;

/// Tells our files from other people's SQLite files: "fpsp".
const APPLICATION: i64 = 0x6670_7370;

/// Goes up when a fake of before could not read what is written now, or the other way round.
const FORMAT: i64 = 1;

/// Rows in one statement; SQLite takes 32766 values.
const CHUNK: usize = 1000;

/// Why the data file cannot be used. Nothing was changed in it.
#[derive(Debug, Error)]
pub enum DataError {
    /// Another process has it open.
    #[error("{0} is in use by another process; stop that one, or give this one another file")]
    InUse(PathBuf),
    /// SQLite cannot open it.
    #[error("cannot open the data file {0}: {1}; its directory has to exist and be writable")]
    Open(PathBuf, sqlx::Error),
    /// No file of ours.
    #[error("{0} is not a data file of fake-psp; give it the path of a new file")]
    NotOurs(PathBuf),
    /// Written by another version.
    #[error(
        "{path} is of format {found}, and this fake-psp reads format {FORMAT}; run the version \
         that wrote it, or give this one the path of a new file"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// Broken.
    #[error("{0} is damaged: {1}; restore it from a copy, or start with a new file")]
    Damaged(PathBuf, String),
    /// The disk is full, or gone.
    #[error("cannot write to the data file {0}: {1}; what was not written was not acknowledged")]
    Write(PathBuf, sqlx::Error),
}

/// An open data file. No other process can open it.
pub(crate) struct DataFile {
    path: PathBuf,
    connection: SqliteConnection,
}

impl fmt::Debug for DataFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl DataFile {
    /// Opens a file, or makes it.
    pub(crate) async fn open(path: &Path) -> Result<Self, DataError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .locking_mode(SqliteLockingMode::Exclusive)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: what was acknowledged survives a power cut, too.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::ZERO)
            .disable_statement_logging();
        let path = path.to_owned();
        let connection = options.connect().await.map_err(|error| broken(&path, error))?;
        let mut file = Self { path, connection };
        file.claim().await?;
        Ok(file)
    }

    /// Is it ours, or new? Takes the lock, too.
    async fn claim(&mut self) -> Result<(), DataError> {
        let path = self.path.clone();
        let broken = |error| broken(&path, error);
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(broken)?;
        let number = async |tx: &mut SqliteConnection, sql: &'static str| {
            sqlx::query_scalar::<_, i64>(sql).fetch_one(tx).await.map_err(broken)
        };
        let application = number(&mut tx, "PRAGMA application_id").await?;
        let format = number(&mut tx, "PRAGMA user_version").await?;
        if application == APPLICATION {
            if format != FORMAT {
                return Err(DataError::Format { path: path.clone(), found: format });
            }
            return tx.commit().await.map_err(broken);
        }
        if application != 0 || number(&mut tx, "SELECT count(*) FROM sqlite_schema").await? > 0 {
            return Err(DataError::NotOurs(path.clone()));
        }
        for statement in [
            format!("PRAGMA application_id = {APPLICATION}"),
            format!("PRAGMA user_version = {FORMAT}"),
            "CREATE TABLE kept (kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, \
             PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID"
                .to_owned(),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                .execute(&mut *tx)
                .await
                .map_err(broken)?;
        }
        tx.commit().await.map_err(broken)
    }

    /// Fills a new world from the file, and has it note its changes from now on.
    pub(crate) async fn load(&mut self, world: &mut World) -> Result<(), DataError> {
        let broken = |error| broken(&self.path, error);
        let damaged = |what| DataError::Damaged(self.path.clone(), what);
        let check = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)");
        let check = check.fetch_one(&mut self.connection).await.map_err(broken)?;
        if check != "ok" {
            return Err(damaged(check));
        }
        // The positions of lists are numbers: shorter ones come first.
        let rows = sqlx::query_as::<_, (String, String, String)>(
            "SELECT kind, id, json FROM kept ORDER BY kind, length(id), id",
        );
        let rows = rows.fetch_all(&mut self.connection).await.map_err(broken)?;
        world.load(rows).map_err(damaged)?;
        world.keep();
        Ok(())
    }

    /// Writes rows in one transaction, the later ones over the earlier ones. On return they are on
    /// the disk.
    pub(super) async fn write(&mut self, rows: Vec<Row>) -> Result<(), DataError> {
        let failed = |error| DataError::Write(self.path.clone(), error);
        let latest: BTreeMap<(&'static str, String), Option<String>> =
            rows.into_iter().map(|row| ((row.kind, row.id), row.json)).collect();
        let (kept, gone): (Vec<_>, Vec<_>) =
            latest.into_iter().partition(|(_, json)| json.is_some());
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for rows in kept.chunks(CHUNK) {
            let mut query = QueryBuilder::<Sqlite>::new("REPLACE INTO kept (kind, id, json) ");
            query.push_values(rows, |mut row, ((kind, id), json)| {
                row.push_bind(*kind).push_bind(id).push_bind(json);
            });
            query.build().persistent(false).execute(&mut *tx).await.map_err(failed)?;
        }
        for rows in gone.chunks(CHUNK) {
            let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM kept WHERE (kind, id) IN ");
            query.push_tuples(rows, |mut row, ((kind, id), _)| {
                row.push_bind(*kind).push_bind(id);
            });
            query.build().persistent(false).execute(&mut *tx).await.map_err(failed)?;
        }
        tx.commit().await.map_err(failed)
    }

    /// Frees the file for the next process.
    pub(super) async fn close(self) -> Result<(), DataError> {
        let Self { path, connection } = self;
        connection.close().await.map_err(|error| DataError::Write(path, error))
    }
}

/// What an error of SQLite's says about the file. The lower byte of its code is the kind.
fn broken(path: &Path, error: sqlx::Error) -> DataError {
    let path = path.to_owned();
    let code = match &error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<u32>().ok()),
        _ => None,
    };
    match code.map(|code| code & 0xff) {
        // SQLITE_BUSY, SQLITE_LOCKED
        Some(5 | 6) => DataError::InUse(path),
        // SQLITE_CORRUPT
        Some(11) => DataError::Damaged(path, error.to_string()),
        // SQLITE_NOTADB
        Some(26) => DataError::NotOurs(path),
        _ => DataError::Open(path, error),
    }
}
