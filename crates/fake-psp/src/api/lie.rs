//! Answers that are not true: another payment's, an older one, one that echoes something else than
//! was asked, a success that the book does not have.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;

use super::{
    act::{Acted, show},
    answer::Answer,
    error::Refusal,
    run::{Job, instead},
};
use crate::{
    Currency, Echo, FakePsp, State, Verdict,
    model::Payment,
    store::Store,
    world::{Core, next_transaction_key},
};

/// What an amount is off by.
const OFF_BY: i64 = 10;

impl Job {
    /// Does not act, and answers 200 all the same. Nothing is bound to the idempotency key, so that
    /// whoever finds the lie out can ask again.
    pub(super) fn lie(&self, psp: &FakePsp, verdict: &Verdict) -> Response {
        let answer = psp.with(|core, world, now| {
            let Some(payment) = self.ask.payment(&world.store) else {
                return self.ask.refused(core, now, &Refusal::new("NOT_FOUND_PAYMENT"));
            };
            let told = match verdict {
                Verdict::OtherInstead => other_success(&world.store, payment).clone(),
                Verdict::WrongEchoInstead { field } => {
                    mistold(&world.store, &claimed(core, payment, now), *field)
                }
                _ => payment.clone(),
            };
            show(core, world, &told, self.ask.english)
        });
        self.respond(psp, Acted::fresh(answer))
    }

    /// The true answer but for one field.
    pub(super) fn wrong_echo(&self, psp: &FakePsp, acted: Acted, field: Echo) -> Acted {
        psp.with(|core, world, _| {
            let found = self.ask.payment(&world.store).filter(|_| acted.answer.is_success());
            let Some(payment) = found else { return acted };
            let told = mistold(&world.store, payment, field);
            instead(acted, |_| show(core, world, &told, self.ask.english))
        })
    }

    /// The answer as it would have been before the last change.
    pub(super) fn stale(&self, psp: &FakePsp, acted: Acted) -> Acted {
        psp.with(|core, world, _| {
            let found = self.ask.payment(&world.store).filter(|_| acted.answer.is_success());
            let Some(payment) = found else { return acted };
            let before = payment.before.as_deref().unwrap_or(payment);
            instead(acted, |_| show(core, world, before, self.ask.english))
        })
    }

    /// Another payment's answer.
    pub(super) fn other(&self, psp: &FakePsp, acted: Acted) -> Acted {
        psp.with(|core, world, _| {
            if !acted.answer.is_success() {
                return acted;
            }
            let other =
                self.ask.payment(&world.store).and_then(|this| world.store.neighbour(&this.key));
            instead(acted, |_| match other {
                Some(other) => show(core, world, other, self.ask.english),
                None => Answer::json(200, &[(); 0]),
            })
        })
    }
}

/// Another payment that was approved, or any other; the payment itself if it is the only one.
fn other_success<'s>(store: &'s Store, payment: &'s Payment) -> &'s Payment {
    let done = store.others(&payment.key).find(|other| other.state == State::Done);
    done.or_else(|| store.others(&payment.key).next()).unwrap_or(payment)
}

/// The payment as if it had just been approved.
fn claimed(core: &Core, payment: &Payment, now: Timestamp) -> Payment {
    let mut claimed = payment.clone();
    if claimed.approval_key.is_none() {
        claimed.approval_key = Some(next_transaction_key(core, &mut claimed));
    }
    Payment {
        state: State::Done,
        approved_at: claimed.approved_at.or(Some(now)),
        balance: claimed.amount,
        cancels: Vec::new(),
        failure: None,
        ..claimed
    }
}

/// The payment with one thing that is not so.
fn mistold(store: &Store, payment: &Payment, field: Echo) -> Payment {
    let mut told = payment.clone();
    let terms = Arc::make_mut(&mut told.terms);
    match field {
        Echo::Amount => {
            told.amount += OFF_BY;
            told.balance += OFF_BY;
        }
        Echo::Currency => {
            let krw = told.currency == Currency::Krw;
            recount(&mut told, if krw { Currency::Usd } else { Currency::Krw });
        }
        Echo::OrderId => {
            let other = store.others(&payment.key).find(|it| it.order_id != payment.order_id);
            terms.order_id =
                other.map_or_else(|| "another-order".to_owned(), |other| other.order_id.clone());
        }
        Echo::PaymentKey => {
            let other = store.others(&payment.key).next();
            terms.key =
                other.map_or_else(|| "another-payment".to_owned(), |other| other.key.clone());
        }
    }
    told
}

/// The same numbers in another currency.
fn recount(payment: &mut Payment, currency: Currency) {
    let one = |currency: Currency| 10_i64.pow(currency.decimals());
    let (new, old) = (one(currency), one(payment.currency));
    let amounts = [
        &mut payment.amount,
        &mut payment.balance,
        &mut payment.tax_free_amount,
        &mut payment.tax_exemption_amount,
    ];
    let cancels = payment.cancels.iter_mut().map(|cancel| &mut cancel.amount);
    for amount in amounts.into_iter().chain(cancels) {
        *amount = *amount * new / old;
    }
    payment.currency = currency;
}
