//! A panic of a host ends its run with its name, whatever the host holds, and never the process.

use futures::FutureExt as _;
use sim::engine::{Crash, Ctl, HostHandle, HostOptions};
use tokio::{task::JoinSet, time::sleep};

use crate::toy::{self, ms, say};

/// A service that owns tasks in sets within sets, connections, a listener, timers and an open
/// transaction. `panics` says whether one of its tasks panics after a second.
async fn full_house(host: HostHandle, panics: bool) {
    let _listener = host.listen(80).await;
    let pool = toy::pool(&host, "notes", 3).await;
    let mut outer = JoinSet::new();
    outer.spawn(async move {
        let mut inner = JoinSet::new();
        for n in 0..3 {
            let (host, pool) = (host.clone(), pool.clone());
            inner.spawn(async move {
                let mut stream = host.dial("server", 7).await.expect("connected");
                say(&mut stream, b"x").await.expect("echo");
                // One transaction at a time: the others would wait for it.
                let tx = if panics && n == 0 { pool.begin().await.ok() } else { None };
                sleep(ms(1_000)).await;
                assert!(!panics || n != 0, "I fell over");
                sleep(ms(60_000)).await;
                drop((tx, stream));
            });
        }
        inner.join_all().await;
    });
    outer.join_all().await;
}

fn start(ctl: &Ctl, name: &str, panics: bool) {
    ctl.host(name, HostOptions::default(), move |host| full_house(host, panics).boxed());
    ctl.start(name);
}

fn world(ctl: &Ctl) {
    ctl.db().create("notes");
    toy::echo_host(ctl, "server");
    start(ctl, "calm", false);
}

#[test]
fn a_task_in_a_full_house() {
    let report = toy::run(1, |ctl| async move {
        world(&ctl);
        start(&ctl, "clumsy", true);
        sleep(ms(10_000)).await;
    });
    let panic = report.result.expect_err("the run fails");
    assert_eq!((panic.host.as_str(), panic.message.as_str()), ("clumsy", "I fell over"));
    assert!(panic.location.contains("panics.rs"), "{panic}");
    toy::run(1, |_| async {}).unwrap();
}

#[test]
fn the_root_future_of_a_host() {
    let report = toy::run(1, |ctl| async move {
        world(&ctl);
        toy::client_host(&ctl, "clumsy", |host| async move {
            let _stream = host.dial("server", 7).await.expect("connected");
            panic!("at the root");
        });
        sleep(ms(10_000)).await;
    });
    assert_eq!(report.result.expect_err("the run fails").message, "at the root");
}

#[test]
fn while_another_host_is_down() {
    let report = toy::run(1, |ctl| async move {
        world(&ctl);
        start(&ctl, "clumsy", true);
        sleep(ms(500)).await;
        assert_eq!(ctl.crash("calm", Crash::Machine).await, 0);
        sleep(ms(10_000)).await;
    });
    assert_eq!(report.result.expect_err("the run fails").host, "clumsy");
}

/// Panics when it is dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

#[test]
fn in_the_last_turns_of_a_crash() {
    let report = toy::run(1, |ctl| async move {
        world(&ctl);
        toy::client_host(&ctl, "clumsy", |_| async {
            let mut tasks = JoinSet::new();
            tasks.spawn(async {
                let _grenade = Grenade;
                std::future::pending::<()>().await;
            });
            std::future::pending::<()>().await;
        });
        sleep(ms(500)).await;
        ctl.crash("clumsy", Crash::Process).await;
        sleep(ms(10_000)).await;
    });
    let panic = report.result.expect_err("the run fails");
    assert_eq!((panic.host.as_str(), panic.message.as_str()), ("clumsy", "dropped"));
}

#[test]
fn a_last_look_finds_the_databases_as_they_were() {
    let report = toy::run(1, |ctl| async move {
        world(&ctl);
        ctl.db().tamper("notes", "CREATE TABLE t (x)");
        start(&ctl, "clumsy", true);
        let ended = ctl.until_panic(sleep(ms(10_000))).await;
        let left = ctl.db().query("notes", "SELECT COUNT(*) AS n FROM t");
        (ended.expect_err("a panic").host, left[0]["n"].as_i64())
    });
    assert_eq!(report.unwrap(), ("clumsy".to_owned(), Some(0)));
}

#[test]
fn a_crash_that_nobody_waits_for_is_finished_by_the_restart() {
    for how in [Crash::Process, Crash::Machine] {
        toy::run(1, |ctl| async move {
            world(&ctl);
            sleep(ms(500)).await;
            for host in ["calm", "server"] {
                // Polled once, then dropped, as by a `select!` whose other branch is ready.
                assert!(ctl.crash(host, how).now_or_never().is_none());
                assert!(!ctl.is_up(host));
                ctl.restart(host);
            }
            sleep(ms(2_000)).await;
            assert!(ctl.is_up("server") && ctl.is_up("calm"));
            toy::client_host(&ctl, "client", |host| async move {
                let mut stream = host.dial("server", 7).await.expect("connected");
                assert_eq!(say(&mut stream, b"x").await.expect("echo"), b"x");
            });
            sleep(ms(2_000)).await;
            assert!(!ctl.is_up("client"), "it was answered");
        })
        .unwrap();
    }
}
