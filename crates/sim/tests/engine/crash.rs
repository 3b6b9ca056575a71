//! Crashes as peers, databases and the task count see them.

use std::io::ErrorKind;

use futures::FutureExt as _;
use sim::engine::{Crash, Ctl, HostOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{sleep, timeout},
};

use crate::toy::{self, ms, say};

/// What a peer that reads, and one that writes later, find out about a crash of the server.
fn seen_by_peers(how: Crash) {
    toy::run(3, |ctl| async move {
        toy::echo_host(&ctl, "server");
        toy::client_host(&ctl, "client", move |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            let mut other = host.dial("server", 7).await.expect("connected");
            say(&mut stream, b"x").await.expect("echo");
            say(&mut other, b"x").await.expect("echo");
            let read = timeout(ms(5_000), stream.read_u8()).await;
            match how {
                Crash::Process => {
                    let error = read.expect("noticed at once").expect_err("end of stream");
                    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                }
                Crash::Machine => assert!(read.is_err(), "silence"),
            }
            // The machine is up again after 10 s; its new kernel knows nothing of us.
            sleep(ms(10_000)).await;
            other.write_all(b"y").await.expect("the first write is taken");
            sleep(ms(1_000)).await;
            let error = match how {
                Crash::Machine => other.read_u8().await.expect_err("reset"),
                Crash::Process => other.write_all(b"z").await.expect_err("reset"),
            };
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            let mut stream = host.dial("server", 7).await.expect("the new life listens");
            assert_eq!(say(&mut stream, b"new").await.expect("echo"), b"new");
        });
        sleep(ms(500)).await;
        assert_eq!(ctl.crash("server", how).await, 0, "no task is left");
        assert!(!ctl.is_up("server"));
        sleep(ms(9_500)).await;
        ctl.restart("server");
        while ctl.is_up("client") {
            sleep(ms(100)).await;
        }
    })
    .unwrap();
}

#[test]
fn a_process_crash_closes_sockets() {
    seen_by_peers(Crash::Process);
}

#[test]
fn a_machine_crash_is_silence_then_reset() {
    seen_by_peers(Crash::Machine);
}

#[test]
fn a_restart_at_once_gets_its_port_back_while_peers_still_hold_connections() {
    toy::run(3, |ctl| async move {
        toy::echo_host(&ctl, "server");
        toy::client_host(&ctl, "client", |host| async move {
            let mut stream = host.dial("server", 7).await.expect("connected");
            say(&mut stream, b"x").await.expect("echo");
            std::future::pending::<()>().await;
            drop(stream);
        });
        sleep(ms(100)).await;
        for _ in 0..3 {
            assert_eq!(ctl.crash("server", Crash::Process).await, 0);
            ctl.restart("server");
            sleep(ms(10)).await;
            assert!(ctl.is_up("server"));
        }
    })
    .unwrap();
}

#[test]
fn a_crash_ends_all_tasks_of_a_service_in_full_flight() {
    toy::run(4, |ctl| async move {
        ctl.db().create("notes");
        ctl.host("notebook", HostOptions::default(), |host| toy::notebook(host, "notes"));
        ctl.start("notebook");
        for name in ["ann", "bob"] {
            toy::client_host(&ctl, name, |host| toy::writer(host, 200, ms(1)));
        }
        for round in 0..20 {
            sleep(ms(137)).await;
            assert!(ctl.tasks_of("notebook") > 0);
            let how = [Crash::Process, Crash::Machine][round % 2];
            assert_eq!(ctl.crash("notebook", how).await, 0, "round {round}");
            assert_eq!(ctl.tasks_of("notebook"), 0);
            sleep(ms(50)).await;
            ctl.restart("notebook");
        }
        while ctl.is_up("ann") || ctl.is_up("bob") {
            sleep(ms(100)).await;
        }
        let rows = ctl.db().query("notes", "SELECT COUNT(*) AS n FROM note");
        assert_eq!(rows[0]["n"].as_i64(), Some(400));
    })
    .unwrap();
}

/// A host that lets go of a task, which is what the count is there to find.
fn leaky(ctl: &Ctl) {
    ctl.db().create("notes");
    ctl.host("leaky", HostOptions::default(), |host| {
        async move {
            let pool = toy::pool(&host, "notes", 1).await;
            let table = "CREATE TABLE IF NOT EXISTS note (text TEXT)";
            sqlx::query(table).execute(&pool).await.expect("created");
            let from = host.clone();
            #[expect(clippy::disallowed_methods, reason = "the leak that this test is about")]
            drop(tokio::spawn(async move {
                let mut stream = from.dial("server", 7).await.expect("connected");
                loop {
                    sleep(ms(100)).await;
                    let _refused =
                        sqlx::query("INSERT INTO note VALUES ('x')").execute(&pool).await;
                    let _refused = say(&mut stream, b"x").await;
                    let _refused = from.dial("server", 7).await;
                }
            }));
            std::future::pending().await
        }
        .boxed()
    });
    ctl.start("leaky");
}

#[test]
fn what_outlives_its_crash_is_counted_and_can_touch_nothing() {
    toy::run(4, |ctl| async move {
        toy::echo_host(&ctl, "server");
        leaky(&ctl);
        sleep(ms(1_000)).await;
        let count = move || {
            let rows = ctl.db().query("notes", "SELECT COUNT(*) AS n FROM note");
            rows[0]["n"].as_i64().expect("a count")
        };
        assert!(count() > 3);
        assert!(ctl.crash("leaky", Crash::Process).await >= 1, "the leak is seen");
        let before = count();
        let peers = ctl.tasks_of("server");
        sleep(ms(5_000)).await;
        assert_eq!(count(), before, "the dead write nothing");
        assert!(ctl.tasks_of("server") <= peers, "and connect nowhere");
        assert!(ctl.tasks_of("leaky") >= 1);
        ctl.restart("leaky");
        sleep(ms(1_000)).await;
        assert!(count() > before, "the next life works");
    })
    .unwrap();
}

#[test]
fn a_panic_in_a_host_fails_the_run_and_is_named() {
    let report = toy::run(1, |ctl| async move {
        toy::client_host(&ctl, "clumsy", |_| async move {
            sleep(ms(1_500)).await;
            let mut tasks = tokio::task::JoinSet::new();
            tasks.spawn(async { panic!("I fell over") });
            std::future::pending::<()>().await;
        });
        sleep(ms(10_000)).await;
    });
    let panic = report.result.expect_err("the run fails");
    assert_eq!(panic.host, "clumsy");
    assert_eq!(panic.message, "I fell over");
    assert!(panic.location.contains("crash.rs"), "{}", panic.location);
    assert_eq!(panic.at_ns / 1_000_000, 1_500);
    // The thread is as good as new.
    toy::run(1, |_| async {}).unwrap();
}
