//! Verb: reconcile a day; and the worker that does so every night.
//!
//! A report can be stopped anywhere and made again: it only reads, asks for repairs that can be
//! repeated, and writes its findings in one transaction.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{
    Reconciler,
    compare::{self, Ours},
    report::Known,
    settled::{self, Expected},
    wire::{Difference, Kind, Summary},
};
use crate::{
    executor::wire::Transaction,
    kernel::KoreanDay,
    service::{Next, PeerError},
    store::StoreError,
};

/// How many nights back an open report is made again, and a missed one is made at all.
const NIGHTS: usize = 31;

/// In so much time a repair comes through at the latest: feeds are followed, tries are made.
const SETTLES: SignedDuration = SignedDuration::from_mins(20);

/// The rest before reports are tried again that could not be made.
const AGAIN: Duration = Duration::from_secs(60);

/// How many days late a settlement line may be and still be recognised.
const LATE_DAYS: usize = 7;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Known {
    /// When it is to be made (again), as seen in the night that began at `night`, if its day's second
    /// night is `second`. `None`: not in this night.
    fn due_at(&self, night: Timestamp, second: Timestamp) -> Option<Timestamp> {
        let Some(finished_at) = self.finished_at else { return Some(night) };
        let made = Timestamp::from_microsecond(finished_at).expect("we wrote it");
        let is_left = self.is_open || made < second || self.runs < 2;
        match () {
            () if made < night && is_left => Some(night),
            () if self.is_pending && made < night + SETTLES => Some(made + SETTLES),
            () => None,
        }
    }
}

impl Reconciler {
    /// One step of the worker: makes the reports that are due, the oldest first. One that cannot be
    /// made holds up no other.
    pub(super) async fn nightly(&self) -> Result<Next, RunError> {
        let now = self.clock.now();
        let today = KoreanDay::of(now);
        // Yesterday's files are complete at the configured time, not at midnight.
        let tonight = today.at(self.night);
        let (latest, night, next) = match now >= tonight {
            true => (today.previous(), tonight, today.next().at(self.night)),
            false => (today.previous().previous(), today.previous().at(self.night), tonight),
        };
        let (due, soon) = self.due_days(latest, night, now).await?;
        if due.is_empty() {
            let next = soon.map_or(next, |soon| soon.min(next));
            return Ok(Next::until(next.as_microsecond(), now.as_microsecond()));
        }
        let mut all_made = true;
        for day in due {
            // If another replica is making it: that one finishes, or its lease ends.
            all_made &= self.run(day).await.unwrap_or_else(|error| {
                tracing::warn!(%day, %error, "cannot make a report; it will be tried again");
                false
            });
        }
        Ok(if all_made { Next::Again } else { Next::After(AGAIN) })
    }

    /// Days without a finished report, and with one that was left open before this night, or was
    /// made in one night only; the oldest first.
    ///
    /// Every day is looked at in two nights: a list of the PSP's that broke off looks like a whole
    /// one, and what it hid, or seemed to lack, shows in the next night's.
    ///
    /// One whose repairs had not come through is made again in the same night, once; the second is
    /// when the first such is due.
    async fn due_days(
        &self,
        latest: KoreanDay,
        night: Timestamp,
        now: Timestamp,
    ) -> Result<(Vec<KoreanDay>, Option<Timestamp>), StoreError> {
        let known = self.days().await?;
        let mut due = Vec::new();
        let mut soon = None;
        let mut day = latest;
        for _ in 0..NIGHTS {
            let text = day.to_string();
            let at = match known.iter().find(|known| known.day == text) {
                Some(report) => report.due_at(night, day.next().next().at(self.night)),
                // Before the first report there is nothing to make good, but yesterday.
                None if day == latest || known.iter().any(|known| known.day < text) => Some(night),
                None => None,
            };
            match at {
                Some(at) if at <= now => due.push(day),
                Some(at) => soon = Some(soon.map_or(at, |soon: Timestamp| soon.min(at))),
                None => {}
            }
            day = day.previous();
        }
        due.reverse();
        Ok((due, soon))
    }

    /// Makes the report of a day. `false`: another replica is making it.
    pub(super) async fn run(&self, day: KoreanDay) -> Result<bool, RunError> {
        let Some(owner) = self.claim(day).await? else { return Ok(false) };
        match self.reconcile(day).await {
            Ok((summary, found)) => Ok(self.write(day, &owner, &summary, &found).await?),
            Err(error) => {
                self.release(day, &owner).await?;
                Err(error.into())
            }
        }
    }

