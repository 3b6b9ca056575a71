//! One run: build the world, the safety phase, heal, the liveness phase, judge.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fake_psp::{BookKind, Endpoint, FakePsp, Programme, SeededEntropy};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    cast::{self, History, Office, Orphans, Shop, hosts},
    collect,
    engine::{Ctl, TraceConfig, World, WorldConfig, db},
    oracle::{self, AppendOnly, Facts, Looked, Times, Violation},
    plan::Plan,
    scenario::{ByHand, Scenario},
    snapshot::Books,
    visits::{Visits, look_for_dead_letters, rounds, visit},
    watchers::{Watchers, watch},
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// An invariant was broken.
    Broken,
    /// Nothing was broken, but not everything came to its end in time.
    NotConverged,
}

/// What a run was like.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Numbers {
    pub payments: BTreeMap<String, usize>,
    /// Orders that their buyers approved in the PSP's window and came back from, and how many of
    /// them were paid.
    pub approved: usize,
    pub paid: usize,
    pub psp_calls: usize,
    pub psp_faults: usize,
    pub faults: usize,
    pub differences: usize,
    pub repaired: usize,
    /// Names of the planned rules of the PSP that met nothing.
    pub never_struck: Vec<String>,
    pub simulated_s: u64,
    pub packets: u64,
    pub statements: u64,
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub verdict: Verdict,
    /// Most telling first.
    pub violations: Vec<Violation>,
    pub numbers: Numbers,
    pub books: Books,
    /// Identifies the whole history.
    pub fingerprint: String,
    /// The trace, if it was to be kept.
    pub trace: Vec<u8>,
    /// Why it could not be run as it is, for the user who wrote it; the rest means nothing then.
    pub refused: Option<String>,
}

/// What a run comes to.
struct Ended {
    verdict: Verdict,
    violations: Vec<Violation>,
    numbers: Numbers,
    books: Books,
    refused: Option<String>,
}

impl Ended {
    fn refused(why: String) -> Self {
        Self {
            verdict: Verdict::Broken,
            violations: Vec::new(),
            numbers: Numbers::default(),
            books: Books::default(),
            refused: Some(why),
        }
    }

    fn outcome(self, fingerprint: String, trace: Vec<u8>) -> Outcome {
        let Self { verdict, violations, numbers, books, refused } = self;
        Outcome { verdict, violations, numbers, books, fingerprint, trace, refused }
    }
}

/// What the stage holds of a run.
struct Stage {
    plan: Plan,
    /// When the safety phase is over.
    healed: jiff::Timestamp,
    psp: FakePsp,
    history: History,
    shopping: Arc<AtomicUsize>,
    watchers: Rc<RefCell<Watchers>>,
    office: Office,
    visits: RefCell<Visits>,
}

impl Stage {
    /// What shows whether anything is pending, as it is now.
    fn glance(&self, ctl: &Ctl) -> Facts {
        let applied = self.psp.applied();
        let times = match oracle::lists_lied(&applied) {
            true => self.watchers.borrow().times.clone(),
            false => Times::default(),
        };
        let shopping = self.shopping.load(Ordering::Relaxed);
        Facts { times, book: self.psp.book(), applied, shopping, ..collect::facts(ctl) }
    }

    /// Everything that the judges look at, as it is now.
    fn facts(&self, ctl: &Ctl, orphans: &Orphans) -> Facts {
        Facts {
            plan: self.plan.clone(),
            healed: self.healed,
            now: self.psp.now(),
            times: self.watchers.borrow().times.clone(),
            transmissions: self.psp.transmissions(),
            calls: self.psp.calls(),
            history: self.history.lines(),
            orphans: orphans.clone(),
            ..self.glance(ctl)
        }
    }
}

/// Runs a plan. A pure function of (scenario, seed, plan).
pub fn run(scenario: &Scenario, seed: u64, plan: &Plan, trace: TraceConfig) -> Outcome {
    run_before(None, scenario, seed, plan, trace)
}

