//! What is shown of the state: objects as Toss writes them.

mod billing;
mod cancel;
mod cash_receipt;
mod means;
mod payment;

pub(crate) use billing::BillingView;
pub(crate) use cancel::CancelView;
pub(crate) use cash_receipt::CashReceiptView;
pub(crate) use means::{
    CardView, EasyPayView, GiftCertificateView, MeansView, MobilePhoneView, TransferView,
    VirtualAccountView,
};
pub(crate) use payment::{PaymentView, receipt_url};

use crate::model::Payment;

/// What is left of a payment, by tax.
pub(crate) struct Tax {
    /// With what is free of tax.
    pub(crate) supplied: i64,
    pub(crate) vat: i64,
    pub(crate) tax_free: i64,
}

pub(crate) fn tax_of(payment: &Payment) -> Tax {
    let tax_free = payment.tax_free_left();
    let vat = vat_of(payment.balance - tax_free);
    Tax { supplied: payment.balance - vat, vat, tax_free }
}

/// VAT contained in an amount: an eleventh, rounded half up. Negative amounts mirror positive ones.
pub(crate) fn vat_of(amount: i64) -> i64 {
    let vat = (2 * amount.abs() + 11) / 22;
    vat * amount.signum()
}

#[cfg(test)]
mod tests {
    use super::vat_of;

    #[test]
    fn vat_is_an_eleventh_rounded_half_up() {
        for (amount, vat) in [
            (15_000, 1_364),
            (30_000, 2_727),
            (9_026, 821),
            (2_250, 205),
            (860, 78),
            (54_468, 4_952),
            (0, 0),
            (-2_250, -205),
        ] {
            assert_eq!(vat_of(amount), vat, "{amount}");
        }
    }
}
