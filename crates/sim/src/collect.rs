//! Gathers the facts of a run from the databases, the PSP and the buyers.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use fake_psp::FakePsp;

use crate::{
    cast::History,
    engine::{Ctl, Value},
    oracle::{DifferenceRow, Facts, PaymentOrderRow, PaymentRow, Row},
};

/// Everything that the judges look at, as it is now.
pub(crate) fn facts(ctl: &Ctl, psp: &FakePsp, history: &History, shopping: &AtomicUsize) -> Facts {
    Facts {
        book: psp.book(),
        calls: psp.calls(),
        applied: psp.applied(),
        history: history.lines(),
        payments: payments(ctl),
        payment_orders: payment_orders(ctl),
        wallet: sums(ctl, "wallet", "SELECT seller_id AS k, balance AS v FROM wallet"),
        ledger: sums(
            ctl,
            "ledger",
            "SELECT account AS k, CAST(SUM(amount) AS BIGINT) AS v FROM posting GROUP BY account",
        ),
        differences: differences(ctl),
        reports: reports(ctl),
        webhooks_due: count(ctl, "payment", "webhook WHERE due_at IS NOT NULL"),
        dead_letters: texts(ctl, "executor", "SELECT order_id AS k FROM operation WHERE dead = 1"),
        orphans: BTreeMap::new(),
        shopping: shopping.load(Ordering::Relaxed),
        webhooks: sums(
            ctl,
            "payment",
            "SELECT order_id AS k, COUNT(*) AS v FROM webhook WHERE order_id IS NOT NULL GROUP BY 1",
        )
        .into_iter()
        .map(|(order, n)| (order, usize::try_from(n).unwrap_or(0)))
        .collect(),
    }
}

/// A table of a database by rowid.
pub(crate) fn rows_by_id(ctl: &Ctl, database: &str, table: &str) -> BTreeMap<i64, Row> {
    let mut rows = BTreeMap::new();
    for mut row in query(ctl, database, &format!("SELECT rowid AS rowid_, * FROM {table}")) {
        let rowid = row.remove("rowid_").and_then(|id| id.integer());
        rows.insert(rowid.expect("every table has rowids"), row);
    }
    rows
}

/// Rows of a query; none if the service has not made its tables yet.
fn query(ctl: &Ctl, database: &str, sql: &str) -> Vec<Row> {
    ctl.db().query(database, sql).unwrap_or_default()
}

fn text(row: &Row, column: &str) -> String {
    row[column].text().to_owned()
}

fn integer(row: &Row, column: &str) -> i64 {
    row[column].integer().unwrap_or(0)
}

fn payments(ctl: &Ctl) -> Vec<PaymentRow> {
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
    query(ctl, "payment", sql).into_iter().map(payment).collect()
}

fn payment_orders(ctl: &Ctl) -> Vec<PaymentOrderRow> {
    let sql = "SELECT id, order_id, seller_id, amount, status FROM payment_order ORDER BY id";
    let order = |row: Row| PaymentOrderRow {
        id: text(&row, "id"),
        order_id: text(&row, "order_id"),
        seller_id: text(&row, "seller_id"),
        amount: integer(&row, "amount"),
        status: text(&row, "status"),
    };
    query(ctl, "payment", sql).into_iter().map(order).collect()
}

fn differences(ctl: &Ctl) -> Vec<DifferenceRow> {
    let sql = "SELECT day, kind, subject, class, repair FROM difference ORDER BY day, kind, subject";
    let difference = |row: Row| DifferenceRow {
        day: text(&row, "day"),
        kind: text(&row, "kind"),
        subject: text(&row, "subject"),
        class: text(&row, "class"),
        repair: text(&row, "repair"),
    };
    query(ctl, "reconciler", sql).into_iter().map(difference).collect()
}

fn reports(ctl: &Ctl) -> BTreeMap<String, bool> {
    let rows = query(ctl, "reconciler", "SELECT day, finished_at FROM report");
    rows.iter().map(|row| (text(row, "day"), row["finished_at"] != Value::Null)).collect()
}

fn sums(ctl: &Ctl, database: &str, sql: &str) -> BTreeMap<String, i64> {
    query(ctl, database, sql).iter().map(|row| (text(row, "k"), integer(row, "v"))).collect()
}

fn texts(ctl: &Ctl, database: &str, sql: &str) -> Vec<String> {
    query(ctl, database, sql).iter().map(|row| text(row, "k")).collect()
}

fn count(ctl: &Ctl, database: &str, from: &str) -> i64 {
    let rows = query(ctl, database, &format!("SELECT COUNT(*) AS n FROM {from}"));
    rows.first().map_or(0, |row| integer(row, "n"))
}
