//! The database link when nothing goes wrong: turns, transactions, scripts, errors.

use sim::engine::{Ctl, HostHandle};
use sqlx::{AnyPool, Connection as _, Executor as _, Row as _};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::toy::{self, ms};

/// Runs `service` on a host with a database "db" that has a table `t (id, text)`.
pub(crate) fn with_table<F>(
    service: impl Fn(HostHandle, AnyPool) -> F + Send + Sync + Clone + 'static,
    faults: impl AsyncFnOnce(Ctl),
) where
    F: Future<Output = ()> + Send + 'static,
{
    toy::run(9, |ctl| async move {
        ctl.db().create("db");
        let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT UNIQUE)";
        ctl.db().tamper("db", table);
        toy::client_host(&ctl, "host", move |host| {
            let service = service.clone();
            async move {
                let pool = toy::pool(&host, "db", 5).await;
                service(host, pool).await;
            }
        });
        faults(ctl).await;
        for _ in 0..100_000 {
            if !ctl.is_up("host") {
                return;
            }
            sleep(ms(100)).await;
        }
        panic!("the service did not come to its end");
    })
    .unwrap();
}

pub(crate) fn texts(ctl: Ctl) -> Vec<String> {
    let rows = ctl.db().query("db", "SELECT text FROM t ORDER BY id");
    rows.iter().map(|row| row["text"].as_str().expect("a text").to_owned()).collect()
}

async fn insert(pool: &AnyPool, text: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO t (text) VALUES ($1)").bind(text).execute(pool).await.map(drop)
}

#[test]
fn everything_a_service_does_with_sqlx_works() {
    with_table(
        |_, pool| async move {
            let rows = sqlx::query("INSERT INTO t (text) VALUES ($1), ($2) RETURNING id, text")
                .bind("a")
                .bind("b")
                .fetch_all(&pool)
                .await
                .expect("RETURNING");
            assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), [1, 2]);
            let one = sqlx::query_as::<_, (i64, String)>("SELECT id, text FROM t WHERE text = $1")
                .bind("b")
                .fetch_optional(&pool)
                .await
                .expect("a row");
            assert_eq!(one, Some((2, "b".to_owned())));
            let error = insert(&pool, "a").await.expect_err("unique");
            let error = error.as_database_error().expect("the database's own error");
            assert!(error.is_unique_violation());
            let script = "CREATE TABLE child (t BIGINT REFERENCES t (id), amount BIGINT NOT NULL);
                CREATE TRIGGER no_update BEFORE UPDATE ON child BEGIN
                    SELECT RAISE(ABORT, 'append-only'); END;
                INSERT INTO child VALUES (1, 5), (2, -5)";
            pool.execute(sqlx::raw_sql(script)).await.expect("a script");
            let sum = "SELECT CAST(SUM(amount) AS BIGINT) FROM child";
            assert_eq!(sqlx::query_scalar::<_, i64>(sum).fetch_one(&pool).await.expect("sum"), 0);
            let error = pool.execute("UPDATE child SET amount = 1").await.expect_err("trigger");
            assert!(error.to_string().contains("append-only"));
            let error = pool.execute("INSERT INTO child VALUES (99, 1)").await.expect_err("key");
            assert!(error.as_database_error().expect("own error").is_foreign_key_violation());
            let error = pool.execute("BEGIN").await.expect_err("behind the driver's back");
            assert!(error.to_string().contains("Pool::begin"), "{error}");
        },
        async |_| {},
    );
}

#[test]
fn transactions_nest_roll_back_and_forget_when_dropped() {
    with_table(
        |_, pool| async move {
            let mut connection = pool.acquire().await.expect("a connection");
            let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('kept')").await.expect("inserted");
            let mut inner = tx.begin().await.expect("a savepoint");
            inner.execute("INSERT INTO t (text) VALUES ('undone')").await.expect("inserted");
            inner.rollback().await.expect("rolled back");
            tx.commit().await.expect("committed");
            let mut tx = connection.begin().await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('dropped')").await.expect("inserted");
            drop(tx);
            connection.execute("INSERT INTO t (text) VALUES ('after')").await.expect("inserted");
        },
        async |ctl| {
            sleep(ms(1_000)).await;
            assert_eq!(texts(ctl), ["kept", "after"]);
        },
    );
}

