//! Payments, virtual accounts and lists: what they refuse.

use serde_json::json;

use super::{Case, case, changed, get};
use crate::{
    shop::with,
    stage::{Stage, account, order},
};

pub(super) fn confirms(stage: &Stage) -> Vec<Case> {
    let path = "/v1/payments/confirm";
    let done = stage.confirm("done");
    let mut cases: Vec<_> = [
        ("NOT_FOUND_PAYMENT", "no such payment", with(done.clone(), &json!({"paymentKey": "x"}))),
        ("NOT_FOUND_PAYMENT_SESSION", "another order", {
            with(stage.confirm("authenticated"), &json!({"orderId": "order-done"}))
        }),
        ("NOT_FOUND_PAYMENT_SESSION", "nobody has authenticated", stage.confirm("ready")),
        ("NOT_FOUND_PAYMENT_SESSION", "expired", stage.confirm("expired")),
        ("NOT_FOUND_PAYMENT_SESSION", "aborted", stage.confirm("aborted")),
        ("INVALID_REQUEST", "another amount", {
            with(stage.confirm("authenticated"), &json!({"amount": 999}))
        }),
        ("INVALID_REQUEST", "no amount", with(done.clone(), &json!({"amount": null}))),
        ("INVALID_REQUEST", "no payment key", with(done, &json!({"paymentKey": null}))),
        ("DUPLICATED_ORDER_ID", "the order is paid", {
            with(stage.confirm("done"), &json!({"paymentKey": stage.key("second")}))
        }),
        ("BELOW_MINIMUM_AMOUNT", "150 won from an account", {
            with(stage.confirm("small"), &json!({"amount": 150}))
        }),
        ("EXCEEDS_TRANSFER_AMOUNT_MAXIMUM", "too much from an account", {
            with(stage.confirm("large"), &json!({"amount": 10_000_001}))
        }),
        ("FORBIDDEN_CONSECUTIVE_REQUEST", "under review", stage.confirm("held")),
    ]
    .into_iter()
    .map(|(code, why, body)| case(code, why, path, body))
    .collect();
    for name in ["done", "canceled", "partial", "spent", "waiting", "deposited"] {
        cases.push(case("ALREADY_PROCESSED_PAYMENT", name, path, stage.confirm(name)));
    }
    cases
}

pub(super) fn reads() -> Vec<Case> {
    let code = "NOT_FOUND_PAYMENT";
    vec![
        get(code, "no such payment", "/v1/payments/none"),
        get(code, "no such order", "/v1/payments/orders/order-none"),
    ]
}

