//! Promotions: what card companies take off a price, and instalments they charge nothing for.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::{
    Currency,
    model::{Card, Discount, Means, Payment},
    table::Table,
};

/// What a shop can offer its buyers. Won only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Promotions {
    /// Amounts off.
    pub discounts: Vec<CardDiscount>,
    /// Instalments without interest.
    pub interest_free: Vec<CardInterestFree>,
}

/// A card company takes an amount off. A shop's page asks for it by `card.discountCode`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardDiscount {
    /// Two characters, as in `card.issuerCode`.
    pub issuer_code: String,
    /// Won off.
    pub discount_amount: i64,
    /// For payments from here on.
    pub minimum_payment_amount: i64,
    /// For payments up to here.
    pub maximum_payment_amount: i64,
    /// The card company's name for it.
    pub discount_code: String,
    /// Its last day in Korea.
    pub due_date: Date,
    /// Won that the card company gives for it in all.
    pub budget: i64,
}

/// A card company pays for instalments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardInterestFree {
    /// Two characters, as in `card.issuerCode`.
    pub issuer_code: String,
    /// For payments from here on.
    pub minimum_payment_amount: i64,
    /// Its last day in Korea.
    pub due_date: Date,
    /// How many months can be chosen.
    pub installment_free_months: Vec<u8>,
}

impl Promotions {
    /// A few, until the end of 2099.
    pub fn samples() -> Self {
        let due_date = date(2099, 12, 31);
        let interest_free = |issuer: &str, months: &[u8]| CardInterestFree {
            issuer_code: issuer.to_owned(),
            minimum_payment_amount: 50_000,
            due_date,
            installment_free_months: months.to_vec(),
        };
        Self {
            discounts: vec![CardDiscount {
                issuer_code: "21".to_owned(),
                discount_amount: 1_000,
                minimum_payment_amount: 10_000,
                maximum_payment_amount: 1_000_000,
                discount_code: "FAKE-1000".to_owned(),
                due_date,
                budget: 10_000_000,
            }],
            interest_free: vec![interest_free("21", &[2, 3]), interest_free("61", &[2, 3, 4, 5])],
        }
    }

    /// Does the card company pay for these instalments?
    pub(crate) fn pays_interest(&self, card: &Card, amount: i64, today: Date) -> bool {
        self.interest_free.iter().any(|offer| {
            offer.issuer_code == card.issuer_code
                && offer.minimum_payment_amount <= amount
                && today <= offer.due_date
                && offer.installment_free_months.contains(&card.installment_months)
        })
    }

    /// What is taken off a payment: nothing unless its card and its amount are as they have to be,
    /// and there is enough left of the budget.
    pub(crate) fn off(
        &self,
        payment: &Payment,
        given: &Discounts,
        today: Date,
    ) -> Option<Discount> {
        let Means::Card(card) = &*payment.means else { return None };
        let code = payment.checkout.as_ref()?.discount_code.as_ref()?;
        let fits = |discount: &&CardDiscount| {
            let amounts = discount.minimum_payment_amount..=discount.maximum_payment_amount;
            discount.discount_code == *code
                && discount.issuer_code == card.issuer_code
                && payment.currency == Currency::Krw
                && amounts.contains(&payment.amount)
                && today <= discount.due_date
                && discount.discount_amount <= given.left(discount)
        };
        let found = self.discounts.iter().find(fits)?;
        Some(Discount { code: code.clone(), amount: found.discount_amount })
    }
}

/// Won that were taken off so far, by code.
pub(crate) type Discounts = Table<i64>;

impl Discounts {
    /// What is left of a budget.
    pub(crate) fn left(&self, discount: &CardDiscount) -> i64 {
        discount.budget - self.get(&discount.discount_code).copied().unwrap_or(0)
    }

    /// So much more was taken off; less, if it was given back.
    pub(crate) fn give(&mut self, code: &str, won: i64) {
        let given = self.get(code).copied().unwrap_or(0);
        self.insert(code, given + won);
    }
}
