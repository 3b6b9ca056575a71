//! Payouts (지급대행): money that Toss sends to the sellers of a marketplace.
//!
//! The money comes out of the merchant's balance with Toss. It is none of the buyers' money any
//! more, so that it is not in the [book](crate::FakePsp::book): [`crate::FakePsp::payouts`] is the
//! record of it.

mod balance;
mod calendar;
mod handle;
mod progress;
mod record;
mod request;
mod seller;
mod view;

pub use handle::{PayoutError, SellerStatusError};
pub use record::{Payout, PayoutStatus, ScheduleType};
pub(crate) use request::Item;
pub use seller::SellerStatus;
pub(crate) use seller::{Account, BusinessType, Company, Person, Seller, new_id};
pub(crate) use view::{BalanceView, PayoutView, SellerView, WonView};
