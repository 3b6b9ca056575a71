//! Hosts and statements that stand still and go on.

use sim::engine::Ctl;
use tokio::time::{Instant, sleep};

use crate::{
    database::{texts, with_table},
    toy::{self, ms, say},
};

#[test]
fn a_stalled_host_sends_and_hears_nothing_and_then_goes_on() {
    toy::run(5, |ctl| async move {
        toy::echo_host(&ctl, "server");
        toy::client_host(&ctl, "client", |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            say(&mut stream, b"x").await.expect("echo");
            sleep(ms(1_000)).await;
            let asked = Instant::now();
            assert_eq!(say(&mut stream, b"late").await.expect("echo"), b"late");
            assert!(asked.elapsed() >= ms(89_000), "after the stall: {:?}", asked.elapsed());
            assert!(asked.elapsed() <= ms(270_000), "at the next retransmission");
        });
        sleep(ms(500)).await;
        ctl.stall("server");
        sleep(ms(90_000)).await;
        ctl.resume("server");
        sleep(ms(300_000)).await;
        assert!(!ctl.is_up("client"), "it was answered");
    })
    .unwrap();
}

#[test]
fn a_call_of_a_stalled_host_reaches_the_database_with_its_old_values() {
    with_table(
        |host, pool| async move {
            sleep(ms(100)).await;
            let made = host.clock().now().as_millisecond().to_string();
            sqlx::query("INSERT INTO t (text) VALUES ($1)")
                .bind(made)
                .execute(&pool)
                .await
                .unwrap();
        },
        async |ctl| {
            sleep(ms(50)).await;
            ctl.stall("host");
            sleep(ms(90_000)).await;
            assert!(texts(ctl).is_empty() && ctl.is_up("host"));
            let now = ctl.now().as_millisecond();
            ctl.resume("host");
            sleep(ms(100)).await;
            let made: i64 = texts(ctl)[0].parse().expect("a time");
            assert!(now - made >= 89_000, "the value is as old as the call");
        },
    );
}

#[test]
fn a_transaction_of_a_stalled_host_keeps_its_turn_even_when_its_timer_fires() {
    with_table(
        |_, pool| async move {
            let work = async {
                let mut tx = pool.begin().await.expect("begun");
                let insert = sqlx::query("INSERT INTO t (text) VALUES ('x')");
                insert.execute(&mut *tx).await.expect("inserted");
                sleep(ms(60_000)).await;
                tx.commit().await.expect("committed");
            };
            assert!(tokio::time::timeout(ms(5_000), work).await.is_err(), "in time");
            sleep(ms(100_000)).await;
        },
        async |ctl: Ctl| {
            sleep(ms(100)).await;
            ctl.stall("host");
            sleep(ms(30_000)).await;
            assert!(ctl.db().is_held("db"), "the database does not know yet");
            ctl.resume("host");
            assert!(!ctl.db().is_held("db"), "rolled back");
            assert!(texts(ctl).is_empty());
        },
    );
}

#[test]
fn a_statement_that_stands_still_holds_what_its_transaction_holds() {
    with_table(
        |_, pool| async move {
            let mut tx = pool.begin().await.expect("begun");
            sleep(ms(100)).await;
            let began = Instant::now();
            let insert = sqlx::query("INSERT INTO t (text) VALUES ('x')");
            insert.execute(&mut *tx).await.expect("inserted");
            assert!(began.elapsed() >= ms(30_000), "{:?}", began.elapsed());
            tx.commit().await.expect("committed");
        },
        async |ctl: Ctl| {
            sleep(ms(50)).await;
            ctl.db().stall("db", "host", 1.0, ms(30_000));
            sleep(ms(20_000)).await;
            assert!(ctl.db().is_held("db"));
            ctl.db().heal_all();
            sleep(ms(15_000)).await;
            assert_eq!(texts(ctl), ["x"]);
        },
    );
}
