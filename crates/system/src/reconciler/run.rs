//! Verb: reconcile a day; and the worker that does so every night.
//!
//! A report can be stopped anywhere and made again: it only reads, asks for repairs that can be
//! repeated, and writes its findings in one transaction.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    Reconciler, compare,
    report::Known,
    wire::{Difference, Kind, Summary},
};
use crate::{
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
            let missed = match known.iter().find(|known| known.day == text) {
                Some(Known { finished_at: None, .. }) => true,
                Some(Known { finished_at: Some(at), is_open, runs, is_pending, .. }) => {
                    let at = Timestamp::from_microsecond(*at).expect("we wrote it");
                    let second = day.next().next().at(self.night);
                    let again = at + SETTLES;
                    if *is_pending && at >= night && at < night + SETTLES && again > now {
                        soon = Some(soon.map_or(again, |soon: Timestamp| soon.min(again)));
                    }
                    let pending = *is_pending && at < night + SETTLES && again <= now;
                    pending || (at < night && (*is_open || at < second || *runs < 2))
                }
                // Before the first report there is nothing to make good, but yesterday.
                None => day == latest || known.iter().any(|known| known.day < text),
            };
            if missed {
                due.push(day);
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

    /// A line that nothing of its day explains may belong to a transaction of an earlier day.
    async fn recognise_late_lines(
        &self,
        day: KoreanDay,
        found: &mut [Difference],
    ) -> Result<(), PeerError> {
        let mut unknown: Vec<_> =
            found.iter_mut().filter(|d| d.kind == Kind::SettlementUnknown).collect();
        let mut earlier = day;
        for _ in 0..LATE_DAYS {
            if unknown.is_empty() {
                break;
            }
            earlier = earlier.previous();
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
        Ok(())
    }

    async fn reconcile(&self, day: KoreanDay) -> Result<(Summary, Vec<Difference>), PeerError> {
        let transactions = self.transactions(day).await?;
        let before = self.payments(day, &transactions).await?;
        let mut found = compare::transactions(&before, &transactions);
        for difference in &mut found {
            self.repair(difference).await;
        }
        // A repair may have taken, or given back, money on this very day; and what we knew little
        // of before may now be paid, and so expect its settlement line and its bookings.
        let payments = self.payments(day, &transactions).await?;
        let lines = self.settlements(day).await?;
        found.extend(compare::settlements(&payments, &transactions, &lines));
        let mut unbooked = compare::bookings(&payments);
        for difference in &mut unbooked {
            self.repair(difference).await;
        }
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
