//! Shown rightly: whoever works with the books is shown what they say. What has to be shown is
//! written here once more, as SQL that reads the tables themselves.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Violation;
use crate::collect::Source;

const ID: &str = "shown-rightly";

/// The most items of a page, where that can be asked for: few, so that there are several pages.
const FEW: usize = 40;

/// The most days, sellers and orders that are asked for one by one.
const SOME: usize = 3;

/// One page, or one list of several pages, that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub service: &'static str,
    /// What follows the address, with all that is asked for but the place in a list.
    pub path: String,
    /// The name of the list, if it has pages.
    pub list: Option<&'static str>,
    /// What the service's own database says: rows with a column `j`, each the JSON of an item.
    sql: String,
    shape: Shape,
}

/// How rows become what has to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The first row.
    One,
    /// All rows.
    All,
    /// All rows, in an object under this name.
    Under(&'static str),
}

/// An amount as it stands on the wire.
fn spelled(minor: &str, currency: &str) -> String {
    format!(
        "CASE {currency} WHEN 'KRW' THEN CAST({minor} AS TEXT) ELSE printf('%s%d.%02d', \
         IIF({minor} < 0, '-', ''), abs({minor}) / 100, abs({minor}) % 100) END"
    )
}

fn truth(column: &str) -> String {
    format!("json(IIF({column} = 1, 'true', 'false'))")
}

/// An operation as the executor shows it.
fn operation() -> String {
    format!(
        "json_object('order_id', order_id, 'kind', kind, 'payment_key', payment_key, \
         'state', IIF(state = 'SENDING', 'PENDING', state), 'tries', tries, \
         'dead_letter', {}, 'reason', json(IIF(reason_code IS NULL, NULL, \
         json_object('code', reason_code, 'message', COALESCE(reason_message, '')))), \
         'approved_at', approved_at)",
        truth("dead")
    )
}

/// What is asked for, as the books are just now.
pub fn questions(books: &dyn Source, now: Timestamp) -> Vec<Question> {
    let mut asked = executor(books);
    asked.extend(ledger());
    asked.extend(wallet(books));
    asked.extend(reconciler(books));
    asked.extend(attempts(books));
    for days in 0..2 {
        asked.push(payments(now - SignedDuration::from_hours(24 * days)));
    }
    asked
}

fn operations(path: String, list: Option<&'static str>, rows: &str, shape: Shape) -> Question {
    let sql = format!("SELECT {} AS j FROM operation {rows}", operation());
    Question { service: "executor", path, list, sql, shape }
}

/// What waits for a person.
pub fn dead_letters() -> Question {
    let rows = "WHERE dead = 1 ORDER BY payment_key";
    operations("/v1/dead-letters?limit=1".to_owned(), Some("dead_letters"), rows, Shape::All)
}

fn executor(books: &dyn Source) -> Vec<Question> {
    let open = "SELECT order_id || ' ' || kind || ' ' || payment_key AS k FROM operation \
                ORDER BY updated_at DESC";
    let latest = keys(books, "executor", open).into_iter().take(SOME).filter_map(|key| {
        let [order, kind, payment] = key.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let path = format!("/v1/executions/{order}?kind={kind}&payment_key={payment}");
        let rows = format!("WHERE payment_key = '{payment}' AND kind = '{kind}'");
        Some(operations(path, None, &rows, Shape::One))
    });
    std::iter::once(dead_letters()).chain(latest).collect()
}

fn ledger() -> [Question; 2] {
    let entries = "SELECT json_object('id', e.id, 'payment_order_id', e.payment_order_id, \
         'order_id', e.order_id, 'kind', e.kind, 'currency', e.currency, \
         'effective_at', e.effective_at, 'booked_at', e.booked_at, 'postings', json((\
             SELECT json_group_array(json_object('account', account, 'amount', amount)) FROM (\
                 SELECT account, amount FROM posting WHERE entry_id = e.id ORDER BY line)))) AS j \
         FROM journal_entry e ORDER BY e.id";
    let balances = format!(
        "SELECT json_object('account', account, 'kind', \
         IIF(account LIKE 'seller_payable:%', 'LIABILITY', 'ASSET'), 'currency', currency, \
         'balance', {}, 'balance_minor', sum) AS j FROM (SELECT account, currency, \
         SUM(amount) AS sum FROM posting GROUP BY account, currency ORDER BY account, currency)",
        spelled("sum", "currency")
    );
    let question =
        |path: String, list, sql, shape| Question { service: "ledger", path, list, sql, shape };
    [
        question(
            format!("/v1/entries?limit={FEW}"),
            Some("entries"),
            entries.to_owned(),
            Shape::All,
        ),
        question("/v1/balances".to_owned(), None, balances, Shape::Under("balances")),
    ]
}

