//! Cards by their number and billing keys: what they refuse.

use serde_json::json;

use super::{Case, case, changed, get};
use crate::{
    key_in,
    shop::with,
    stage::{Stage, card},
};

pub(super) fn key_ins() -> Vec<Case> {
    changed(
        "/v1/payments/key-in",
        &with(key_in::card(), &json!({"orderId": "order-new"})),
        &[
            ("DUPLICATED_ORDER_ID", "orderId", json!("order-done")),
            ("INVALID_ORDER_ID", "orderId", json!("short")),
            ("INVALID_REQUEST", "orderName", json!(null)),
            ("INVALID_REQUEST", "taxFreeAmount", json!(60_001)),
            ("BELOW_MINIMUM_AMOUNT", "amount", json!(99)),
            ("INVALID_EMAIL", "customerEmail", json!("nobody")),
            ("INVALID_CARD_NUMBER", "cardNumber", json!("433012")),
            ("NOT_REGISTERED_CARD_COMPANY", "cardNumber", json!("0000001234567890")),
            ("NOT_SUPPORTED_CARD_TYPE", "cardNumber", json!("4330121234567890")),
            ("INVALID_CARD_EXPIRATION", "cardExpirationYear", json!("26")),
            ("INVALID_BIRTH_DAY_FORMAT", "customerIdentityNumber", json!("901301")),
            ("INVALID_CARD_PASSWORD", "cardPassword", json!("1")),
            ("INVALID_CARD_INSTALLMENT_PLAN", "cardInstallmentPlan", json!(13)),
            ("REJECT_CARD_PAYMENT", "cardNumber", json!("9410000000000011")),
            ("INVALID_STOPPED_CARD", "cardNumber", json!("9410000000000012")),
            ("INVALID_REJECT_CARD", "cardNumber", json!("9410000000000017")),
            (
                "NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT",
                "cardNumber",
                json!("9410000000000018"),
            ),
            ("REJECT_CARD_COMPANY", "cardNumber", json!("9410000000000020")),
            ("FAILED_INTERNAL_SYSTEM_PROCESSING", "cardNumber", json!("9410000000000032")),
        ],
    )
    .into_iter()
    .chain([case(
        "NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN",
        "instalments below 50,000 won",
        "/v1/payments/key-in",
        with(
            key_in::card(),
            &json!({"orderId": "order-new", "amount": 49_999, "cardInstallmentPlan": 2}),
        ),
    )])
    .collect()
}

pub(super) fn billing_issues() -> Vec<Case> {
    let mut cases = changed(
        "/v1/billing/authorizations/card",
        &card("9410001234567890"),
        &[
            ("INVALID_REQUEST", "customerKey", json!("")),
            ("FAILED_DB_PROCESSING", "customerKey", json!("k".repeat(301))),
            ("INVALID_EMAIL", "customerEmail", json!("nobody")),
            ("INVALID_CARD_NUMBER", "cardNumber", json!("433012")),
            ("NOT_REGISTERED_CARD_COMPANY", "cardNumber", json!("0000001234567890")),
            ("INVALID_CARD_EXPIRATION", "cardExpirationMonth", json!("13")),
            ("INVALID_BIRTH_DAY_FORMAT", "customerIdentityNumber", json!("12345678")),
            ("INVALID_CARD_PASSWORD", "cardPassword", json!("123")),
        ],
    );
    let path = "/v1/billing/authorizations/issue";
    let body = json!({"authKey": "none", "customerKey": "buyer"});
    cases.push(case("INVALID_BILLING_AUTH", "no such authKey", path, body.clone()));
    cases.push(case("INVALID_REQUEST", "none", path, with(body, &json!({"authKey": null}))));
    cases
}

pub(super) fn billing_charges(stage: &Stage) -> Vec<Case> {
    let charge = json!({"customerKey": "buyer", "amount": 60_000, "orderId": "order-new",
        "orderName": "구독"});
    let path = |name: &str| format!("/v1/billing/{}", stage.key(name));
    let mut cases = changed(
        &path("card"),
        &charge,
        &[
            ("DUPLICATED_ORDER_ID", "orderId", json!("order-done")),
            ("INVALID_REQUEST", "orderId", json!("short")),
            ("NOT_MATCHES_CUSTOMER_KEY", "customerKey", json!("thief")),
            ("BELOW_MINIMUM_AMOUNT", "amount", json!(99)),
            ("INVALID_CARD_INSTALLMENT_PLAN", "cardInstallmentPlan", json!(1)),
        ],
    );
    let small = with(charge.clone(), &json!({"amount": 1_000, "cardInstallmentPlan": 2}));
    let code = "NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN";
    cases.push(case(code, "instalments below 50,000 won", path("card"), small));
    for (code, name) in [
        ("ALREADY_REMOVED_BILLING_KEY", "deleted-card"),
        ("NOT_SUPPORTED_CARD_TYPE", "odd-card"),
        ("REJECT_CARD_PAYMENT", "poor-card"),
        ("INVALID_STOPPED_CARD", "stopped-card"),
        ("INVALID_CARD_LOST_OR_STOLEN", "lost-card"),
        ("INVALID_CARD_EXPIRATION", "old-card"),
        ("INVALID_REJECT_CARD", "refused-card"),
        ("NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT", "plain-card"),
        ("REJECT_CARD_COMPANY", "rejected-card"),
    ] {
        cases.push(case(code, name, path(name), charge.clone()));
    }
    let code = "INVALID_BILL_KEY_REQUEST";
    cases.push(case(code, "no such key", "/v1/billing/none", charge));
    for (code, key) in
        [("NOT_FOUND_BILLING", "none"), ("ALREADY_REMOVED_BILLING_KEY", stage.key("deleted-card"))]
    {
        let case = get(code, "deletion", format!("/v1/billing/{key}"));
        cases.push(Case { method: "DELETE", ..case });
    }
    cases
}
