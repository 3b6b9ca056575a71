//! Everything that a day's report is made of, page by page.

use std::{collections::BTreeMap, time::Duration};

use super::{Reconciler, compare::Ours};
use crate::{
    executor::wire::{Settlement, Settlements, Transaction, Transactions},
    kernel::{Currency, KoreanDay, Money},
    ledger::wire::Balances,
    payment::wire::{Payment, Payments},
    service::PeerError,
    wallet::wire::Wallets,
};

/// The time for one page of the PSP's lists, and for one of ours.
const THEIRS: Duration = Duration::from_secs(90);
const OURS: Duration = Duration::from_secs(15);

/// Balances by seller and currency, in minor units.
pub(super) type BySeller = BTreeMap<(String, String), i64>;

impl Reconciler {
    pub(super) async fn transactions(&self, day: KoreanDay) -> Result<Vec<Transaction>, PeerError> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/psp/transactions?day={day}{after}");
            let page: Transactions = self.executor.get(&path, THEIRS).await?;
            all.extend(page.transactions);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(all),
            }
        }
    }

    pub(super) async fn settlements(&self, day: KoreanDay) -> Result<Vec<Settlement>, PeerError> {
        let mut all = Vec::new();
        for number in 1.. {
            let path = format!("/v1/psp/settlements?day={day}&page={number}");
            let page: Settlements = self.executor.get(&path, THEIRS).await?;
            all.extend(page.settlements);
            if !page.more {
                break;
            }
        }
        Ok(all)
    }

    /// Our payments of the day, and those that the PSP's transactions of the day are about.
    pub(super) async fn payments(
        &self,
        day: KoreanDay,
        transactions: &[Transaction],
    ) -> Result<BTreeMap<String, Ours>, PeerError> {
        let mut all = BTreeMap::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/payments?day={day}{after}");
            let page: Payments = self.payment.get(&path, OURS).await?;
            for payment in page.payments {
                all.insert(payment.order_id.clone(), ours(payment, true));
            }
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        for transaction in transactions {
            if all.contains_key(&transaction.order_id) {
                continue;
            }
            if let Some(payment) = self.payment_of(&transaction.order_id).await? {
                all.insert(transaction.order_id.clone(), ours(payment, false));
            }
        }
        Ok(all)
    }

    /// One payment, if we have it.
    pub(super) async fn payment_of(&self, order_id: &str) -> Result<Option<Payment>, PeerError> {
        match self.payment.get(&format!("/v1/payments/{order_id}"), OURS).await {
            Ok(payment) => Ok(Some(payment)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What sellers had earned before an instant, by the wallet.
    pub(super) async fn wallets(&self, as_of: i64) -> Result<BySeller, PeerError> {
        let mut all = BySeller::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/wallets?as_of={as_of}{after}");
            let page: Wallets = self.wallet.get(&path, OURS).await?;
            for w in page.wallets {
                all.insert((w.seller_id, w.currency), w.balance_minor);
            }
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(all),
            }
        }
    }

    /// The same by the ledger.
    pub(super) async fn payables(&self, as_of: i64) -> Result<BySeller, PeerError> {
        let path = format!("/v1/balances?prefix=seller_payable:&as_of={as_of}");
        let page: Balances = self.ledger.get(&path, OURS).await?;
        let seller = |account: &str| account.trim_start_matches("seller_payable:").to_owned();
        // A payable is a credit balance: what is owed is its negative.
        Ok(page
            .balances
            .into_iter()
            .map(|b| ((seller(&b.account), b.currency), -b.balance_minor))
            .collect())
    }
}

fn ours(payment: Payment, of_day: bool) -> Ours {
    let currency: Currency = payment.currency.parse().expect("our own services agree");
    let amount = Money::parse(&payment.amount, currency).expect("our own services agree").minor();
    Ours { payment, amount, of_day }
}