    /// A line that nothing of its day explains may be of a transaction that counted as sold earlier.
    async fn recognise_late_lines(
        &self,
        day: KoreanDay,
        found: &mut [Difference],
    ) -> Result<(), PeerError> {
        let mut unknown: Vec<_> =
            found.iter_mut().filter(|d| d.kind == Kind::SettlementUnknown).collect();
        for earlier in self.sold_lately(day) {
            if unknown.is_empty() {
                break;
            }
            let transactions = self.transactions(earlier).await?;
            unknown.retain_mut(|line| {
                let late = transactions.iter().any(|t| t.transaction_key == line.subject);
                if late {
                    let detail = format!("{}; it is of {earlier}", line.detail);
                    **line = compare::difference(Kind::SettlementLate, &line.subject, detail);
                }
                !late
            });
        }
        if self.cycle.days_sold_on(day).is_empty() {
            for line in unknown {
                line.detail.push_str("; by SETTLEMENT_CYCLE nothing is sold on this day");
            }
        }
        Ok(())
    }

    /// The days whose transactions counted as sold in the [`LATE_DAYS`] before `day`, or in the cycle
    /// before if that is longer ago; the latest first.
    fn sold_lately(&self, day: KoreanDay) -> Vec<KoreanDay> {
        let mut days = Vec::new();
        let mut sold = day;
        for back in 1.. {
            sold = sold.previous();
            days.extend(self.cycle.days_sold_on(sold).into_iter().rev());
            if back >= LATE_DAYS && !days.is_empty() {
                break;
            }
        }
        days
    }

    /// What the PSP's lines sold on `day` must be. The transactions of `day` itself are given.
    async fn expected_lines(
        &self,
        day: KoreanDay,
        payments: &BTreeMap<String, Ours>,
        transactions: &[Transaction],
    ) -> Result<Vec<Expected>, PeerError> {
        let mut expected = Vec::new();
        for earlier in self.cycle.days_sold_on(day) {
            if earlier == day {
                expected.extend(settled::expected(payments, transactions));
            } else {
                let transactions = self.transactions(earlier).await?;
                let payments = self.payments(earlier, &transactions).await?;
                expected.extend(settled::expected(&payments, &transactions));
            }
        }
        Ok(expected)
    }

    async fn reconcile(&self, day: KoreanDay) -> Result<(Summary, Vec<Difference>), PeerError> {
        let transactions = self.transactions(day).await?;
        let before = self.payments(day, &transactions).await?;
        let mut found = compare::transactions(&before, &transactions);
        self.repair_all(&mut found, &transactions).await;
        // A repair may have taken, or given back, money on this very day; and what we knew little
        // of before may now be paid, and so expect its settlement line and its bookings.
        let payments = self.payments(day, &transactions).await?;
        let lines = self.settlements(day).await?;
        let expected = self.expected_lines(day, &payments, &transactions).await?;
        found.extend(settled::settlements(&expected, &lines));
        let mut unbooked = compare::bookings(&payments);
        self.repair_all(&mut unbooked, &transactions).await;
        found.extend(unbooked);
        let as_of = day.end().as_microsecond();
        found.extend(compare::balances(&self.wallets(as_of).await?, &self.payables(as_of).await?));
        let summary = Summary {
            payments: payments.values().filter(|ours| ours.of_day).count(),
            transactions: transactions.len(),
            settlements: lines.len(),
        };
        self.recognise_late_lines(day, &mut found).await?;
        tracing::info!(%day, ?summary, differences = found.len(), "day reconciled");
        Ok((summary, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_made_in_two_nights_and_once_more_while_a_repair_is_pending() {
        let hours = |n: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(n);
        let minutes = |n: i64| SignedDuration::from_mins(n);
        // The day's first night begins at 100 h, its second at 124 h.
        let due = |made: Option<Timestamp>, runs, is_open, is_pending, night| {
            let finished_at = made.map(Timestamp::as_microsecond);
            let known = Known { day: String::new(), is_open, finished_at, runs, is_pending };
            known.due_at(hours(night), hours(124))
        };
        let first = Some(hours(100) + minutes(1));
        assert_eq!(due(None, 0, false, false, 100), Some(hours(100)), "never made");
        assert_eq!(due(first, 1, false, false, 100), None, "made in this night");
        assert_eq!(due(first, 1, false, false, 124), Some(hours(124)), "its second night");
        let again = Some(hours(100) + minutes(21));
        assert_eq!(due(first, 1, true, true, 100), again, "a repair is pending");
        assert_eq!(due(again, 2, true, true, 100), None, "once more, and then the next night");
        assert_eq!(due(again, 2, true, true, 124), Some(hours(124)));
        let second = Some(hours(124) + minutes(1));
        assert_eq!(due(second, 2, false, false, 148), None, "two nights are enough");
        assert_eq!(due(second, 2, true, false, 148), Some(hours(148)), "it was left open");
        let late = Some(hours(148) + minutes(1));
        assert_eq!(due(late, 1, false, false, 172), Some(hours(172)), "first made after both");
    }
}
