//! Every operation of the API has a golden answer.

use axum::body::Body;
use serde_json::json;
use url::Url;

use crate::{
    golden::lines,
    openapi::{self, operations},
    shop::{Shop, minutes},
    stage::card,
};

/// Operations, and the snapshot of an answer of each.
const GOLDEN: [(&str, &str); 31] = [
    ("createPayment", "create__create"),
    ("confirmPayment", "golden__confirm"),
    ("confirmPaymentLegacy", "operations__confirm_legacy"),
    ("getPayment", "golden__expired"),
    ("getPaymentByOrderId", "golden__read"),
    ("cancelPayment", "golden__cancel_part"),
    ("keyIn", "key_in__key_in"),
    ("issueVirtualAccount", "accounts__virtual_account"),
    ("issueBillingKey", "operations__billing_issue"),
    ("issueBillingKeyByPath", "operations__billing_issue_by_path"),
    ("issueBillingKeyByCard", "billing__billing_issue_by_card"),
    ("chargeBillingKey", "billing__billing_charge"),
    ("deleteBillingKey", "operations__billing_delete"),
    ("listTransactions", "golden__transactions"),
    ("listSettlements", "golden__settlements"),
    ("requestSettlement", "settling__manual_settlement"),
    ("issueCashReceipt", "cash_receipts__cash_receipt"),
    ("cancelCashReceipt", "cash_receipts__cash_receipt_part"),
    ("listCashReceipts", "cash_receipts__cash_receipts"),
    ("listPromotions", "promotions__promotions"),
    ("listCardPromotions", "promotions__promotions_card"),
    ("createSeller", "sellers__seller"),
    ("listSellers", "sellers__sellers"),
    ("readSeller", "sellers__seller_read"),
    ("updateSeller", "sellers__seller_changed"),
    ("deleteSeller", "sellers__seller_deleted"),
    ("readBalance", "payouts__balance"),
    ("requestPayouts", "payouts__payouts_requested"),
    ("listPayouts", "payouts__payouts"),
    ("readPayout", "payouts__payout"),
    ("cancelPayout", "payouts__payout_canceled"),
];

#[test]
fn every_operation_has_a_golden_answer() {
    for (method, path, name) in operations() {
        let golden = GOLDEN.iter().find(|(operation, _)| *operation == name);
        let (_, snapshot) = golden.unwrap_or_else(|| {
            panic!("{name} has no golden answer; snapshot one with insta and list it in GOLDEN")
        });
        let file = format!("{}/tests/it/snapshots/it__{snapshot}.snap", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let (_, answer) = text.split_once("\n---\n").expect("a snapshot has a head");
        let body = answer.trim_start_matches("HTTP 200").trim();
        // Of the right operation, as far as its schema can tell.
        openapi::check(&method, &path, 200, body.as_bytes());
    }
    assert_eq!(operations().len(), GOLDEN.len(), "GOLDEN lists an operation that is gone");
}

/// The buyer registers a card in the billing window: the key that comes to `successUrl`.
async fn auth_key(shop: &Shop) -> String {
    let order = json!({"customerKey": "buyer", "method": "CARD",
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    let opened = shop.post("/window/billing-auths", None, order).await;
    let window = opened.headers["location"].to_str().unwrap().to_owned();
    let means = json!({"means": "9410001234567890"});
    let registered = shop.post(&format!("{window}/register"), None, means).await;
    let target = Url::parse(registered.headers["location"].to_str().unwrap()).unwrap();
    let key = target.query_pairs().find(|(name, _)| name == "authKey");
    key.expect("a registered card has an authKey").1.into_owned()
}

#[tokio::test(start_paused = true)]
async fn golden_operations() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 15_000).await;
    shop.pass(minutes(1));
    let body = json!({"orderId": "order-0001", "amount": 15_000});
    let legacy = shop.post(&format!("/v1/payments/{key}"), None, body).await;
    insta::assert_snapshot!("confirm_legacy", lines(&legacy));
    let body = json!({"authKey": auth_key(&shop).await, "customerKey": "buyer"});
    let issued = shop.post("/v1/billing/authorizations/issue", None, body).await;
    insta::assert_snapshot!("billing_issue", lines(&issued));
    let path = format!("/v1/billing/authorizations/{}", auth_key(&shop).await);
    let by_path = shop.post(&path, None, json!({"customerKey": "buyer"})).await;
    insta::assert_snapshot!("billing_issue_by_path", lines(&by_path));
    let path = "/v1/billing/authorizations/card";
    let issued = shop.post(path, None, card("9410001234567890")).await.json();
    let path = format!("/v1/billing/{}", issued["billingKey"].as_str().unwrap());
    let deleted = shop.send(Shop::request("DELETE", &path).body(Body::empty()).unwrap()).await;
    insta::assert_snapshot!("billing_delete", lines(&deleted));
}
