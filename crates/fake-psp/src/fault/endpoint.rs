//! Where faults strike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a request goes, and where a fault may strike.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// In a rule: every request of the API.
    #[default]
    #[serde(rename = "*")]
    Any,
    /// `POST /v1/payments/confirm` and the legacy `POST /v1/payments/{paymentKey}`.
    Confirm,
    /// `GET /v1/payments/{paymentKey}` and `GET /v1/payments/orders/{orderId}`.
    Read,
    /// `POST /v1/payments/{paymentKey}/cancel`.
    Cancel,
    /// `GET /v1/transactions`.
    Transactions,
    /// `GET /v1/settlements`, the request.
    Settlements,
    /// `POST /v1/payments`: a payment opened by the API.
    CreatePayment,
    /// `POST /v1/payments/key-in`.
    KeyIn,
    /// `POST /v1/virtual-accounts`.
    VirtualAccount,
    /// `POST /v1/billing/authorizations/issue` and `…/card`.
    BillingIssue,
    /// `POST /v1/billing/{billingKey}`.
    BillingCharge,
    /// `DELETE /v1/billing/{billingKey}`.
    BillingDelete,
    /// `/v1/cash-receipts`.
    CashReceipts,
    /// `/v2/sellers`.
    Sellers,
    /// `/v2/payouts` and `/v2/balances`.
    Payouts,
    /// Every other endpoint of the API: promotions, manual settlement.
    Other,
    /// One webhook on its way to the merchant.
    Webhook,
    /// One row of the settlement list.
    SettlementFile,
    /// A buyer's deposit into a virtual account. No request: the bank does it.
    Deposit,
    /// The hosted page. In the call log only; no faults.
    Window,
    /// No such route. In the call log only; no faults.
    Unknown,
}

impl Endpoint {
    /// Those that a rule may name, in the order in which they are told.
    pub(crate) const ALL: [Self; 19] = [
        Self::Any,
        Self::Confirm,
        Self::Read,
        Self::Cancel,
        Self::Transactions,
        Self::Settlements,
        Self::CreatePayment,
        Self::KeyIn,
        Self::VirtualAccount,
        Self::BillingIssue,
        Self::BillingCharge,
        Self::BillingDelete,
        Self::CashReceipts,
        Self::Sellers,
        Self::Payouts,
        Self::Other,
        Self::Webhook,
        Self::SettlementFile,
        Self::Deposit,
    ];

    /// The name, as written in a programme.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "*",
            Self::Confirm => "confirm",
            Self::Read => "read",
            Self::Cancel => "cancel",
            Self::Transactions => "transactions",
            Self::Settlements => "settlements",
            Self::CreatePayment => "create_payment",
            Self::KeyIn => "key_in",
            Self::VirtualAccount => "virtual_account",
            Self::BillingIssue => "billing_issue",
            Self::BillingCharge => "billing_charge",
            Self::BillingDelete => "billing_delete",
            Self::CashReceipts => "cash_receipts",
            Self::Sellers => "sellers",
            Self::Payouts => "payouts",
            Self::Other => "other",
            Self::Webhook => "webhook",
            Self::SettlementFile => "settlement_file",
            Self::Deposit => "deposit",
            Self::Window => "window",
            Self::Unknown => "unknown",
        }
    }

    /// Is it a request of the API (or, in a rule, any of them)?
    pub fn is_request(self) -> bool {
        !matches!(
            self,
            Self::Webhook | Self::SettlementFile | Self::Deposit | Self::Window | Self::Unknown
        )
    }

    /// Does a rule for `self` strike there?
    pub(crate) fn covers(self, there: Self) -> bool {
        self == there || (self == Self::Any && there.is_request())
    }
}
