//! Time: every step ends within what the design promises, counted from its cause.

use std::collections::BTreeMap;

use fake_psp::{Applied, Cause, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{
    Asked, Facts, TellTale, Told, Violation,
    case::Case,
    reported::is_lie,
    times::OperationMove,
    trouble::{Way, lasts},
};
use crate::scenario::Cluster;

const ID: &str = "on-time";

/// The service's margins around the times that it is told to wait, and the network's.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// A webhook that cannot be looked into is tried again for at least so long, and at the latest
/// after so long.
const STUBBORN: SignedDuration = SignedDuration::from_secs(100);
const RARELY: SignedDuration = SignedDuration::from_secs(300);

/// What a night may take: every repair waits for its outcome.
pub const NIGHTS_WORK: SignedDuration = SignedDuration::from_mins(90);

/// What a report takes that nothing holds up, tries after an error included; what its repairs take,
/// so many of which are made at a time; and what they take at most.
const A_REPORT: SignedDuration = SignedDuration::from_mins(10);
const PER_REPAIR: SignedDuration = SignedDuration::from_mins(2);
const AT_A_TIME: usize = 16;
const REPAIRING: SignedDuration = SignedDuration::from_mins(18);

/// The longest wait between two questions to the executor.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(600);

/// How long the success page waits for the outcome; and how long a browser may show nothing.
const GLANCE: SignedDuration = SignedDuration::from_secs(2);
const WHITE: SignedDuration = SignedDuration::from_secs(5);

/// How rarely the stage looks whether all is quiet.
const SLACK: SignedDuration = SignedDuration::from_mins(21);

const CALM: SignedDuration = SignedDuration::from_secs(20);

fn ms(ms: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX / 4))
}

/// How long a payment that nothing troubles any more may still be open: the lease of a try that was
/// broken off, the look for it, and the waits between what tries are left.
fn settling(cluster: &Cluster) -> SignedDuration {
    let lease = ms(cluster.psp_deadline_ms) * 2 + SignedDuration::from_secs(15);
    // The ceiling of the waits between tries.
    let waits = SignedDuration::from_secs(60 * 3) + LONGEST_WAIT;
    lease + ms(cluster.worker_poll_ms) + ms(cluster.feed_recheck_ms) * 2 + waits + MARGIN
}

/// How long a paid order may not be in both books: each book follows the payment's feed, and the
/// payment the books' feeds; what another replica wrote is seen at the next look.
pub(super) fn booking(cluster: &Cluster) -> SignedDuration {
    let alone = cluster.payment == 1 && cluster.wallet == 1 && cluster.ledger == 1;
    let look = if alone { SignedDuration::ZERO } else { ms(cluster.feed_recheck_ms) };
    look * 2 + MARGIN
}

/// How long a follower may hang on a connection that is dead: a poll and its margin.
fn hanging(cluster: &Cluster) -> SignedDuration {
    ms(cluster.feed_wait_ms) + MARGIN * 2
}

/// The bound of a step that took some stretch: where every service has a replica that nothing
/// touches, whoever hangs on another finds it.
fn around(
    facts: &Facts,
    way: Way<'_>,
    (begin, end): (Timestamp, Timestamp),
    by: Timestamp,
    usual: SignedDuration,
) -> Timestamp {
    let hangs = hanging(&facts.plan.cluster) * 3;
    match facts.is_open(way, begin - hangs, end) {
        true => by.min(begin + hangs + usual),
        false => by,
    }
}

