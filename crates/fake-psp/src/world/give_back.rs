//! Money goes back.

use jiff::Timestamp;

use super::{Core, World, next_transaction_key, settling};
use crate::{
    BookKind, Cause,
    model::{Cancel, CancelStatus, Event, State},
    records::Movement,
};

/// A cancel that was found to be allowed.
pub(crate) struct GiveBack<'a> {
    pub(crate) amount: i64,
    pub(crate) reason: &'a str,
    pub(crate) tax_free_amount: i64,
    pub(crate) tax_exemption_amount: i64,
    pub(crate) cause: Cause,
}

impl World {
    /// Gives money back, whole or in part.
    pub(crate) fn give_back(&mut self, core: &Core, key: &str, back: &GiveBack<'_>, at: Timestamp) {
        let Some(payment) = self.store.get_mut(key) else { return };
        let whole = payment.state == State::Done && back.amount == payment.balance;
        if !payment.apply(if whole { Event::CancelWhole } else { Event::CancelPart }) {
            return;
        }
        payment.balance -= back.amount;
        let deposited = payment.account().is_some();
        let transaction_key = next_transaction_key(core, payment);
        let receipt_key =
            self.cash_receipts.cancel_for(core, &mut self.agenda, payment, back.amount, at);
        payment.cancels.push(Cancel {
            transaction_key,
            reason: back.reason.to_owned(),
            amount: back.amount,
            balance_after: payment.balance,
            tax_free_amount: back.tax_free_amount,
            tax_exemption_amount: back.tax_exemption_amount,
            at,
            status: CancelStatus::Done,
            request_id: None,
            receipt_key,
        });
        if !payment.unbooked {
            let cancel = payment.cancels.last().expect("pushed just now");
            self.records.add(
                &core.config,
                &Movement {
                    transaction_key: &cancel.transaction_key,
                    kind: BookKind::GivenBack,
                    amount: back.amount,
                    cause: back.cause,
                    at,
                    cancel: Some(cancel),
                    nth: payment.transactions,
                    payment,
                },
            );
        }
        if whole {
            settling::after_cancel(core, &mut self.agenda, payment, at);
        }
        if deposited {
            self.send_refund(core, key, at);
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
                kind: if again.is_some() { BookKind::GivenBack } else { BookKind::Captured },
                amount: again.as_ref().map_or(payment.amount, |cancel| cancel.amount),
                cause: Cause::Cheat,
                at,
                cancel: again.as_ref(),
                nth: payment.transactions,
                payment,
            },
        );
    }
}