pub(super) fn cancels(stage: &Stage) -> Vec<Case> {
    let whole = json!({"cancelReason": "변심"});
    let part = json!({"cancelReason": "변심", "cancelAmount": 400});
    let to = |number: &str, bank: &str, holder: &str| {
        let account = json!({"bank": bank, "accountNumber": number, "holderName": holder});
        with(whole.clone(), &json!({ "refundReceiveAccount": account }))
    };
    let long = "x".repeat(201);
    [
        ("NOT_CANCELABLE_PAYMENT", "ready", whole.clone()),
        ("NOT_CANCELABLE_PAYMENT", "authenticated", whole.clone()),
        ("NOT_CANCELABLE_PAYMENT", "expired", whole.clone()),
        ("NOT_CANCELABLE_PAYMENT", "aborted", whole.clone()),
        ("ALREADY_CANCELED_PAYMENT", "canceled", whole.clone()),
        ("NOT_CANCELABLE_AMOUNT", "spent", whole.clone()),
        ("NOT_CANCELABLE_AMOUNT", "partial", with(part.clone(), &json!({"cancelAmount": 601}))),
        ("INVALID_REQUEST", "done", with(part.clone(), &json!({"cancelAmount": 0}))),
        ("INVALID_REQUEST", "done", with(part.clone(), &json!({"cancelAmount": 0.5}))),
        ("INVALID_REQUEST", "done", with(part.clone(), &json!({"cancelReason": null}))),
        ("INVALID_REQUEST", "done", with(part.clone(), &json!({"cancelReason": long}))),
        ("INVALID_REQUEST", "done", with(part.clone(), &json!({"currency": "USD"}))),
        ("INVALID_REQUEST", "done", with(part.clone(), &json!({"taxFreeAmount": 1}))),
        ("NOT_MATCHES_REFUNDABLE_AMOUNT", "partial", {
            with(part.clone(), &json!({"refundableAmount": 1_000}))
        }),
        ("NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT", "waiting", part.clone()),
        ("NOT_ALLOWED_PARTIAL_REFUND", "exempt", part.clone()),
        ("FAILED_INTERNAL_SYSTEM_PROCESSING", "escrow", part),
        ("EXCEED_MAX_REFUND_DUE", "old-phone", whole.clone()),
        ("EXCEED_MAX_REFUND_DUE", "old-transfer", whole.clone()),
        ("EXCEED_MAX_REFUND_DUE", "old-account", whole.clone()),
        ("INVALID_REFUND_ACCOUNT_INFO", "deposited", whole.clone()),
        ("INVALID_REFUND_ACCOUNT_INFO", "deposited", to("123", "신한", " ")),
        ("INVALID_REFUND_ACCOUNT_NUMBER", "deposited", to("12-3", "신한", "김토스")),
        ("INVALID_BANK", "deposited", to("123", "한국", "김토스")),
    ]
    .into_iter()
    .map(|(code, name, body)| {
        case(code, name, format!("/v1/payments/{}/cancel", stage.key(name)), body)
    })
    .chain([case(
        "NOT_FOUND_PAYMENT",
        "no such payment",
        "/v1/payments/none/cancel",
        whole.clone(),
    )])
    .collect()
}

pub(super) fn creations() -> Vec<Case> {
    let mut cases = changed(
        "/v1/payments",
        &order("new"),
        &[
            ("DUPLICATED_ORDER_ID", "orderId", json!("order-done")),
            ("INVALID_ORDER_ID", "orderId", json!("order 1")),
            ("INVALID_REQUIRED_PARAM", "orderName", json!(null)),
            ("INVALID_ORDER_NAME", "orderName", json!("x".repeat(101))),
            ("REQUIRED_AMOUNT", "amount", json!(null)),
            ("BELOW_ZERO_AMOUNT", "amount", json!(-1)),
            ("BELOW_MINIMUM_AMOUNT", "amount", json!(99)),
            ("INVALID_CURRENCY", "currency", json!("EUR")),
            ("NOT_SUPPORTED_METHOD", "method", json!("BARTER")),
            ("INCORRECT_SUCCESS_URL_FORMAT", "successUrl", json!("shop.test")),
            ("INCORRECT_FAIL_URL_FORMAT", "failUrl", json!(null)),
            ("INVALID_CLIENT_KEY", "clientKey", json!("test_sk_a")),
            ("INVALID_EMAIL", "customerEmail", json!("nobody")),
        ],
    );
    let dollars = with(order("new"), &json!({"method": "TRANSFER", "currency": "USD"}));
    cases.push(case("NOT_SUPPORTED_USD", "dollars from an account", "/v1/payments", dollars));
    let large = with(order("new"), &json!({"method": "TRANSFER", "amount": 10_000_001}));
    let code = "EXCEEDS_TRANSFER_AMOUNT_MAXIMUM";
    cases.push(case(code, "too much from an account", "/v1/payments", large));
    let plans = json!({"method": "CARD", "amount": 50_000, "cardInstallmentPlan": 2,
        "maxCardInstallmentPlan": 3});
    let code = "INVALID_CARD_INSTALLMENT_PLANS_WITH_MAX_AND_SINGLE";
    cases.push(case(code, "both plans", "/v1/payments", with(order("new"), &plans)));
    let by_card = with(order("new"), &json!({"method": "CARD"}));
    cases.extend(changed(
        "/v1/payments",
        &by_card,
        &[
            ("INVALID_CARD_COMPANY", "cardCompany", json!("없음")),
            ("INVALID_EASY_PAY", "easyPay", json!("없음")),
            ("INVALID_FLOW_MODE_PARAMETERS", "flowMode", json!("DIRECT")),
            ("INVALID_CARD_INSTALLMENT_PLAN", "cardInstallmentPlan", json!(1)),
            ("EXCEED_MAX_CARD_INSTALLMENT_PLAN", "cardInstallmentPlan", json!(13)),
            (
                "NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN_BELOW_AMOUNT",
                "cardInstallmentPlan",
                json!(2),
            ),
        ],
    ));
    cases
}

