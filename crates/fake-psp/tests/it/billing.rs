//! Billing keys: issued, charged, deleted.

use std::time::Duration;

use fake_psp::{BookKind, Config, Endpoint, Verdict};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    golden::lines,
    shop::{Reply, Shop, at},
    webhooks::{Merchant, serve},
};

/// The card that was measured to work.
fn card() -> Value {
    json!({
        "customerKey": "customer-1", "cardNumber": "9410001234567890", "cardExpirationYear": "30",
        "cardExpirationMonth": "12", "customerIdentityNumber": "900101", "cardPassword": "12",
    })
}

/// `body` with one field changed.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

impl Shop {
    async fn issue_by_card(&self, body: Value) -> Reply {
        self.post("/v1/billing/authorizations/card", None, body).await
    }

    /// A billing key of the measured card.
    async fn billing_key(&self) -> String {
        let reply = self.issue_by_card(card()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["billingKey"].as_str().unwrap().to_owned()
    }

    async fn charge(&self, key: &str, body: Value) -> Reply {
        self.post(&format!("/v1/billing/{key}"), None, body).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send(Self::request("DELETE", path).body(axum::body::Body::empty()).unwrap()).await
    }
}

fn order(order_id: &str) -> Value {
    json!({
        "customerKey": "customer-1", "orderId": order_id, "orderName": "구독 1월", "amount": 9_900,
    })
}

#[tokio::test(start_paused = true)]
async fn older_clients_are_understood() {
    let shop = Shop::new();
    let mut older = card();
    let birthday = older.as_object_mut().unwrap().remove("customerIdentityNumber").unwrap();
    let reply = shop.issue_by_card(with(older, "customerBirthday", birthday)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let path = "/v1/billing/authorizations/bln_unknown";
    let reply = shop.post(path, None, json!({"customerKey": "customer-1"})).await;
    assert_eq!(reply.json()["code"], "INVALID_BILLING_AUTH", "the path is an authKey");
}

#[tokio::test(start_paused = true)]
async fn golden_billing() {
    let shop = Shop::new();
    insta::assert_snapshot!("billing_issue_by_card", lines(&shop.issue_by_card(card()).await));
    let key = shop.billing_key().await;
    insta::assert_snapshot!("billing_charge", lines(&shop.charge(&key, order("order-0001")).await));
}

#[tokio::test(start_paused = true)]
async fn a_key_charges_again_and_again_until_it_is_deleted() {
    let shop = Shop::new();
    let key = shop.billing_key().await;
    assert!(key.ends_with('='));
    for order_id in ["order-0001", "order-0002"] {
        let paid = shop.charge(&key, order(order_id)).await.json();
        assert_eq!((&paid["type"], &paid["status"]), (&json!("BILLING"), &json!("DONE")));
        assert!(paid["secret"].as_str().unwrap().starts_with("ps_"));
    }
    let encoded = key.replace('=', "%3D");
    assert_eq!(shop.charge(&encoded, order("order-0003")).await.status, 200);
    assert_eq!(shop.charge(&key, order("order-0003")).await.word(), "DUPLICATED_ORDER_ID");
    assert_eq!(shop.balance(), 3 * 9_900);

    let gone = shop.delete(&format!("/v1/billing/{encoded}")).await;
    assert_eq!((gone.status, gone.text().as_str()), (200, ""));
    assert!(!gone.headers.contains_key("content-type"));
    let after = shop.charge(&key, order("order-0004")).await;
    assert_eq!((after.status, after.word().as_str()), (400, "ALREADY_REMOVED_BILLING_KEY"));
    let again = shop.delete(&format!("/v1/billing/{key}")).await;
    assert_eq!(again.word(), "ALREADY_REMOVED_BILLING_KEY");
    assert_eq!(shop.delete("/v1/billing/never").await.word(), "NOT_FOUND_BILLING");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_charge() {
    let shop = Shop::new();
    let key = shop.billing_key().await;
    let good = order("order-0001");
    for (field, value, code) in [
        ("customerKey", json!("customer-2"), "NOT_MATCHES_CUSTOMER_KEY"),
        ("customerKey", json!(null), "INVALID_REQUEST"),
        ("orderId", json!("short"), "INVALID_REQUEST"),
        ("orderName", json!("x".repeat(101)), "INVALID_REQUEST"),
        ("amount", json!(0), "INVALID_REQUEST"),
        ("amount", json!("many"), "INVALID_REQUEST"),
        ("amount", json!(99), "BELOW_MINIMUM_AMOUNT"),
        ("taxFreeAmount", json!(9_901), "INVALID_REQUEST"),
        ("cardInstallmentPlan", json!(3), "NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN"),
    ] {
        let reply = shop.charge(&key, with(good.clone(), field, value.clone())).await;
        assert_eq!((reply.status, reply.word().as_str()), (400, code), "{field} {value}");
    }
    let long = with(with(good.clone(), "amount", json!(60_000)), "cardInstallmentPlan", json!(13));
    assert_eq!(shop.charge(&key, long).await.word(), "INVALID_CARD_INSTALLMENT_PLAN");
    assert_eq!(shop.charge("never=", good.clone()).await.word(), "INVALID_BILL_KEY_REQUEST");
    let mixed = with(with(good, "amount", json!("60000")), "cardInstallmentPlan", json!("3"));
    let paid = shop.charge(&key, mixed).await.json();
    assert_eq!(paid["card"]["installmentPlanMonths"], 3, "{paid}");
    assert_eq!(shop.psp.book().len(), 1, "a refused charge leaves nothing behind");
}

#[tokio::test(start_paused = true)]
async fn the_measured_cards() {
    let shop = Shop::new();
    let issued = |number: &str| shop.issue_by_card(with(card(), "cardNumber", json!(number)));
    assert_eq!(issued("433012").await.word(), "INVALID_CARD_NUMBER");
    for number in ["4330121234567890", "5520221234567890"] {
        let billing = issued(number).await.json();
        assert_eq!(billing["card"]["cardType"], "미확인");
        let refused = shop.charge(billing["billingKey"].as_str().unwrap(), order("order-0001"));
        let refused = refused.await;
        assert_eq!((refused.status, refused.word().as_str()), (400, "NOT_SUPPORTED_CARD_TYPE"));
    }
    let good = issued("9410001234567890").await.json();
    assert_eq!(good["card"]["cardType"], "신용");
    assert_eq!(good["card"]["issuerCode"], "21");
    assert_eq!(good["card"]["ownerType"], "개인");
}

#[tokio::test(start_paused = true)]
async fn customer_keys_have_three_hundred_characters_at_most() {
    let shop = Shop::new();
    let named = |name: String| shop.issue_by_card(with(card(), "customerKey", json!(name)));
    assert_eq!(named("가 나".repeat(100)).await.status, 200);
    let long = named("k".repeat(301)).await;
    assert_eq!((long.status, long.word().as_str()), (500, "FAILED_DB_PROCESSING"));
    assert_eq!(named(String::new()).await.word(), "INVALID_REQUEST");
    let body = json!({"authKey": "e_never", "customerKey": "customer-1"});
    let unknown = shop.post("/v1/billing/authorizations/issue", None, body).await;
    assert_eq!(unknown.word(), "INVALID_BILLING_AUTH");
}

#[tokio::test(start_paused = true)]
async fn faults_strike_charges_too() {
    let shop = Shop::new();
    let key = shop.billing_key().await;
    let decline = Verdict::Decline { code: "REJECT_CARD_COMPANY".to_owned() };
    shop.break_with([(at(Endpoint::BillingCharge), decline)]);
    let refused = shop.charge(&key, order("order-0001")).await;
    assert_eq!((refused.status, refused.word().as_str()), (403, "REJECT_CARD_COMPANY"));
    assert_eq!(shop.balance(), 0);
    shop.break_with([(at(Endpoint::BillingCharge), Verdict::ActTwice)]);
    assert_eq!(shop.charge(&key, order("order-0001")).await.status, 200);
    let captured = shop.psp.book().into_iter().filter(|line| line.kind == BookKind::Captured);
    assert_eq!(captured.count(), 2, "the same effect twice");
    shop.break_with([(at(Endpoint::BillingCharge), Verdict::ActWithoutBook)]);
    assert_eq!(shop.charge(&key, order("order-0002")).await.word(), "DONE");
    assert_eq!(shop.balance(), 2 * 9_900);
}

#[tokio::test(start_paused = true)]
async fn webhooks_tell_of_cancels_and_deletions_but_not_of_approvals() {
    for (announced, expected) in [
        (true, vec!["PAYMENT_STATUS_CHANGED", "BILLING_DELETED"]),
        (false, vec!["BILLING_DELETED"]),
    ] {
        let shop = Shop::with(Config {
            webhook_urls: vec!["http://shop.test/hook".to_owned()],
            billing_cancels_are_announced: announced,
            ..Config::default()
        });
        let merchant = Merchant::new(200);
        let _served = serve(&shop.psp, &merchant);
        let key = shop.billing_key().await;
        let paid = shop.charge(&key, order("order-0001")).await.json();
        shop.cancel(paid["paymentKey"].as_str().unwrap(), None, None).await;
        shop.delete(&format!("/v1/billing/{key}")).await;
        sleep(Duration::from_secs(1)).await;
        let told: Vec<_> = merchant.received().into_iter().map(|letter| letter.body).collect();
        let types: Vec<_> = told.iter().map(|body| body["eventType"].as_str().unwrap()).collect();
        assert_eq!(types, expected);
        assert_eq!(told.last().unwrap()["data"], json!({"billingKey": key}));
    }
}
