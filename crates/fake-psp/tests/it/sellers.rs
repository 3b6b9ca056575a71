//! `/v2/sellers`, and what holds for every encrypted request.

use fake_psp::{Config, SellerStatus, SellerStatusError};
use serde_json::{Value, json};

use crate::{
    shop::{Shop, minutes},
    vault::{company, default_key, head, market, open, person, seal},
};

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

fn code(json: &Value) -> &str {
    json["error"]["code"].as_str().unwrap_or_else(|| panic!("{json}"))
}

#[tokio::test(start_paused = true)]
async fn golden_sellers() {
    let shop = market();
    let (status, created) = shop.post_sealed("/v2/sellers", &person("seller-1")).await;
    assert_eq!(status, 200);
    insta::assert_snapshot!("seller", pretty(&created));
    shop.pass(minutes(1));
    let (_, firm) = shop.post_sealed("/v2/sellers", &company("seller-2")).await;
    assert_eq!(firm["entityBody"]["status"], "PARTIALLY_APPROVED");
    insta::assert_snapshot!("sellers", pretty(&shop.get("/v2/sellers").await.json()));

    let id = created["entityBody"]["id"].as_str().unwrap();
    let change = json!({"metadata": {"grade": "silver"}});
    let (_, changed) = shop.post_sealed(&format!("/v2/sellers/{id}"), &change).await;
    let mut expected = created["entityBody"].clone();
    expected["metadata"]["grade"] = "silver".into();
    assert_eq!(changed["entityBody"], expected, "only what is given changes");
    insta::assert_snapshot!("seller_changed", pretty(&changed));
    let read = shop.get(&format!("/v2/sellers/{id}")).await.json();
    assert_eq!(read["entityBody"], expected);
    insta::assert_snapshot!("seller_read", pretty(&read));

    let delete = Shop::request("DELETE", &format!("/v2/sellers/{id}"));
    let deleted = shop.send(delete.body(axum::body::Body::empty()).unwrap()).await.json();
    insta::assert_snapshot!("seller_deleted", pretty(&deleted));
    let missing = shop.get(&format!("/v2/sellers/{id}")).await;
    assert_eq!(missing.status, 404);
    insta::assert_snapshot!("seller_not_found", pretty(&missing.json()));
}