#[test]
fn a_transaction_holds_the_database_and_others_wait_in_the_order_of_arrival() {
    with_table(
        |_, pool| async move {
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('first')").await.expect("inserted");
            let began = Instant::now();
            let mut tasks = JoinSet::new();
            for n in 0..4_u64 {
                let pool = pool.clone();
                tasks.spawn(async move {
                    sleep(ms(10 * (4 - n))).await;
                    insert(&pool, &format!("waiter {n}")).await.expect("its turn came");
                });
            }
            sleep(ms(4_000)).await;
            tx.execute("INSERT INTO t (text) VALUES ('last of mine')").await.expect("inserted");
            tx.commit().await.expect("committed");
            while let Some(ended) = tasks.join_next().await {
                ended.expect("no panic");
            }
            assert!(began.elapsed() > ms(4_000) && began.elapsed() < ms(4_100));
        },
        async |ctl| {
            sleep(ms(10_000)).await;
            let order = ["waiter 3", "waiter 2", "waiter 1", "waiter 0"];
            assert_eq!(texts(ctl)[2..], order);
        },
    );
}

#[test]
fn whoever_waits_too_long_for_a_transaction_is_told_that_the_database_is_locked() {
    with_table(
        |_, pool| async move {
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('slow')").await.expect("inserted");
            let began = Instant::now();
            let error = insert(&pool, "late").await.expect_err("the transaction is still open");
            let error = error.as_database_error().expect("the database's own error");
            assert_eq!(
                (error.code().as_deref(), error.message()),
                (Some("5"), "database is locked")
            );
            assert!(began.elapsed() > ms(5_000) && began.elapsed() < ms(5_100));
            tx.commit().await.expect("committed");
            insert(&pool, "later").await.expect("it is free");
        },
        async |ctl| {
            sleep(ms(10_000)).await;
            assert_eq!(texts(ctl), ["slow", "later"]);
        },
    );
}

#[test]
fn whoever_reads_passes_an_open_transaction_and_sees_what_was_committed() {
    with_table(
        |_, pool| async move {
            insert(&pool, "committed").await.expect("inserted");
            let mut tx = pool.begin().await.expect("begun");
            // More than any cache of pages holds.
            let many =
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 20000)
                INSERT INTO t (text) SELECT n || hex(zeroblob(500)) FROM n";
            tx.execute(many).await.expect("inserted");
            sqlx::query("UPDATE t SET text = 'open' WHERE id = $1")
                .bind(1)
                .execute(&mut *tx)
                .await
                .expect("updated");
            let count = "SELECT COUNT(*), MIN(text) FROM t WHERE id > $1";
            let all = async |pool: &AnyPool| {
                let began = Instant::now();
                let row = sqlx::query_as::<_, (i64, String)>(count).bind(0).fetch_one(pool).await;
                assert!(began.elapsed() < ms(100), "it waited");
                row.expect("counted")
            };
            assert_eq!(all(&pool).await, (1, "committed".to_owned()));
            assert_eq!(all(&pool).await.0, 1);
            let own = sqlx::query_as::<_, (i64, String)>(count).bind(0).fetch_one(&mut *tx).await;
            assert_eq!(own.expect("counted").0, 20_001);
            tx.commit().await.expect("committed");
            assert_eq!(all(&pool).await.0, 20_001);
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("DELETE FROM t").await.expect("deleted");
            assert_eq!(all(&pool).await.0, 20_001);
            drop(tx);
            assert_eq!(all(&pool).await.0, 20_001);
        },
        async |_| {},
    );
}

#[test]
fn a_waiter_that_gives_up_lets_the_next_one_pass() {
    with_table(
        |_, pool| async move {
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('a')").await.expect("inserted");
            let given_up = tokio::time::timeout(ms(50), insert(&pool, "b"));
            assert!(given_up.await.is_err());
            let (next, ()) = tokio::join!(insert(&pool, "c"), async {
                sleep(ms(100)).await;
                tx.commit().await.expect("committed");
            });
            next.expect("inserted");
        },
        async |ctl| {
            sleep(ms(1_000)).await;
            assert_eq!(texts(ctl), ["a", "c"]);
        },
    );
}

#[test]
fn a_judge_reads_all_kinds_of_values() {
    toy::run(1, |ctl| async move {
        ctl.db().create("db");
        let row =
            &ctl.db().query("db", "SELECT 1 AS i, 1.5 AS r, 'x' AS t, x'0102' AS b, NULL AS n")[0];
        use sim::engine::Value::{Blob, Integer, Null, Real, Text};
        assert_eq!(row["i"], Integer(1));
        assert_eq!(row["r"], Real(1.5));
        assert_eq!(row["t"], Text("x".to_owned()));
        assert_eq!(row["b"], Blob(vec![1, 2]));
        assert_eq!(row["n"], Null);
    })
    .unwrap();
}
