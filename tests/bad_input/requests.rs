//! Requests that are wrong around their body: paths, methods, headers, queries.

use hanbeon::{TOKEN, http::Ask};
use hyper::Method;

use crate::shop::{Shop, good};

pub(crate) async fn wrong_requests(shop: &Shop) {
    let text = |kind: &str| {
        let ask = shop.post("/v1/checkouts").header("idempotency-key", "wrong");
        ask.header("content-type", kind).raw(good().to_string())
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        shop.refuses(kind, text(kind), 415, None, &["application/json"]).await;
    }
    let key = Some("Idempotency-Key");
    let ask = shop.post("/v1/checkouts").json(&good());
    shop.refuses("no key", ask, 422, key, &["Idempotency-Key", "300"]).await;
    shop.refuses("an empty key", shop.checkout("", &good()), 422, key, &[]).await;
    shop.refuses("a long key", shop.checkout(&"k".repeat(301), &good()), 422, key, &[]).await;
    shop.refuses("a strange key", shop.checkout("kéy", &good()), 422, key, &[]).await;
    let get = |path: &str| Ask::get(format!("{}{path}", shop.url));
    for path in ["/v2/checkouts", "/v1", "/v1/payments/ord-1/x", "/v1/checkouts/x", "//"] {
        shop.refuses(path, get(path), 404, None, &["no such path"]).await;
    }
    for path in ["/v1/payments/ord-unknown", "/v1/payments/x", "/v1/payments/%F0%9F%92%B0"] {
        shop.refuses(path, get(path), 404, None, &["no such order"]).await;
    }
    shop.refuses("a NUL", get("/v1/payments/ord-%00"), 404, None, &["NUL"]).await;
    shop.refuses("not UTF-8", get("/v1/payments/%ff"), 400, None, &[]).await;
    let buy = shop.post("/").form("key=%00&order_name=coffee&amount=15000");
    shop.refuses_on_a_page("a shop form with a broken key", buy, 422, "order again").await;
    let buy = shop.post("/").form("key=ord-12345&order_name=coffee&amount=free");
    shop.refuses_on_a_page("a shop form with a price", buy, 422, "A field is not valid").await;
    for (method, path) in [
        (Method::GET, "/v1/checkouts"),
        (Method::DELETE, "/v1/payments/ord-1"),
        (Method::PUT, "/v1/payments/confirm"),
        (Method::POST, "/v1/payments/ord-1"),
        (Method::GET, "/v1/webhooks/toss"),
        (Method::PATCH, "/healthz"),
    ] {
        let ask = Ask::new(method.clone(), format!("{}{path}", shop.url));
        shop.refuses(&format!("{method} {path}"), ask, 405, None, &["this method"]).await;
    }
    let day = get("/v1/payments?day=2026-01-01");
    shop.refuses("no token", day.clone(), 401, None, &["Authorization"]).await;
    let token = |token: &str, ask: Ask| ask.header("authorization", token);
    shop.refuses("another token", token("Bearer x", day), 401, None, &["Authorization"]).await;
    let bearer = format!("Bearer {TOKEN}");
    for (query, word) in [
        ("day=yesterday", "day"),
        ("day=2026-02-30", "day"),
        ("dya=2026-01-01", "did you mean `day`?"),
        ("", "day"),
        ("day=2026-01-01&limit=many", "limit"),
    ] {
        let ask = token(&bearer, get(&format!("/v1/payments?{query}")));
        shop.refuses(query, ask, 400, None, &[word]).await;
    }
    let ask = token(&bearer, get("/v1/events?after=first"));
    shop.refuses("a cursor that is no number", ask, 400, None, &["after"]).await;
}
