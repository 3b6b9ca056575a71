//! Journal entries: postings in one currency that sum to zero, by construction.
//!
//! # Chart of accounts
//!
//! | account | kind | what its balance says |
//! |---|---|---|
//! | `psp_receivable` | asset | what the PSP has taken for us and not paid out yet |
//! | `seller_payable:SELLER` | liability | what we owe the seller |
//!
//! # Entries
//!
//! | kind | when | postings |
//! |---|---|---|
//! | `CAPTURE` | the PSP took a payment order's money | debit `psp_receivable`, credit `seller_payable:SELLER` |

use crate::kernel::Money;

/// On which side an account grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountKind {
    Asset,
    Liability,
}

impl AccountKind {
    pub(super) fn code(self) -> &'static str {
        match self {
            AccountKind::Asset => "ASSET",
            AccountKind::Liability => "LIABILITY",
        }
    }
}

/// An account of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) code: String,
    pub(super) kind: AccountKind,
}

impl Account {
    /// What the PSP owes us.
    pub(super) fn psp_receivable() -> Self {
        Self { code: "psp_receivable".to_owned(), kind: AccountKind::Asset }
    }

    /// What we owe a seller.
    pub(super) fn seller_payable(seller_id: &str) -> Self {
        Self { code: format!("seller_payable:{seller_id}"), kind: AccountKind::Liability }
    }
}

/// One line of an entry: debits are positive, credits negative, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) account: Account,
    pub(super) amount: i64,
}

/// The postings of a journal entry. The only way to make them adds a debit and its credit
/// together, so they cannot be out of balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postings(Vec<Posting>);

impl Postings {
    /// Moves `money` from the credited to the debited account.
    pub(super) fn transfer(debit: Account, credit: Account, money: Money) -> Self {
        assert_ne!(debit, credit, "a transfer has two ends");
        let amount = money.minor();
        let postings = Self(vec![
            Posting { account: debit, amount },
            Posting { account: credit, amount: -amount },
        ]);
        debug_assert_eq!(postings.lines().iter().map(|p| p.amount).sum::<i64>(), 0);
        postings
    }

    /// The entry for money that the PSP took for a seller.
    pub(super) fn capture(seller_id: &str, money: Money) -> Self {
        Self::transfer(Account::psp_receivable(), Account::seller_payable(seller_id), money)
    }

    /// The lines, in order.
    pub(super) fn lines(&self) -> &[Posting] {
        &self.0
    }
}
