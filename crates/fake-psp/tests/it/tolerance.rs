//! What stands around every request: keys, languages, spellings, limits, unknown paths.

use axum::{
    body::Body,
    http::{Request, request::Builder},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use fake_psp::Config;
use serde_json::{Value, json};

use crate::shop::{Reply, Shop, minutes};

/// A request that comes with this secret key.
fn as_merchant(key: &str, method: &str, path: &str) -> Builder {
    let credentials = BASE64_STANDARD.encode(format!("{key}:"));
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Basic {credentials}"))
}

fn keys(keys: &[&str]) -> Config {
    Config { secret_keys: keys.iter().map(|key| (*key).to_owned()).collect(), ..Config::default() }
}

async fn confirm_as(shop: &Shop, secret: &str, payment: &str, order_id: &str) -> Reply {
    let body = json!({"paymentKey": payment, "orderId": order_id, "amount": 1_000});
    let request = as_merchant(secret, "POST", "/v1/payments/confirm");
    shop.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn the_fields_of_a_body_have_names() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    let reply = shop.post("/v1/payments/confirm", None, json!([key, "order-0001", 1_000])).await;
    assert_eq!((reply.status, &*reply.word()), (400, "INVALID_REQUEST"));
    assert_eq!(shop.balance(), 0);
    for (path, says) in [
        ("/_fake/payments", "write an object"),
        ("/_fake/faults", "is an array"),
        ("/_fake/faults/rules", "is an array"),
    ] {
        let reply = shop.post(path, None, json!([["x"]])).await;
        assert_eq!(reply.status, 400, "{path}");
        assert!(reply.text().contains(says), "{path}: {}", reply.text());
    }
    let nothing = shop.post("/_fake/faults", None, json!({})).await;
    assert!(nothing.text().contains("no `rules`"), "{}", nothing.text());
}

#[tokio::test(start_paused = true)]
async fn no_endpoint_is_open_to_strangers() {
    let shop = Shop::new();
    for (method, path) in [
        ("POST", "/v1/payments"),
        ("POST", "/v1/payments/confirm"),
        ("POST", "/v1/payments/key-in"),
        ("GET", "/v1/payments/key"),
        ("POST", "/v1/payments/key/cancel"),
        ("GET", "/v1/transactions"),
        ("GET", "/v2/sellers"),
        ("DELETE", "/v1/billing/key"),
    ] {
        for (authorization, status, code, english) in [
            (None, 401, "UNAUTHORIZED_KEY", "Unauthorized secretKey or clientKey."),
            (
                Some("Basic !"),
                403,
                "INCORRECT_BASIC_AUTH_FORMAT",
                "Invalid request. Please encode including the ':' character.",
            ),
            (Some("Basic dGVzdF9ja19hOg=="), 400, "INVALID_API_KEY", "Incorrect secret key."),
        ] {
            let mut request = Request::builder().method(method).uri(path);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let request = request.header("accept-language", "en").body(Body::empty());
            let reply = shop.send(request.unwrap()).await;
            let json = reply.json();
            let error = if path.starts_with("/v2/") { &json["error"] } else { &json };
            assert_eq!(
                (reply.status, &error["code"], &error["message"]),
                (status, &json!(code), &json!(english)),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_and_its_confirm_have_keys_of_one_set() {
    let strict = Config { key_sets_must_match: true, ..keys(&["test_sk_a", "test_gsk_a"]) };
    for (config, refused) in [(strict, true), (keys(&["test_sk_a", "test_gsk_a"]), false)] {
        let shop = Shop::with(config);
        let body = json!({"clientKey": "test_gck_a", "orderId": "order-0001", "orderName": "x",
            "amount": 1_000, "successUrl": "http://s.test", "failUrl": "http://f.test"});
        let reply = shop.post("/window/payments", None, body).await;
        let key = reply.headers["location"].to_str().unwrap().replace("/window/", "");
        shop.press(&key, "approve").await;
        let mixed = confirm_as(&shop, "test_sk_a", &key, "order-0001").await;
        let expected = if refused { (400, "INVALID_API_KEY") } else { (200, "DONE") };
        assert_eq!((mixed.status, &*mixed.word()), expected);
        if refused {
            assert_eq!(confirm_as(&shop, "test_gsk_a", &key, "order-0001").await.word(), "DONE");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn live_keys_ignore_the_test_code() {
    let shop = Shop::with(keys(&["live_sk_a", "live_gsk_a", "test_gsk_a", "test_ak_a"]));
    for (key, code) in [
        ("live_sk_a", "NOT_FOUND_PAYMENT"),
        ("live_gsk_a", "NOT_FOUND_PAYMENT"),
        ("test_gsk_a", "REJECT_CARD_PAYMENT"),
        ("test_ak_a", "REJECT_CARD_PAYMENT"),
    ] {
        let request = as_merchant(key, "GET", "/v1/payments/none")
            .header("tosspayments-test-code", "REJECT_CARD_PAYMENT");
        let reply = shop.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.word(), code, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn test_keys_have_a_limit_if_it_is_switched_on() {
    let keys = keys(&["test_sk_a", "test_sk_b", "live_sk_a"]);
    let shop = Shop::with(Config { test_requests_per_minute: Some(3), ..keys });
    let ask = async |key: &str, path: &str| {
        shop.send(as_merchant(key, "GET", path).body(Body::empty()).unwrap()).await
    };
    for _ in 0..3 {
        assert_eq!(ask("test_sk_a", "/v1/payments/none").await.status, 404);
    }
    shop.pass(jiff::SignedDuration::from_millis(20_500));
    let refused = ask("test_sk_a", "/v1/payments/none").await;
    assert_eq!((refused.status, &*refused.word()), (429, "FORBIDDEN_CONSECUTIVE_REQUEST"));
    assert_eq!(refused.headers["retry-after"], "40");
    assert_eq!(ask("test_sk_a", "/v1/payments/orders/none").await.status, 404, "another API");
    assert_eq!(ask("test_sk_b", "/v1/payments/none").await.status, 404, "another key");
    for _ in 0..9 {
        assert_eq!(ask("live_sk_a", "/v1/payments/none").await.status, 404, "a live key");
    }
    shop.pass(jiff::SignedDuration::from_secs(40));
    assert_eq!(ask("test_sk_a", "/v1/payments/none").await.status, 404, "a minute is over");
    let without = Shop::new();
    for _ in 0..200 {
        assert_eq!(without.get("/v1/payments/none").await.status, 404);
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_switched_while_it_runs_and_forgotten_by_a_reset() {
    let shop = Shop::new();
    let limit = json!({"test_requests_per_minute": 1}).to_string();
    let switch = Shop::request("PATCH", "/_fake/config").body(Body::from(limit)).unwrap();
    assert_eq!(shop.send(switch).await.status, 200);
    assert_eq!(shop.get("/v1/payments/none").await.status, 404);
    assert_eq!(shop.get("/v1/payments/none").await.status, 429);
    assert_eq!(shop.post("/_fake/reset", None, Value::Null).await.status, 204);
    assert_eq!(shop.get("/v1/payments/none").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn bodies_come_in_many_spellings() {
    let shop = Shop::new();
    let json = |amount: &str| {
        format!(r#"{{"orderId":"order-0001","amount":{amount},"paymentKey":"none","x":{{}}}}"#)
    };
    let good = json("1000");
    let with_mark = format!("\u{FEFF}{good}");
    for (content_type, body) in [
        (Some("application/json"), &*good),
        (Some("application/json; charset=utf-8"), &good),
        (Some("application/json;charset=UTF-8"), &good),
        (Some("text/plain"), &good),
        (None, &good),
        (None, &with_mark),
        (None, &json(r#""1000""#)),
        (None, &json(r#"" 1000 ""#)),
        (None, &json("1000.0")),
        (None, &json("1e3")),
    ] {
        let mut request = as_merchant("test_sk_hanbeon", "POST", "/v1/payments/confirm");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let reply = shop.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        assert_eq!(reply.word(), "NOT_FOUND_PAYMENT", "{content_type:?} {body}");
    }
    for body in ["", "null", "[]", "1", r#""x""#, "{", "orderId=1", &json("true"), &json("[1]")] {
        let request =
            Shop::request("POST", "/v1/payments/confirm").body(Body::from(body.to_owned()));
        let reply = shop.send(request.unwrap()).await;
        assert_eq!((reply.status, &*reply.word()), (400, "INVALID_REQUEST"), "{body}");
    }
    let not_text = Shop::request("POST", "/v1/payments/confirm").body(Body::from(vec![0xFF, 0xFE]));
    assert_eq!(shop.send(not_text.unwrap()).await.word(), "INVALID_REQUEST");
}

#[tokio::test(start_paused = true)]
async fn paths_come_in_many_spellings() {
    let shop = Shop::new();
    let card = json!({"customerKey": "buyer", "cardNumber": "9410001234567890",
        "cardExpirationYear": "30", "cardExpirationMonth": "12", "customerIdentityNumber": "900101"});
    let issued = shop.post("/v1/billing/authorizations/card", None, card).await.json();
    let raw = issued["billingKey"].as_str().unwrap();
    assert!(raw.ends_with('='));
    let encoded = raw.replace('=', "%3D");
    for (n, key) in [raw, &encoded].into_iter().enumerate() {
        let charge = json!({"customerKey": "buyer", "amount": 1_000, "orderName": "x",
            "orderId": format!("order-{n}")});
        let reply = shop.post(&format!("/v1/billing/{key}?what=ever"), None, charge).await;
        assert_eq!(reply.word(), "DONE", "{key}");
        let order = format!("/v1/payments/orders/order%2D{n}/?a=b&a=c");
        assert_eq!(shop.get(&order).await.word(), "DONE");
    }
    let key = shop.paid("order-0001", 1_000).await;
    let first = format!("%{:02X}{}", key.as_bytes()[0], &key[1..]);
    assert_eq!(shop.status_of(&first).await, "DONE");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_path_is_answered_in_json() {
    let shop = Shop::new();
    for (method, path, code) in [
        ("GET", "/", "NOT_FOUND"),
        ("GET", "/v1/nothing", "NOT_FOUND"),
        ("POST", "/v1/payments/key/refund", "NOT_FOUND"),
        ("GET", "/v3/payments/key", "NOT_FOUND"),
        ("PUT", "/v1/payments/key", "NOT_FOUND_HTTP_METHOD"),
        ("PATCH", "/v1/payments/key/cancel", "NOT_FOUND_HTTP_METHOD"),
        ("DELETE", "/v1/payments/key", "NOT_FOUND_HTTP_METHOD"),
        ("GET", "/v1/payments/key/cancel", "NOT_FOUND_HTTP_METHOD"),
        ("OPTIONS", "/v1/payments/confirm", "NOT_FOUND_HTTP_METHOD"),
        ("GET", "/v2/nothing", "NOT_FOUND"),
        ("PUT", "/v2/sellers", "NOT_FOUND_HTTP_METHOD"),
    ] {
        let request = Shop::request(method, path).body(Body::empty()).unwrap();
        let reply = shop.send(request).await;
        let trace = reply.headers["x-tosspayments-trace-id"].to_str().unwrap();
        let json = reply.json();
        let error = if path.starts_with("/v2/") {
            assert_eq!(json["traceId"], trace);
            &json["error"]
        } else {
            &json
        };
        assert_eq!((reply.status, &error["code"]), (404, &json!(code)), "{method} {path}");
        assert!(reply.headers["content-type"].to_str().unwrap().starts_with("application/json"));
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_a_trace_id_of_its_own() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let mut seen = std::collections::BTreeSet::new();
    for path in [format!("/v1/payments/{key}"), "/v1/payments/none".into(), "/nowhere".into()] {
        for _ in 0..3 {
            let reply = shop.get(&path).await;
            let trace = reply.headers["x-tosspayments-trace-id"].to_str().unwrap().to_owned();
            assert!(trace.len() == 16 && seen.insert(trace), "{path}");
        }
    }
    shop.pass(minutes(1));
    let english = Shop::request("GET", &format!("/v1/payments/{key}"))
        .header("accept-language", "ja;q=0.9, ko;q=0.1, en;q=0.2");
    let payment = shop.send(english.body(Body::empty()).unwrap()).await.json();
    assert_eq!(payment["method"], "CARD");
    assert_eq!(shop.get(&format!("/v1/payments/{key}")).await.json()["cancels"], Value::Null);
}
