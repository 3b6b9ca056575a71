//! Cancels overseas take a while: IN_PROGRESS first, then DONE or ABORTED.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use thiserror::Error;

use super::{Core, Duty, GiveBack, World, give_back::event_of};
use crate::{
    Cause, Config, EventType, FakePsp,
    clock::iso_without_offset,
    fault::Subject,
    model::{CancelStatus, Method, Payment},
    view::CancelView,
    webhook::{Envelope, Notice, to_json},
};

/// There is no such cancel.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "payment `{0}` has no cancel in progress; cancels of overseas payments (FOREIGN_EASY_PAY) are, \
     until they are done or aborted"
)]
pub struct NoCancelInProgress(String);

/// How a cancel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Aborted,
}

/// How long a cancel of this payment takes; `None`: it is done at once.
pub(super) fn takes(config: &Config, payment: &Payment) -> Option<SignedDuration> {
    let overseas = payment.method() == Method::ForeignEasyPay;
    config.overseas_cancel_minutes.filter(|_| overseas).map(SignedDuration::from_mins)
}

impl World {
    /// Takes on a cancel that will be done later. Until then no money has moved, but what it asks
    /// for cannot be asked for again.
    pub(super) fn request_cancel(
        &mut self,
        core: &Core,
        key: &str,
        back: &GiveBack<'_>,
        at: Timestamp,
        takes: SignedDuration,
    ) {
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.state.after(event_of(&core.config, payment, back.amount)).is_none() {
            return;
        }
        payment.remember();
        let mut cancel = back.cancel(core, payment, CancelStatus::InProgress, at);
        cancel.balance_after = payment.cancelable() - back.amount;
        let transaction = cancel.transaction_key.clone();
        payment.cancels.push(cancel);
        let duty = Duty::CancelEnds { key: key.to_owned(), transaction, cause: back.cause };
        self.agenda.add(at + takes, duty);
    }

    /// The partner overseas has given the money back.
    pub(super) fn cancel_ends(
        &mut self,
        core: &Core,
        key: &str,
        transaction: &str,
        cause: Cause,
        at: Timestamp,
    ) {
        self.end_cancel(core, key, transaction, cause, End::Done, at);
    }

    /// Ends a cancel that is in progress. Nothing if it is not, any more.
    fn end_cancel(
        &mut self,
        core: &Core,
        key: &str,
        transaction: &str,
        cause: Cause,
        end: End,
        at: Timestamp,
    ) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let Some(nth) = payment.cancel_in_progress(Some(transaction)) else { return };
        let amount = payment.cancels[nth].amount;
        match end {
            End::Aborted => {
                payment.remember();
                payment.cancels[nth].status = CancelStatus::Aborted;
            }
            End::Done => {
                if !payment.apply(event_of(&core.config, payment, amount)) {
                    return;
                }
                payment.balance -= amount;
                let balance_after = payment.balance;
                let cancel = &mut payment.cancels[nth];
                (cancel.status, cancel.at) = (CancelStatus::Done, at);
                cancel.balance_after = balance_after;
                self.after_cancel(core, key, nth, Some(cause), at);
            }
        }
        self.tell_of_cancel(core, key, nth, at);
    }

    fn tell_of_cancel(&mut self, core: &Core, key: &str, nth: usize, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        payment.webhooks += 1;
        let Some(payment) = self.store.get(key).cloned() else { return };
        let named = core.config.cancel_webhook_names_payment;
        let event = EventType::CancelStatusChanged;
        let data = CancelChange {
            cancel: CancelView::of(&payment.cancels[nth], payment.currency),
            payment_key: named.then_some(&*payment.key),
            order_id: named.then_some(&*payment.order_id),
        };
        let envelope =
            Envelope { event_type: event.as_str(), created_at: iso_without_offset(at), data };
        let notice = Notice {
            event,
            subject: Subject::of(&payment),
            about: &payment.key,
            nth: payment.webhooks,
            status: payment.cancels[nth].status.as_str(),
            body: to_json(&envelope),
        };
        self.tell(core, &notice, at);
    }
}

/// What CANCEL_STATUS_CHANGED tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CancelChange<'a> {
    #[serde(flatten)]
    cancel: CancelView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
}

impl FakePsp {
    /// The partner overseas refuses the oldest cancel of a payment that is still in progress:
    /// ABORTED, no money moves, CANCEL_STATUS_CHANGED is sent. Without this it will be DONE.
    ///
    /// # Errors
    /// When there is no such payment, or none of its cancels is in progress.
    pub fn abort_cancel(&self, payment_key: &str) -> Result<(), NoCancelInProgress> {
        self.with(|core, world, now| {
            let payment = world.store.get(payment_key);
            let cancel = payment
                .and_then(|payment| Some(&payment.cancels[payment.cancel_in_progress(None)?]));
            let cancel = cancel.ok_or_else(|| NoCancelInProgress(payment_key.to_owned()))?;
            let transaction = cancel.transaction_key.clone();
            world.end_cancel(core, payment_key, &transaction, Cause::Cancel, End::Aborted, now);
            Ok(())
        })
    }
}
