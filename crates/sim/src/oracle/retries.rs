//! Retry discipline, from the PSP's own log of calls: as often as is configured, ever more rarely,
//! one at a time, a read before a repeat, and a fresh key only where the old one is spent.

use fake_psp::{Applied, Call, Endpoint, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{
    Facts, Violation,
    case::Case,
    codes,
    times::OperationMove,
    trouble::{Way, lasts},
};
use crate::plan::Break;

const ID: &str = "retry-discipline";

/// The wait after the first failed try, before jitter takes up to half of it away: the executor's
/// default, which no scenario changes.
const BASE: SignedDuration = SignedDuration::from_secs(2);

/// No wait is longer.
const MOST: SignedDuration = SignedDuration::from_secs(60);

/// A read of a webhook's cause is tried so often.
const PER_WEBHOOK: usize = 8;

/// What must differ between first waits, if there is jitter at all.
const SPREAD: SignedDuration = SignedDuration::from_millis(100);

/// Looks at every order's calls, and at all first waits together.
pub(super) fn judge(facts: &Facts, cases: &[Case<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut first_waits = Vec::new();
    for case in cases {
        let told = |detail| Violation::new(ID, Some(case.id()), detail);
        for act in [Endpoint::Confirm, Endpoint::Cancel] {
            let acts = Acts::of(case, act);
            found.extend(acts.too_many().map(told));
            found.extend(acts.too_soon().map(told));
            found.extend(acts.unread().map(told));
            found.extend(acts.keys().map(told));
            found.extend(acts.not_believed().map(told));
            found.extend(acts.never_ended().map(told));
            found.extend(acts.spent_unsent().map(told));
            found.extend(acts.too_late().map(told));
            found.extend(acts.meanwhile().map(told));
            first_waits.extend(acts.first_wait());
        }
        found.extend(reads(case).map(told));
    }
    found.extend(shared_keys(facts));
    found.extend(no_jitter(&first_waits).map(|detail| Violation::new(ID, None, detail)));
    found
}

/// The calls by which the PSP was asked to do one thing for one order.
struct Acts<'a> {
    case: &'a Case<'a>,
    kind: &'static str,
    calls: Vec<&'a Call>,
    /// When the operation was begun, and whenever it was taken out of the dead letters.
    epochs: Vec<Timestamp>,
}

impl<'a> Acts<'a> {
    fn of(case: &'a Case<'a>, act: Endpoint) -> Self {
        let calls = case.calls.iter().copied().filter(|c| c.endpoint == act).collect();
        let kind = if act == Endpoint::Cancel { "CANCEL" } else { "CONFIRM" };
        let mut epochs = Vec::new();
        let mut was_dead = false;
        for step in case.times.operations.iter().filter(|step| step.kind == kind) {
            if epochs.is_empty() || (was_dead && !step.dead) {
                epochs.push(step.at);
            }
            was_dead = step.dead;
        }
        Self { case, kind, calls, epochs }
    }

    /// Calls of the epoch that begins at `epoch`.
    fn within(&self, n: usize) -> &[&'a Call] {
        let starts = |at: Option<&Timestamp>| {
            at.map_or(self.calls.len(), |at| self.calls.partition_point(|call| call.at < *at))
        };
        &self.calls[starts(self.epochs.get(n))..starts(self.epochs.get(n + 1))]
    }

    fn too_many(&self) -> Option<String> {
        let allowed = self.case.facts.plan.cluster.retry_tries as usize;
        let counted = |n| self.within(n).iter().filter(|call| !was_turned_away(call)).count();
        let worst = (0..self.epochs.len()).map(counted).max()?;
        (worst > allowed).then(|| format!("was asked for {worst} times, {allowed} are allowed"))
    }

    /// Every try waits at least half of what it may, and as long as the PSP asked for.
    fn too_soon(&self) -> Option<String> {
        if self.clocks_are_off() {
            return None;
        }
        for n in 0..self.epochs.len() {
            let (mut tries, mut turned_away) = (0, 0);
            for pair in self.within(n).windows(2) {
                match was_turned_away(pair[0]) {
                    true => turned_away += 1,
                    false => (tries, turned_away) = (tries + 1, 0),
                }
                let wait = pair[1].at.duration_since(pair[0].at);
                let doublings: i32 = tries + turned_away - 1;
                let ceiling = (BASE * (1 << doublings.clamp(0, 10))).min(MOST);
                // Clocks of hosts count whole milliseconds, and a call is on its way for some.
                let least = ceiling / 2 - SignedDuration::from_millis(5);
                if wait < least && !self.is_another_replicas(pair) {
                    let wait = wait.as_millis();
                    return Some(format!("was asked for again after {wait} ms, too soon"));
                }
                if let Some(asked) = self.asked_to_wait(pair[0]).filter(|asked| wait < *asked) {
                    let (wait, asked) = (wait.as_secs(), asked.as_secs());
                    return Some(format!("the PSP asked to wait {asked} s, and got {wait} s"));
                }
            }
        }
        None
    }

    /// The same instant seen by two connections: one request, put on the wire twice by nobody.
    fn is_another_replicas(&self, pair: &[&Call]) -> bool {
        // Two tries of one operation run at once only if a lease ended early: a stall or a clock.
        self.case.facts.breaks(Way::PSP).any(|span| span.is_felt(pair[0].at, pair[1].at))
            && pair[0].idempotency_key == pair[1].idempotency_key
    }

    fn asked_to_wait(&self, call: &Call) -> Option<SignedDuration> {
        let heard = self.case.facts.is_clear(Way::PSP, call.at, call.at);
        let struck = |a: &&&Applied| (a.endpoint, a.at) == (call.endpoint, call.at);
        match self.case.struck.iter().find(struck).filter(|_| heard)?.verdict {
            Verdict::TooMany { retry_after_s } => {
                Some(SignedDuration::from_secs(i64::try_from(retry_after_s).unwrap_or(0)))
            }
            _ => None,
        }
    }

    /// Before something is asked for again, the payment is read.
    fn unread(&self) -> Option<String> {
        let repeats = 1..self.calls.len();
        let unread = repeats.into_iter().find(|nth| !self.was_read(*nth))?;
        let key = self.calls[unread].idempotency_key.as_deref().unwrap_or("none");
        Some(format!("was asked for again (key {key}) without a read before"))
    }

    /// Whether a read came before the repetition at this place, and after what it repeats; what a
    /// broken network held back may arrive after the read that followed it, so that only their
    /// number says something.
    fn was_read(&self, nth: usize) -> bool {
        let (old, new) = (self.calls[nth - 1], self.calls[nth]);
        let reads = self.case.calls.iter().filter(|call| call.endpoint == Endpoint::Read);
        let before: Vec<_> = reads.filter(|read| read.seq < new.seq).collect();
        let deadline = self.case.facts.plan.cluster.psp_deadline_ms;
        let since = old.at - SignedDuration::from_millis(deadline.cast_signed());
        match self.case.facts.is_clear(Way::PSP, since, new.at) {
            true => before.iter().any(|read| read.seq > old.seq),
            false => before.len() >= nth,
        }
    }

    /// A key that was answered with an error for good is not sent again; a fresh one is sent only
    /// once the old one is spent.
    fn keys(&self) -> Option<String> {
        for pair in self.calls.windows(2) {
            let (Some(old), Some(new)) = (&pair[0].idempotency_key, &pair[1].idempotency_key)
            else {
                return Some("was asked for without an idempotency key".to_owned());
            };
            let refused = pair[0].status.is_some_and(spends_key);
            let heard = self.case.facts.is_clear(Way::EXECUTE, pair[0].at, pair[1].at);
            if old == new && refused && heard && !self.told_late(pair[0]) {
                let status = pair[0].status.unwrap_or(0);
                return Some(format!("key {old} was answered {status} for good and sent again"));
            }
            if old != new && !refused {
                return Some(format!("a fresh key {new} was sent, and {old} was not refused"));
            }
            // What is owed stays owed: a give-back that was refused is asked for again.
            let is_final = pair[0].code.as_deref().is_some_and(codes::is_final);
            if self.kind == "CONFIRM" && is_final && heard && !self.told_late(pair[0]) {
                let code = pair[0].code.as_deref().unwrap_or_default();
                return Some(format!("was asked for again after {code}, which is final"));
            }
        }
        None
    }

    /// A final no ends it: nobody looks at the payment first, or tries again.
    fn not_believed(&self) -> Option<String> {
        if self.kind != "CONFIRM" {
            return None;
        }
        let soon = SignedDuration::from_secs(5);
        let mut steps = self.case.times.operations.iter().filter(|step| step.kind == self.kind);
        self.calls.iter().find_map(|call| {
            let code = call.code.as_deref().filter(|code| codes::is_final(code))?;
            let facts = self.case.facts;
            let heard = facts.is_clear(Way::EXECUTE, call.at - soon, call.at + soon);
            let next = steps.find(|step| step.at > call.at)?;
            let believed = next.state != "UNKNOWN" || next.at > call.at + soon;
            (heard && !believed && !self.told_late(call))
                .then(|| format!("was answered {code}, which is final, and not believed"))
        })
    }

    /// A PSP that hangs is left after the configured time, and something comes of the try.
    fn never_ended(&self) -> Option<String> {
        let facts = self.case.facts;
        let patience = i64::try_from(facts.plan.cluster.psp_deadline_ms).unwrap_or(i64::MAX / 4);
        let patience = SignedDuration::from_millis(patience) + SignedDuration::from_secs(5);
        let late = self.calls.iter().find(|call| {
            let by = call.at + patience;
            let mut steps = self.case.times.operations.iter().filter(|s| s.kind == self.kind);
            let ended = steps.any(|step| (call.at..=by).contains(&step.at));
            let was_final = self.case.times.final_at().is_some_and(|end| end <= call.at);
            !ended && !was_final && facts.is_clear(Way::EXECUTE, call.at - MOST, by)
        })?;
        let at = late.at.duration_since(facts.plan.start).as_secs();
        Some(format!("nothing came of the call {at} s after the start within {patience:#}"))
    }

    /// One call at a time: nothing is asked for again while its last call is under way.
    fn meanwhile(&self) -> Option<String> {
        let facts = self.case.facts;
        let deadline = facts.plan.cluster.psp_deadline_ms.cast_signed();
        let deadline = SignedDuration::from_millis(deadline);
        let early = self.calls.windows(2).find(|pair| {
            let given_up = pair[0].at + deadline - SignedDuration::from_millis(100);
            let answered = pair[0].answered_at.unwrap_or(pair[0].at).min(given_up);
            pair[1].at < answered && facts.is_kept(Way::EXECUTE, pair[0].at - MOST, pair[1].at)
        })?;
        let after = early[1].at.duration_since(early[0].at).as_millis();
        Some(format!("was asked for again after {after} ms, while the call before was under way"))
    }

    /// What failed is tried again when its wait is over, if nothing is in the way.
    fn too_late(&self) -> Option<String> {
        let facts = self.case.facts;
        let margin = SignedDuration::from_secs(10);
        let mine = self.case.times.operations.iter().filter(|step| step.kind == self.kind);
        let mine: Vec<_> = mine.collect();
        let mut sends = 0;
        mine.windows(2).find_map(|pair| {
            let (failed, next) = (pair[0], pair[1]);
            match failed.state.as_str() {
                "SENDING" => sends += 1,
                _ if failed.dead => sends = 0,
                _ => {}
            }
            let struck = self.case.struck.iter().filter(|a| a.at <= failed.at).map(|a| lasts(a));
            // What is allowed in a minute is, in the next.
            let before = self.case.calls.iter().filter(|call| call.at <= failed.at);
            let busy = before.filter(|call| was_turned_away(call)).map(|call| call.at + MOST);
            let since = struck.chain(busy).max().unwrap_or(failed.at).max(failed.at);
            let ceiling = (BASE * (1 << sends.clamp(0, 10))).min(MOST);
            let by = since + ceiling + margin;
            let waits = failed.state == "UNKNOWN" && !failed.dead;
            (waits && next.at > by && facts.is_clear(Way::EXECUTE, failed.at - MOST, by)).then(
                || {
                    let wait = next.at.duration_since(failed.at).as_secs();
                    format!("failed, and was tried again after {wait} s only")
                },
            )
        })
    }

    /// What could not be sent at all was no try.
    fn spent_unsent(&self) -> Option<String> {
        let mine: Vec<_> =
            self.case.times.operations.iter().filter(|s| s.kind == self.kind).collect();
        let ended =
            |pair: &[&OperationMove]| pair[0].state == "SENDING" && pair[1].state != "SENDING";
        let mut tries = mine.windows(2).filter(|pair| ended(pair));
        let spent = tries.find(|pair| {
            let (begin, end) = (pair[0].at, pair[1].at);
            let unsent = self.case.facts.silences().any(|(from, to)| from <= begin && end <= to);
            unsent && pair[1].tries >= pair[0].tries
        })?;
        let at = spent[0].at.duration_since(self.case.facts.plan.start).as_secs();
        Some(format!("what began {at} s after the start could not be sent, and counted as a try"))
    }

    /// Whether the answer to a call was made to come late or in pieces.
    fn told_late(&self, call: &Call) -> bool {
        self.case.struck.iter().any(|a| {
            (a.endpoint, a.at) == (call.endpoint, call.at)
                && matches!(
                    a.verdict,
                    Verdict::ActThenLate { .. }
                        | Verdict::SlowBody { .. }
                        | Verdict::Delay { .. }
                        | Verdict::ActThenCut
                        | Verdict::Garbage
                        | Verdict::ActThenClose
                        | Verdict::ActThenReset
                        | Verdict::ActThenHang
                        | Verdict::AnswerTwice
                )
        })
    }

    /// The first wait, where nothing but the executor decided how long it was: the first call was
    /// refused at once, and nothing broke.
    fn first_wait(&self) -> Option<SignedDuration> {
        let first = *self.within(0).first()?;
        let quick = self.case.struck.iter().any(|a| {
            a.at == first.at && matches!(&a.verdict, Verdict::Refuse { .. } | Verdict::Reset)
        });
        let next = self.case.calls.iter().find(|call| call.seq > first.seq)?;
        let clear = self.case.facts.is_clear(Way::EXECUTE, first.at - MOST, next.at);
        let mut heard = self.case.facts.transmissions.iter().filter(|t| t.at <= next.at);
        let webhook = heard.any(|t| t.order_id == self.case.id());
        (quick && clear && !webhook).then(|| next.at.duration_since(first.at))
    }

    fn clocks_are_off(&self) -> bool {
        let skewed = |what: &Break| matches!(what, Break::ClockSkew(..) | Break::SkewApart(..));
        let mut faults = self.case.facts.plan.faults.iter().filter(|f| skewed(&f.what));
        faults.any(|fault| fault.what.hosts().iter().any(|host| host.starts_with("executor")))
    }
}

/// Whether Toss binds such an answer to its idempotency key, for good.
fn spends_key(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 409 | 429)
}

