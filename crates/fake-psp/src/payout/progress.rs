//! What happens to sellers and payouts by itself, and the webhooks that tell of it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Payout, PayoutStatus, PayoutView, Seller, SellerStatus, SellerView};
use crate::{
    api::error::VERSION,
    clock::{iso, spell},
    fault::Subject,
    webhook::{EventType, Notice, to_json},
    world::{Core, Duty, World},
};

/// The third of Toss's envelopes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityChanged<T> {
    event_type: &'static str,
    created_at: String,
    version: &'static str,
    event_id: String,
    entity_type: &'static str,
    entity_body: T,
}

impl World {
    /// Takes on a seller.
    pub(crate) fn add_seller(&mut self, core: &Core, seller: Seller, now: Timestamp) {
        let (id, status) = (seller.id.clone(), seller.status);
        self.sellers.insert(id.clone(), seller);
        self.plan_seller(core, &id, status, now);
    }

    /// Gives a seller another status, and tells of it. Was that possible?
    pub(crate) fn change_seller(
        &mut self,
        core: &Core,
        id: &str,
        status: SellerStatus,
        at: Timestamp,
    ) -> bool {
        let Some(seller) = self.sellers.get_mut(id).filter(|s| s.status.may_become(status)) else {
            return false;
        };
        seller.status = status;
        seller.notices += 1;
        let seller = seller.clone();
        let event = EventType::SellerChanged;
        let entity_type = "seller";
        let body = SellerView::of(&seller);
        let body = entity_changed(core, event, entity_type, &seller.id, seller.notices, at, body);
        let notice = Notice {
            event,
            subject: Subject::default(),
            about: &seller.id,
            nth: seller.notices,
            status: status.as_str(),
            body,
        };
        self.tell(core, &notice, at);
        self.plan_seller(core, id, status, at);
        true
    }

    /// Toss goes on verifying, if it is set to do so by itself.
    fn plan_seller(&mut self, core: &Core, id: &str, status: SellerStatus, now: Timestamp) {
        let config = &core.config;
        let (minutes, next) = match status {
            SellerStatus::ApprovalRequired => {
                (config.seller_verified_after_minutes, SellerStatus::PartiallyApproved)
            }
            SellerStatus::KycRequired => (config.seller_kyc_after_minutes, SellerStatus::Approved),
            SellerStatus::PartiallyApproved | SellerStatus::Approved => return,
        };
        if let Some(minutes) = minutes {
            let duty = Duty::SellerBecomes(id.to_owned(), next);
            self.agenda.add(now + SignedDuration::from_mins(minutes), duty);
        }
    }

    /// A payout goes to the bank, unless it was cancelled.
    pub(crate) fn start_payout(&mut self, core: &Core, id: &str, at: Timestamp) {
        if self.change_payout(core, id, PayoutStatus::InProgress, at) {
            let end = at + SignedDuration::from_mins(core.config.payout_transfer_minutes);
            self.agenda.add(end, Duty::PayoutEnds(id.to_owned()));
        }
    }

    /// The bank has answered.
    pub(crate) fn end_payout(&mut self, core: &Core, id: &str, at: Timestamp) {
        let Some(payout) = self.payouts.get(id) else { return };
        match payout.account.planned_failure() {
            Some(code) => self.fail_payout(core, id, code, at),
            None => self.change_payout(core, id, PayoutStatus::Completed, at),
        };
    }

    /// The bank did not take it. Was it there?
    pub(crate) fn fail_payout(&mut self, core: &Core, id: &str, code: &str, at: Timestamp) -> bool {
        let there = |payout: &&mut Payout| payout.status.may_become(PayoutStatus::Failed);
        let Some(payout) = self.payouts.get_mut(id).filter(there) else { return false };
        payout.error = Some(code.to_owned());
        self.change_payout(core, id, PayoutStatus::Failed, at)
    }

    /// Gives a payout another status, and tells of those that are final. Was that possible?
    pub(crate) fn change_payout(
        &mut self,
        core: &Core,
        id: &str,
        status: PayoutStatus,
        at: Timestamp,
    ) -> bool {
        let Some(payout) = self.payouts.get_mut(id).filter(|p| p.status.may_become(status)) else {
            return false;
        };
        payout.status = status;
        tracing::info!(id, ?status, amount = payout.amount, "a payout");
        if matches!(status, PayoutStatus::Completed | PayoutStatus::Failed) {
            payout.notices += 1;
            let payout = payout.clone();
            self.tell_payout(core, &payout, at);
        }
        true
    }

    fn tell_payout(&mut self, core: &Core, payout: &Payout, at: Timestamp) {
        let event = EventType::PayoutChanged;
        let body = PayoutView::of(payout, false);
        let body = entity_changed(core, event, "payout", &payout.id, payout.notices, at, body);
        let subject = Subject {
            order_id: Some(&payout.ref_payout_id),
            amount: Some(payout.amount),
            ..Subject::default()
        };
        let notice = Notice {
            event,
            subject,
            about: &payout.id,
            nth: payout.notices,
            status: payout.status.as_str(),
            body,
        };
        self.tell(core, &notice, at);
    }
}

fn entity_changed<T: Serialize>(
    core: &Core,
    event: EventType,
    entity_type: &'static str,
    id: &str,
    nth: u32,
    at: Timestamp,
    entity_body: T,
) -> bytes::Bytes {
    let drawn = core.entropy.draw(&format!("psp/event/{id}/{nth}"));
    to_json(&EntityChanged {
        event_type: event.as_str(),
        created_at: iso(at),
        version: VERSION,
        event_id: format!("evt_{}", spell(drawn, 10)),
        entity_type,
        entity_body,
    })
}
