//! Worlds as a whole: what idle time costs, worlds one after another, coverage, the trace.

use std::time::Duration;

use sim::engine::{Keep, TraceConfig, World, WorldConfig};
use tokio::time::sleep;

use crate::toy::{self, ms, say};

#[test]
fn a_night_of_idle_costs_next_to_nothing() {
    let night = |hours: u64| {
        let report = toy::run(1, |ctl| async move {
            for n in 0..3 {
                toy::echo_host(&ctl, &format!("server-{n}"));
            }
            toy::client_host(&ctl, "client", |host| async move {
                let mut stream = host.dial("server-2", 7).await.expect("connected");
                say(&mut stream, b"x").await.expect("echo");
                std::future::pending::<()>().await;
                drop(stream);
            });
            sleep(Duration::from_secs(hours * 3600)).await;
        });
        assert_eq!(report.stats.simulated.as_secs(), hours * 3600);
        report.stats
    };
    let (short, long) = (night(1), night(12));
    assert_eq!(short.polls, long.polls, "nobody is woken to find nothing to do");
    assert_eq!(short.packets, long.packets);
    assert!(long.parks < short.parks + 20, "{} against {}", long.parks, short.parks);
}

#[test]
fn call_sites_are_counted_per_world() {
    let hits = |times: usize| {
        let report = toy::run(1, |ctl| async move {
            toy::client_host(&ctl, "logger", move |_| async move {
                for _ in 0..times {
                    tracing::trace!("here");
                }
            });
            sleep(ms(10)).await;
        });
        let here = report.coverage.iter().find(|(site, _)| site.contains("worlds.rs"));
        here.map_or(0, |(_, count)| *count)
    };
    assert_eq!((hits(3), hits(5)), (3, 5));
}

#[test]
fn a_trace_line_has_ordinal_time_host_and_what() {
    let trace = TraceConfig { keep: Keep::Memory, level: tracing::Level::INFO };
    let report = World::new(WorldConfig { trace, ..toy::config(1) }).run(|ctl| async move {
        toy::client_host(&ctl, "logger", |_| async {
            sleep(ms(1_500)).await;
            tracing::debug!("too small");
            let span = tracing::info_span!("payment", order = "ord-1");
            tracing::info!(parent: &span, amount = 15_000, state = ?Some(1), "taken");
        });
        sleep(ms(2_000)).await;
    });
    let text = String::from_utf8(report.trace.text).expect("text");
    let line = text.lines().find(|line| line.contains("taken")).expect("a line");
    let rest = line.split_once(' ').expect("an ordinal").1;
    let target = module_path!();
    let expected = format!(
        "1.500000000 logger log INFO {target} [payment order=ord-1] taken amount=15000 state=Some(1)"
    );
    assert_eq!(rest, expected);
    assert!(!text.contains("too small"));
}

#[test]
#[should_panic(expected = "no host is named ghost")]
fn a_scenarios_own_panic_is_its_own() {
    let report = toy::run(1, |ctl| async move { ctl.start("ghost") });
    drop(report);
}

#[test]
#[should_panic(expected = "no place for another host")]
fn places_for_hosts_are_limited_after_the_start() {
    toy::run(1, |ctl| async move {
        for n in 0..9 {
            toy::echo_host(&ctl, &format!("server-{n}"));
        }
    })
    .unwrap();
}
