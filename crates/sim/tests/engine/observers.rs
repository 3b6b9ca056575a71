//! Commit observers: what judges are told, and what they are spared.

use std::{cell::RefCell, rc::Rc};

use sim::engine::{Commit, Ctl, Op};
use sqlx::Executor as _;
use tokio::time::sleep;

use crate::{database::with_table, toy::ms};

/// Collects commits that touch `t`, each as "host: op id=text ...".
fn watch(ctl: Ctl) -> Rc<RefCell<Vec<String>>> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let told = seen.clone();
    let judge = move |commit: &Commit| {
        let mut line = commit.host.clone().unwrap_or_else(|| "-".to_owned());
        for change in &commit.changes {
            let text = change.row.as_ref().map_or("gone".to_owned(), |row| row["text"].to_string());
            let op = match change.op {
                Op::Insert => '+',
                Op::Update => '~',
                Op::Delete => '-',
            };
            line += &format!(" {op}{}={text}", change.rowid);
        }
        told.borrow_mut().push(line);
    };
    ctl.db().observe("db", &["t"], Box::new(judge));
    seen
}

#[test]
fn a_commit_is_told_as_a_whole_and_what_was_undone_is_not_told() {
    with_table(
        |_, pool| async move {
            sleep(ms(50)).await;
            pool.execute("INSERT INTO t (text) VALUES ('a')").await.expect("inserted");
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('b')").await.expect("inserted");
            tx.execute("UPDATE t SET text = 'c' WHERE text = 'b'").await.expect("updated");
            tx.execute("INSERT INTO t (text) VALUES ('came and went')").await.expect("inserted");
            tx.execute("DELETE FROM t WHERE text = 'came and went'").await.expect("deleted");
            let unique = tx.execute("INSERT INTO t (text) VALUES ('z'), ('a')").await;
            unique.expect_err("the whole statement is undone");
            let mut inner = sqlx::Connection::begin(&mut *tx).await.expect("a savepoint");
            inner.execute("UPDATE t SET text = 'undone'").await.expect_err("unique");
            inner.execute("DELETE FROM t WHERE text = 'a'").await.expect("deleted");
            inner.rollback().await.expect("undone");
            tx.commit().await.expect("committed");
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("DELETE FROM t WHERE id > 0").await.expect("deleted");
            tx.rollback().await.expect("undone");
            pool.execute("DELETE FROM t WHERE text = 'a'").await.expect("deleted");
            pool.execute(sqlx::raw_sql(
                "CREATE TABLE u (n BIGINT); INSERT INTO u VALUES (1); INSERT INTO t VALUES (9, 'd')",
            ))
            .await
            .expect("a script");
        },
        async |ctl| {
            let seen = watch(ctl);
            sleep(ms(1_000)).await;
            ctl.db().tamper("db", "UPDATE t SET text = 'cheat' WHERE id = 9");
            let expected = ["host +1=a", "host +2=c", "host -1=gone", "host +9=d", "- ~9=cheat"];
            assert_eq!(*seen.borrow(), expected);
        },
    );
}

#[test]
fn a_commit_whose_answer_was_lost_is_told_and_one_that_was_cut_is_not() {
    with_table(
        |_, pool| async move {
            pool.execute("SELECT 1").await.expect("connected");
            sleep(ms(50)).await;
            let insert = "INSERT INTO t (text) VALUES ('x')";
            pool.execute(insert).await.expect_err("in doubt");
            sleep(ms(5_000)).await;
            let mut tx = pool.begin().await.expect("begun");
            tx.execute("INSERT INTO t (text) VALUES ('y')").await.expect("inserted");
            sleep(ms(5_000)).await;
            tx.commit().await.expect_err("cut");
        },
        async |ctl| {
            let seen = watch(ctl);
            sleep(ms(25)).await;
            ctl.db().lose_answer("db", "host", 1.0);
            sleep(ms(2_000)).await;
            ctl.db().heal_all();
            sleep(ms(4_500)).await;
            ctl.db().cut("db", "host", 1.0);
            sleep(ms(6_000)).await;
            assert_eq!(*seen.borrow(), ["host +1=x"]);
        },
    );
}
