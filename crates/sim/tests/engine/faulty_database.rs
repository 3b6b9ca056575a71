//! The database link when things go wrong.

use std::io::ErrorKind;

use sim::engine::{Crash, HostOptions};
use sqlx::{AnyPool, Executor as _};
use tokio::time::{Instant, sleep};

use crate::{
    database::{texts, with_table},
    toy::{self, ms},
};

async fn add(pool: &AnyPool, text: &str) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query("INSERT INTO t (text) VALUES ($1)").bind(text).execute(&mut *tx).await?;
    tx.commit().await
}

fn kind(error: &sqlx::Error) -> ErrorKind {
    match error {
        sqlx::Error::Io(error) => error.kind(),
        other => panic!("a fault of the link is an I/O error, but this is {other:?}"),
    }
}

#[test]
fn a_commit_whose_answer_was_lost_is_there() {
    with_table(
        |_, pool| async move {
            sleep(ms(10)).await;
            let began = Instant::now();
            let error = add(&pool, "in doubt").await.expect_err("no answer");
            assert_eq!(kind(&error), ErrorKind::TimedOut);
            assert!(began.elapsed() >= ms(1_000), "an error that comes late");
            sleep(ms(5_000)).await;
            add(&pool, "after").await.expect("the pool has replaced the connection");
        },
        async |ctl| {
            ctl.db().lose_commit_answer("db", "host", 1.0);
            sleep(ms(3_000)).await;
            assert_eq!(texts(ctl), ["in doubt"]);
            ctl.db().heal("db", "host");
            sleep(ms(5_000)).await;
            assert_eq!(texts(ctl), ["in doubt", "after"]);
        },
    );
}

#[test]
fn what_cannot_be_committed_is_not_there_and_single_statements_are() {
    with_table(
        |_, pool| async move {
            sleep(ms(10)).await;
            let error = add(&pool, "in a transaction").await.expect_err("not committed");
            assert_eq!(kind(&error), ErrorKind::ConnectionReset);
            let single = pool.execute("INSERT INTO t (text) VALUES ('single')").await;
            single.expect("a single statement passes");
            sleep(ms(5_000)).await;
            add(&pool, "after").await.expect("the pool has replaced the connection");
        },
        async |ctl| {
            ctl.db().cut_commit("db", "host", 1.0);
            sleep(ms(3_000)).await;
            assert_eq!(texts(ctl), ["single"]);
            ctl.db().heal("db", "host");
            sleep(ms(5_000)).await;
            assert_eq!(texts(ctl), ["single", "after"]);
        },
    );
}

#[test]
fn a_lost_answer_of_a_statement_in_a_transaction_rolls_it_back() {
    with_table(
        |_, pool| async move {
            let mut tx = pool.begin().await.expect("begun");
            sleep(ms(100)).await;
            let lost = tx.execute("INSERT INTO t (text) VALUES ('x')").await;
            assert_eq!(kind(&lost.expect_err("no answer")), ErrorKind::TimedOut);
            drop(tx);
        },
        async |ctl| {
            sleep(ms(50)).await;
            ctl.db().lose_answer("db", "*", 1.0);
            sleep(ms(5_000)).await;
            assert!(texts(ctl).is_empty());
        },
    );
}

#[test]
fn a_lost_request_never_happened_and_a_cut_rolls_back() {
    with_table(
        |_, pool| async move {
            let mut cut = pool.begin().await.expect("begun");
            cut.execute("INSERT INTO t (text) VALUES ('cut')").await.expect("inserted");
            sleep(ms(100)).await;
            let error = cut.execute("INSERT INTO t (text) VALUES ('never')").await;
            assert_eq!(kind(&error.expect_err("cut")), ErrorKind::ConnectionReset);
            assert!(cut.commit().await.is_err(), "broken for good");
            sleep(ms(1_000)).await;
            let error = add(&pool, "lost").await.expect_err("lost");
            assert_eq!(kind(&error), ErrorKind::TimedOut);
            sleep(ms(10_000)).await;
            add(&pool, "fine").await.expect("healed");
        },
        async |ctl| {
            sleep(ms(50)).await;
            ctl.db().cut("db", "host", 1.0);
            sleep(ms(150)).await;
            assert!(texts(ctl).is_empty(), "rolled back at once");
            ctl.db().heal_all();
            ctl.db().lose_request("db", "*", 1.0);
            sleep(ms(5_000)).await;
            ctl.db().heal_all();
            sleep(ms(20_000)).await;
            assert_eq!(texts(ctl), ["fine"]);
        },
    );
}

#[test]
fn an_outage_concerns_connecting_too_and_only_its_host() {
    with_table(
        |_, pool| async move {
            let began = Instant::now();
            let error = add(&pool, "x").await.expect_err("out of reach");
            assert_eq!(kind(&error), ErrorKind::HostUnreachable);
            assert_eq!(began.elapsed(), ms(300));
            sleep(ms(1_000)).await;
            add(&pool, "back").await.expect("healed");
        },
        async |ctl| {
            ctl.db().outage("db", "host", true);
            ctl.db().error_after("db", "host", ms(300));
            toy::client_host(&ctl, "other", |host| async move {
                let pool = toy::pool(&host, "db", 1).await;
                add(&pool, "other").await.expect("not concerned");
            });
            sleep(ms(1_000)).await;
            ctl.db().outage("db", "host", false);
            sleep(ms(1_000)).await;
            assert_eq!(texts(ctl), ["other", "back"]);
        },
    );
}

#[test]
fn an_outage_ends_what_was_open_though_nobody_used_it() {
    with_table(
        |_, pool| async move {
            let mut idle = pool.acquire().await.expect("there is one");
            sleep(ms(2_000)).await;
            let insert = || sqlx::query("INSERT INTO t (text) VALUES ('x')");
            let error = insert().execute(&mut *idle).await.expect_err("dead since the outage");
            assert_eq!(kind(&error), ErrorKind::BrokenPipe);
            drop(idle);
            insert().execute(&pool).await.expect("the pool tests before it hands out");
        },
        async |ctl| {
            sleep(ms(100)).await;
            ctl.db().outage("db", "host", true);
            sleep(ms(500)).await;
            ctl.db().outage("db", "host", false);
            sleep(ms(3_000)).await;
            assert_eq!(texts(ctl), ["x"]);
        },
    );
}

#[test]
fn a_restart_sees_the_database_as_committed_and_not_locked() {
    toy::run(2, |ctl| async move {
        ctl.db().create("db");
        ctl.db().tamper("db", "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT UNIQUE)");
        ctl.host("host", HostOptions::default(), |host| {
            Box::pin(async move {
                let pool = toy::pool(&host, "db", 2).await;
                let life = host.incarnation();
                add(&pool, &format!("committed {life}")).await.expect("committed");
                let mut tx = pool.begin().await.expect("begun");
                let text = format!("open {life}");
                let open = sqlx::query("INSERT INTO t (text) VALUES ($1)").bind(text);
                open.execute(&mut *tx).await.expect("inserted");
                std::future::pending::<()>().await;
                tx.commit().await.expect("never");
            })
        });
        for life in 1..=3 {
            ctl.start("host");
            sleep(ms(100)).await;
            let how = if life == 2 { Crash::Machine } else { Crash::Process };
            assert_eq!(ctl.crash("host", how).await, 0);
        }
        assert_eq!(texts(ctl), ["committed 1", "committed 2", "committed 3"]);
    })
    .unwrap();
}
