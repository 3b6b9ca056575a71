//! The real engine: SQLite, called on this thread.
//!
//! sqlx's own connection runs SQLite on a worker thread, and handing every statement over and back
//! costs several times what the statement does. Here the same SQLite is called directly; what
//! services see is sqlx's `Any` rows, values and errors all the same.
//!
//! Two connections share the database: one does the work, the other reads for whoever comes while a
//! transaction is open, and sees what was committed, as on PostgreSQL and on SQLite with a log.

use std::{
    borrow::Cow,
    error::Error as StdError,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use either::Either;
use rusqlite::{
    Batch, Connection, Statement,
    config::DbConfig,
    fallible_iterator::FallibleIterator,
    hooks::Action,
    types::{ToSqlOutput, ValueRef},
};
use sqlx_core::{
    Error, HashMap, Result,
    any::{
        AnyArguments, AnyColumn, AnyQueryResult, AnyRow, AnyTypeInfo, AnyTypeInfoKind, AnyValue,
        AnyValueKind,
    },
    error::{DatabaseError, ErrorKind},
    ext::ustr::UStr,
};

use super::value::{Row, read_row};

/// What a statement gives: rows, then how many it changed.
pub(super) type Item = Result<Either<AnyQueryResult, AnyRow>>;

/// Databases in memory are shared by name, in the whole process.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// A database in memory.
pub(super) struct Engine {
    connection: Connection,
    /// Reads while a transaction is open.
    reader: Connection,
    /// The open transaction and its savepoints.
    depth: usize,
}

impl Engine {
    /// An empty database.
    pub(super) fn open() -> Self {
        let name = format!("file:/hanbeon-{}?vfs=memdb", OPENED.fetch_add(1, Ordering::Relaxed));
        let connection = connect(&name);
        // What is not committed stays with the connection that writes, whatever its size.
        set(&connection, "PRAGMA cache_spill = OFF");
        let reader = connect(&name);
        set(&reader, "PRAGMA query_only = ON");
        Self { connection, reader, depth: 0 }
    }

    /// Begins a transaction, or a savepoint within it.
    pub(super) fn begin(&mut self, statement: Option<&str>) -> Result<()> {
        if self.depth == 0 {
            // SQLite lets nobody begin to read while somebody may write, but whoever reads already
            // goes on until the commit: what is read is what was committed before.
            set(&self.reader, "BEGIN");
            set(&self.reader, "SELECT 1 FROM sqlite_schema");
            let begun = run(&self.connection, statement.unwrap_or("BEGIN"));
            if begun.is_err() {
                set(&self.reader, "COMMIT");
            }
            begun?;
        } else {
            run(&self.connection, &format!("SAVEPOINT s{}", self.depth))?;
        }
        self.depth += 1;
        Ok(())
    }

    /// Commits what [`Engine::begin`] began last. If SQLite refuses, it stays open.
    pub(super) fn commit(&mut self) -> Result<()> {
        match self.depth {
            0 => return Ok(()),
            1 => {
                self.let_go();
                run(&self.connection, "COMMIT")?;
            }
            depth => run(&self.connection, &format!("RELEASE SAVEPOINT s{}", depth - 1))?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// Undoes what [`Engine::begin`] began last.
    pub(super) fn rollback(&mut self) -> Result<()> {
        if self.depth > 0 {
            if self.depth == 1 {
                self.let_go();
            }
            let back = format!("ROLLBACK TO s{0}; RELEASE SAVEPOINT s{0}", self.depth - 1);
            let sql = if self.depth == 1 { "ROLLBACK" } else { &back };
            // SQLite rolls some failed transactions back by itself.
            if !self.connection.is_autocommit() {
                self.connection.execute_batch(sql).map_err(failed)?;
            }
            self.depth -= 1;
        }
        Ok(())
    }

    /// Nobody reads beside the transaction any more.
    fn let_go(&self) {
        if !self.reader.is_autocommit() {
            set(&self.reader, "COMMIT");
        }
    }

    /// Runs a query of somebody who has no transaction: one that is open is not seen.
    pub(super) fn look(&mut self, sql: &str, arguments: Option<AnyArguments>) -> Vec<Item> {
        fetch(self.beside(), sql, arguments)
    }

    /// The connection that sees nothing of a transaction that is open.
    fn beside(&self) -> &Connection {
        if self.depth == 0 { &self.connection } else { &self.reader }
    }

    /// Runs a statement with its arguments, or a script of several without.
    pub(super) fn fetch(&mut self, sql: &str, arguments: Option<AnyArguments>) -> Vec<Item> {
        fetch(&self.connection, sql, arguments)
    }

    /// The rows of a judge's query: what is committed.
    pub(super) fn rows(&self, sql: &str, argument: Option<&str>) -> Result<Vec<Row>> {
        let read = || {
            let mut statement = self.beside().prepare_cached(sql)?;
            if let Some(argument) = argument {
                statement.raw_bind_parameter(1, argument)?;
            }
            let names: Vec<String> = statement.column_names().into_iter().map(Into::into).collect();
            let mut rows = statement.raw_query();
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read_row(&names, row)?);
            }
            Ok(found)
        };
        read().map_err(failed)
    }

    /// Has every change of a row told to `hook`.
    pub(super) fn on_change(&self, hook: impl FnMut(Action, &str, i64) + Send + 'static) {
        let mut hook = hook;
        let installed = self.connection.update_hook(Some(
            move |action: Action, _: &str, table: &str, rowid: i64| hook(action, table, rowid),
        ));
        installed.expect("a connection of ours takes hooks");
    }
}

fn connect(name: &str) -> Connection {
    let connection = Connection::open(name).expect("SQLite opens a database in memory");
    connection.set_prepared_statement_cache_capacity(512);
    for (setting, why) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, "SQLite knows foreign keys"),
        // Without it a prepared statement is planned anew whenever its arguments change.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, "SQLite can keep its plans"),
    ] {
        connection.set_db_config(setting, true).expect(why);
    }
    connection
}