fn wallet(books: &dyn Source) -> Vec<Question> {
    let question = |path: String, list, rows: String| Question {
        service: "wallet",
        path,
        list,
        sql: format!(
            "SELECT json_object('seller_id', seller_id, 'currency', currency, 'balance', {}, \
             'balance_minor', balance) AS j FROM wallet {rows} ORDER BY seller_id, currency",
            spelled("balance", "currency")
        ),
        shape: Shape::All,
    };
    let sellers = keys(books, "wallet", "SELECT DISTINCT seller_id AS k FROM wallet ORDER BY 1");
    let each = sellers.iter().take(SOME).map(|seller| {
        let path = format!("/v1/wallets/{seller}");
        question(path, None, format!("WHERE seller_id = '{seller}'"))
    });
    let all = question("/v1/wallets?".to_owned(), Some("wallets"), String::new());
    std::iter::once(all).chain(each).collect()
}

fn reconciler(books: &dyn Source) -> Vec<Question> {
    let question = |path: String, sql: String, shape| Question {
        service: "reconciler",
        path,
        list: None,
        sql,
        shape,
    };
    let days = "SELECT day AS k FROM report ORDER BY day DESC";
    let latest = keys(books, "reconciler", days).into_iter().take(SOME).map(|day| {
        let sql = format!(
            "SELECT json_object('day', day, 'finished_at', finished_at, 'runs', runs, \
             'is_open', {}, 'summary', json(COALESCE(summary, \
             '{{\"payments\":0,\"transactions\":0,\"settlements\":0}}')), 'differences', json((\
                 SELECT json_group_array(json_object('kind', kind, 'class', class, 'subject', \
                 subject, 'detail', detail, 'repair', repair)) FROM (SELECT * FROM difference \
                 WHERE day = '{day}' ORDER BY kind, subject)))) AS j \
             FROM report WHERE day = '{day}'",
            truth("is_open")
        );
        question(format!("/v1/reports/{day}"), sql, Shape::One)
    });
    let list = "SELECT json_quote(day) AS j FROM report ORDER BY day DESC".to_owned();
    let list = question("/v1/reports".to_owned(), list, Shape::Under("days"));
    std::iter::once(list).chain(latest).collect()
}

/// Every try to pay for the orders that were tried most often.
fn attempts(books: &dyn Source) -> Vec<Question> {
    let tried = "SELECT order_id AS k FROM attempt GROUP BY 1 ORDER BY COUNT(*) DESC, 1";
    let orders = keys(books, "payment", tried).into_iter().take(SOME);
    let question = |order: String| Question {
        service: "payment",
        path: format!("/v1/payments/{order}/attempts"),
        list: None,
        sql: format!(
            "SELECT json_object('payment_key', payment_key, 'no', no, 'state', state, \
             'failure', json(IIF(failure_code IS NULL, NULL, \
             json_object('code', failure_code, 'message', COALESCE(failure_message, '')))), \
             'began_at', began_at, 'ended_at', ended_at) AS j \
             FROM attempt WHERE order_id = '{order}' ORDER BY rowid"
        ),
        shape: Shape::Under("attempts"),
    };
    orders.map(question).collect()
}

/// The payments of a Korean day.
fn payments(moment: Timestamp) -> Question {
    let day = (moment + SignedDuration::from_hours(9)).to_string()[..10].to_owned();
    let begin: Timestamp = format!("{day}T00:00:00+09:00").parse().expect("a date");
    let end = begin + SignedDuration::from_hours(24);
    let sql = format!(
        "SELECT json_object('order_id', order_id, 'order_name', order_name, 'buyer_id', buyer_id, \
         'status', (SELECT MIN(status) FROM payment_order o WHERE o.order_id = e.order_id), \
         'is_payment_done', {}, 'amount', {}, 'currency', currency, \
         'failure', json(IIF(failure_code IS NULL, NULL, \
         json_object('code', failure_code, 'message', COALESCE(failure_message, '')))), \
         'approved_at', approved_at, 'created_at', created_at, \
         'expires_at', expires_at, 'voided_at', voided_at, 'checkout_url', '/checkout/' || order_id, 'payment_orders', json((\
             SELECT json_group_array(json_object('id', id, 'seller_id', seller_id, 'amount', {}, \
             'status', status, 'ledger_updated', {}, 'wallet_updated', {})) FROM (\
                 SELECT * FROM payment_order o WHERE o.order_id = e.order_id ORDER BY id) o))) AS j \
         FROM payment_event e WHERE COALESCE(approved_at, created_at) >= {} \
         AND COALESCE(approved_at, created_at) < {} ORDER BY order_id",
        truth("is_payment_done"),
        spelled("amount", "currency"),
        spelled("o.amount", "e.currency"),
        truth("ledger_updated"),
        truth("wallet_updated"),
        begin.as_microsecond(),
        end.as_microsecond(),
    );
    Question {
        service: "payment",
        path: format!("/v1/payments?day={day}&limit={FEW}"),
        list: Some("payments"),
        sql,
        shape: Shape::All,
    }
}

