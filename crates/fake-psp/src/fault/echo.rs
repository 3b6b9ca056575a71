//! Which part of an answer is not the request's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an answer tells wrongly of the payment that it was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Echo {
    /// `totalAmount` and `balanceAmount` are ten won (yen, cents) too much.
    Amount,
    /// `currency` is USD for KRW, else KRW; the numbers stay.
    Currency,
    /// `orderId` is another order's.
    OrderId,
    /// `paymentKey` is another payment's.
    PaymentKey,
}
