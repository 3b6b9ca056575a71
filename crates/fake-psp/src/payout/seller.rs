//! Sellers: who can be paid, and how far Toss knows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Entropy;

/// How far Toss knows a seller, spelled as Toss spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SellerStatus {
    /// A person who has not yet verified their identity. Nothing can be paid out.
    ApprovalRequired,
    /// Up to 10,000,000 won a week can be paid out.
    PartiallyApproved,
    /// The customer has to be verified (KYC). Until then nothing can be paid out.
    KycRequired,
    /// Without limit. The verification has to be renewed after one or three years.
    Approved,
}

impl SellerStatus {
    /// Every status, from unknown to known.
    pub(crate) const ALL: [Self; 4] =
        [Self::ApprovalRequired, Self::PartiallyApproved, Self::KycRequired, Self::Approved];

    /// The name, as in Toss's objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApprovalRequired => "APPROVAL_REQUIRED",
            Self::PartiallyApproved => "PARTIALLY_APPROVED",
            Self::KycRequired => "KYC_REQUIRED",
            Self::Approved => "APPROVED",
        }
    }

    /// Can it be followed by `next`?
    pub(crate) fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::ApprovalRequired, Self::PartiallyApproved)
                | (Self::PartiallyApproved, Self::KycRequired)
                | (Self::KycRequired, Self::Approved)
                | (Self::Approved, Self::KycRequired)
        )
    }

    /// Can anything be paid out?
    pub(crate) fn may_be_paid(self) -> bool {
        matches!(self, Self::PartiallyApproved | Self::Approved)
    }
}

/// What a seller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum BusinessType {
    Individual,
    IndividualBusiness,
    Corporate,
}

impl BusinessType {
    /// People verify their identity first; companies need not.
    pub(crate) fn first_status(self) -> SellerStatus {
        match self {
            Self::Individual | Self::IndividualBusiness => SellerStatus::ApprovalRequired,
            Self::Corporate => SellerStatus::PartiallyApproved,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SellerCompany")]
pub(crate) struct Company {
    pub(crate) name: String,
    pub(crate) representative_name: String,
    pub(crate) business_registration_number: String,
    pub(crate) email: String,
    pub(crate) phone: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SellerIndividual")]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) phone: String,
}

/// Where a seller's money goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SellerAccount")]
pub(crate) struct Account {
    pub(crate) bank_code: String,
    pub(crate) account_number: String,
    pub(crate) holder_name: String,
}

impl Account {
    /// Toss's test accounts that cannot be paid into: the error a payout to them ends with.
    /// UNVERIFIED: which error belongs to which account.
    pub(crate) fn planned_failure(&self) -> Option<&'static str> {
        match (&*self.bank_code, &*self.account_number) {
            ("295", "77701777777") => Some("INVALID_ACCOUNT_NUMBER_OR_UNAVAILABLE"),
            ("011", "3025353430761") => Some("ACCOUNT_OWNER_CHECK_FAILED"),
            ("002", "02004240994312") => Some("NOT_AVAILABLE_BANK"),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seller {
    pub(crate) id: String,
    pub(crate) ref_seller_id: String,
    pub(crate) business_type: BusinessType,
    pub(crate) company: Option<Company>,
    pub(crate) individual: Option<Person>,
    pub(crate) account: Account,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    pub(crate) status: SellerStatus,
    /// Webhooks that told of it.
    pub(crate) notices: u32,
}

/// `seller_a` and a ULID, as real ids have it: they sort by the time they were made.
pub(crate) fn new_id(entropy: &dyn Entropy, at: Timestamp, name: &str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let random = u128::from(entropy.draw(&format!("{name}/high")) & 0xffff) << 64
        | u128::from(entropy.draw(&format!("{name}/low")));
    let time = u128::try_from(at.as_millisecond()).unwrap_or_default();
    let ulid = time << 80 | random;
    let digit = |n: u32| char::from(ALPHABET[(ulid >> (5 * n) & 31) as usize]);
    format!("seller_a{}", (0..26).rev().map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{SellerStatus as S, *};

    #[test]
    fn the_state_machine() {
        let mut table = String::new();
        for from in S::ALL {
            let next: Vec<_> =
                S::ALL.iter().filter(|to| from.may_become(**to)).map(|to| to.as_str()).collect();
            let (from, paid) = (from.as_str(), if from.may_be_paid() { " (paid)" } else { "" });
            table += &format!("{from}{paid} -> {}\n", next.join(", "));
        }
        let expected = "\
APPROVAL_REQUIRED -> PARTIALLY_APPROVED
PARTIALLY_APPROVED (paid) -> KYC_REQUIRED
KYC_REQUIRED -> APPROVED
APPROVED (paid) -> KYC_REQUIRED
";
        assert_eq!(table, expected);
    }

    #[test]
    fn ids_are_sorted_by_time() {
        let entropy = crate::SeededEntropy::new(1);
        let id = |at: &str| new_id(&entropy, at.parse().unwrap(), at);
        let (first, second) = (id("2026-01-15T13:08:25.000Z"), id("2026-01-15T13:08:25.001Z"));
        assert!(first.starts_with("seller_a01kf") && first.len() == 34, "{first}");
        assert!(first < second);
    }

    #[test]
    fn only_companies_start_half_approved() {
        assert_eq!(BusinessType::Individual.first_status(), S::ApprovalRequired);
        assert_eq!(BusinessType::IndividualBusiness.first_status(), S::ApprovalRequired);
        assert_eq!(BusinessType::Corporate.first_status(), S::PartiallyApproved);
    }
}
