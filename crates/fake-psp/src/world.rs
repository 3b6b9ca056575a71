//! The whole state of the fake, and what can be done to it. Nothing here waits: an act, once
//! begun, is done.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::{
    Call, Cause, Clock, Config, Entropy,
    api::{error::Refusal, late::Late},
    clock::{in_korea, spell},
    fault::Faults,
    idempotency::Idempotency,
    model::{Cancel, Event, Failure, Method, Payment, State},
    records::{Movement, Records},
    store::Store,
    webhook::{Announcer, Outbox},
};

/// What never changes.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

/// What does.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) records: Records,
    pub(crate) faults: Faults,
    pub(crate) idempotency: Idempotency,
    pub(crate) outbox: Outbox,
    /// Acts that will happen later, by time and order of arrival.
    pub(crate) late: BTreeMap<(Timestamp, u64), Late>,
    pub(crate) calls: Vec<Call>,
}

/// What the window is opened with.
pub(crate) struct Opening {
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) amount: i64,
    pub(crate) method: Method,
    pub(crate) success_url: String,
    pub(crate) fail_url: String,
    pub(crate) customer_key: Option<String>,
}

/// A cancel that was found to be allowed.
pub(crate) struct GiveBack<'a> {
    pub(crate) amount: i64,
    pub(crate) reason: &'a str,
    pub(crate) tax_free_amount: i64,
    pub(crate) cause: Cause,
}

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            store: Store::default(),
            records: Records::default(),
            faults: Faults::default(),
            idempotency: Idempotency::new(config.idempotency_days),
            outbox: Outbox::default(),
            late: BTreeMap::new(),
            calls: Vec::new(),
        }
    }

    /// The next moment at which something happens by itself.
    pub(crate) fn next_event(&self) -> Option<Timestamp> {
        let late = self.late.keys().next().map(|(at, _)| *at);
        let deadline = self.store.first_deadline().map(|(at, _)| at);
        [late, deadline, self.outbox.next_due()].into_iter().flatten().min()
    }

    /// Lets everything happen that is due by `now`, each at its own time.
    pub(crate) fn tick(&mut self, core: &Core, now: Timestamp) {
        loop {
            let late = self.late.keys().next().copied().filter(|(at, _)| *at <= now);
            let deadline = self.store.first_deadline().filter(|(at, _)| *at <= now);
            match (late, deadline) {
                (Some(id), Some((at, _))) if id.0 <= at => self.run_late(core, id),
                (Some(id), None) => self.run_late(core, id),
                (_, Some((at, key))) => {
                    let key = key.to_owned();
                    self.expire(core, &key, at);
                }
                (None, None) => return,
            }
        }
    }

    /// Opens the window: a payment in READY.
    pub(crate) fn open(&mut self, core: &Core, opening: Opening, at: Timestamp) -> String {
        let order_id = &opening.order_id;
        let nth = self.store.opened_for(order_id);
        let draw = |what: &str| core.entropy.draw(&format!("psp/{what}/{order_id}/{nth}"));
        let stamp = in_korea(at).strftime("%Y%m%d%H%M%S").to_string();
        let key = format!("tviva{stamp}{}", spell(draw("key"), 10));
        let deadline = at + SignedDuration::from_mins(core.config.ready_minutes);
        self.store.insert(Payment {
            key: key.clone(),
            approve_no: format!("{:08}", draw("approve") % 100_000_000),
            secret: format!("ps_{}", spell(draw("secret"), 10)),
            order_id: opening.order_id,
            order_name: opening.order_name,
            customer_key: opening.customer_key,
            success_url: opening.success_url,
            fail_url: opening.fail_url,
            method: opening.method,
            amount: opening.amount,
            balance: opening.amount,
            state: State::Ready,
            requested_at: at,
            authenticated_at: None,
            approved_at: None,
            deadline: Some(deadline),
            approval_key: None,
            cancels: Vec::new(),
            failure: None,
            held: false,
            unbooked: false,
            transactions: 0,
            webhooks: 0,
            before: None,
        });
        key
    }

    /// The buyer authenticated: the merchant may confirm now. `false` if it is too late for that.
    pub(crate) fn authenticate(
        &mut self,
        core: &Core,
        key: &str,
        method: Option<Method>,
        at: Timestamp,
    ) -> bool {
        let Some(payment) = self.store.get_mut(key) else { return false };
        if !payment.apply(Event::Authenticate) {
            return false;
        }
        payment.authenticated_at = Some(at);
        payment.method = method.unwrap_or(payment.method);
        let deadline = at + SignedDuration::from_mins(core.config.in_progress_minutes);
        self.store.set_deadline(key, Some(deadline));
        true
    }

    /// Charges the buyer. Without `booked` it only says so.
    pub(crate) fn approve(&mut self, core: &Core, key: &str, booked: bool, at: Timestamp) {
        self.store.set_deadline(key, None);
        let Some(payment) = self.store.get_mut(key) else { return };
        if !payment.apply(Event::Approve) {
            return;
        }
        payment.held = false;
        payment.unbooked = !booked;
        payment.approved_at = Some(at);
        let transaction_key = next_transaction_key(core, payment);
        payment.approval_key = Some(transaction_key.clone());
        let order_id = payment.order_id.clone();
        if booked {
            self.records.add(
                &core.config,
                &Movement {
                    transaction_key: &transaction_key,
                    amount: payment.amount,
                    cause: Cause::Confirm,
                    at,
                    cancel: None,
                    nth: payment.transactions,
                    payment,
                },
            );
        }
        self.store.mark_approved(&order_id, key);
        self.announce(core, key, at);
    }

    /// The approval is refused: ABORTED, with the reason.
    pub(crate) fn abort(&mut self, core: &Core, key: &str, why: &Refusal, at: Timestamp) {
        self.store.set_deadline(key, None);
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.apply(Event::Refuse) {
            payment.held = false;
            payment.failure = Some(Failure {
                code: why.code().to_owned(),
                message: why.message(false).to_owned(),
            });
            self.announce(core, key, at);
        }
    }

    fn expire(&mut self, core: &Core, key: &str, at: Timestamp) {
        self.store.set_deadline(key, None);
        let why = Refusal::new("EXPIRED_PAYMENT");
        let Some(payment) = self.store.get_mut(key) else { return };
        if payment.apply(Event::Expire) {
            payment.failure = Some(Failure {
                code: why.code().to_owned(),
                message: why.message(false).to_owned(),
            });
            self.announce(core, key, at);
        }
    }

    /// Gives money back, whole or in part.
    pub(crate) fn give_back(&mut self, core: &Core, key: &str, back: &GiveBack<'_>, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let whole = payment.state == State::Done && back.amount == payment.balance;
        if !payment.apply(if whole { Event::CancelWhole } else { Event::CancelPart }) {
            return;
        }
        payment.balance -= back.amount;
        let transaction_key = next_transaction_key(core, payment);
        payment.cancels.push(Cancel {
            transaction_key,
            reason: back.reason.to_owned(),
            amount: back.amount,
            balance_after: payment.balance,
            tax_free_amount: back.tax_free_amount,
            at,
        });
        if !payment.unbooked {
            let cancel = payment.cancels.last().expect("pushed just now");
            self.records.add(
                &core.config,
                &Movement {
                    transaction_key: &cancel.transaction_key,
                    amount: back.amount,
                    cause: back.cause,
                    at,
                    cancel: Some(cancel),
                    nth: payment.transactions,
                    payment,
                },
            );
        }
        self.announce(core, key, at);
    }

    /// Moves the money of the payment's latest transaction once more, and does not say so: the
    /// payment looks as before, only the book, the transactions and the settlements know.
    pub(crate) fn cheat(&mut self, core: &Core, key: &str, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let transaction_key = next_transaction_key(core, payment);
        let again = payment
            .cancels
            .last()
            .map(|cancel| Cancel { transaction_key: transaction_key.clone(), ..cancel.clone() });
        self.records.add(
            &core.config,
            &Movement {
                transaction_key: &transaction_key,
                amount: again.as_ref().map_or(payment.amount, |cancel| cancel.amount),
                cause: Cause::Cheat,
                at,
                cancel: again.as_ref(),
                nth: payment.transactions,
                payment,
            },
        );
    }

    fn announce(&mut self, core: &Core, key: &str, at: Timestamp) {
        let announcer = Announcer { config: &core.config, entropy: &*core.entropy, at };
        if let Some(payment) = self.store.get_mut(key) {
            announcer.announce(payment, &mut self.faults, &mut self.outbox);
        }
    }
}

/// 32 upper-case hexadecimal digits, as in real records.
fn next_transaction_key(core: &Core, payment: &mut Payment) -> String {
    payment.transactions += 1;
    let name = format!("psp/transaction/{}/{}", payment.key, payment.transactions);
    let high = core.entropy.draw(&format!("{name}/high"));
    format!("{high:016X}{:016X}", core.entropy.draw(&format!("{name}/low")))
}
