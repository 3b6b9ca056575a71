//! The control API: a whole test without a browser.

use std::time::Duration;

use axum::body::Body;
use fake_psp::{Approval, Config, FakePsp, Fate, Hook, NewPayment, Programme, Review, State};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    shop::{Reply, Shop},
    webhooks::{Merchant, serve},
};

impl Shop {
    async fn fake(&self, path: &str, body: Value) -> Reply {
        self.post(&format!("/_fake{path}"), None, body).await
    }

    /// A window that is open: the payment's key.
    async fn opened(&self, order_id: &str) -> String {
        let order = json!({"order_id": order_id, "amount": 15_000,
            "success_url": "http://shop.test/ok?a=b", "fail_url": "http://shop.test/no"});
        let reply = self.fake("/payments", order).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()["payment_key"].as_str().unwrap().to_owned()
    }

    async fn confirm_opened(&self, key: &str, order_id: &str) -> Reply {
        let body = json!({"paymentKey": key, "orderId": order_id, "amount": 15_000});
        self.post("/v1/payments/confirm", None, body).await
    }

    async fn state(&self, key: &str) -> String {
        let seen = self.get(&format!("/_fake/payments/{key}")).await.json();
        seen["payment"]["status"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_needs_no_browser() {
    let shop = Shop::new();
    let key = shop.opened("order-0001").await;
    let approved = shop.fake(&format!("/payments/{key}/approve"), Value::Null).await.json();
    let redirect = format!(
        "http://shop.test/ok?a=b&paymentType=NORMAL&orderId=order-0001&paymentKey={key}&amount=15000"
    );
    let expected = json!({"payment_key": key, "order_id": "order-0001", "amount": "15000",
        "status": "IN_PROGRESS", "redirect": redirect});
    assert_eq!(approved, expected);
    let confirmed = shop.confirm_opened(&key, "order-0001").await;
    assert_eq!(confirmed.json()["status"], "DONE", "{}", confirmed.text());
    let again = shop.fake(&format!("/payments/{key}/approve"), Value::Null).await;
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("WRONG_STATE")));
    assert!(again.text().contains("only while it is READY"), "{}", again.text());
}

#[tokio::test(start_paused = true)]
async fn a_buyer_declines_or_walks_away() {
    let shop = Shop::new();
    let key = shop.opened("order-0001").await;
    let closed = shop.fake(&format!("/payments/{key}/close"), Value::Null).await.json();
    let redirect = closed["redirect"].as_str().unwrap();
    assert!(redirect.contains("code=PAY_PROCESS_CANCELED"), "{redirect}");
    assert!(!redirect.contains("orderId"), "{redirect}");
    assert_eq!(shop.state(&key).await, "READY");
    let wrong = json!({"code": "NO_SUCH_CODE"});
    let reply = shop.fake(&format!("/payments/{key}/decline"), wrong).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    let declined = json!({"code": "INVALID_STOPPED_CARD"});
    let declined = shop.fake(&format!("/payments/{key}/decline"), declined).await.json();
    assert!(declined["redirect"].as_str().unwrap().contains("code=INVALID_STOPPED_CARD"));
    assert_eq!(shop.state(&key).await, "ABORTED");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_said() {
    let shop = Shop::new();
    let key = shop.opened("order-0001").await;
    for (path, body, status, says) in [
        ("/payments", json!({"order_id": "order-0002"}), 400, "missing field `amount`"),
        ("/payments", json!({"order_id": "a", "amount": 1_000}), 400, "INVALID_ORDER_ID"),
        ("/payments", json!({"orderid": "a"}), 400, "did you mean `order_id`?"),
        ("/payments/nobody/approve", Value::Null, 404, "there is no payment `nobody`"),
        (&format!("/payments/{key}/approve"), json!({"means": "1"}), 400, "test cards"),
        (&format!("/payments/{key}/approve"), json!({"method": "GOLD"}), 400, "NOT_SUPPORTED"),
        (&format!("/payments/{key}/review"), json!({"decision": "approve"}), 409, "for review"),
        (&format!("/payments/{key}/review"), json!({"decision": "perhaps"}), 400, "decline"),
        (&format!("/payments/{key}/deposit"), Value::Null, 409, "refuses"),
        ("/time", json!({"advance": "soon"}), 400, "30m"),
        ("/time", json!({}), 400, "either `advance`"),
        ("/time", json!({"to": "2001-01-01"}), 400, "only goes forward"),
        ("/time", json!({"advance": "20000d"}), 400, "ten years"),
        ("/webhooks/urls", json!({"url": "ftp://shop.test"}), 400, "http://"),
        ("/webhooks/whtrans_x/resend", Value::Null, 404, "there is no webhook"),
        ("/billing-auths", json!({"customer_key": "c"}), 400, "INVALID_CUSTOMER_KEY"),
        ("/sellers/nobody/status", json!({"status": "APPROVED"}), 404, "nobody"),
        ("/reset", json!({"keep": ["payments"]}), 400, "faults"),
    ] {
        let reply = shop.fake(path, body.clone()).await;
        assert_eq!(reply.status, status, "{path} {body}: {}", reply.text());
        assert!(reply.text().contains(says), "{path} {body}: {}", reply.text());
        assert!(reply.json()["code"].is_string());
    }
    assert_eq!(shop.state(&key).await, "READY");
}

#[tokio::test(start_paused = true)]
async fn a_card_is_registered_without_a_window() {
    let shop = Shop::new();
    let auth = shop.fake("/billing-auths", json!({"customer_key": "customer-1"})).await.json();
    let issue = json!({"authKey": auth["auth_key"], "customerKey": "customer-1"});
    let issued = shop.post("/v1/billing/authorizations/issue", None, issue).await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    let keys = shop.get("/_fake/billing-keys").await.json();
    assert_eq!(keys[0]["billing_key"], issued.json()["billingKey"]);
}

#[tokio::test(start_paused = true)]
async fn a_virtual_account_is_paid_into() {
    let shop = Shop::new();
    let key = shop.opened("order-0001").await;
    let by_account = json!({"method": "VIRTUAL_ACCOUNT", "bank": "우리"});
    shop.fake(&format!("/payments/{key}/approve"), by_account).await;
    let issued = shop.confirm_opened(&key, "order-0001").await.json();
    assert_eq!(issued["status"], "WAITING_FOR_DEPOSIT");
    let wrong = shop.fake(&format!("/payments/{key}/deposit"), json!({"amount": 1})).await;
    assert_eq!((wrong.status, &wrong.json()["code"]), (409, &json!("DEPOSIT_REFUSED")));
    assert_eq!(shop.fake(&format!("/payments/{key}/deposit"), Value::Null).await.status, 204);
    assert_eq!(shop.state(&key).await, "DONE");
    let back = format!("/payments/{key}/reverse-deposit");
    assert_eq!(shop.fake(&back, Value::Null).await.status, 204);
    assert_eq!(shop.state(&key).await, "WAITING_FOR_DEPOSIT");
}

#[tokio::test(start_paused = true)]
async fn a_review_waits_for_its_decision() {
    for (decision, status) in [
        (json!({"decision": "approve"}), "DONE"),
        (json!({"decision": "decline", "code": "FDS_ERROR"}), "ABORTED"),
    ] {
        let shop = Shop::new();
        let key = shop.opened("order-0001").await;
        let held = json!({"means": "9410000000000052"});
        shop.fake(&format!("/payments/{key}/approve"), held).await;
        let confirmed = shop.confirm_opened(&key, "order-0001").await;
        assert_eq!(confirmed.json()["status"], "IN_PROGRESS", "{}", confirmed.text());
        shop.fake("/time", json!({"advance": "2d"})).await;
        assert_eq!(shop.state(&key).await, "IN_PROGRESS");
        let decided = shop.fake(&format!("/payments/{key}/review"), decision).await;
        assert_eq!(decided.status, 204, "{}", decided.text());
        assert_eq!(shop.state(&key).await, status);
        assert_eq!(shop.psp.book().len(), usize::from(status == "DONE"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_expires_early_or_in_its_time() {
    let shop = Shop::new();
    let (early, late) = (shop.opened("order-0001").await, shop.opened("order-0002").await);
    assert_eq!(shop.fake(&format!("/payments/{early}/expire"), Value::Null).await.status, 204);
    assert_eq!(shop.state(&early).await, "EXPIRED");
    assert_eq!(shop.state(&late).await, "READY");
    let time = shop.fake("/time", json!({"advance": "31m"})).await.json();
    assert_eq!(time["ahead_ms"], 31 * 60 * 1000);
    assert_eq!(shop.state(&late).await, "EXPIRED");
}

#[tokio::test(start_paused = true)]
async fn four_days_of_retries_pass_at_once() {
    let config = Config { webhook_urls: vec!["http://shop.test/hook".into()], ..Config::default() };
    let shop = Shop::with(config);
    let merchant = Merchant::new(500);
    let _serving = serve(&shop.psp, &merchant);
    let key = shop.opened("order-0001").await;
    shop.fake(&format!("/payments/{key}/approve"), Value::Null).await;
    shop.confirm_opened(&key, "order-0001").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.fake("/time", json!({"advance": "4d"})).await;
    let sent = shop.psp.transmissions();
    let minutes: Vec<i64> =
        sent.iter().map(|one| one.at.duration_since(sent[0].at).as_mins()).collect();
    assert_eq!(minutes, [0, 1, 5, 21, 85, 341, 1365, 5461]);
    let resend = format!("/webhooks/{}/resend", sent[0].id);
    assert_eq!(shop.fake(&resend, Value::Null).await.status, 204);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let again = shop.psp.transmissions();
    assert_eq!((again.len(), &again[8].id), (9, &sent[0].id));
    tokio::time::sleep(Duration::from_secs(10 * 24 * 3600)).await;
    assert_eq!(shop.psp.transmissions().len(), 9, "by hand, once");
}

#[tokio::test(start_paused = true)]
async fn webhooks_go_where_they_are_told_to() {
    let shop = Shop::new();
    let merchant = Merchant::new(200);
    let _serving = serve(&shop.psp, &merchant);
    for (url, events) in
        [("http://a.test/", json!([])), ("http://b.test/", json!(["payout.changed"]))]
    {
        let hook = json!({"url": url, "events": events});
        assert_eq!(shop.fake("/webhooks/urls", hook).await.status, 204);
    }
    let key = shop.opened("order-0001").await;
    shop.fake(&format!("/payments/{key}/decline"), Value::Null).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let urls: Vec<String> = shop.psp.transmissions().into_iter().map(|one| one.url).collect();
    assert_eq!(urls, ["http://a.test/"]);
    let body = Body::from(json!({"url": "http://a.test/"}).to_string());
    let remove = Shop::request("DELETE", "/_fake/webhooks/urls").body(body).unwrap();
    assert_eq!(shop.send(remove).await.status, 204);
    assert_eq!(shop.psp.hooks().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn switches_are_set_while_it_runs() {
    let shop = Shop::new();
    let patch = |body: Value| {
        let request = Shop::request("PATCH", "/_fake/config");
        shop.send(request.body(Body::from(body.to_string())).unwrap())
    };
    let reply = patch(json!({"minimum_amount": 20_000, "seller_kyc_after_minutes": null})).await;
    assert_eq!((reply.status, &reply.json()["minimum_amount"]), (200, &json!(20_000)));
    let order = json!({"order_id": "order-0001", "amount": 15_000});
    assert_eq!(shop.fake("/payments", order).await.json()["code"], "BELOW_MINIMUM_AMOUNT");
    for (body, says) in [
        (json!({"minimum_amout": 1}), "did you mean `minimum_amount`?"),
        (json!({"minimum_amount": "few"}), "`minimum_amount` cannot be \\\"few\\\""),
        (json!({"secret_keys": []}), "only when the fake is started"),
        (json!({"payout_business_days": 4_000_000_000_u32}), "it goes from 0 to 3660"),
        (json!({"ready_minutes": i64::MAX}), "`ready_minutes` cannot be"),
        (json!({"fee_permyriad": -1}), "it goes from 0 to 10000"),
        (json!({"too_many_code": "PROVIDER_EROR"}), "did you mean `PROVIDER_ERROR`?"),
        (json!([1]), "write an object"),
    ] {
        let reply = patch(body).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text().contains(says), "{}", reply.text());
    }
    assert_eq!(shop.get("/_fake/config").await.json()["minimum_amount"], 20_000);
}

/// Further on, the next payment's deadlines would be beyond every calendar.
#[tokio::test(start_paused = true)]
async fn the_clock_stops_in_2200() {
    let shop = Shop::new();
    let mut advances = 0;
    let refused = loop {
        let reply = shop.fake("/time", json!({"advance": "3650d"})).await;
        if reply.status != 200 {
            break reply;
        }
        advances += 1;
    };
    assert_eq!(advances, 17);
    assert!(refused.text().contains("the year 2200"), "{}", refused.text());
    shop.paid("order-0001", 1_000).await;
}

/// The last of the money takes all with it that is free of tax, by whoever it is cancelled.
#[tokio::test(start_paused = true)]
async fn a_cancel_by_hand_takes_the_tax_free_part_along() {
    let shop = Shop::new();
    let order = json!({"order_id": "order-0001", "amount": 10_000, "tax_free_amount": 4_000});
    let key =
        shop.fake("/payments", order).await.json()["payment_key"].as_str().unwrap().to_owned();
    shop.fake(&format!("/payments/{key}/approve"), Value::Null).await;
    shop.confirm(&key, "order-0001", 10_000, None).await;
    assert_eq!(shop.fake(&format!("/payments/{key}/cancel"), Value::Null).await.status, 204);
    let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
    assert_eq!((&payment["status"], &payment["taxFreeAmount"]), (&json!("CANCELED"), &json!(0)));
    assert_eq!(payment["cancels"][0]["taxFreeAmount"], 4_000);
}

#[tokio::test(start_paused = true)]
async fn a_reset_forgets() {
    let shop = Shop::new();
    shop.psp.install(Programme::from_toml("[[rules]]\nthen = \"pass\"\n").unwrap());
    shop.psp.add_hook(Hook::of_all_events("http://a.test/")).unwrap();
    let key = shop.opened("order-0001").await;
    shop.fake("/time", json!({"advance": "1d"})).await;
    assert_eq!(shop.fake("/reset", json!({"keep": ["faults"]})).await.status, 204);
    assert_eq!(shop.get(&format!("/_fake/payments/{key}")).await.status, 404);
    assert_eq!(shop.get("/_fake/time").await.json()["ahead_ms"], 0);
    assert_eq!((shop.psp.programme().rules.len(), shop.psp.hooks().len()), (1, 1));
    assert_eq!(shop.fake("/reset", Value::Null).await.status, 204);
    assert!(shop.psp.programme().rules.is_empty());
    assert!(shop.psp.calls().is_empty());
    shop.opened("order-0001").await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_in_the_middle_of_a_request_breaks_nothing() {
    let shop = Shop::new();
    let key = shop.opened("order-0001").await;
    shop.fake(&format!("/payments/{key}/approve"), Value::Null).await;
    let late = "[[rules]]\non = { endpoint = \"confirm\" }\nthen = { delay = { ms = 5000 } }\n";
    shop.psp.install(Programme::from_toml(late).unwrap());
    let body = json!({"paymentKey": key, "orderId": "order-0001", "amount": 15_000});
    let confirm = Shop::request("POST", "/v1/payments/confirm").body(Body::from(body.to_string()));
    let confirming = shop.psp.router().oneshot(confirm.unwrap());
    let resetting = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        shop.psp.reset(false);
    };
    let (reply, ()) = tokio::join!(confirming, resetting);
    let fate = reply.unwrap().extensions().get::<Fate>().cloned();
    assert_eq!(fate, Some(Fate::Close), "closed without an answer");
    shop.opened("order-0001").await;
}

/// The same for Rust tests.
#[tokio::test]
async fn a_rust_test_is_the_buyer() {
    let toss = FakePsp::start().await;
    let key = toss.open_payment(&NewPayment::new("order-0001", 1_000)).unwrap();
    let how = Approval { means: Some("9410000000000052".into()), ..Approval::default() };
    let approved = toss.approve_payment(&key, &how).unwrap();
    assert_eq!(approved.status, State::InProgress);
    assert!(toss.decide_review(&key, &Review::Approve {}).is_err());
    assert!(toss.close_window(&key).is_err());
    assert!(toss.decline_payment("nobody", "FDS_ERROR").is_err());
    assert!(toss.register_billing("customer-1", Some("TRANSFER"), None).is_ok());
    assert_eq!(toss.checkout_url(&key), format!("{}/window/{key}", toss.url()));
}

/// Eight hours of retries to a merchant who never answers take a while; a reset ends them.
#[tokio::test(start_paused = true)]
async fn a_reset_ends_an_advance() {
    // Before the first step, which waits for the webhook that is on its way; and after some.
    for (pause, steps) in [(1, false), (15, true)] {
        let urls = vec!["http://shop.test/hook".into()];
        let shop = Shop::with(Config { webhook_urls: urls, ..Config::default() });
        let merchant = Merchant::new(0);
        let _serving = serve(&shop.psp, &merchant);
        let key = shop.opened("order-0001").await;
        shop.fake(&format!("/payments/{key}/decline"), Value::Null).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let begun = shop.psp.now();
        let advance = shop.fake("/time", json!({"advance": "8h"}));
        let reset = async {
            tokio::time::sleep(Duration::from_secs(if steps { 12 } else { 5 })).await;
            assert_eq!(shop.psp.now() > begun + Duration::from_secs(60), steps, "is it under way?");
            shop.psp.reset(false);
        };
        let (time, ()) = tokio::join!(advance, reset);
        assert_eq!(time.json()["ahead_ms"], 0, "steps before: {steps}");
    }
}
