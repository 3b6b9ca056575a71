//! What sqlx wants of a database type before its connections may serve the `Any` driver.
//!
//! None of it is ever called: every call of an `AnyConnection` goes through
//! `AnyConnectionBackend`, so rows, values and statements of this type cannot exist ([`Never`]).

use std::{borrow::Cow, fmt, result};

use either::Either;
use sqlx_core::{
    Result,
    any::{AnyConnectionBackend as _, AnyQueryResult},
    arguments::{Arguments, IntoArguments},
    column::{Column, ColumnIndex},
    connection::Connection,
    database::Database,
    encode::Encode,
    error::BoxDynError,
    row::Row,
    sql_str::SqlStr,
    statement::Statement,
    transaction::{Transaction, TransactionManager},
    type_info::TypeInfo,
    types::Type,
    value::{Value, ValueRef},
};

use super::driver::{SimConnection, SimOptions};

/// The database of the simulation, as sqlx knows it.
#[derive(Debug)]
pub(crate) struct SimDb;

impl Connection for SimConnection {
    type Database = SimDb;
    type Options = SimOptions;

    async fn close(self) -> Result<()> {
        Ok(())
    }

    async fn close_hard(self) -> Result<()> {
        Ok(())
    }

    async fn ping(&mut self) -> Result<()> {
        self.link.check()
    }

    async fn begin(&mut self) -> Result<Transaction<'_, SimDb>> {
        unreachable!("transactions begin through AnyConnectionBackend")
    }

    fn shrink_buffers(&mut self) {}

    async fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn should_flush(&self) -> bool {
        false
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Never {}
impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
impl TypeInfo for Never {
    fn is_null(&self) -> bool {
        match *self {}
    }
    fn name(&self) -> &str {
        match *self {}
    }
}
impl Row for Never {
    type Database = SimDb;
    fn columns(&self) -> &[Never] {
        match *self {}
    }
    fn try_get_raw<I>(&self, _: I) -> Result<NeverRef>
    where
        I: ColumnIndex<Self>,
    {
        match *self {}
    }
}
impl Column for Never {
    type Database = SimDb;
    fn ordinal(&self) -> usize {
        match *self {}
    }
    fn name(&self) -> &str {
        match *self {}
    }
    fn type_info(&self) -> &Never {
        match *self {}
    }
}
pub(crate) enum NeverRef {}
impl Value for Never {
    type Database = SimDb;
    fn as_ref(&self) -> NeverRef {
        match *self {}
    }
    fn type_info(&self) -> Cow<'_, Never> {
        match *self {}
    }
    fn is_null(&self) -> bool {
        match *self {}
    }
}
impl<'r> ValueRef<'r> for NeverRef {
    type Database = SimDb;
    fn to_owned(&self) -> Never {
        match *self {}
    }
    fn type_info(&self) -> Cow<'_, Never> {
        match *self {}
    }
    fn is_null(&self) -> bool {
        match *self {}
    }
}
#[derive(Default)]
pub(crate) struct NoArgs;
impl Arguments for NoArgs {
    type Database = SimDb;
    fn reserve(&mut self, _: usize, _: usize) {}
    fn len(&self) -> usize {
        0
    }
    fn add<'t, T>(&mut self, _: T) -> result::Result<(), BoxDynError>
    where
        T: Encode<'t, SimDb> + Type<SimDb>,
    {
        unreachable!("every call goes through AnyConnectionBackend")
    }
}
impl IntoArguments<SimDb> for NoArgs {
    fn into_arguments(self) -> NoArgs {
        self
    }
}
#[derive(Clone)]
pub(crate) enum NoStmt {}
impl Statement for NoStmt {
    type Database = SimDb;
    fn into_sql(self) -> SqlStr {
        match self {}
    }
    fn sql(&self) -> &SqlStr {
        match *self {}
    }
    fn parameters(&self) -> Option<Either<&[Never], usize>> {
        match *self {}
    }
    fn columns(&self) -> &[Never] {
        match *self {}
    }
    sqlx_core::impl_statement_query!(NoArgs);
}
pub(crate) struct Tm;
impl TransactionManager for Tm {
    type Database = SimDb;
    async fn begin(_: &mut SimConnection, _: Option<SqlStr>) -> Result<()> {
        unreachable!("every call goes through AnyConnectionBackend")
    }
    async fn commit(_: &mut SimConnection) -> Result<()> {
        unreachable!("every call goes through AnyConnectionBackend")
    }
    async fn rollback(_: &mut SimConnection) -> Result<()> {
        unreachable!("every call goes through AnyConnectionBackend")
    }
    fn start_rollback(_: &mut SimConnection) {}
    fn get_transaction_depth(c: &SimConnection) -> usize {
        c.get_transaction_depth()
    }
}
impl Database for SimDb {
    type Connection = SimConnection;
    type TransactionManager = Tm;
    type Row = Never;
    type QueryResult = AnyQueryResult;
    type Column = Never;
    type TypeInfo = Never;
    type Value = Never;
    type ValueRef<'r> = NeverRef;
    type Arguments = NoArgs;
    type ArgumentBuffer = ();
    type Statement = NoStmt;
    const NAME: &'static str = "sim";
    const URL_SCHEMES: &'static [&'static str] = &["sim+sqlite", "sim+postgres"];
}
