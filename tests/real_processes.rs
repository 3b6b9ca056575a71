//! The real binaries over real sockets and databases, broken on purpose, judged at the end by the
//! same judges as every simulated run.

use std::time::Duration;

use hanbeon::{
    Layout, Postgres, Shutdown, System,
    books::{facts, judge, pending, rows},
    buyer::{Buyer, History},
    eventually,
    http::Ask,
    pause,
};
use jiff::{ToSpan, tz};
use serde_json::{Value, json};
use system::kernel::{Clock, SystemClock};
use tokio::task::JoinSet;

/// Everything must have come to rest by then; it takes some twenty seconds.
const QUIET: Duration = Duration::from_secs(120);

/// Purchases by what the PSP does to them, each so often.
const CROWD: [(&str, usize); 11] = [
    ("plain", 6),
    ("lost", 5),
    ("error", 4),
    ("hang", 5),
    ("silent", 3),
    ("late", 4),
    ("garbled", 3),
    ("busy", 2),
    ("slow", 5),
    ("declined", 3),
    ("second", 4),
];

/// What the PSP does to whom. `nth = 1`: once; then it behaves.
fn programme() -> Value {
    let once = |endpoint: &str, order: &str, then: Value| json!({"on": {"endpoint": endpoint, "order": format!("{order}-*"), "nth": 1}, "then": then});
    let failed = json!({"act_then_error": {"code": "FAILED_INTERNAL_SYSTEM_PROCESSING"}});
    json!({"rules": [
        once("confirm", "lost", json!("act_then_close")),
        once("webhook", "lost", json!("drop")),
        once("confirm", "error", failed),
        once("webhook", "error", json!({"duplicate": {"times": 2}})),
        once("confirm", "hang", json!("act_then_hang")),
        once("read", "hang", json!("garbage")),
        once("webhook", "hang", json!("drop")),
        once("confirm", "silent", json!("hang_before")),
        // Longer than the executor waits: the effect comes after it has asked again.
        once("confirm", "late", json!({"delay": {"ms": 2500}})),
        once("confirm", "garbled", json!("garbage")),
        once("read", "garbled", json!("act_then_cut")),
        once("confirm", "busy", json!({"too_many": {"retry_after_s": 1}})),
        once("confirm", "slow", json!({"act_then_late": {"ms": 1000}})),
        once("confirm", "declined", json!({"decline": {"code": "REJECT_CARD_COMPANY"}})),
        // The first card; the answer to the second is lost.
        once("confirm", "second", json!({"decline": {"code": "REJECT_CARD_PAYMENT"}})),
        json!({"on": {"endpoint": "confirm", "order": "second-*", "nth": 2}, "then": "act_then_close"}),
    ]})
}

/// Sends the whole crowd shopping, a few at a time.
fn open_doors(system: &System, history: &History) -> JoinSet<(String, String)> {
    let mut shopping = JoinSet::new();
    // One of each kind, then the next of each: trouble from the beginning.
    let most = CROWD.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let names = (1..=most).flat_map(|n| CROWD.iter().map(move |(kind, count)| (kind, n, count)));
    let names = names.filter(|(_, n, count)| n <= count);
    for (turn, (kind, n, _)) in names.enumerate() {
        let won = 1_000 + 10 * i64::try_from(turn).expect("a crowd, not a nation");
        let items = [("seller-a", won), ("seller-b", 500), ("seller-c", won / 2)];
        let items = &items[..=turn % 3];
        let mut buyer = Buyer::new(system, history, &format!("{kind}-{n}"), items);
        // Every third clicks twice; every other begins at another replica.
        buyer.clicks = 1 + usize::from(turn % 3 == 0);
        buyer.cards = 1 + usize::from(*kind == "second");
        buyer.shops.rotate_left(turn % system.urls("payment").len());
        shopping.spawn(async move {
            pause(u64::try_from(turn).expect("small") * 40).await;
            (buyer.name.clone(), buyer.buy().await)
        });
    }
    shopping
}

/// Waits until the PSP has been asked to confirm so many payments.
async fn confirms(system: &System, count: usize) {
    let url = format!("{}/_fake/calls", system.url("psp"));
    eventually(&format!("{count} confirms at the PSP"), QUIET, async || {
        let calls = Ask::get(&url).send().await.expect("the fake answers").json();
        let calls = calls.as_array().expect("a list of calls");
        let confirms = calls.iter().filter(|call| call["endpoint"] == "confirm").count();
        (confirms >= count).then_some(())
    })
    .await;
}

/// Kills an executor while confirms are between "committed that it is being sent" and "committed
/// what came of it"; at least so many confirms have come to the PSP by then.
async fn kill_in_the_middle(system: &mut System, count: usize) {
    let under_way =
        "SELECT COUNT(*) AS n FROM operation WHERE state = 'SENDING' AND kind = 'CONFIRM'";
    confirms(system, count).await;
    for _ in 0..20 {
        eventually("confirms under way", QUIET, async || {
            let count = rows(system, "executor", under_way)[0]["n"].as_i64();
            (count > Some(0)).then_some(())
        })
        .await;
        system.kill("executor-1").await;
        if rows(system, "executor", under_way)[0]["n"].as_i64() > Some(0) {
            return;
        }
        system.start_again("executor-1").await;
    }
    panic!("no kill came in the middle of a confirm");
}

