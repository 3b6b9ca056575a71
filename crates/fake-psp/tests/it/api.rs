//! Confirm, read, cancel, lists: Toss's rules without any fault.

use axum::body::Body;
use fake_psp::{BookKind, Cause, Config, State};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::shop::{Shop, minutes};

#[tokio::test(start_paused = true)]
async fn a_payment_from_window_to_refund() {
    let shop = Shop::new();
    let key = shop.open("order-0001", 15_000).await;
    assert_eq!(shop.status_of(&key).await, "READY");
    let back = shop.press(&key, "approve").await;
    assert_eq!(
        back,
        format!(
            "http://shop.test/success?paymentType=NORMAL&orderId=order-0001&paymentKey={key}&amount=15000"
        )
    );
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
    assert!(shop.psp.book().is_empty(), "the redirect takes no money");
    assert_eq!(shop.confirm(&key, "order-0001", 15_000, None).await.word(), "DONE");
    assert_eq!(shop.cancel(&key, None, None).await.word(), "CANCELED");
    let book = shop.psp.book();
    let lines: Vec<_> = book.iter().map(|line| (line.kind, line.cause, line.amount)).collect();
    assert_eq!(
        lines,
        [
            (BookKind::Captured, Cause::Confirm, 15_000),
            (BookKind::GivenBack, Cause::Cancel, 15_000)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_other_buttons_of_the_window() {
    let shop = Shop::new();
    let key = shop.open("order-0001", 15_000).await;
    let back = shop.press(&key, "close").await;
    assert!(back.starts_with("http://shop.test/fail?from=toss&code=PAY_PROCESS_CANCELED&message="));
    assert!(!back.contains("orderId"));
    assert_eq!(shop.status_of(&key).await, "READY", "walking away changes nothing");
    let back = shop.press(&key, "decline").await;
    assert!(back.contains("code=REJECT_CARD_COMPANY"));
    assert!(back.ends_with("&orderId=order-0001"));
    assert_eq!(shop.status_of(&key).await, "ABORTED");
}

#[tokio::test(start_paused = true)]
async fn sessions_expire_after_thirty_and_ten_minutes() {
    let shop = Shop::new();
    let idle = shop.open("order-idle", 1_000).await;
    shop.pass(minutes(30) - SignedDuration::from_secs(1));
    assert_eq!(shop.status_of(&idle).await, "READY");
    shop.pass(SignedDuration::from_secs(1));
    assert_eq!(shop.status_of(&idle).await, "EXPIRED");
    assert!(shop.press(&idle, "approve").await.contains("code=PAY_PROCESS_ABORTED"));

    let slow = shop.authenticated("order-slow", 1_000).await;
    shop.pass(minutes(10));
    let reply = shop.confirm(&slow, "order-slow", 1_000, None).await;
    assert_eq!((reply.status, reply.word().as_str()), (404, "NOT_FOUND_PAYMENT_SESSION"));
    let payment = shop.get(&format!("/v1/payments/{slow}")).await.json();
    assert_eq!(payment["failure"]["code"], "EXPIRED_PAYMENT");
    assert_eq!(payment["method"], Value::Null);
    assert!(shop.psp.book().is_empty());
}

#[tokio::test(start_paused = true)]
async fn confirm_is_refused_as_documented() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 15_000).await;
    let ready = shop.open("order-0002", 15_000).await;
    let second = shop.authenticated("order-0001", 15_000).await;
    for (payment_key, order_id, amount, status, code) in [
        ("nothing", "order-0001", 15_000, 404, "NOT_FOUND_PAYMENT"),
        (&*key, "order-0002", 15_000, 404, "NOT_FOUND_PAYMENT_SESSION"),
        (&*key, "order-0001", 14_999, 400, "INVALID_REQUEST"),
        (&*ready, "order-0002", 15_000, 404, "NOT_FOUND_PAYMENT_SESSION"),
    ] {
        let reply = shop.confirm(payment_key, order_id, amount, None).await;
        assert_eq!((reply.status, &*reply.word()), (status, code), "{payment_key} {order_id}");
    }
    assert!(shop.psp.book().is_empty());
    assert_eq!(shop.confirm(&key, "order-0001", 15_000, None).await.status, 200);
    for (payment_key, code) in
        [(&key, "ALREADY_PROCESSED_PAYMENT"), (&second, "DUPLICATED_ORDER_ID")]
    {
        let reply = shop.confirm(payment_key, "order-0001", 15_000, None).await;
        assert_eq!((reply.status, &*reply.word()), (400, code));
    }
    let broken = Shop::request("POST", "/v1/payments/confirm").body(Body::from("{")).unwrap();
    assert_eq!(shop.send(broken).await.word(), "INVALID_REQUEST");
    assert_eq!(shop.balance(), 15_000, "one order, one charge");
}

#[tokio::test(start_paused = true)]
async fn cancel_follows_the_measured_rules() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let reply = shop.cancel(&key, Some(1_001), None).await;
    assert_eq!((reply.status, &*reply.word()), (403, "NOT_CANCELABLE_AMOUNT"));
    let path = format!("/v1/payments/{key}/cancel");
    let stale = json!({"cancelReason": "x", "cancelAmount": 300, "refundableAmount": 999});
    assert_eq!(shop.post(&path, None, stale).await.word(), "NOT_MATCHES_REFUNDABLE_AMOUNT");
    assert_eq!(
        shop.post(&path, None, json!({"cancelAmount": 300})).await.word(),
        "INVALID_REQUEST"
    );
    let first = shop.cancel(&key, Some(300), None).await.json();
    assert_eq!(
        (&first["status"], &first["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(700))
    );
    let rest = shop.cancel(&key, None, None).await.json();
    assert_eq!((&rest["status"], &rest["balanceAmount"]), (&json!("PARTIAL_CANCELED"), &json!(0)));
    assert_eq!(rest["cancels"][1]["cancelAmount"], 700);
    let reply = shop.cancel(&key, None, None).await;
    assert_eq!((reply.status, &*reply.word()), (403, "NOT_CANCELABLE_AMOUNT"));

    let whole = shop.paid("order-0002", 1_000).await;
    assert_eq!(shop.cancel(&whole, Some(1_000), None).await.word(), "CANCELED");
    let reply = shop.cancel(&whole, None, None).await;
    assert_eq!((reply.status, &*reply.word()), (400, "ALREADY_CANCELED_PAYMENT"));
    let open = shop.open("order-0003", 1_000).await;
    assert_eq!(shop.cancel(&open, None, None).await.word(), "NOT_CANCELABLE_PAYMENT");
    assert_eq!(shop.balance(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_console_cancels_what_the_merchant_did_not_ask_for() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    shop.psp.cancel_from_console(&key, Some(400), "by hand").unwrap();
    assert!(shop.psp.cancel_from_console(&key, Some(601), "too much").is_err());
    assert!(shop.psp.cancel_from_console("nothing", None, "x").is_err());
    assert_eq!(shop.status_of(&key).await, "PARTIAL_CANCELED");
    assert_eq!(shop.psp.book()[1].cause, Cause::Console);
    assert_eq!(shop.psp.book_since(1).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn real_clients_are_tolerated() {
    let shop = Shop::new();
    // A numeric order id, an amount as text, nulls, the legacy path, a trailing slash.
    let body = json!({"orderId": 1_234_567, "orderName": "x", "amount": "15000", "method": null,
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f", "customerKey": null});
    let reply = shop.post("/window/payments", None, body).await;
    assert_eq!(reply.status, 303);
    let key = reply.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    shop.press(&key, "approve").await;
    let body = json!({"orderId": 1_234_567, "amount": "15000.0", "secret": null});
    assert_eq!(shop.post(&format!("/v1/payments/{key}/"), None, body).await.word(), "DONE");
    let list = "/v1/transactions/?startDate=2026-01-02&endDate=2026-01-03&startingAfter=&what=ever";
    assert_eq!(shop.get(list).await.json().as_array().unwrap().len(), 1);
    assert_eq!(shop.get("/v1/payments/orders/1234567/").await.word(), "DONE");
    assert_eq!(shop.get("/v1/payments/%FF").await.word(), "NOT_FOUND_PAYMENT");
}

#[tokio::test(start_paused = true)]
async fn errors_are_json_everywhere() {
    let shop = Shop::new();
    assert_eq!(shop.get("/v1/nothing").await.word(), "NOT_FOUND");
    assert_eq!(
        shop.post("/v1/transactions", None, json!({})).await.word(),
        "NOT_FOUND_HTTP_METHOD"
    );
    let naked = axum::http::Request::get("/v1/payments/x").body(Body::empty()).unwrap();
    let reply = shop.send(naked).await;
    assert_eq!((reply.status, &*reply.word()), (401, "UNAUTHORIZED_KEY"));
    let english = Shop::request("GET", "/v1/payments/x").header("accept-language", "en-US");
    let reply = shop.send(english.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.json()["message"], "Not found payment.");
}

#[tokio::test(start_paused = true)]
async fn the_test_code_header_answers_any_error() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 1_000).await;
    for (code, status, answered) in [
        ("REJECT_CARD_PAYMENT", 403, "REJECT_CARD_PAYMENT"),
        ("IDEMPOTENT_REQUEST_PROCESSING", 409, "IDEMPOTENT_REQUEST_PROCESSING"),
        ("NO_SUCH_CODE", 400, "INVALID_TEST_CODE"),
    ] {
        let body = json!({"paymentKey": key, "orderId": "order-0001", "amount": 1_000});
        let request = Shop::request("POST", "/v1/payments/confirm")
            .header("tosspayments-test-code", code)
            .body(Body::from(body.to_string()));
        let reply = shop.send(request.unwrap()).await;
        assert_eq!((reply.status, &*reply.word()), (status, answered));
    }
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn english_is_spoken_on_request() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let english = Shop::request("GET", &format!("/v1/payments/{key}"))
        .header("accept-language", "en-US,ko;q=0.5");
    let payment = shop.send(english.body(Body::empty()).unwrap()).await.json();
    assert_eq!(payment["method"], "CARD");
    assert_eq!(payment["card"]["cardType"], "CREDIT");
    assert_eq!(payment["card"]["ownerType"], "PERSONAL");
}

#[tokio::test(start_paused = true)]
async fn transactions_page_by_key() {
    let shop = Shop::with(Config { cancel_transactions_negative: true, ..Config::default() });
    for n in 0..5 {
        shop.paid(&format!("order-{n}"), 1_000 + n).await;
        shop.pass(minutes(1));
    }
    let key = shop.get("/v1/payments/orders/order-0").await.json()["paymentKey"].clone();
    shop.cancel(key.as_str().unwrap(), Some(10), None).await;
    let day = "/v1/transactions?startDate=2026-01-02T00:00:00&endDate=2026-01-03T00:00:00.000";
    let all = shop.get(day).await.json();
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page = shop.get(&format!("{day}&limit=2&startingAfter={after}")).await.json();
        let Some(last) = page.as_array().unwrap().last() else { break };
        after = last["transactionKey"].as_str().unwrap().to_owned();
        paged.extend(page.as_array().unwrap().clone());
    }
    assert_eq!(all, Value::Array(paged));
    assert_eq!(all[5]["amount"], -10, "the switch");
    assert_eq!(all[5]["status"], "PARTIAL_CANCELED");
    assert_eq!(shop.get(&format!("{day}&startingAfter=x")).await.word(), "INVALID_TRANSACTION_KEY");
    assert_eq!(shop.get(&format!("{day}&limit=5001")).await.word(), "EXCEED_MAX_QUERY_LIMIT");
    assert_eq!(shop.get("/v1/transactions?startDate=2026-01-02").await.word(), "INVALID_DATE");
    let excluded = "/v1/transactions?startDate=2026-01-01&endDate=2026-01-02";
    assert_eq!(shop.get(excluded).await.json(), json!([]), "a bare end date excludes its day");
}

#[tokio::test(start_paused = true)]
async fn the_window_checks_what_it_is_given() {
    let shop = Shop::new();
    let good = json!({"orderId": "order-0001", "orderName": "x", "amount": 1_000,
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
    for (field, value, code) in [
        ("orderId", json!("short"), "INVALID_ORDER_ID"),
        ("orderId", json!("order 0001"), "INVALID_ORDER_ID"),
        ("orderName", json!("x".repeat(101)), "INVALID_ORDER_NAME"),
        ("amount", json!(null), "REQUIRED_AMOUNT"),
        ("amount", json!(0), "BELOW_ZERO_AMOUNT"),
        ("amount", json!(99), "BELOW_MINIMUM_AMOUNT"),
        ("currency", json!("EUR"), "INVALID_CURRENCY"),
        ("method", json!("BARTER"), "NOT_SUPPORTED_METHOD"),
        ("successUrl", json!("shop.test"), "INCORRECT_SUCCESS_URL_FORMAT"),
        ("failUrl", json!("javascript:alert(1)"), "INCORRECT_FAIL_URL_FORMAT"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let reply = shop.post("/window/payments", None, body).await;
        assert_eq!((reply.status, &*reply.word()), (400, code));
    }
    shop.paid("order-0001", 1_000).await;
    assert_eq!(shop.post("/window/payments", None, good).await.word(), "DUPLICATED_ORDER_ID");
}

#[tokio::test(start_paused = true)]
async fn the_log_of_calls_knows_the_order() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    shop.cancel(&key, None, Some("c-1")).await;
    let calls = shop.psp.calls();
    let told: Vec<_> = calls.iter().map(|call| call.order_id.as_deref()).collect();
    assert_eq!(told, [Some("order-0001"); 4]);
    assert_eq!(calls[3].idempotency_key.as_deref(), Some("c-1"));
    assert_eq!(calls[3].status, Some(200));
    assert!(shop.psp.forge_webhook("order-none", State::Done).is_err());
}
