//! From real databases and the fake's endpoints to the judges of the simulation: the same judges,
//! the same questions, other books.

use fake_psp::{Applied, BookEntry, BookKind, Call, Cause};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sim::{
    collect::{self, Source},
    engine::db::{Row, Value},
    oracle::{self, Facts, Violation},
};
use sqlx::{
    AnyConnection, AssertSqlSafe, Column, Connection, Row as _, TypeInfo, ValueRef,
    any::{AnyRow, AnyTypeInfoKind},
};
use tokio::{runtime::Handle, task::block_in_place};

use crate::{System, buyer::History, http::Ask};

/// Gathers everything that the judges look at. Only in a test on a multi-threaded runtime: the
/// judges' questions to the databases wait on its thread.
pub async fn facts(system: &System, history: &History) -> Facts {
    Facts {
        book: list(system, "book").await.iter().map(book_entry).collect(),
        calls: list(system, "calls").await.iter().map(call).collect(),
        applied: list(system, "faults/applied").await.iter().map(applied).collect(),
        history: history.lines(),
        ..collect::facts(&Databases(system))
    }
}

/// What must still happen before all is quiet. Reports of days that are not over are not waited
/// for: there is no night in these tests.
pub fn pending(facts: &Facts) -> Vec<String> {
    let reasons = oracle::pending(facts).into_iter().map(|(_, reason)| reason);
    reasons.filter(|reason| !reason.starts_with("the report of ")).collect()
}

/// Everything that is wrong, once all is quiet.
pub fn judge(facts: &Facts) -> Vec<Violation> {
    let mut found = oracle::judge_safety(facts);
    found.extend(oracle::judge_quiet(facts));
    found
}

/// Rows of one of the system's databases.
pub fn rows(system: &System, service: &str, sql: &str) -> Vec<Row> {
    Databases(system).rows(service, sql)
}

/// The databases of real services.
struct Databases<'a>(&'a System);

impl Source for Databases<'_> {
    fn rows(&self, database: &str, sql: &str) -> Vec<Row> {
        let url = self.0.database(database);
        let asked = async {
            let mut connection = AnyConnection::connect(url).await?;
            let sql = sqlx::query(AssertSqlSafe(sql.to_owned()));
            let rows = sql.fetch_all(&mut connection).await?;
            connection.close().await?;
            Ok::<_, sqlx::Error>(rows)
        };
        let rows = block_in_place(|| Handle::current().block_on(asked));
        let rows = rows.unwrap_or_else(|error| panic!("{database}: {error}\n{sql}"));
        rows.iter().map(read_row).collect()
    }
}

fn read_row(row: &AnyRow) -> Row {
    let columns = row.columns().iter();
    columns.map(|column| (column.name().to_owned(), read_value(row, column.ordinal()))).collect()
}

fn read_value(row: &AnyRow, column: usize) -> Value {
    let raw = row.try_get_raw(column).expect("a column of this row");
    if raw.is_null() {
        return Value::Null;
    }
    let kind = raw.type_info().kind();
    let name = raw.type_info().name().to_owned();
    let read = match kind {
        AnyTypeInfoKind::Text => row.try_get(column).map(Value::Text),
        AnyTypeInfoKind::Blob => row.try_get(column).map(Value::Blob),
        AnyTypeInfoKind::Real | AnyTypeInfoKind::Double => row.try_get(column).map(Value::Real),
        AnyTypeInfoKind::Bool => row.try_get(column).map(|b: bool| Value::Integer(b.into())),
        _ => row.try_get(column).map(Value::Integer),
    };
    read.unwrap_or_else(|error| panic!("a value of type {name}: {error}"))
}

async fn list(system: &System, what: &str) -> Vec<Json> {
    let url = format!("{}/_fake/{what}", system.url("psp"));
    let answer = Ask::get(url).send().await.expect("the fake answers");
    match answer.json() {
        Json::Array(lines) => lines,
        other => panic!("/_fake/{what} is no list: {other}"),
    }
}

fn book_entry(line: &Json) -> BookEntry {
    BookEntry {
        currency: fake_psp::Currency::Krw,
        seq: field(line, "seq"),
        at: field(line, "at"),
        kind: match line["kind"].as_str() {
            Some("captured") => BookKind::Captured,
            Some("given_back") => BookKind::GivenBack,
            other => panic!("{other:?} is no kind of a line in the PSP's book"),
        },
        order_id: field(line, "order_id"),
        order_name: field(line, "order_name"),
        payment_key: field(line, "payment_key"),
        transaction_key: field(line, "transaction_key"),
        amount: field(line, "amount"),
        cause: match line["cause"].as_str() {
            Some("confirm") => Cause::Confirm,
            Some("cancel") => Cause::Cancel,
            Some("console") => Cause::Console,
            Some("cheat") => Cause::Cheat,
            other => panic!("{other:?} is no cause of a line in the PSP's book"),
        },
    }
}

fn call(line: &Json) -> Call {
    Call {
        seq: field(line, "seq"),
        at: field(line, "at"),
        method: field(line, "method"),
        path: field(line, "path"),
        endpoint: field(line, "endpoint"),
        order_id: field(line, "order_id"),
        payment_key: field(line, "payment_key"),
        idempotency_key: field(line, "idempotency_key"),
        status: field(line, "status"),
        code: field::<Option<String>>(line, "code").map(Into::into),
        answered_at: field(line, "answered_at"),
        fault: field::<Option<String>>(line, "fault").map(Into::into),
        replayed: field(line, "replayed"),
    }
}

fn applied(line: &Json) -> Applied {
    Applied {
        seq: field(line, "seq"),
        at: field(line, "at"),
        rule: field(line, "rule"),
        endpoint: field(line, "endpoint"),
        order_id: field(line, "order_id"),
        payment_key: field(line, "payment_key"),
        nth: field(line, "nth"),
        verdict: field(line, "verdict"),
    }
}

fn field<T: DeserializeOwned>(line: &Json, name: &str) -> T {
    let value = line.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{name} of {line}: {error}"))
}