/// When all is quiet.
pub(super) fn judge(facts: &Facts, cases: &[Case<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    for case in cases {
        let told = |detail| Violation::new(ID, Some(case.id()), detail);
        found.extend(answers(case).map(told));
        found.extend(sent_away(case).map(told));
        found.extend(white(case).map(told));
        found.extend(accepted(case).map(told));
        found.extend(settled(case).map(told));
        found.extend(booked(case).map(told));
        found.extend(learned(case).map(told));
        found.extend(heard(case).map(told));
    }
    found.extend(reports(facts));
    found.extend(quiet(facts));
    found
}

/// Whether something has been open for too long: there is nothing left to wait for.
pub fn is_too_late(facts: &Facts) -> bool {
    facts.shopping == 0 && quiet(facts).is_some()
}

/// All is quiet after the first night that nothing troubles any more.
fn quiet(facts: &Facts) -> Option<Violation> {
    let told = facts.history.iter().map(|line| line.at);
    let by_itself =
        |entry: &&fake_psp::BookEntry| matches!(entry.cause, Cause::Cheat | Cause::Console);
    let moved = facts.book.iter().filter(by_itself).map(|entry| entry.at);
    // What a list hid, the next night's shows; and what the PSP goes on to do takes another night,
    // unless it only has no time just then.
    let is_busy = |applied: &&Applied| matches!(applied.verdict, Verdict::TooMany { .. });
    let late = |applied: &&Applied| applied.at > facts.healed;
    let goes_on = |applied: &&Applied| is_lie(applied) || (late(applied) && !is_busy(applied));
    let struck = facts.applied.iter().filter(goes_on).map(|applied| applied.at);
    let last = told.chain(moved).chain(struck).max().unwrap_or(facts.healed);
    let night = night_after(facts, last.max(facts.healed));
    let busy = facts.applied.iter().filter(late).filter(is_busy).map(lasts).max();
    let by = busy.unwrap_or(night).max(night) + NIGHTS_WORK + SLACK;
    (facts.now > by).then(|| {
        let now = facts.now;
        let Some((what, order)) = last_open(facts, by) else {
            let detail = format!("not all was quiet in the night of {night}, but by {now}");
            return Violation::new(ID, None, detail);
        };
        let detail = format!("in the night of {night} {what} was not repaired, but by {now}");
        Violation::new(ID, order, detail)
    })
}

/// A difference that a report called open as late as that, and its order, if it is one's.
fn last_open(facts: &Facts, by: Timestamp) -> Option<(&str, Option<&str>)> {
    let mut late = facts.times.differences.iter().filter(|(_, states)| {
        states.last().is_some_and(|(at, repair)| *at > by && repair != "NONE")
    });
    let ((_, kind, subject), _) = late.next()?;
    let order = facts.times.orders.keys().find(|order| subject.starts_with(order.as_str()));
    Some((kind, order.map(String::as_str)))
}

/// Whoever confirms is answered within the shop's patience, whatever the PSP does.
fn answers(case: &Case<'_>) -> Option<String> {
    let patience = ms(case.facts.plan.cluster.confirm_patience_ms) + MARGIN;
    let impatient = case.purchase?.has(crate::plan::Habit::Impatient);
    let late = case.asked(Asked::Confirm).find(|line| {
        let by = line.asked_at + patience;
        let unheard = matches!(line.told, Told::Nothing(_)) && !impatient;
        (line.at > by || unheard)
            && case.facts.is_clear(Way::CONFIRM, line.asked_at - CALM, line.at.max(by))
    })?;
    let took = late.at.duration_since(late.asked_at).as_millis();
    Some(format!("a confirmation was not answered within {patience:#}, but after {took} ms"))
}

/// Whoever confirms, or confirms again, is told that nothing is known yet only after the shop's
/// patience, and a browser is sent on only after its own: until then the shop waits with them.
fn sent_away(case: &Case<'_>) -> Option<String> {
    let patience = ms(case.facts.plan.cluster.confirm_patience_ms);
    let patience = |line: &TellTale| match &line.told {
        Told::Payment(page) if matches!(&*page.status, "EXECUTING" | "UNKNOWN") => patience,
        Told::Moved(_) if case.times.final_at().is_none_or(|at| at > line.at) => {
            patience.min(GLANCE)
        }
        _ => SignedDuration::ZERO,
    };
    let early = case.asked(Asked::Confirm).find(|line| {
        line.at < line.asked_at + patience(line)
            && !case.is_of_another(line)
            && case.facts.is_clear(Way::CONFIRM, line.asked_at - CALM, line.at + CALM)
    })?;
    let (took, wanted) = (early.at.duration_since(early.asked_at).as_millis(), patience(early));
    Some(format!("was told after {took} ms that nothing is known, and not after {wanted:#}"))
}

/// A browser does not stay white for as long as the shop would wait with a program: it is sent on to
/// the status page, which says that the outcome is awaited.
fn white(case: &Case<'_>) -> Option<String> {
    let long = case.asked(Asked::Confirm).find(|line| {
        matches!(line.told, Told::Moved(_))
            && line.at > line.asked_at + WHITE
            && case.facts.is_clear(Way::CONFIRM, line.asked_at - CALM, line.at + CALM)
    })?;
    let took = long.at.duration_since(long.asked_at).as_millis();
    Some(format!("the way back from the PSP's window stayed white for {took} ms"))
}

/// The executor has what it is to do as soon as it can hear of it: whoever confirmed waits a little
/// before asking again, then ever longer, but no longer than for twice the time that it has lasted.
fn accepted(case: &Case<'_>) -> Option<String> {
    let begin = case.times.came_to("EXECUTING")?;
    let end = case.times.operations.iter().find(|step| step.kind == "CONFIRM")?.at;
    let (facts, cluster) = (case.facts, &case.facts.plan.cluster);
    let calm = facts.trouble(Way::LEARN, begin - CALM, end).unwrap_or(begin).max(begin);
    let first = ms(cluster.confirm_patience_ms) + MARGIN;
    let wait = match facts.is_clear(Way::PAY, begin - CALM, end) {
        true => first.max(calm.duration_since(begin) * 2).min(LONGEST_WAIT),
        // Who dies while asking has put the next time off by as much as it ever does.
        false => LONGEST_WAIT,
    };
    let by = calm + wait + ms(cluster.worker_poll_ms) + MARGIN * 2;
    (end > by).then(|| {
        format!("was begun {} and the executor had it only {}", at(case, begin), at(case, end))
    })
}

/// A payment is final soon after the last trouble on its way, or, if it became a dead letter, in
/// the night that follows.
fn settled(case: &Case<'_>) -> Option<String> {
    let begin = case.times.came_to("EXECUTING")?;
    let end = case.times.final_at()?;
    let calm = case.last_trouble(begin, end);
    let cluster = &case.facts.plan.cluster;
    let was_dead = case.times.operations.iter().any(|step| step.dead);
    let by = match was_dead {
        false => calm + settling(cluster),
        true => night_after(case.facts, calm) + settling(cluster),
    };
    let what = if was_dead { "the night's work" } else { "the last trouble" };
    (end > by)
        .then(|| format!("became final {}: {what} was over {}", at(case, end), at(case, calm)))
}

/// A paid order is in both books soon after, and is declared done after that, not before.
fn booked(case: &Case<'_>) -> Option<String> {
    let paid = case.times.came_to("SUCCESS")?;
    let Some(done) = case.times.done_at else { return Some("was never declared done".to_owned()) };
    let books = case.times.wallet.values().chain(case.times.ledger.values());
    let parts = case.purchase.map_or(0, |purchase| purchase.items.len());
    let complete = case.times.wallet.len() >= parts && case.times.ledger.len() >= parts;
    let last = books.max().copied().filter(|_| complete);
    if last.is_none_or(|last| last > done) {
        return Some("was declared done before both books had all of it".to_owned());
    }
    let cluster = &case.facts.plan.cluster;
    let by = match case.facts.trouble(Way::BOOK, paid - hanging(cluster), done) {
        None => paid + booking(cluster),
        Some(calm) => calm.max(paid) + hanging(cluster) + booking(cluster),
    };
    let by = around(case.facts, Way::BOOK, (paid, done), by, booking(cluster));
    (done > by).then(|| format!("was paid {} and done {}", at(case, paid), at(case, done)))
}

/// What the executor has proven, the payment service learns soon: it follows the executor's feed,
/// and what another replica wrote is seen at the next look.
fn learned(case: &Case<'_>) -> Option<String> {
    let end = case.times.final_at()?;
    let proves = |step: &&OperationMove| {
        step.kind == "CONFIRM" && matches!(step.state.as_str(), "APPROVED" | "DECLINED")
    };
    let proven = case.times.operations.iter().find(proves)?.at;
    let cluster = &case.facts.plan.cluster;
    let alone = cluster.executor == 1;
    let look = if alone { SignedDuration::ZERO } else { ms(cluster.feed_recheck_ms) };
    let by = match case.facts.trouble(Way::LEARN, proven - hanging(cluster), end) {
        None => proven + look + MARGIN,
        Some(calm) => calm.max(proven) + hanging(cluster) + look + MARGIN,
    };
    let by = around(case.facts, Way::LEARN, (proven, end), by, look + MARGIN);
    (end > by).then(|| format!("was proven {} and final only {}", at(case, proven), at(case, end)))
}

/// A true webhook of an outcome makes a payment final that is open, without waiting for more.
fn heard(case: &Case<'_>) -> Option<String> {
    let end = case.times.final_at()?;
    // Of an order with several payments, it may be about one that was not asked for.
    let several = case.approvals().count() > 1 || case.is_one_of_several();
    if several || case.asked(Asked::BogusKey).next().is_some() {
        return None;
    }
    let asked = case.times.operations.iter().find(|step| step.state == "SENDING")?.at;
    let told = case.facts.transmissions.iter().find(|t| {
        t.order_id == case.id()
            && !t.forged
            && matches!(t.status.as_str(), "DONE" | "ABORTED" | "EXPIRED" | "CANCELED")
            && t.outcome == Ok(200)
            && t.at >= asked
            && t.at < end
    })?;
    // While something is in the way, it is looked into ever more rarely, and then no more.
    let (facts, mut by) = (case.facts, told.at + MARGIN);
    let world = facts.trouble(Way::EXECUTE, told.at - CALM * 3, told.at + STUBBORN);
    let mut calm = world.map(|calm| calm.max(told.at));
    loop {
        by = calm.map_or(by, |calm| calm + RARELY + MARGIN);
        let spoilt = case.last_spoilt(told.at, by);
        if spoilt <= calm {
            break;
        }
        calm = spoilt;
    }
    let since = calm.map_or(told.at - CALM * 3, |calm| calm + SignedDuration::from_millis(1));
    let clear = calm.is_none_or(|calm| calm <= told.at + STUBBORN)
        && facts.is_clear(Way::EXECUTE, since, by);
    let late = end > by && clear;
    late.then(|| {
        format!(
            "a webhook told {} at {}, and it became final {}",
            told.status,
            at(case, told.at),
            at(case, end)
        )
    })
}

/// A report is made in its night, or as soon as the night's trouble is over.
fn reports(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (day, made) in &facts.times.reports {
        let Some(due) = night_of(facts, day) else { continue };
        let due = due.max(facts.plan.start);
        let calm = facts.trouble(Way::NIGHT, due - CALM, *made).unwrap_or(due).max(due);
        // An answer that is only slow is waited for.
        let is_slow = |a: &Applied| matches!(a.verdict, Verdict::Delay { ms } if ms <= 60_000);
        let within =
            |a: &&Applied| a.order_id.is_none() && (due..=*made).contains(&a.at) && !is_slow(a);
        let spoilt = facts.applied.iter().filter(within).map(|a| a.at).max();
        let calm = spoilt.unwrap_or(calm).max(calm);
        let begun = facts.times.claims.get(day).copied().unwrap_or(*made);
        let work = A_REPORT + repairs(facts, due, *made);
        // A replica that died over it keeps its claim for half an hour.
        let clear = facts.is_clear(Way::NIGHT, due - CALM, *made);
        if begun > calm + work {
            let detail = format!("the report of {day} was due at {due} and begun at {begun}");
            found.push(Violation::new(ID, None, detail));
            continue;
        }
        let bound = if clear { work } else { NIGHTS_WORK };
        if *made > calm + bound {
            let detail = format!("the report of {day} was due at {due} and made at {made}");
            found.push(Violation::new(ID, None, detail));
        }
    }
    found
}

/// How long a report that was due then may have waited for repairs: those of earlier days come
/// first, but for what had ended by then.
fn repairs(facts: &Facts, due: Timestamp, made: Timestamp) -> SignedDuration {
    let waited = |states: &Vec<(Timestamp, String)>| {
        let tried = states.iter().any(|(at, repair)| *at <= made && repair != "NONE");
        let before = states.iter().rev().find(|(at, _)| *at < due);
        tried && before.is_none_or(|(_, repair)| !matches!(repair.as_str(), "REPAIRED" | "GONE"))
    };
    let mut of_day: BTreeMap<&str, usize> = BTreeMap::new();
    for ((day, ..), states) in &facts.times.differences {
        *of_day.entry(day).or_default() += usize::from(waited(states));
    }
    let rounds =
        |repairs: usize| i32::try_from(repairs.div_ceil(AT_A_TIME)).unwrap_or(i32::MAX / 1024);
    of_day.into_values().map(|repairs| (PER_REPAIR * rounds(repairs)).min(REPAIRING)).sum()
}

/// When the report of a Korean day is due.
fn night_of(facts: &Facts, day: &str) -> Option<Timestamp> {
    let midnight: Timestamp = format!("{day}T00:00:00+09:00").parse().ok()?;
    Some(midnight + SignedDuration::from_hours(24) + night(facts))
}

/// The time of day at which days are reconciled, from midnight in Korea.
fn night(facts: &Facts) -> SignedDuration {
    let (hours, minutes) = facts.plan.cluster.reconcile_at.split_once(':').unwrap_or(("0", "0"));
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    SignedDuration::from_mins(number(hours) * 60 + number(minutes))
}

/// The first time after a moment at which a day is reconciled that was over by then.
fn night_after(facts: &Facts, moment: Timestamp) -> Timestamp {
    let korea = moment + SignedDuration::from_hours(9);
    let midnight: Timestamp =
        format!("{}T00:00:00+09:00", &korea.to_string()[..10]).parse().expect("a date");
    midnight + SignedDuration::from_hours(24) + night(facts)
}

/// A moment as the reader counts: since the start.
fn at(case: &Case<'_>, moment: Timestamp) -> String {
    let since = moment.duration_since(case.facts.plan.start).as_secs();
    format!("{}:{:02} min after the start", since / 60, since % 60)
}

#[cfg(test)]
mod tests;
