//! The parts of Toss's objects that we read. Unknown fields and values are Toss's right.

use serde::Deserialize;
use serde_json::Number;

/// A payment.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) status: String,
    pub(super) currency: String,
    pub(super) total_amount: Number,
    pub(super) balance_amount: Number,
    pub(super) approved_at: Option<String>,
    pub(super) cancels: Option<Vec<Cancel>>,
    pub(super) failure: Option<ErrorBody>,
}

/// Money given back.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancel {
    pub(super) canceled_at: String,
}

/// An error, or the failure inside a payment.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: String,
}

/// A line of `GET /v1/transactions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    pub(super) transaction_key: String,
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) status: String,
    pub(super) transaction_at: String,
    pub(super) currency: String,
    pub(super) amount: Number,
}

/// A line of `GET /v1/settlements`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settlement {
    pub(super) transaction_key: String,
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) currency: String,
    pub(super) amount: Number,
    pub(super) fee: Number,
    pub(super) pay_out_amount: Number,
    pub(super) sold_date: String,
    pub(super) paid_out_date: String,
}
