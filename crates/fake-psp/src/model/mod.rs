//! What the fake knows of the world: payments, what they are paid with, and the states they may be in.

mod bank;
mod billing;
mod cancel;
mod cash_receipt;
mod issuer;
mod means;
mod money;
mod payment;
mod provider;
mod settling;
mod state;

pub(crate) use bank::{BANKS, Bank};
pub(crate) use billing::{AuthKey, BillingAuth, BillingKey, BillingMeans};
pub(crate) use cancel::{Cancel, CancelStatus};
pub(crate) use cash_receipt::{CashReceipt, IssueStatus, ReceiptEvent, ReceiptKind, ReceiptWish};
pub(crate) use issuer::{ISSUERS, Issuer};
pub(crate) use means::{
    Card, CardType, InterestPayer, Means, Method, OwnerType, RefundAccount, RefundStatus,
    VirtualAccount,
};
pub use money::Currency;
pub(crate) use money::Money;
pub(crate) use payment::{Discount, Failure, Kind, Payment, Planned, Terms};
pub(crate) use provider::{CARRIERS, FOREIGN_PROVIDERS, PROVIDERS, Provider};
pub(crate) use settling::{AcquireStatus, Settling};
pub(crate) use state::Event;
pub use state::State;
