//! One seed, one history: in one process, in two, and next to other worlds.

use std::{process::Command, time::Duration};

use sim::engine::{
    Crash, Ctl, HostOptions, Keep, TraceConfig, TraceSummary, World, WorldConfig, db,
};
use tokio::time::sleep;

use crate::toy::{self, ms};

const CHILD: &str = "SIM_ENGINE_TEST_TRACE_TO";

/// Two writers and a notebook while everything goes wrong.
async fn chaos(ctl: Ctl) -> i64 {
    ctl.db().create("notes");
    ctl.host("notebook", HostOptions::default(), |host| toy::notebook(host, "notes"));
    ctl.start("notebook");
    for name in ["ann", "bob"] {
        toy::client_host(&ctl, name, |host| toy::writer(host, 60, ms(40)));
    }
    let (net, db) = (ctl.net(), ctl.db());
    net.loss("ann", "notebook", 0.05);
    db.lose_answer("notes", "*", 0.02);
    db.lose_request("notes", "*", 0.02);
    db.cut("notes", "notebook", 0.02);
    sleep(ms(700)).await;
    net.partition_oneway("notebook", "bob");
    sleep(ms(2_000)).await;
    net.heal("notebook", "bob");
    ctl.set_skew("notebook", jiff::SignedDuration::from_secs(-30));
    sleep(ms(900)).await;
    assert_eq!(ctl.crash("notebook", Crash::Machine).await, 0);
    sleep(ms(4_000)).await;
    ctl.restart("notebook");
    sleep(ms(800)).await;
    net.reset("ann", "notebook");
    net.heal_all();
    db.heal_all();
    while ctl.is_up("ann") || ctl.is_up("bob") {
        sleep(ms(100)).await;
    }
    db.query("notes", "SELECT COUNT(*) AS n FROM note")[0]["n"].as_i64().expect("a count")
}

fn history(seed: u64, keep: Keep) -> TraceSummary {
    db::install();
    let trace = TraceConfig { keep, ..TraceConfig::default() };
    let report = World::new(WorldConfig { trace, ..toy::config(seed) }).run(chaos);
    let trace = report.trace.clone();
    assert_eq!(report.unwrap(), 120, "every note is there exactly once");
    trace
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = history(1, Keep::Memory);
    let again = history(1, Keep::Memory);
    if first != again {
        let (a, b) = (String::from_utf8_lossy(&first.text), String::from_utf8_lossy(&again.text));
        let difference = a.lines().zip(b.lines()).find(|(a, b)| a != b);
        panic!("the first difference: {difference:#?}");
    }
    assert!(first.lines > 1_000, "only {} lines", first.lines);
    assert_eq!(first.fingerprint, history(1, Keep::Nothing).fingerprint, "kept or not");
    assert_ne!(first.fingerprint, history(2, Keep::Nothing).fingerprint);
}

/// Not a test of its own: the other process of the test below.
#[test]
fn child() {
    if let Ok(path) = std::env::var(CHILD) {
        std::fs::write(path, history(7, Keep::Memory).text).expect("a writable file");
    }
}

#[test]
fn two_processes_give_the_same_bytes() {
    let folder = std::env::temp_dir().join(format!("sim-engine-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let trace = |name: &str| {
        let path = folder.join(name);
        let child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "determinism::child"])
            .env(CHILD, &path)
            .output()
            .expect("this test runs again");
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        std::fs::read(path).expect("a trace")
    };
    let (first, again) = (trace("first"), trace("again"));
    assert!(first.len() > 10_000);
    assert!(first == again, "two processes told different histories of one seed");
    std::fs::remove_dir_all(folder).expect("removable");
}

#[test]
fn worlds_on_two_threads_do_not_disturb_each_other() {
    let alone = [3, 4].map(|seed| history(seed, Keep::Nothing).fingerprint);
    let together = std::thread::scope(|scope| {
        let threads = [3, 4].map(|seed| {
            scope.spawn(move || {
                let first = history(seed, Keep::Nothing);
                assert_eq!(first, history(seed, Keep::Nothing));
                first.fingerprint
            })
        });
        threads.map(|thread| thread.join().expect("no panic"))
    });
    assert_eq!(alone, together);
}

#[test]
fn the_clock_of_a_host_is_epoch_plus_time_plus_skew() {
    toy::run(1, |ctl| async move {
        let skew = jiff::SignedDuration::from_secs(90);
        ctl.host("late", HostOptions { skew }, |_| Box::pin(std::future::pending()));
        sleep(Duration::from_secs(10)).await;
        let epoch: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().expect("a timestamp");
        assert_eq!(ctl.now(), epoch + jiff::SignedDuration::from_secs(10));
        assert_eq!(ctl.clock("late").now(), epoch + jiff::SignedDuration::from_secs(100));
        ctl.set_skew("late", jiff::SignedDuration::from_secs(-1));
        assert_eq!(ctl.clock("late").now(), epoch + jiff::SignedDuration::from_secs(9));
    })
    .unwrap();
}

#[test]
fn many_seeds_tell_the_same_history_twice() {
    for seed in 100..112 {
        assert_eq!(history(seed, Keep::Nothing), history(seed, Keep::Nothing), "seed {seed}");
    }
}
