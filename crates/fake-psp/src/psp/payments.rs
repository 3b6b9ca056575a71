//! Every payment as the fake has it, for tests in Rust.

use jiff::Timestamp;

use super::FakePsp;
use crate::{Currency, State, model::Payment};

/// A payment as the fake has it, whatever it tells by its API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPayment {
    /// Its key.
    pub payment_key: String,
    /// The merchant's order. An order may have several payments, of which one is approved.
    pub order_id: String,
    /// What the buyer saw.
    pub order_name: String,
    /// How far it is.
    pub state: State,
    /// All of it, in the currency's smallest unit.
    pub amount: i64,
    /// What was not given back of it, likewise. Money was taken only if `approved_at` is there.
    pub balance: i64,
    /// What it is counted in.
    pub currency: Currency,
    /// When its window was opened.
    pub opened_at: Timestamp,
    /// When the buyer authenticated it.
    pub authenticated_at: Option<Timestamp>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// When it becomes EXPIRED unless somebody authenticates or confirms it before; none where
    /// it cannot expire (any more).
    pub expires_at: Option<Timestamp>,
}

impl KnownPayment {
    fn of(payment: &Payment) -> Self {
        Self {
            payment_key: payment.key.clone(),
            order_id: payment.order_id.clone(),
            order_name: payment.order_name.clone(),
            state: payment.state,
            amount: payment.amount,
            balance: payment.balance,
            currency: payment.currency,
            opened_at: payment.requested_at,
            authenticated_at: payment.authenticated_at,
            approved_at: payment.approved_at,
            expires_at: payment.deadline,
        }
    }
}

impl FakePsp {
    /// Every payment that was ever opened, in the order of their keys.
    pub fn payments(&self) -> Vec<KnownPayment> {
        self.with(|_, world, _| world.store.iter().map(KnownPayment::of).collect())
    }
}
