//! Asking for payouts: all of them or none.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Payout, PayoutStatus, ScheduleType, Seller, SellerStatus, calendar};
use crate::{
    api::error::Refusal,
    world::{Core, Duty, World},
};

/// A seller whose identity is known, but nothing more, gets no more in a week.
const WEEKLY_LIMIT: i64 = 10_000_000;

/// One payout that is asked for.
pub(crate) struct Item {
    pub(crate) ref_payout_id: String,
    pub(crate) destination: String,
    pub(crate) schedule_type: ScheduleType,
    /// Of a scheduled payout.
    pub(crate) payout_date: Option<Date>,
    pub(crate) amount: i64,
    pub(crate) transaction_description: Option<String>,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
}

impl World {
    /// Takes on payouts: their ids, in the order they were asked for.
    ///
    /// # Errors
    /// The first thing that is wrong with any of them; then none is taken on.
    pub(crate) fn request_payouts(
        &mut self,
        core: &Core,
        items: Vec<Item>,
        now: Timestamp,
    ) -> Result<Vec<String>, Refusal> {
        let mut payouts: Vec<Payout> = Vec::with_capacity(items.len());
        for item in items {
            let payout = self.check(core, item, &payouts, now)?;
            payouts.push(payout);
        }
        let sum: i64 = payouts.iter().map(|payout| payout.amount).sum();
        if sum > self.available(core, now) {
            return Err("NOT_ENOUGH_AMOUNT".into());
        }
        let ids = payouts.iter().map(|payout| payout.id.clone()).collect();
        for payout in payouts {
            let start = match payout.schedule_type {
                ScheduleType::Express => {
                    now + SignedDuration::from_mins(core.config.payout_start_minutes)
                }
                ScheduleType::Scheduled => calendar::opening(payout.payout_date).unwrap_or(now),
            };
            self.agenda.add(start, Duty::PayoutStarts(payout.id.clone()));
            self.payouts.insert(payout.id.clone(), payout);
        }
        Ok(ids)
    }

    /// Makes a payout of what was asked for, after those that were asked for with it.
    fn check(
        &mut self,
        core: &Core,
        item: Item,
        before: &[Payout],
        now: Timestamp,
    ) -> Result<Payout, Refusal> {
        let holidays = &core.config.holidays;
        let same = |payout: &Payout| payout.ref_payout_id == item.ref_payout_id;
        if before.iter().any(same) || self.payouts.iter().any(|(_, payout)| same(payout)) {
            return Err("DUPLICATED_REQUEST".into());
        }
        let seller = self.sellers.get(&item.destination).ok_or("NOT_FOUND_SELLER")?.clone();
        if !seller.status.may_be_paid() {
            return Err("FORBIDDEN_SELLER_PAYOUT".into());
        }
        let payout_date = match (item.schedule_type, item.payout_date) {
            (ScheduleType::Express, _) => calendar::express(now, holidays)?,
            (ScheduleType::Scheduled, Some(day)) => {
                calendar::scheduled(day, now, holidays)?;
                day
            }
            (ScheduleType::Scheduled, None) => return Err("INVALID_REQUEST".into()),
        };
        let payout = Payout {
            id: format!("FPA_{:012}", self.payouts.len() + before.len() + 1),
            ref_payout_id: item.ref_payout_id,
            destination: item.destination,
            schedule_type: item.schedule_type,
            payout_date,
            amount: item.amount,
            transaction_description: item.transaction_description,
            requested_at: now,
            status: PayoutStatus::Requested,
            error: None,
            metadata: item.metadata,
            account: seller.account.clone(),
            notices: 0,
        };
        self.check_weekly_limit(core, &seller, &payout, before, now)?;
        Ok(payout)
    }

    /// More in a week than a half-approved seller may get is refused, and Toss begins to verify
    /// the seller.
    fn check_weekly_limit(
        &mut self,
        core: &Core,
        seller: &Seller,
        payout: &Payout,
        before: &[Payout],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let week = calendar::week_of(payout.payout_date);
        let counts = |other: &&Payout| {
            other.destination == seller.id
                && other.status.takes()
                && calendar::week_of(other.payout_date) == week
        };
        let earlier = self.payouts.iter().map(|(_, payout)| payout).chain(before);
        let sum: i64 = earlier.filter(counts).map(|other| other.amount).sum();
        if seller.status != SellerStatus::PartiallyApproved || sum + payout.amount <= WEEKLY_LIMIT {
            return Ok(());
        }
        if core.config.weekly_limit_starts_kyc {
            self.change_seller(core, &seller.id, SellerStatus::KycRequired, now);
        }
        Err("EXCEED_MAX_AMOUNT".into())
    }
}
