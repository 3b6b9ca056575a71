//! Gathers what our databases say of a run.

use std::collections::BTreeMap;

use crate::{
    engine::{
        Ctl,
        db::{Row, Value},
    },
    oracle::{DifferenceRow, Facts, PaymentOrderRow, PaymentRow, korean_day},
};

/// Every currency has its own balances: all but won are named.
const ABROAD: &str = "CASE currency WHEN 'KRW' THEN '' ELSE ' ' || currency END";

/// What our databases say; what the PSP, the buyers and the stage know is left to the caller.
pub fn facts(from: &dyn Source) -> Facts {
    Facts {
        payments: payments(from),
        payment_orders: payment_orders(from),
        wallet: sums(from, "wallet", &format!("SELECT seller_id || {ABROAD} AS k, balance AS v FROM wallet")),
        ledger: sums(
            from,
            "ledger",
            &format!(
                "SELECT account || {ABROAD} AS k, CAST(SUM(amount) AS BIGINT) AS v FROM posting \
                 GROUP BY account, currency"
            ),
        ),
        differences: differences(from),
        reports: reports(from),
        webhooks_due: count(from, "payment", "webhook WHERE due_at IS NOT NULL"),
        still_asked: texts(
            from,
            "payment",
            "SELECT order_id AS k FROM payment_event WHERE ask_at IS NOT NULL AND \
             (approved_at IS NOT NULL OR failure_code IS NOT NULL)",
        ),
        dead_letters: texts(from, "executor", "SELECT order_id AS k FROM operation WHERE dead = 1"),
        webhooks: sums(
            from,
            "payment",
            "SELECT order_id AS k, COUNT(*) AS v FROM webhook WHERE order_id IS NOT NULL GROUP BY 1",
        )
        .into_iter()
        .map(|(order, n)| (order, usize::try_from(n).unwrap_or(0)))
        .collect(),
        ..Facts::default()
    }
}

/// Whether the day of the latest payment has its report: without, nothing is quiet yet. A small part of
/// what [`facts`] gathers.
pub(crate) fn is_reported(from: &dyn Source) -> bool {
    let at = "SELECT MAX(COALESCE(approved_at, created_at)) AS v FROM payment_event";
    let day = "SELECT COALESCE(MAX(day), '') AS k FROM report WHERE finished_at IS NOT NULL";
    let at = from.rows("payment", at).first().and_then(|row| row["v"].as_i64());
    let days = texts(from, "reconciler", day);
    at.is_none_or(|at| days.first().is_some_and(|day| *day >= korean_day(at)))
}

/// A table of a database by rowid.
pub(crate) fn rows_by_id(from: &dyn Source, database: &str, table: &str) -> BTreeMap<i64, Row> {
    let mut rows = BTreeMap::new();
    for mut row in from.rows(database, &format!("SELECT rowid AS rowid_, * FROM {table}")) {
        let rowid = row.remove("rowid_").and_then(|id| id.as_i64());
        rows.insert(rowid.expect("every table has rowids"), row);
    }
    rows
}

/// Where rows come from: the simulated databases, or real ones.
pub trait Source {
    /// The rows of a query; none if the service has not made its tables yet.
    fn rows(&self, database: &str, sql: &str) -> Vec<Row>;
}

impl Source for Ctl {
    fn rows(&self, database: &str, sql: &str) -> Vec<Row> {
        // A service makes all its tables in one transaction, and this one first.
        let made = "SELECT 1 FROM sqlite_master WHERE name = 'schema_migration'";
        if self.db().query(database, made).is_empty() {
            return Vec::new();
        }
        self.db().query(database, sql)
    }
}

fn text(row: &Row, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

fn integer(row: &Row, column: &str) -> i64 {
    row[column].as_i64().unwrap_or(0)
}

fn payments(from: &dyn Source) -> Vec<PaymentRow> {
    let sql = "SELECT e.order_id, e.order_name, e.amount, e.is_payment_done, \
               COALESCE(e.approved_at, e.created_at) AS day_at, \
               (SELECT MIN(status) FROM payment_order o WHERE o.order_id = e.order_id) AS status \
               FROM payment_event e ORDER BY e.created_at, e.order_id";
    let payment = |row: Row| PaymentRow {
        order_id: text(&row, "order_id"),
        order_name: text(&row, "order_name"),
        amount: integer(&row, "amount"),
        status: text(&row, "status"),
        is_done: integer(&row, "is_payment_done") == 1,
        day_at: integer(&row, "day_at"),
    };
    from.rows("payment", sql).into_iter().map(payment).collect()
}

fn payment_orders(from: &dyn Source) -> Vec<PaymentOrderRow> {
    let sql = format!(
        "SELECT o.id, o.order_id, o.seller_id || {ABROAD} AS seller_id, o.amount, o.status \
         FROM payment_order o JOIN payment_event e ON e.order_id = o.order_id ORDER BY o.id"
    );
    let order = |row: Row| PaymentOrderRow {
        id: text(&row, "id"),
        order_id: text(&row, "order_id"),
        seller_id: text(&row, "seller_id"),
        amount: integer(&row, "amount"),
        status: text(&row, "status"),
    };
    from.rows("payment", &sql).into_iter().map(order).collect()
}

fn differences(from: &dyn Source) -> Vec<DifferenceRow> {
    let sql =
        "SELECT day, kind, subject, class, repair FROM difference ORDER BY day, kind, subject";
    let difference = |row: Row| DifferenceRow {
        day: text(&row, "day"),
        kind: text(&row, "kind"),
        subject: text(&row, "subject"),
        class: text(&row, "class"),
        repair: text(&row, "repair"),
    };
    from.rows("reconciler", sql).into_iter().map(difference).collect()
}

fn reports(from: &dyn Source) -> BTreeMap<String, bool> {
    let rows = from.rows("reconciler", "SELECT day, finished_at FROM report");
    rows.iter().map(|row| (text(row, "day"), row["finished_at"] != Value::Null)).collect()
}

fn sums(from: &dyn Source, database: &str, sql: &str) -> BTreeMap<String, i64> {
    from.rows(database, sql).iter().map(|row| (text(row, "k"), integer(row, "v"))).collect()
}

fn texts(from: &dyn Source, database: &str, sql: &str) -> Vec<String> {
    from.rows(database, sql).iter().map(|row| text(row, "k")).collect()
}

fn count(from: &dyn Source, database: &str, rows: &str) -> i64 {
    let rows = from.rows(database, &format!("SELECT COUNT(*) AS n FROM {rows}"));
    rows.first().map_or(0, |row| integer(row, "n"))
}
