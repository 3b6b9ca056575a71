//! A shop with a payment in every situation that something can be refused for.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::shop::{Shop, minutes, with};

pub(crate) struct Stage {
    pub(crate) shop: Shop,
    keys: BTreeMap<&'static str, String>,
}

/// An order for the window. Its id says which payment of the stage it is.
pub(crate) fn order(name: &str) -> Value {
    json!({"orderId": format!("order-{name}"), "orderName": name, "amount": 1_000,
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"})
}

/// An order for a virtual account.
pub(crate) fn account(name: &str) -> Value {
    json!({"orderId": format!("order-{name}"), "orderName": name, "amount": 1_000,
        "customerName": "김토스", "bank": "우리"})
}

/// A card to be registered.
pub(crate) fn card(number: &str) -> Value {
    json!({"customerKey": "buyer", "cardNumber": number, "cardExpirationYear": "30",
        "cardExpirationMonth": "12", "customerIdentityNumber": "900101", "cardPassword": "12"})
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let mut stage = Self { shop: Shop::new(), keys: BTreeMap::new() };
        stage.long_ago().await;
        stage.shop.pass(SignedDuration::from_hours(366 * 24));
        stage.opened("expired", &json!({})).await;
        stage.shop.pass(minutes(30));
        stage.recently().await;
        stage.accounts().await;
        stage.billing().await;
        stage
    }

    /// The payment key (or billing key) of this name.
    pub(crate) fn key(&self, name: &str) -> &str {
        self.keys.get(name).unwrap_or_else(|| panic!("nothing is called {name}"))
    }

    /// A confirm of the payment of this name.
    pub(crate) fn confirm(&self, name: &str) -> Value {
        let (key, order_id) = (self.key(name), format!("order-{name}"));
        json!({"paymentKey": key, "orderId": order_id, "amount": 1_000})
    }

    pub(crate) async fn opened(&mut self, name: &'static str, changes: &Value) -> String {
        let reply = self.shop.post("/window/payments", None, with(order(name), changes)).await;
        assert_eq!(reply.status, 303, "{name}: {}", reply.text());
        let key = reply.headers["location"].to_str().unwrap().replace("/window/", "");
        self.keys.insert(name, key.clone());
        key
    }

    /// Opened, and paid with the test means of this number.
    pub(crate) async fn chosen(&mut self, name: &'static str, method: &str, means: &str) -> Value {
        let key = self.opened(name, &json!({"method": method})).await;
        let choice = json!({"method": method, "means": means});
        let reply = self.shop.post(&format!("/window/{key}/pay"), None, choice).await;
        assert_eq!(reply.status, 303, "{name}: {}", reply.text());
        self.confirm(name)
    }

    async fn authenticated(&mut self, name: &'static str, changes: &Value) -> String {
        let key = self.opened(name, changes).await;
        self.shop.press(&key, "approve").await;
        key
    }

    async fn paid(&mut self, name: &'static str, changes: &Value) -> String {
        let key = self.authenticated(name, changes).await;
        let reply = self.shop.confirm(&key, &format!("order-{name}"), 1_000, None).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        key
    }

    /// Waiting for its deposit, or paid into.
    async fn issued(&mut self, name: &'static str, changes: &Value, deposit: bool) {
        let body = with(account(name), changes);
        let reply = self.shop.post("/v1/virtual-accounts", None, body).await;
        let key = reply.json()["paymentKey"].as_str().expect(name).to_owned();
        if deposit {
            self.shop.psp.deposit(&key, 1_000, None).unwrap();
        }
        self.keys.insert(name, key);
    }

    async fn long_ago(&mut self) {
        self.paid("old-phone", &json!({"method": "MOBILE_PHONE"})).await;
        self.paid("old-transfer", &json!({"method": "TRANSFER"})).await;
        self.issued("old-account", &json!({}), true).await;
    }

    async fn recently(&mut self) {
        self.opened("ready", &json!({})).await;
        self.authenticated("authenticated", &json!({})).await;
        let second = self.authenticated("done", &json!({})).await;
        self.paid("done", &json!({})).await;
        self.keys.insert("second", second);
        let canceled = self.paid("canceled", &json!({})).await;
        self.shop.cancel(&canceled, None, None).await;
        let partial = self.paid("partial", &json!({})).await;
        self.shop.cancel(&partial, Some(400), None).await;
        let spent = self.paid("spent", &json!({})).await;
        self.shop.cancel(&spent, Some(400), None).await;
        self.shop.cancel(&spent, None, None).await;
        let aborted = self.opened("aborted", &json!({})).await;
        self.shop.press(&aborted, "decline").await;
        self.paid("exempt", &json!({"method": "CARD", "taxExemptionAmount": 100})).await;
        for (name, amount) in [("small", 150), ("large", 10_000_001)] {
            let key = self.opened(name, &json!({"amount": amount})).await;
            let transfer = json!({"method": "TRANSFER"});
            self.shop.post(&format!("/window/{key}/approve"), None, transfer).await;
        }
        let review = self.chosen("held", "CARD", "9410000000000052").await;
        self.shop.post("/v1/payments/confirm", None, review).await;
    }

    async fn accounts(&mut self) {
        self.issued("waiting", &json!({}), false).await;
        self.issued("deposited", &json!({}), true).await;
        let product =
            json!({"id": "1", "name": "x", "code": "x", "unitPrice": 1_000, "quantity": 1});
        let escrow = json!({"useEscrow": true, "escrowProducts": [product]});
        self.issued("escrow", &escrow, true).await;
    }

    async fn billing(&mut self) {
        for (name, number) in [
            ("card", "9410001234567890"),
            ("deleted-card", "9410001234567890"),
            ("odd-card", "4330121234567890"),
            ("poor-card", "9410000000000011"),
            ("stopped-card", "9410000000000012"),
            ("lost-card", "9410000000000013"),
            ("old-card", "9410000000000014"),
            ("refused-card", "9410000000000017"),
            ("plain-card", "9410000000000018"),
            ("rejected-card", "9410000000000020"),
        ] {
            let path = "/v1/billing/authorizations/card";
            let issued = self.shop.post(path, None, card(number)).await.json();
            self.keys.insert(name, issued["billingKey"].as_str().unwrap().to_owned());
        }
        let path = format!("/v1/billing/{}", self.key("deleted-card"));
        let delete = Shop::request("DELETE", &path).body(axum::body::Body::empty());
        assert_eq!(self.shop.send(delete.unwrap()).await.status, 200);
    }
}