pub(super) fn virtual_accounts() -> Vec<Case> {
    let path = "/v1/virtual-accounts";
    let mut cases = changed(
        path,
        &account("new"),
        &[
            ("DUPLICATED_ORDER_ID", "orderId", json!("order-waiting")),
            ("INVALID_REQUEST", "customerName", json!(null)),
            ("INVALID_REQUEST", "amount", json!(0)),
            ("INVALID_REQUEST", "useEscrow", json!(true)),
            ("INVALID_BANK", "bank", json!("한국")),
            ("INVALID_BANK", "bank", json!("토스증권")),
            ("INVALID_VIRTUAL_ACCOUNT_TYPE", "accountType", json!("자유")),
            ("REQUIRED_ACCOUNT_KEY", "accountType", json!("고정")),
            ("EXCEED_MAX_VALID_HOURS", "validHours", json!(2161)),
            ("INVALID_DATE", "dueDate", json!("2026-01-01T00:00:00")),
            ("EXCEED_MAX_DUE_DATE", "dueDate", json!("2028-01-01T00:00:00")),
            (
                "INVALID_REGISTRATION_NUMBER_TYPE",
                "cashReceipt",
                json!({"type": "지출증빙", "registrationNumber": "1"}),
            ),
        ],
    );
    let both = with(account("new"), &json!({"validHours": 1, "dueDate": "2027-01-09"}));
    let code = "INVALID_VALID_HOURS_WITH_DUE_DATE_AND_SINGLE";
    cases.push(case(code, "both", path, both));
    cases
}

pub(super) fn lists() -> [(&'static str, Vec<Case>); 3] {
    let of = |path: &str, cases: &[(&'static str, &'static str, &str)]| -> Vec<Case> {
        let one = |(code, why, query): &(&'static str, &'static str, &str)| {
            get(code, why, format!("{path}?{query}"))
        };
        cases.iter().map(one).collect()
    };
    let days = "startDate=2026-01-01&endDate=2026-01-31";
    let with = |more: &str| format!("{days}&{more}");
    let transactions = of(
        "/v1/transactions",
        &[
            ("INVALID_DATE", "no end", "startDate=2026-01-01"),
            ("INVALID_DATE", "no date", "startDate=yesterday&endDate=2026-01-31"),
            ("INVALID_DATE", "backwards", "startDate=2026-01-31&endDate=2026-01-01"),
            ("INVALID_TRANSACTION_KEY", "no such transaction", &with("startingAfter=x")),
            ("INVALID_REQUEST", "no number", &with("limit=many")),
            ("EXCEED_MAX_QUERY_LIMIT", "too many", &with("limit=5001")),
        ],
    );
    let settlements = of(
        "/v1/settlements",
        &[
            ("INVALID_DATE", "no start", "endDate=2026-01-01"),
            ("INVALID_DATE", "backwards", "startDate=2026-01-31&endDate=2026-01-01"),
            ("INVALID_REQUEST", "no such date", &with("dateType=approvedDate")),
            ("INVALID_REQUEST", "no page", &with("page=0")),
            ("EXCEED_MAX_QUERY_LIMIT", "too many", &with("size=5001")),
        ],
    );
    let code = "FORBIDDEN_REQUEST";
    let by_hand = case(code, "not by contract", "/v1/settlements", json!({"paymentKey": "none"}));
    let elsewhere = [
        get("NOT_FOUND", "no such path", "/v1/nothing"),
        get("NOT_FOUND_HTTP_METHOD", "not with this method", "/v1/payments/x/cancel"),
    ];
    let elsewhere = elsewhere.into_iter().chain([by_hand]).collect();
    [("transactions", transactions), ("settlements", settlements), ("elsewhere", elsewhere)]
}
