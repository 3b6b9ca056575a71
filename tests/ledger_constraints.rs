//! What the ledger's database refuses, whoever asks: the last line of defence, tried without any
//! of the ledger's own code.

use hanbeon::Postgres;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use system::store::{Engine, Migration, Store};
use tempfile::TempDir;

const SCHEMA: Migration =
    Migration { name: "ledger", sql: include_str!("../crates/system/src/ledger/schema.sql") };

/// Two accounts and one good entry over 500.
const BEGINNING: &str = "\
    INSERT INTO account (code, currency, kind) VALUES
        ('cash', 'KRW', 'ASSET'), ('debt', 'KRW', 'LIABILITY'), ('cash', 'USD', 'ASSET');
    INSERT INTO posting VALUES ('e1', 1, 'cash', 'KRW', 500, 0), ('e1', 2, 'debt', 'KRW', -500, 0);
    INSERT INTO journal_entry VALUES ('e1', 'po-1', 'CAPTURE', 'ord-1', 'KRW', 0, 0);";

/// A ledger's database.
struct Ledger {
    url: String,
    engine: Engine,
}

impl Ledger {
    async fn open(url: String) -> Self {
        let store = Store::open(&url, &[SCHEMA]).await.expect("a fresh database");
        let engine = store.engine();
        store.close().await;
        let ledger = Self { url, engine };
        ledger.run(BEGINNING).await.expect("a good entry");
        ledger
    }

    async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.url).await.expect("the database is up")
    }

    /// Runs statements in one transaction of a connection of their own; says what the database
    /// said, at the latest at commit.
    async fn run(&self, statements: &str) -> Result<(), String> {
        let mut connection = self.connect().await;
        let mut tx = connection.begin().await.expect("the database is up");
        let script = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        tx.execute(script).await.map_err(|error| error.to_string())?;
        tx.commit().await.map_err(|error| error.to_string())
    }

    /// Everything in the ledger, as text.
    async fn everything(&self) -> String {
        let mut connection = self.connect().await;
        let sql = "SELECT entry_id, line, account, amount, effective_at, '' FROM posting \
                   UNION ALL SELECT id, booked_at, kind, effective_at, 0, payment_order_id \
                   FROM journal_entry ORDER BY 1, 2, 3";
        let rows: Vec<(String, i64, String, i64, i64, String)> =
            sqlx::query_as(sql).fetch_all(&mut connection).await.expect("the tables are there");
        format!("{rows:?}")
    }

    /// These statements are refused with these words, and nothing changes.
    async fn refuses(&self, what: &str, statements: &str, words: &[&str]) {
        let before = self.everything().await;
        let Err(said) = self.run(statements).await else {
            panic!("{what} was accepted by {:?}: {statements}", self.engine);
        };
        let said = said.to_lowercase();
        assert!(words.iter().any(|word| said.contains(word)), "{what}: {said}");
        assert_eq!(self.everything().await, before, "{what} changed something");
    }
}

async fn refuses_what_does_not_balance(ledger: &Ledger) {
    let entry = |id: &str, postings: &str| {
        format!(
            "INSERT INTO posting VALUES {postings}; INSERT INTO journal_entry VALUES \
             ('{id}', 'po-{id}', 'CAPTURE', 'ord', 'KRW', 0, 0);"
        )
    };
    let sum = ["sum to zero"];
    let unbalanced =
        entry("e2", "('e2', 1, 'cash', 'KRW', 500, 0), ('e2', 2, 'debt', 'KRW', -499, 0)");
    ledger.refuses("an entry that does not balance", &unbalanced, &sum).await;
    ledger
        .refuses("a single posting", &entry("e2", "('e2', 1, 'cash', 'KRW', 500, 0)"), &sum)
        .await;
    let mixed = entry("e2", "('e2', 1, 'cash', 'USD', 500, 0), ('e2', 2, 'debt', 'KRW', -500, 0)");
    ledger.refuses("an entry in two currencies", &mixed, &sum).await;
    let empty = "INSERT INTO journal_entry VALUES ('e2', 'po-e2', 'CAPTURE', 'ord', 'KRW', 0, 0);";
    ledger.refuses("an entry without postings", empty, &sum).await;
    let zero = entry("e2", "('e2', 1, 'cash', 'KRW', 0, 0), ('e2', 2, 'debt', 'KRW', 0, 0)");
    ledger.refuses("postings of nothing", &zero, &["check"]).await;
    let alone = "INSERT INTO posting VALUES ('e2', 1, 'cash', 'KRW', 5, 0), ('e2', 2, 'debt', 'KRW', -5, 0);";
    ledger.refuses("postings without an entry", alone, &["foreign key"]).await;
    let nowhere = entry("e2", "('e2', 1, 'moon', 'KRW', 5, 0), ('e2', 2, 'debt', 'KRW', -5, 0)");
    ledger.refuses("a posting to no account", &nowhere, &["foreign key"]).await;
    let good = entry("e3", "('e3', 1, 'cash', 'KRW', 5, 0), ('e3', 2, 'debt', 'KRW', -5, 0)");
    ledger.run(&good).await.expect("a good entry is taken");
    let again = good.replace("'e3'", "'e4'").replace("po-e4", "po-e3");
    ledger.refuses("a second entry of a payment order", &again, &["unique", "append-only"]).await;
}

