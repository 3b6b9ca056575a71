//! Toss's fees, with the VAT in them.

use serde::{Deserialize, Serialize};

use crate::{
    Config,
    model::{Cancel, InterestPayer, Means, Payment},
};

/// What a transaction costs, by parts. Negative where it is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fees {
    pub(crate) base: i64,
    /// For instalments without interest, where the merchant pays for them.
    pub(crate) installment: i64,
}

impl Fees {
    pub(crate) fn sum(self) -> i64 {
        self.base + self.installment
    }

    /// Those of so much of a payment.
    fn of(amount: i64, payment: &Payment, config: &Config) -> Self {
        let months = match &*payment.means {
            Means::Card(card) if card.interest_payer == Some(InterestPayer::Merchant) => {
                i64::from(card.installment_months)
            }
            _ => 0,
        };
        Self {
            base: share(amount, config.fee_permyriad),
            installment: share(amount, config.installment_fee_permyriad * months),
        }
    }

    /// Those of an approval.
    pub(crate) fn taken(amount: i64, payment: &Payment, config: &Config) -> Self {
        Self::of(amount, payment, config)
    }

    /// What is given back with so much of a payment.
    pub(crate) fn given_back(
        amount: i64,
        cancel: Option<&Cancel>,
        payment: &Payment,
        config: &Config,
    ) -> Self {
        let of = |amount| Self::of(amount, payment, config);
        match cancel {
            Some(cancel) if config.cancel_fees_sum_to_zero => {
                let (before, after) = (of(cancel.balance_after + amount), of(cancel.balance_after));
                Self {
                    base: after.base - before.base,
                    installment: after.installment - before.installment,
                }
            }
            _ => of(-amount),
        }
    }
}

/// So many hundredths of a per cent, rounded half up; negative amounts mirror positive ones.
fn share(amount: i64, permyriad: i64) -> i64 {
    let share = (2 * amount.abs() * permyriad + 10_000) / 20_000;
    share * amount.signum()
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_rounded_half_up_and_mirrored() {
        assert_eq!(share(15_000, 300), 450);
        assert_eq!(share(-15_000, 300), -450);
        assert_eq!(share(50, 300), 2, "1.5 won");
        assert_eq!(share(49, 300), 1, "1.47 won");
    }
}