/// What SQLite never refuses.
fn set(connection: &Connection, sql: &str) {
    run(connection, sql).unwrap_or_else(|error| panic!("SQLite refused {sql}: {error}"));
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    let done = || {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    };
    done().map_err(failed)
}

fn fetch(connection: &Connection, sql: &str, arguments: Option<AnyArguments>) -> Vec<Item> {
    let mut items = Vec::new();
    let done = match arguments {
        Some(arguments) => one(connection, sql, arguments, &mut items),
        None => script(connection, sql, &mut items),
    };
    items.extend(done.err().map(|error| Err(failed(error))));
    items
}

fn one(
    connection: &Connection,
    sql: &str,
    arguments: AnyArguments,
    items: &mut Vec<Item>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    // SQLite numbers `$11` by where it stands first; sqlx, and so production, by its name.
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name[1..].parse().ok());
        let number: usize = number.unwrap_or(place);
        if let Some(argument) = arguments.values.0.get(number - 1) {
            statement.raw_bind_parameter(place, Argument(argument))?;
        }
    }
    step(connection, &mut statement, items)
}

fn script(connection: &Connection, sql: &str, items: &mut Vec<Item>) -> rusqlite::Result<()> {
    let mut batch = Batch::new(connection, sql);
    while let Some(mut statement) = batch.next()? {
        step(connection, &mut statement, items)?;
    }
    Ok(())
}

/// Runs a prepared statement to its end.
fn step(
    connection: &Connection,
    statement: &mut Statement<'_>,
    items: &mut Vec<Item>,
) -> rusqlite::Result<()> {
    let reads = statement.readonly();
    let columns: Vec<AnyColumn> = statement
        .column_names()
        .into_iter()
        .enumerate()
        .map(|(ordinal, name)| AnyColumn {
            ordinal,
            name: UStr::new(name),
            type_info: AnyTypeInfo { kind: AnyTypeInfoKind::Null },
        })
        .collect();
    let names: HashMap<UStr, usize> =
        columns.iter().map(|column| (column.name.clone(), column.ordinal)).collect();
    let names = Arc::new(names);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns.len());
        for n in 0..columns.len() {
            values.push(AnyValue { kind: value(row.get_ref(n)?) });
        }
        let (column_names, columns) = (names.clone(), columns.clone());
        items.push(Ok(Either::Right(AnyRow { column_names, columns, values })));
    }
    let rows_affected = if reads { 0 } else { connection.changes() };
    items.push(Ok(Either::Left(AnyQueryResult { rows_affected, last_insert_id: None })));
    Ok(())
}

fn value(value: ValueRef<'_>) -> AnyValueKind {
    match value {
        ValueRef::Null => AnyValueKind::Null(AnyTypeInfoKind::Null),
        ValueRef::Integer(number) => AnyValueKind::BigInt(number),
        ValueRef::Real(number) => AnyValueKind::Double(number),
        ValueRef::Text(text) => {
            AnyValueKind::Text(Arc::new(String::from_utf8_lossy(text).into_owned()))
        }
        ValueRef::Blob(bytes) => AnyValueKind::Blob(Arc::new(bytes.to_vec())),
    }
}

/// An argument of a service's statement.
struct Argument<'a>(&'a AnyValueKind);

impl rusqlite::ToSql for Argument<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            AnyValueKind::Null(_) => ValueRef::Null,
            AnyValueKind::Bool(truth) => ValueRef::Integer((*truth).into()),
            AnyValueKind::SmallInt(number) => ValueRef::Integer((*number).into()),
            AnyValueKind::Integer(number) => ValueRef::Integer((*number).into()),
            AnyValueKind::BigInt(number) => ValueRef::Integer(*number),
            AnyValueKind::Real(number) => ValueRef::Real((*number).into()),
            AnyValueKind::Double(number) => ValueRef::Real(*number),
            AnyValueKind::Text(text) => ValueRef::Text(text.as_bytes()),
            AnyValueKind::TextSlice(text) => ValueRef::Text(text.as_bytes()),
            AnyValueKind::Blob(bytes) => ValueRef::Blob(bytes),
            other => unreachable!("a new kind of value in sqlx: {other:?}"),
        }))
    }
}

/// What SQLite answers whoever has waited too long for somebody else's transaction.
pub(super) fn locked() -> Error {
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    failed(rusqlite::Error::SqliteFailure(busy, Some("database is locked".to_owned())))
}

fn failed(error: rusqlite::Error) -> Error {
    Error::Database(Box::new(Refusal(error)))
}

/// SQLite's refusal, as sqlx wants it.
#[derive(Debug)]
struct Refusal(rusqlite::Error);

impl Refusal {
    /// SQLite's extended error code.
    fn extended(&self) -> Option<i32> {
        self.0.sqlite_error().map(|error| error.extended_code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Refusal {}

impl DatabaseError for Refusal {
    fn message(&self) -> &str {
        match &self.0 {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            _ => "SQLite refused",
        }
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.extended().map(|code| Cow::Owned(code.to_string()))
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        use rusqlite::ffi;
        match self.extended() {
            Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
                ErrorKind::UniqueViolation
            }
            Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => ErrorKind::ForeignKeyViolation,
            Some(ffi::SQLITE_CONSTRAINT_NOTNULL) => ErrorKind::NotNullViolation,
            Some(ffi::SQLITE_CONSTRAINT_CHECK) => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}