/// Nobody was told anything but the truth, everything is booked, nothing is left over.
async fn comes_to_rest(
    mut system: System,
    history: &History,
    mut shopping: JoinSet<(String, String)>,
) {
    let total: usize = CROWD.iter().map(|(_, count)| count).sum();
    let mut left = 0;
    while let Some(told) = shopping.join_next().await {
        let (name, status) = told.expect("a buyer's panic is the test's");
        let expected = if name.starts_with("declined") { "FAILURE" } else { "SUCCESS" };
        assert_eq!(status, expected, "{name}");
        left += 1;
    }
    assert_eq!(left, total);
    let mut last = Vec::new();
    let facts = eventually("everything to come to rest", QUIET, async || {
        let facts = facts(&system, history).await;
        let reasons = pending(&facts);
        if reasons != last {
            last = reasons;
            eprintln!("pending: {}", last.first().map_or("nothing", |reason| reason));
        }
        last.is_empty().then_some(facts)
    })
    .await;
    let found = judge(&facts);
    assert!(found.is_empty(), "{found:#?}");
    let paid = facts.payments.iter().filter(|payment| payment.is_done).count();
    assert_eq!(paid, total - 3, "all but the three that were declined are paid and booked");
    // The test is no test if the faults did not strike.
    for verdict in ["act_then_close", "act_then_error", "act_then_hang", "hang_before", "delay"] {
        assert!(facts.applied.iter().any(|a| a.verdict.name() == verdict), "no {verdict} struck");
    }
    reconciles_yesterday(&system).await;
    assert_eq!(system.fallen(), [] as [&str; 0], "a process ended by itself: a panic?");
    for name in ["reconciler-1", "wallet-1", "ledger-1", "executor-1", "payment-1"] {
        assert!(system.stop(name).await, "{name} does not stop as a success");
    }
}

/// There is no night in this test, so the report is asked for. It has to read from every service
/// and from the PSP.
async fn reconciles_yesterday(system: &System) {
    let now = SystemClock.now().to_zoned(tz::TimeZone::fixed(tz::offset(9)));
    let yesterday = now.date() - 1.day();
    let url = format!("{}/v1/reports/{yesterday}/run", system.url("reconciler-1"));
    let report = eventually("yesterday's report", QUIET, async || {
        // 409: it is being made by the nightly worker just now.
        let answer = system.internal(Ask::post(&url)).await.expect("the reconciler answers");
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    assert!(report["finished_at"].is_i64(), "{report}");
    let url = format!("{}/v1/reports/{}", system.url("reconciler-1"), now.date());
    let today = system.internal(Ask::post(format!("{url}/run"))).await.expect("it answers");
    assert_eq!(today.status, 409, "today is not over: {}", today.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_files_one_replica_each_and_the_executor_killed_in_the_middle() {
    sqlx::any::install_default_drivers();
    let mut system = System::start(Layout::SINGLE, None).await;
    system.misbehave(&programme()).await;
    let history = History::default();
    let shopping = open_doors(&system, &history);
    for count in [8, 22] {
        kill_in_the_middle(&mut system, count).await;
        pause(300).await;
        system.start_again("executor-1").await;
    }
    comes_to_rest(system, &history, shopping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_two_replicas_each_and_the_database_restarted_under_load() {
    sqlx::any::install_default_drivers();
    let Some(mut postgres) = Postgres::start().await else { return };
    let mut system = System::start(Layout::DOUBLE, Some(&postgres)).await;
    system.misbehave(&programme()).await;
    let history = History::default();
    let shopping = open_doors(&system, &history);
    kill_in_the_middle(&mut system, 8).await;
    confirms(&system, 16).await;
    postgres.stop(Shutdown::Immediate).await;
    pause(500).await;
    postgres.start_again().await;
    system.start_again("executor-1").await;
    confirms(&system, 28).await;
    system.kill("payment-2").await;
    system.kill("ledger-1").await;
    postgres.stop(Shutdown::Fast).await;
    postgres.start_again().await;
    system.start_again("payment-2").await;
    system.start_again("ledger-1").await;
    comes_to_rest(system, &history, shopping).await;
}

/// The judges must be able to fail here, too: a PSP that charges twice and says once is seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_double_charge_is_seen_by_the_judges() {
    sqlx::any::install_default_drivers();
    let system = System::start(Layout::SINGLE, None).await;
    let cheat = json!({"on": {"endpoint": "confirm", "order": "cheated-*"}, "then": "act_twice"});
    system.misbehave(&json!({ "rules": [cheat] })).await;
    let history = History::default();
    for name in ["cheated-1", "honest-1"] {
        let buyer = Buyer::new(&system, &history, name, &[("seller-a", 1_000)]);
        assert_eq!(buyer.buy().await, "SUCCESS");
    }
    let facts = eventually("everything to come to rest", QUIET, async || {
        let facts = facts(&system, &history).await;
        pending(&facts).is_empty().then_some(facts)
    })
    .await;
    let found = judge(&facts);
    let cheated = facts.payments.iter().find(|p| p.order_name == "cheated-1").expect("its row");
    assert!(found.iter().any(|v| v.invariant == "exactly-once"), "{found:#?}");
    assert!(found.iter().all(|v| v.order_id.as_ref() == Some(&cheated.order_id)), "{found:#?}");
}