/// Whether the PSP would not even look at it, which costs nothing of the budget.
fn was_turned_away(call: &Call) -> bool {
    call.status == Some(429)
}

/// Every try reads once at most, every webhook's cause a few times.
fn reads(case: &Case<'_>) -> Option<String> {
    let looked = |call: &&&Call| call.endpoint == Endpoint::Read && !was_turned_away(call);
    let reads = case.calls.iter().filter(looked).count();
    let webhooks = case.facts.webhooks.get(case.id()).copied().unwrap_or(0);
    let tries = case.facts.plan.cluster.retry_tries as usize;
    let mut allowed = PER_WEBHOOK * webhooks;
    for act in [Endpoint::Confirm, Endpoint::Cancel] {
        allowed += tries * Acts::of(case, act).epochs.len();
    }
    // A try whose outcome could not be written, or that broke off, is looked after by another.
    let claims = case.times.operations.iter().filter(|step| step.state == "SENDING");
    let broken_off = |step: &&OperationMove| {
        let lease = SignedDuration::from_mins(2);
        !case.facts.is_clear(Way::PSP, step.at - lease, step.at)
    };
    allowed += claims.filter(broken_off).count();
    // What was read, and could then not be sent, was no try, and is read again.
    for pair in case.times.operations.windows(2) {
        allowed += usize::from(pair[0].state == "SENDING" && pair[1].tries < pair[0].tries);
    }
    (reads > allowed).then(|| format!("was read {reads} times, {allowed} are allowed"))
}