/// Somebody who looks on and changes nothing: the history is the same with and without.
pub trait Onlooker {
    /// The world is built, and nothing has happened yet.
    fn set(&self, ctl: &Ctl);
    /// The judges have judged these facts, and had so much before them.
    fn judged(&self, facts: &Facts, looked: &Looked);
    /// The run is over, perhaps by a panic: how often each `tracing` call site was hit.
    fn over(&self, hits: &BTreeMap<&'static str, u64>);
}

/// The same before the eyes of an onlooker.
pub fn run_before(
    onlooker: Option<&dyn Onlooker>,
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
    trace: TraceConfig,
) -> Outcome {
    if let Err(why) = plan.check() {
        return Ended::refused(why).outcome(String::new(), Vec::new());
    }
    db::install();
    let config = WorldConfig { trace, ..WorldConfig::new(seed, plan.start) };
    let report = World::new(config)
        .run(|ctl| async move { perform(&ctl, onlooker, scenario, seed, plan).await });
    if let Some(onlooker) = onlooker {
        onlooker.over(&report.coverage);
    }
    let fingerprint = format!("{:032x}", report.trace.fingerprint);
    let mut ended = report.result.unwrap_or_else(|panic| Ended {
        verdict: Verdict::Broken,
        violations: vec![Violation::new("no-panics", None, panic.to_string())],
        numbers: Numbers::default(),
        books: Books::default(),
        refused: None,
    });
    ended.numbers.packets = report.stats.packets;
    ended.numbers.statements = report.stats.statements;
    ended.numbers.simulated_s = report.stats.simulated.as_secs();
    ended.outcome(fingerprint, report.trace.text)
}

async fn perform(
    ctl: &Ctl,
    onlooker: Option<&dyn Onlooker>,
    scenario: &Scenario,
    seed: u64,
    plan: &Plan,
) -> Ended {
    let stage = set(ctl, scenario, seed, plan);
    if let Some(onlooker) = onlooker {
        onlooker.set(ctl);
    }
    let (facts, violations) = match ctl.until_panic(play(ctl, scenario, plan, &stage)).await {
        Ok(Ok(facts)) => {
            let violations = judge(ctl, &stage, &facts);
            (facts, violations)
        }
        Ok(Err(why)) => return Ended::refused(why),
        Err(panic) => {
            let violation = Violation::new("no-panics", None, panic.to_string());
            (stage.facts(ctl, &Orphans::new()), vec![violation])
        }
    };
    if let Some(onlooker) = onlooker {
        let mut looked = stage.watchers.borrow().looked(ctl, &facts);
        looked.note("shown-rightly", stage.visits.borrow().looked());
        onlooker.judged(&facts, &looked);
    }
    let verdict = match violations.first() {
        None => Verdict::Passed,
        Some(first) if first.invariant == "liveness" => Verdict::NotConverged,
        Some(_) => Verdict::Broken,
    };
    let (numbers, books) = (numbers(&facts, plan), Books::read(ctl));
    Ended { verdict, violations, numbers, books, refused: None }
}

/// Both phases; refuses what only turns out to be wrong when it is done.
async fn play(ctl: &Ctl, scenario: &Scenario, plan: &Plan, stage: &Stage) -> Result<Facts, String> {
    let orphans = safety(ctl, scenario, plan, stage).await?;
    cast::heal(ctl).await;
    heal_psp(&stage.psp, scenario, plan);
    let facts = liveness(ctl, scenario, stage, &orphans).await;
    visit(ctl, &stage.office, plan, &stage.visits, true).await;
    Ok(facts)
}

/// Builds the world.
fn set(ctl: &Ctl, scenario: &Scenario, seed: u64, plan: &Plan) -> Stage {
    let shop = Shop {
        history: History::default(),
        shopping: Arc::new(AtomicUsize::new(plan.purchases.len())),
        urls: hosts::urls("payment", plan.cluster.payment),
        confirmed: Arc::default(),
    };
    let clock = hosts::open(ctl, plan, &shop);
    let config = fake_psp::Config {
        secret_keys: vec![hosts::SECRET_KEY.to_owned()],
        webhook_urls: vec![hosts::webhook_url()],
        test_requests_per_minute: scenario.psp.rate_limit,
        settlement_cycle: plan.cluster.settlement_cycle,
        ..fake_psp::Config::default()
    };
    let psp = FakePsp::new(config, clock, Arc::new(SeededEntropy::new(seed)));
    let mut programme = Programme { rules: scenario.psp.rules.clone() };
    programme.rules.extend(plan.psp.iter().chain(&plan.lasting).cloned());
    psp.install(programme);
    let office = Office::open(ctl);
    hosts::start(ctl, &plan.cluster, &psp);
    let watchers = watch(ctl);
    let length = jiff::SignedDuration::from_mins(scenario.length.minutes as i64);
    Stage {
        plan: plan.clone(),
        healed: plan.start + length,
        psp,
        history: shop.history,
        shopping: shop.shopping,
        watchers,
        office,
        visits: RefCell::default(),
    }
}

/// Anything may fail; only lies are violations.
async fn safety(
    ctl: &Ctl,
    scenario: &Scenario,
    plan: &Plan,
    stage: &Stage,
) -> Result<Orphans, String> {
    let length = Duration::from_secs(scenario.length.minutes * 60);
    let end = Instant::now() + length;
    let cheats = async {
        let mut refused = None;
        let start = Instant::now();
        for cheat in &scenario.cheat {
            sleep_until(start + Duration::from_secs(cheat.at_s)).await;
            if let Err(error) = ctl.db().try_tamper(&cheat.database, &cheat.sql) {
                refused.get_or_insert(format!(
                    "cheat: the database {} does not take the statement at_s = {}: {error}: {}",
                    cheat.database, cheat.at_s, cheat.sql
                ));
            }
        }
        sleep_until(end).await;
        refused
    };
    let by_hand = async {
        let mut in_time = scenario.psp.by_hand.clone();
        in_time.sort_by_key(|by_hand| by_hand.at_s);
        for by_hand in &in_time {
            sleep_until(end - length + Duration::from_secs(by_hand.at_s)).await;
            give_back_by_hand(&stage.psp, by_hand);
        }
    };
    let visits = rounds(ctl, &stage.office, plan, &stage.visits, (end, length));
    let faults = cast::run_faults(ctl, &plan.faults, end);
    let (orphans, refused, ..) = tokio::join!(faults, cheats, visits, by_hand);
    refused.map_or(Ok(orphans), Err)
}

/// Cancels in the PSP's console what it took of some orders; what has not so much left stays as it is.
fn give_back_by_hand(psp: &FakePsp, by_hand: &ByHand) {
    let taken = psp.book().into_iter().filter(|entry| entry.kind == BookKind::Captured);
    for entry in taken.filter(|entry| entry.order_name.starts_with(&by_hand.order)) {
        let done = psp.cancel_from_console(&entry.payment_key, by_hand.amount, "단순 변심");
        tracing::info!(order = entry.order_id, ?done, "cancelled by hand");
    }
}

/// Ends the PSP's faults but for what lasts: what its files say of the days that were, what makes a
/// canary sing, and what the plan wants to last. These go on counting where they are.
fn heal_psp(psp: &FakePsp, scenario: &Scenario, plan: &Plan) {
    let first = scenario.psp.rules.len();
    let healed = first..first + plan.psp.len();
    psp.keep_rules(|position, rule| {
        // Money is given back at night, when all has healed: what strikes there once must stay.
        let kept = matches!(rule.on.endpoint, Endpoint::SettlementFile | Endpoint::Cancel);
        kept || !healed.contains(&position)
    });
}

/// Waits until nothing is pending, at most for the scenario's quiet time.
async fn liveness(ctl: &Ctl, scenario: &Scenario, stage: &Stage, orphans: &Orphans) -> Facts {
    let end = Instant::now() + Duration::from_secs(scenario.length.quiet_hours * 3600);
    let quiet = || collect::is_reported(ctl) && oracle::pending(&stage.glance(ctl)).is_empty();
    let mut rest = Duration::from_secs(120);
    loop {
        if Instant::now() >= end || quiet() {
            // What was just being committed may have been seen before it was.
            sleep(Duration::from_secs(5)).await;
            if Instant::now() >= end || quiet() {
                return stage.facts(ctl, orphans);
            }
        }
        let night = stage.psp.now() > stage.healed + oracle::NIGHTS_WORK;
        if let Some(late) = night.then(|| stage.facts(ctl, orphans)).filter(oracle::is_too_late) {
            return late;
        }
        look_for_dead_letters(ctl, &stage.office, &stage.plan, &stage.visits).await;
        sleep(rest).await;
        rest = (rest * 2).min(Duration::from_secs(1200));
    }
}

fn judge(ctl: &Ctl, stage: &Stage, facts: &Facts) -> Vec<Violation> {
    let mut watchers = stage.watchers.borrow_mut();
    for table in AppendOnly::TABLES {
        let rows = collect::rows_by_id(ctl, "ledger", table);
        watchers.append_only.compare(table, &rows);
    }
    let mut found = watchers.found();
    found.extend(oracle::judge_safety(facts));
    found.extend(oracle::judge_causes(facts));
    found.extend(stage.visits.borrow().found().iter().cloned());
    let pending = oracle::pending(facts);
    if pending.is_empty() {
        found.extend(oracle::judge_quiet(facts));
    }
    found.extend(pending.into_iter().map(|(order, why)| {
        Violation::new("liveness", order.as_deref(), format!("still pending: {why}"))
    }));
    found.sort_by_key(Violation::rank);
    found
}

/// The planned rules of which nothing was ever struck, for whoever believes in what they test.
fn never_struck(facts: &Facts, plan: &Plan) -> Vec<String> {
    let struck: BTreeSet<&str> = facts.applied.iter().map(|one| one.rule.as_str()).collect();
    let planned = plan.psp.iter().chain(&plan.lasting).filter_map(|rule| rule.name.as_ref());
    planned.filter(|name| !struck.contains(name.as_str())).cloned().collect()
}

fn numbers(facts: &Facts, plan: &Plan) -> Numbers {
    let (approved, paid) = oracle::goodput(facts);
    let mut numbers = Numbers {
        approved,
        paid,
        psp_calls: facts.calls.len(),
        psp_faults: facts.applied.len(),
        faults: plan.faults.len(),
        differences: facts.differences.len(),
        repaired: facts.differences.iter().filter(|d| d.repair == "REPAIRED").count(),
        never_struck: never_struck(facts, plan),
        ..Numbers::default()
    };
    for payment in &facts.payments {
        *numbers.payments.entry(payment.status.clone()).or_default() += 1;
    }
    numbers
}