/// Something that is not about a question.
pub fn shown_wrongly(detail: String) -> Violation {
    Violation::new(ID, None, detail)
}

fn keys(books: &dyn Source, database: &str, sql: &str) -> Vec<String> {
    let rows = books.rows(database, sql);
    rows.iter().filter_map(|row| row["k"].as_str().map(str::to_owned)).collect()
}

impl Question {
    /// What the books say just now; for a list, all of its items.
    pub fn answer(&self, books: &dyn Source) -> Value {
        let rows = books.rows(self.service, &self.sql);
        let item = |text: &str| serde_json::from_str(text).expect("SQLite writes JSON");
        let mut items = rows.iter().filter_map(|row| row["j"].as_str()).map(item);
        match self.shape {
            Shape::One => items.next().unwrap_or_default(),
            Shape::All => items.collect(),
            Shape::Under(name) => json!({ name: items.collect::<Value>() }),
        }
    }

    /// What was shown against what has to be.
    pub fn judge(&self, wanted: &Value, shown: &Value) -> Option<Violation> {
        if wanted == shown {
            return None;
        }
        let (path, service) = (&self.path, self.service);
        let (wanted, shown) = first_difference(wanted, shown);
        let detail = format!("{service} {path} showed {shown}, and the books say {wanted}");
        Some(Violation::new(ID, None, detail))
    }

    /// Somebody without the secret was let in, or somebody with it was not.
    pub fn refused(&self, why: String) -> Violation {
        Violation::new(ID, None, format!("{} {} {why}", self.service, self.path))
    }
}

/// Of two lists, the first items that differ; else both as they are.
fn first_difference(wanted: &Value, shown: &Value) -> (Value, Value) {
    let (Value::Array(a), Value::Array(b)) = (wanted, shown) else {
        return (wanted.clone(), shown.clone());
    };
    let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
    let item = |list: &Vec<Value>| match list.get(at) {
        Some(item) => item.clone(),
        None => json!(format!("no more than {at}")),
    };
    (item(a), item(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::db::Row;

    struct Nothing;

    impl Source for Nothing {
        fn rows(&self, _: &str, _: &str) -> Vec<Row> {
            Vec::new()
        }
    }

    #[test]
    fn another_item_one_more_and_one_less_are_seen() {
        let questions = questions(&Nothing, "2026-03-02T16:00:00Z".parse().unwrap());
        let question = &questions[0];
        let wanted = json!([{ "a": 1 }, { "a": 2 }]);
        assert_eq!(question.judge(&wanted, &wanted.clone()), None);
        for (shown, said) in [
            (json!([{ "a": 1 }, { "a": 3 }]), r#"showed {"a":3}, and the books say {"a":2}"#),
            (json!([{ "a": 1 }]), r#"showed "no more than 1", and the books say {"a":2}"#),
            (json!([{ "a": 1 }, { "a": 2 }, { "a": 2 }]), "the books say \"no more than 2\""),
            (json!([{ "a": 1 }, { "a": 2, "b": null }]), r#"showed {"a":2,"b":null}"#),
        ] {
            let found = question.judge(&wanted, &shown).expect("it differs").detail;
            assert!(found.contains(said), "{found}");
        }
    }

    #[test]
    fn the_days_are_korean() {
        let questions = questions(&Nothing, "2026-03-02T16:00:00Z".parse().unwrap());
        let days: Vec<_> = questions.iter().filter(|q| q.service == "payment").collect();
        assert_eq!(days[0].path, "/v1/payments?day=2026-03-03&limit=40");
        assert_eq!(days[1].path, "/v1/payments?day=2026-03-02&limit=40");
        let midnight: Timestamp = "2026-03-02T15:00:00Z".parse().unwrap();
        assert!(days[0].sql.contains(&format!(">= {}", midnight.as_microsecond())));
    }
}