/// Toss does not look at the body: a key that two payments share gives one the other's answer.
fn shared_keys(facts: &Facts) -> Vec<Violation> {
    let mut owners = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for call in &facts.calls {
        let acts = matches!(call.endpoint, Endpoint::Confirm | Endpoint::Cancel);
        let (Some(key), Some(order)) = (&call.idempotency_key, &call.order_id) else { continue };
        let mine = (order, &call.payment_key, call.endpoint);
        let owner = owners.entry(key).or_insert(mine);
        if acts && *owner != mine {
            let of = |(order, payment, _): (&String, &Option<String>, _)| {
                format!("{order} ({})", payment.as_deref().unwrap_or("no payment"))
            };
            let detail = format!("key {key} was sent for {} and for {}", of(*owner), of(mine));
            found.push(Violation::new(ID, Some(order), detail));
        }
    }
    found
}

/// Everyone who waits exactly as long comes back at once.
fn no_jitter(waits: &[SignedDuration]) -> Option<String> {
    let (least, most) = (waits.iter().min()?, waits.iter().max()?);
    let alike = waits.len() >= 12 && *most - *least < SPREAD;
    alike.then(|| {
        let n = waits.len();
        format!("{n} first waits lie between {} and {} ms", least.as_millis(), most.as_millis())
    })
}

#[cfg(test)]
mod tests;
