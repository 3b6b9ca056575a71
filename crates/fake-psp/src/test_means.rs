//! Test cards, accounts, wallets, phones and vouchers: what a buyer can pay with here, and what
//! each of them does. The window lists them, and so does the README.

use crate::{
    api::error::Refusal,
    model::{Card, CardType, Method, OwnerType, Planned},
};

/// What happens to a payment with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Approved.
    Approve,
    /// The approval is refused with this code when the merchant confirms.
    Decline(&'static str),
    /// Refused with this code once, approved when the merchant tries again.
    DeclineOnce(&'static str),
    /// Refused with this code in the window: the merchant has nothing to confirm.
    DeclineInWindow(&'static str),
    /// Approved, but the confirm is never answered.
    Hang,
    /// The confirm is answered IN_PROGRESS; somebody decides later through `/_fake`.
    Review,
}

/// Something to pay with.
#[derive(Debug)]
pub(crate) struct TestMeans {
    pub(crate) method: Method,
    /// A card's or an account's number, a phone's, a wallet's user, a voucher's.
    pub(crate) number: &'static str,
    /// Who issued the card, or which bank has the account.
    pub(crate) issuer: &'static str,
    pub(crate) card_type: CardType,
    pub(crate) owner: OwnerType,
    pub(crate) does: Does,
}

const fn card(number: &'static str, issuer: &'static str, does: Does) -> TestMeans {
    let (card_type, owner) = (CardType::Credit, OwnerType::Personal);
    TestMeans { method: Method::Card, number, issuer, card_type, owner, does }
}

const fn other(
    method: Method,
    number: &'static str,
    issuer: &'static str,
    does: Does,
) -> TestMeans {
    TestMeans { method, ..card(number, issuer, does) }
}

use Does::{Approve, Decline, DeclineInWindow, DeclineOnce, Hang, Review};
use Method::{CultureGiftCertificate, EasyPay, ForeignEasyPay, MobilePhone, Transfer};

/// All of them. The first of each method is what the window proposes.
pub(crate) const TEST_MEANS: [TestMeans; 40] = [
    // The first is the one that issues and charges with real test keys, too.
    card("9410001234567890", "21", Approve),
    TestMeans { card_type: CardType::Check, ..card("9410000000000002", "11", Approve) },
    TestMeans { owner: OwnerType::Company, ..card("9410000000000003", "51", Approve) },
    card("9410000000000011", "61", Decline("REJECT_CARD_PAYMENT")),
    card("9410000000000012", "41", Decline("INVALID_STOPPED_CARD")),
    card("9410000000000013", "71", Decline("INVALID_CARD_LOST_OR_STOLEN")),
    card("9410000000000014", "11", Decline("INVALID_CARD_EXPIRATION")),
    card("9410000000000015", "51", Decline("EXCEED_MAX_DAILY_PAYMENT_COUNT")),
    card("9410000000000016", "91", Decline("EXCEED_MAX_PAYMENT_AMOUNT")),
    card("9410000000000017", "31", Decline("INVALID_REJECT_CARD")),
    card("9410000000000018", "15", Decline("NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT")),
    card("9410000000000019", "24", Decline("FDS_ERROR")),
    card("9410000000000020", "W1", Decline("REJECT_CARD_COMPANY")),
    card("9410000000000031", "61", DeclineOnce("PROVIDER_ERROR")),
    card("9410000000000032", "41", DeclineOnce("FAILED_INTERNAL_SYSTEM_PROCESSING")),
    card("9410000000000041", "71", DeclineInWindow("REJECT_CARD_COMPANY")),
    card("9410000000000042", "36", DeclineInWindow("PAY_PROCESS_ABORTED")),
    card("9410000000000051", "11", Hang),
    card("9410000000000052", "3A", Review),
    other(Transfer, "110000000001", "88", Approve),
    other(Transfer, "110000000011", "06", Decline("REJECT_ACCOUNT_PAYMENT")),
    other(Transfer, "110000000012", "20", Decline("EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT")),
    other(Transfer, "110000000013", "81", Decline("NOT_AVAILABLE_BANK")),
    other(Transfer, "110000000014", "90", Decline("RESTRICTED_TRANSFER_ACCOUNT")),
    other(Transfer, "110000000031", "92", DeclineOnce("PROVIDER_ERROR")),
    other(Transfer, "110000000041", "11", DeclineInWindow("PAY_PROCESS_ABORTED")),
    other(Transfer, "110000000051", "03", Hang),
    other(EasyPay, "buyer@example.com", "", Approve),
    other(EasyPay, "poor@example.com", "", Decline("REJECT_ACCOUNT_PAYMENT")),
    other(EasyPay, "unregistered@example.com", "", Decline("REJECT_TOSSPAY_INVALID_ACCOUNT")),
    other(EasyPay, "forgetful@example.com", "", Decline("INVALID_PASSWORD")),
    other(EasyPay, "slow@example.com", "", Hang),
    other(MobilePhone, "01000000001", "", Approve),
    other(MobilePhone, "01000000011", "", Decline("EXCEED_MAX_AMOUNT")),
    other(MobilePhone, "01000000041", "", DeclineInWindow("PAY_PROCESS_ABORTED")),
    other(CultureGiftCertificate, "2026000000000001", "", Approve),
    other(CultureGiftCertificate, "2026000000000011", "", Decline("REJECT_ACCOUNT_PAYMENT")),
    other(ForeignEasyPay, "buyer@example.com", "", Approve),
    other(ForeignEasyPay, "poor@example.com", "", Decline("REJECT_ACCOUNT_PAYMENT")),
    other(ForeignEasyPay, "slow@example.com", "", Hang),
];

impl TestMeans {
    /// What can be chosen with this method. Vouchers of all kinds are the same ones.
    pub(crate) fn of(method: Method) -> impl Iterator<Item = &'static Self> {
        let method = match method {
            Method::BookGiftCertificate | Method::GameGiftCertificate => CultureGiftCertificate,
            method => method,
        };
        TEST_MEANS.iter().filter(move |means| means.method == method)
    }

    /// Those that can be registered for billing: charges are not held for review.
    pub(crate) fn for_billing(method: Method) -> impl Iterator<Item = &'static Self> {
        Self::of(method).filter(|means| means.does != Review)
    }

    /// The one with this number; blanks and hyphens in it mean nothing.
    pub(crate) fn find(method: Method, number: &str) -> Option<&'static Self> {
        Self::of(method).find(|means| means.has_number(number))
    }

    /// Is this its number?
    pub(crate) fn has_number(&self, text: &str) -> bool {
        text.chars().filter(|c| !matches!(c, ' ' | '-')).eq(self.number.chars())
    }

    /// The method whose list has this number first.
    pub(crate) fn method_of(number: &str) -> Option<Method> {
        TEST_MEANS.iter().find(|means| means.has_number(number)).map(|means| means.method)
    }

    /// What the merchant's confirm or charge will run into.
    pub(crate) fn planned(&self) -> Option<Planned> {
        match self.does {
            Approve => None,
            Decline(code) | DeclineInWindow(code) => Some(Planned::Decline(code.to_owned())),
            DeclineOnce(code) => Some(Planned::DeclineFirst(code.to_owned(), 1)),
            Hang => Some(Planned::Hang),
            Review => Some(Planned::Review),
        }
    }

    /// What is to be known of it besides its number.
    pub(crate) fn badge(&self, english: bool) -> &'static str {
        match (self.card_type, self.owner, english) {
            (CardType::Check, _, false) => "체크",
            (CardType::Check, _, true) => "Debit",
            (_, OwnerType::Company, false) => "법인",
            (_, OwnerType::Company, true) => "Corporate",
            _ => "",
        }
    }

    /// `94100012****789*`, `110000****01`.
    pub(crate) fn masked(&self) -> String {
        match self.method {
            Method::Card => {
                format!("{}****{}*", &self.number[..8], &self.number[12..self.number.len() - 1])
            }
            _ => format!("{}****{}", &self.number[..6], &self.number[10..]),
        }
    }

    /// As a card of a payment.
    pub(crate) fn card(&self) -> Card {
        Card {
            issuer_code: self.issuer.to_owned(),
            acquirer_code: Some(self.issuer.to_owned()),
            number: self.masked(),
            card_type: self.card_type,
            owner_type: self.owner,
            ..Card::usual()
        }
    }
}

