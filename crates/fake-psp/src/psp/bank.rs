//! What happens to a payment from outside: by hand in Toss's console, at the bank, and by whoever
//! forges webhooks.

use thiserror::Error;

use super::FakePsp;
use crate::{
    State,
    world::{GiveBack, no_deposit},
};

/// Why the console cannot do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConsoleError {
    /// No such payment.
    #[error(
        "there is no payment `{0}`; `GET /_fake/book` lists the payment keys that were charged"
    )]
    NotFound(String),
    /// No such order.
    #[error("no payment was ever opened for order `{0}`")]
    NoSuchOrder(String),
    /// Not in a state to be cancelled, or more than is left.
    #[error(
        "payment `{key}` is {status} with {balance} left (in the currency's smallest unit); it cannot give back {asked}"
    )]
    NotCancelable {
        /// The payment.
        key: String,
        /// Its status.
        status: &'static str,
        /// What is left.
        balance: i64,
        /// What was asked for.
        asked: i64,
    },
    /// The bank does not take a deposit.
    #[error("the bank refuses {amount} for payment `{key}`, and nothing changes: {why}")]
    DepositRefused {
        /// The payment.
        key: String,
        /// What the buyer tried to pay in.
        amount: i64,
        /// Why not, and what would be taken.
        why: String,
    },
    /// There is no deposit that the bank could take back.
    #[error(
        "payment `{key}` is {status} by {method}; only a virtual account that was paid into and \
         not cancelled since (DONE) can lose its deposit"
    )]
    NotReversible {
        /// The payment.
        key: String,
        /// Its status.
        status: &'static str,
        /// What it is paid with.
        method: &'static str,
    },
}

impl FakePsp {
    /// Cancels in Toss's console, by hand: the merchant's servers did not ask for it. Without an
    /// amount, all that is left.
    ///
    /// # Errors
    /// When there is no such payment, or it has not so much to give back.
    pub fn cancel_from_console(
        &self,
        payment_key: &str,
        amount: Option<i64>,
        reason: &str,
    ) -> Result<(), ConsoleError> {
        self.with(|core, world, now| {
            let Some(payment) = world.store.get(payment_key) else {
                return Err(ConsoleError::NotFound(payment_key.to_owned()));
            };
            let asked = amount.unwrap_or(payment.cancelable());
            if !payment.was_charged() || asked < 1 || asked > payment.cancelable() {
                return Err(ConsoleError::NotCancelable {
                    key: payment_key.to_owned(),
                    status: payment.state.as_str(),
                    balance: payment.cancelable(),
                    asked,
                });
            }
            let back = GiveBack::from_console(payment, asked, reason);
            world.give_back(core, payment_key, &back, now);
            Ok(())
        })
    }

    /// The buyer pays into a virtual account: DONE. What Toss does about a wrong amount is not
    /// documented; here the bank refuses it and nothing changes. `depositor`: the name on the
    /// transfer, the customer's if None.
    ///
    /// # Errors
    /// When there is no such payment, it does not wait for a deposit, its due date has passed, or
    /// it waits for another amount.
    pub fn deposit(
        &self,
        payment_key: &str,
        amount: i64,
        depositor: Option<&str>,
    ) -> Result<(), ConsoleError> {
        self.with(|core, world, now| {
            let payment = world.store.get(payment_key);
            let payment = payment.ok_or_else(|| ConsoleError::NotFound(payment_key.to_owned()))?;
            if let Some(why) = no_deposit(payment, amount) {
                return Err(ConsoleError::DepositRefused {
                    key: payment_key.to_owned(),
                    amount,
                    why,
                });
            }
            world.deposit(core, payment_key, depositor, now);
            Ok(())
        })
    }

    /// The bank takes the deposit into a virtual account back: WAITING_FOR_DEPOSIT again (CANCELED
    /// in versions of the API up to 1.4). Once the due date has passed, nothing can be paid in
    /// any more.
    ///
    /// # Errors
    /// When there is no such payment, or it is not a virtual account in DONE.
    pub fn reverse_deposit(&self, payment_key: &str) -> Result<(), ConsoleError> {
        self.with(|core, world, now| {
            let payment = world.store.get(payment_key);
            let payment = payment.ok_or_else(|| ConsoleError::NotFound(payment_key.to_owned()))?;
            if payment.account().is_none() || payment.state != State::Done {
                return Err(ConsoleError::NotReversible {
                    key: payment_key.to_owned(),
                    status: payment.state.as_str(),
                    method: payment.method().name(true),
                });
            }
            world.reverse_deposit(core, payment_key, now);
            Ok(())
        })
    }

    /// Sends a webhook that claims `status` for an order's payment, as an attacker would. The
    /// payment and the book are untouched.
    ///
    /// # Errors
    /// When no payment was ever opened for the order.
    pub fn forge_webhook(&self, order_id: &str, status: State) -> Result<(), ConsoleError> {
        self.with(|core, world, at| {
            let key = world.store.of_order(order_id).map(|payment| payment.key.clone());
            let (mut announcer, store) = world.announcer(core, at);
            let payment = key.and_then(|key| store.get_mut(&key));
            let payment = payment.ok_or_else(|| ConsoleError::NoSuchOrder(order_id.to_owned()))?;
            announcer.forge(payment, status);
            Ok(())
        })
    }
}
