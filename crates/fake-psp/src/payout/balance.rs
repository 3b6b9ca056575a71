//! The merchant's money with Toss: settled, and not yet paid out.

use jiff::Timestamp;

use crate::{
    clock::korean_day,
    world::{Core, World},
};

impl World {
    /// Won that can be paid out now: the starting balance and what was settled up to today, less
    /// the payouts. Never negative: what cancels took back after it was paid out, coming
    /// settlements make up for.
    pub(crate) fn available(&self, core: &Core, now: Timestamp) -> i64 {
        let (settled, _) = self.records.settlements.won_by(korean_day(now));
        let taken = self.payouts.iter().map(|(_, payout)| payout);
        let taken: i64 = taken.filter(|p| p.status.takes()).map(|p| p.amount).sum();
        (core.config.payout_starting_balance + settled - taken).max(0)
    }

    /// Won whose pay-out day is still to come.
    pub(crate) fn pending(&self, now: Timestamp) -> i64 {
        let (_, pending) = self.records.settlements.won_by(korean_day(now));
        pending.max(0)
    }
}