impl Does {
    /// Toss's code, where there is one.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Decline(code) | DeclineOnce(code) | DeclineInWindow(code) => Some(code),
            Approve | Hang | Review => None,
        }
    }

    /// What a person is told that it does.
    pub(crate) fn told(self, english: bool) -> String {
        let told =
            |korean: &str, in_english: &str| (if english { in_english } else { korean }).to_owned();
        match self {
            Approve => told("승인됩니다.", "Approved."),
            Decline(code) | DeclineInWindow(code) => Refusal::new(code).message(english).to_owned(),
            DeclineOnce(_) => told(
                "한 번 실패하고, 새 멱등키로 다시 승인하면 성공합니다.",
                "Fails once; confirmed again with a new idempotency key, it is approved.",
            ),
            Hang => {
                told("승인되지만 응답이 오지 않습니다.", "Approved, but the answer never comes.")
            }
            Review => told(
                "심사로 넘어갑니다. 관리 API나 콘솔에서 결정합니다.",
                "Held for review; decided through the control API or the console.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        api::error::error_code,
        model::{Bank, Issuer},
    };

    #[test]
    fn the_table_is_sound() {
        let mut seen = BTreeSet::new();
        for means in &TEST_MEANS {
            let method = means.method.name(true);
            assert!(seen.insert((method, means.number)), "{} is there twice", means.number);
            if let Some(code) = means.does.code() {
                assert!(error_code(code).is_some(), "{code} is not in errors.tsv");
            }
            match means.method {
                Method::Card => assert!(Issuer::read(means.issuer).is_some()),
                Method::Transfer => assert!(Bank::read(means.issuer).is_some()),
                _ => assert!(means.issuer.is_empty()),
            }
        }
    }

    #[test]
    fn each_method_proposes_something_that_is_approved() {
        for method in [Method::Card, Transfer, EasyPay, MobilePhone, ForeignEasyPay] {
            assert_eq!(TestMeans::of(method).next().unwrap().does, Approve);
        }
        let book = TestMeans::of(Method::BookGiftCertificate).next().unwrap();
        assert_eq!(book.does, Approve);
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let first = &TEST_MEANS[0];
        assert!(first.has_number("9410-0012 3456-7890") && !first.has_number("9410 0012"));
        assert_eq!(first.card().number, "94100012****789*");
    }
}