#[tokio::test(start_paused = true)]
async fn sellers_are_listed_page_by_page() {
    let shop = market();
    for n in 0..5 {
        shop.seller(&format!("seller-{n}"), &[]).await;
        shop.pass(minutes(1));
    }
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = shop.get(&format!("/v2/sellers?limit=2&startingAfter={after}")).await.json();
        let body = &page["entityBody"];
        assert_eq!(page["entityType"], "seller-list");
        let items = body["items"].as_array().unwrap();
        found.extend(items.iter().map(|seller| seller["refSellerId"].clone()));
        after = body["lastCursor"].as_str().unwrap().to_owned();
        if body["hasNext"] == false {
            break;
        }
    }
    assert_eq!(found, ["seller-0", "seller-1", "seller-2", "seller-3", "seller-4"]);
    for (query, expected) in [
        ("limit=0", "INVALID_REQUEST"),
        ("limit=x", "INVALID_REQUEST"),
        ("limit=101", "EXCEED_MAX_QUERY_LIMIT"),
        ("startingAfter=seller_x", "INVALID_PAGING_KEY"),
    ] {
        let reply = shop.get(&format!("/v2/sellers?{query}")).await.json();
        assert_eq!(code(&reply), expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_sellers_are_refused() {
    let shop = market();
    let with = |name: &str, value: Value| {
        let mut body = person("seller-1");
        *body.pointer_mut(name).unwrap() = value;
        body
    };
    let six: Value =
        (0..6).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    for (body, expected) in [
        (json!({}), "INVALID_REQUEST"),
        (with("/refSellerId", json!("")), "INVALID_REQUEST"),
        (with("/businessType", json!("CORPORATE")), "INVALID_REQUEST"),
        (with("/businessType", json!("PERSON")), "INVALID_REQUEST"),
        (with("/individual", Value::Null), "INVALID_REQUEST"),
        (with("/account/bankCode", json!("토스")), "INVALID_BANK"),
        (with("/account/accountNumber", json!("x")), "INVALID_ACCOUNT_NUMBER"),
        (with("/metadata", six), "INVALID_REQUEST"),
        (with("/metadata", json!({"k".repeat(41): "v"})), "INVALID_REQUEST"),
        (with("/metadata", json!({"k": "v".repeat(501)})), "INVALID_REQUEST"),
    ] {
        let (status, reply) = shop.post_sealed("/v2/sellers", &body).await;
        assert_eq!((status, code(&reply)), (400, expected), "{body}");
    }
    shop.seller("seller-1", &[]).await;
    let (_, again) = shop.post_sealed("/v2/sellers", &person("seller-1")).await;
    assert_eq!(code(&again), "ALREADY_EXIST_SELLER");
    let (status, missing) = shop.post_sealed("/v2/sellers/seller_x", &json!({})).await;
    assert_eq!((status, code(&missing)), (404, "NOT_FOUND_SELLER"));
}

#[tokio::test(start_paused = true)]
async fn answers_are_encrypted_with_a_fresh_header() {
    let shop = market();
    let message = seal(&default_key(), &head("n"), person("seller-1").to_string().as_bytes());
    let first = shop.post_raw("/v2/sellers", Some("key-1"), message.clone()).await;
    let (header, body) = open(&default_key(), &first.text());
    assert_eq!(header["alg"], "dir");
    assert_eq!(header["enc"], "A256GCM");
    assert_eq!(header["iat"], "2026-01-02T10:30:00+09:00");
    assert_eq!(header["nonce"].as_str().unwrap().len(), 36);
    assert_eq!(body["entityType"], "seller");

    shop.pass(minutes(5));
    let again = shop.post_raw("/v2/sellers", Some("key-1"), message.clone()).await;
    assert_eq!(again.raw, first.raw, "a replay is the same to the byte");
    assert_eq!(again.headers["content-type"], "text/plain;charset=UTF-8");
    assert_eq!(again.headers.get_all("x-tosspayments-trace-id").iter().count(), 2);

    let refused = shop.post_raw("/v2/sellers", Some("key-2"), message).await;
    let (other, error) = open(&default_key(), &refused.text());
    assert_eq!(code(&error), "ALREADY_EXIST_SELLER");
    assert_ne!(other["nonce"], header["nonce"]);
    let again = shop.post_raw("/v2/sellers", Some("key-2"), "what else".to_owned()).await;
    assert_eq!(again.raw, refused.raw, "so is that of a refusal");
}

#[tokio::test(start_paused = true)]
async fn bodies_in_the_clear_are_refused() {
    let shop = market();
    let plain = shop.post("/v2/sellers", None, person("seller-1")).await;
    assert_eq!((plain.status, code(&plain.json())), (400, "INVALID_ENCRYPTION"));
    let labelled = shop.post_raw("/v2/sellers", None, person("seller-1").to_string()).await;
    let (_, error) = open(&default_key(), &labelled.text());
    insta::assert_snapshot!("unreadable", pretty(&error));
    assert!(shop.get("/v2/sellers").await.json()["entityBody"]["items"][0].is_null());

    let config = Config { unreadable_is_answered_encrypted: false, ..Config::default() };
    let shop = Shop::with(config);
    let foreign = seal(&"ab".repeat(32), &head("n"), person("seller-1").to_string().as_bytes());
    let reply = shop.post_raw("/v2/sellers", None, foreign).await;
    assert_eq!(code(&reply.json()), "INVALID_ENCRYPTION", "in the clear, as it is set up");
}

#[tokio::test(start_paused = true)]
async fn reads_are_encrypted_on_request() {
    let shop = market();
    let id = shop.seller("seller-1", &[]).await;
    let ask = Shop::request("GET", &format!("/v2/sellers/{id}"))
        .header("tosspayments-api-security-mode", "encryption");
    let reply = shop.send(ask.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(open(&default_key(), &reply.text()).1["entityBody"]["id"], *id);
}

#[tokio::test(start_paused = true)]
async fn two_security_keys_work_while_they_are_exchanged() {
    let (new, old) = ("aa".repeat(32), "bb".repeat(32));
    let security_keys = vec![new.parse().unwrap(), old.parse().unwrap()];
    let shop = Shop::with(Config { security_keys, ..Config::default() });
    for (n, key) in [new, old].into_iter().enumerate() {
        let body = person(&format!("seller-{n}")).to_string();
        let reply =
            shop.post_raw("/v2/sellers", None, seal(&key, &head("n"), body.as_bytes())).await;
        assert_eq!(open(&key, &reply.text()).1["entityType"], "seller", "answered with the same");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_are_as_strict_as_they_are_set() {
    let strict =
        Config { jwe_valid_minutes: Some(5), jwe_nonce_is_used_once: true, ..Config::default() };
    let at = |iat: &str, nonce: &str| {
        let mut head = head(nonce);
        head["iat"] = iat.into();
        head
    };
    let now = "2026-01-02T10:30:00+09:00";
    let heads = [
        (at(now, "a"), None, None),
        (at(now, "a"), None, Some("DUPLICATED_REQUEST")),
        (at("2026-01-02T01:34:00Z", "b"), None, None),
        (at("2026-01-02T10:24:00+09:00", "c"), None, Some("INVALID_ENCRYPTION")),
        (
            at("2026-01-02T10:30:00.123+09:00", "d"),
            Some("INVALID_ENCRYPTION"),
            Some("INVALID_ENCRYPTION"),
        ),
        (at("yesterday", "e"), Some("INVALID_ENCRYPTION"), Some("INVALID_ENCRYPTION")),
        (at(now, ""), Some("INVALID_ENCRYPTION"), Some("INVALID_ENCRYPTION")),
    ];
    for (config, strictly) in [(Config::default(), false), (strict, true)] {
        let shop = Shop::with(config);
        for (n, (head, by_default, when_strict)) in heads.iter().enumerate() {
            let body = person(&format!("seller-{n}")).to_string();
            let message = seal(&default_key(), head, body.as_bytes());
            let reply = shop.post_raw("/v2/sellers", None, message).await;
            let (_, json) = open(&default_key(), &reply.text());
            let expected = if strictly { when_strict } else { by_default };
            assert_eq!(json["error"]["code"].as_str(), *expected, "{head} strictly: {strictly}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sellers_are_verified_by_themselves_or_by_hand() {
    use SellerStatus as S;
    let shop = Shop::new();
    let id = shop.seller("seller-1", &[]).await;
    let path = format!("/v2/sellers/{id}");
    let status = async || shop.get(&path).await.json()["entityBody"]["status"].clone();
    assert_eq!(status().await, "APPROVAL_REQUIRED");
    shop.pass(minutes(1));
    assert_eq!(status().await, "PARTIALLY_APPROVED");
    shop.psp.set_seller_status(&id, S::KycRequired).unwrap();
    shop.pass(minutes(9));
    assert_eq!(status().await, "KYC_REQUIRED");
    shop.pass(minutes(1));
    assert_eq!(status().await, "APPROVED");

    let wrong = shop.psp.set_seller_status(&id, S::PartiallyApproved).unwrap_err();
    assert!(wrong.to_string().ends_with("next can be: KYC_REQUIRED"), "{wrong}");
    let missing = shop.psp.set_seller_status("seller_x", S::Approved).unwrap_err();
    assert_eq!(missing, SellerStatusError::NotFound("seller_x".to_owned()));
}
