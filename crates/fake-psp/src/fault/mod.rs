//! The fault programme: rules in order, the first that matches and does not pass decides.

mod glob;
mod judge;
mod verdict;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::hint::hint;
pub(crate) use judge::{Faults, Subject};
pub use verdict::Verdict;

/// Where a request goes, and where a fault may strike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// The hosted page. In the call log only; no faults.
    Window,
    /// No such route. In the call log only; no faults.
    Unknown,
}

impl Endpoint {
    pub(crate) fn as_str(self) -> &'static str {
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
            Self::Window => "window",
            Self::Unknown => "unknown",
        }
    }
}

/// Which requests (webhooks, rows) a rule is about. Everything that is given has to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Where; `*` (the default) is any request of the API.
    #[serde(default)]
    pub endpoint: Endpoint,
    /// Glob (`*`, `?`) over the order id *or* the order name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// This payment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_key: Option<String>,
    /// Payments of this total amount only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Only the n-th of its endpoint and order, counted from 1 since the programme was installed.
    /// For settlement rows: 1 is the approval, 2 the first cancel, and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// Strikes with this probability, 0 to 1; drawn by name, not by call order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// For people, and for the draw of `probability`; by default the rule's position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When.
    #[serde(default)]
    pub on: Match,
    /// What.
    pub then: Verdict,
}

/// All rules, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// The first rule that matches and whose verdict is not `pass` decides.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// A programme that cannot be run.
#[derive(Debug, Error)]
pub enum ProgrammeError {
    /// Not TOML, or not of the right shape. The message has the line.
    #[error("the fault programme is no valid TOML: {0}{hint}", hint = hint(&.0.to_string()))]
    Toml(#[from] toml::de::Error),
    /// Not JSON, or not of the right shape.
    #[error("the fault programme is no valid JSON: {0}{hint}", hint = hint(&.0.to_string()))]
    Json(#[from] serde_json::Error),
    /// A verdict at an endpoint that has no use for it.
    #[error(
        "rule {rule}: `{verdict}` means nothing at endpoint `{endpoint}`; there you can say: {valid}"
    )]
    Misplaced {
        /// Name or position of the rule.
        rule: String,
        /// The verdict's name.
        verdict: &'static str,
        /// The endpoint's name.
        endpoint: &'static str,
        /// What would be understood.
        valid: String,
    },
    /// A number out of its range.
    #[error("rule {rule}: {what}")]
    OutOfRange {
        /// Name or position of the rule.
        rule: String,
        /// What to correct.
        what: &'static str,
    },
}

impl Programme {
    /// Reads TOML.
    ///
    /// # Errors
    /// When a key or verdict is unknown, or a verdict is misplaced.
    pub fn from_toml(text: &str) -> Result<Self, ProgrammeError> {
        let programme: Self = toml::from_str(text)?;
        programme.check()?;
        Ok(programme)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// As [`Self::from_toml`].
    pub fn from_json(text: &[u8]) -> Result<Self, ProgrammeError> {
        let programme: Self = serde_json::from_slice(text)?;
        programme.check()?;
        Ok(programme)
    }

    /// Does each rule's verdict mean something where the rule strikes?
    ///
    /// # Errors
    /// Names the first rule that does not.
    pub fn check(&self) -> Result<(), ProgrammeError> {
        for (position, rule) in self.rules.iter().enumerate() {
            let name = rule.label(position);
            let endpoint = rule.on.endpoint;
            if !rule.then.fits(endpoint) {
                return Err(ProgrammeError::Misplaced {
                    rule: name,
                    verdict: rule.then.name(),
                    endpoint: endpoint.as_str(),
                    valid: Verdict::names_at(endpoint).collect::<Vec<_>>().join(", "),
                });
            }
            if rule.on.nth == Some(0) {
                let what = "`nth` counts from 1; write 1 for the first";
                return Err(ProgrammeError::OutOfRange { rule: name, what });
            }
            if rule.on.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
                let what = "`probability` goes from 0 to 1";
                return Err(ProgrammeError::OutOfRange { rule: name, what });
            }
        }
        Ok(())
    }
}

impl Rule {
    /// The rule's name, or its position.
    pub(crate) fn label(&self, position: usize) -> String {
        self.name.clone().unwrap_or_else(|| position.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programme_reads_the_same_from_toml_and_json() {
        let toml = r#"
            [[rules]]
            name = "lost answer"
            on = { endpoint = "confirm", order = "ord-*", nth = 1 }
            then = "act_then_close"
            [[rules]]
            then = { act_then_late = { ms = 500 } }
        "#;
        let json = br#"{"rules":[
            {"name":"lost answer","on":{"endpoint":"confirm","order":"ord-*","nth":1},"then":"act_then_close"},
            {"then":{"act_then_late":{"ms":500}}}]}"#;
        let programme = Programme::from_toml(toml).unwrap();
        assert_eq!(programme, Programme::from_json(json).unwrap());
        assert_eq!(programme.rules[0].then, Verdict::ActThenClose);
        assert_eq!(programme.rules[1].on.endpoint, Endpoint::Any);
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest_valid_one() {
        let wrong = "[[rules]]\non = { endpont = \"confirm\" }\nthen = \"reset\"\n";
        let error = Programme::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(error.contains("did you mean `endpoint`?"), "{error}");
        let wrong = "[[rules]]\nthen = \"act_then_clsoe\"\n";
        let error = Programme::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains("did you mean `act_then_close`?"), "{error}");
    }

    #[test]
    fn misplaced_verdicts_are_refused() {
        let wrong = "[[rules]]\non = { endpoint = \"webhook\" }\nthen = \"garbage\"\n";
        let error = Programme::from_toml(wrong).unwrap_err().to_string();
        assert!(error.contains("`garbage` means nothing at endpoint `webhook`"), "{error}");
        assert!(error.contains("reorder"), "{error}");
        let wrong = "[[rules]]\non = { nth = 0 }\nthen = \"reset\"\n";
        assert!(Programme::from_toml(wrong).is_err());
    }
}