async fn keeps_what_is_written(ledger: &Ledger) {
    let kept = ["append-only", "sealed"];
    for statement in [
        "INSERT INTO posting VALUES ('e1', 3, 'cash', 'KRW', 7, 0)",
        "INSERT INTO posting VALUES ('e1', 3, 'cash', 'KRW', 7, 0), ('e1', 4, 'debt', 'KRW', -7, 0)",
        "UPDATE posting SET amount = 501 WHERE entry_id = 'e1' AND line = 1",
        "UPDATE posting SET amount = amount",
        "UPDATE posting SET account = 'debt'",
        "DELETE FROM posting WHERE entry_id = 'e1'",
        "DELETE FROM posting",
        "UPDATE journal_entry SET booked_at = 1",
        "UPDATE journal_entry SET id = 'e9' WHERE id = 'e1'",
        "DELETE FROM journal_entry WHERE id = 'e1'",
        "DELETE FROM journal_entry",
    ] {
        ledger.refuses(statement, statement, &kept).await;
    }
    let ways: &[&str] = match ledger.engine {
        // REPLACE deletes the row in its way without asking the triggers on DELETE.
        Engine::Sqlite => &[
            "INSERT OR REPLACE INTO posting VALUES ('e1', 1, 'cash', 'KRW', 7, 0)",
            "REPLACE INTO journal_entry VALUES ('e1', 'po-1', 'CAPTURE', 'ord-1', 'KRW', 9, 9)",
            "INSERT INTO posting VALUES ('e5', 1, 'cash', 'KRW', 7, 0), ('e5', 2, 'debt', 'KRW', -7, 0); \
             REPLACE INTO journal_entry VALUES ('e5', 'po-1', 'CAPTURE', 'ord-1', 'KRW', 0, 0)",
            "UPDATE OR REPLACE posting SET line = 2 WHERE line = 1",
        ],
        Engine::Postgres => &[
            "TRUNCATE posting",
            "TRUNCATE journal_entry CASCADE",
            "TRUNCATE posting, journal_entry, account",
            "INSERT INTO journal_entry VALUES ('e1', 'po-1', 'CAPTURE', 'ord-1', 'KRW', 9, 9) \
             ON CONFLICT (id) DO UPDATE SET booked_at = 9",
        ],
    };
    for statement in ways {
        ledger.refuses(statement, statement, &kept).await;
    }
}

#[tokio::test]
async fn sqlite_refuses() {
    sqlx::any::install_default_drivers();
    let directory = TempDir::new().expect("a temporary directory");
    let url = format!("sqlite://{}/ledger.db?mode=rwc", directory.path().display());
    let ledger = Ledger::open(url).await;
    refuses_what_does_not_balance(&ledger).await;
    keeps_what_is_written(&ledger).await;
}

#[tokio::test]
async fn postgresql_refuses() {
    sqlx::any::install_default_drivers();
    let Some(postgres) = Postgres::start().await else { return };
    let ledger = Ledger::open(postgres.create_database("ledger").await).await;
    refuses_what_does_not_balance(&ledger).await;
    keeps_what_is_written(&ledger).await;
}

/// A posting that was written while its entry was being sealed by another transaction, which the
/// writer could not see: it must not get in by waiting.
#[tokio::test]
async fn postgresql_refuses_a_posting_that_raced_the_seal() {
    sqlx::any::install_default_drivers();
    let Some(postgres) = Postgres::start().await else { return };
    let ledger = Ledger::open(postgres.create_database("ledger").await).await;
    let (mut honest, mut late) = (ledger.connect().await, ledger.connect().await);
    honest
        .execute(sqlx::raw_sql(
            "BEGIN; INSERT INTO posting VALUES ('e2', 1, 'cash', 'KRW', 5, 0), \
             ('e2', 2, 'debt', 'KRW', -5, 0); \
             INSERT INTO journal_entry VALUES ('e2', 'po-2', 'CAPTURE', 'ord-2', 'KRW', 0, 0);",
        ))
        .await
        .expect("a good entry");
    let (tell, told) = tokio::sync::oneshot::channel();
    let slip_in = async {
        let statement = "BEGIN; INSERT INTO posting VALUES ('e2', 3, 'cash', 'KRW', 7, 0)";
        late.execute(sqlx::raw_sql(statement)).await?;
        told.await.expect("the other one tells");
        late.execute("COMMIT").await
    };
    let seal = async {
        // Long enough for the other one to have sent its statement, and to wait if it has to.
        hanbeon::pause(500).await;
        let sealed = honest.execute("COMMIT").await;
        let _ = tell.send(());
        sealed
    };
    let (slipped, sealed) = tokio::join!(slip_in, seal);
    sealed.expect("the entry was balanced");
    assert!(slipped.is_err(), "a posting slipped into a sealed entry");
    let sum = "SELECT CAST(SUM(amount) AS BIGINT) FROM posting WHERE entry_id = 'e2'";
    let (sum,): (i64,) =
        sqlx::query_as(sum).fetch_one(&mut honest).await.expect("the entry is there");
    assert_eq!(sum, 0, "the sealed entry does not balance any more");
}
