//! One key, one answer.

use hanbeon::http::Answer;
use serde_json::json;
use system::kernel::{Clock, SystemClock};

use crate::shop::{Shop, good, with};

pub(crate) async fn idempotency(shop: &Shop) {
    let first = shop.send(shop.checkout("once", &good())).await;
    let before = shop.rows().await;
    let again = shop.send(shop.checkout("once", &good())).await;
    let same = |a: &Answer, b: &Answer| {
        (a.status, &a.body, a.header("content-type"))
            == (b.status, &b.body, b.header("content-type"))
    };
    assert!(same(&first, &again), "{first:?}\n{again:?}");
    // The same request, written otherwise.
    let spaced = serde_json::to_string_pretty(&good()).expect("JSON");
    let spaced = shop
        .post("/v1/checkouts")
        .header("content-type", "application/json; charset=utf-8")
        .header("idempotency-key", "once")
        .raw(spaced);
    let spaced = shop.send(spaced).await;
    assert!(same(&first, &spaced), "{first:?}\n{spaced:?}");
    assert_eq!(shop.rows().await, before);
    let other = shop.checkout("once", &with("/items/0/amount", json!("15001")));
    shop.refuses("another body", other, 422, None, &["fresh key"]).await;
    let ask = shop.checkout("twice", &good());
    let (one, two) = tokio::join!(shop.send(ask.clone()), shop.send(ask.clone()));
    assert!([&one, &two].iter().all(|a| matches!(a.status, 201 | 429)), "{one:?}\n{two:?}");
    let settled = shop.send(ask).await;
    for answer in [one, two].iter().filter(|answer| answer.status == 201) {
        assert!(same(answer, &settled), "{answer:?}\n{settled:?}");
    }
    taken_over(shop).await;
}

/// A replica died while it worked on a key: until its lease ends nobody else does.
pub(crate) async fn taken_over(shop: &Shop) {
    shop.order("model").await;
    let claim = |key: &str, until: i64| {
        format!(
            "INSERT INTO idempotency_key (key, fingerprint, owner, locked_until, created_at) \
             SELECT '{key}', fingerprint, 'dead', {until}, 0 FROM idempotency_key \
             WHERE key = 'model'"
        )
    };
    let now = SystemClock.now().as_microsecond();
    shop.sql(claim("held", now + 3_600_000_000)).await;
    let held = shop.checkout("held", &good());
    shop.refuses("a key that is worked on", held.clone(), 429, None, &["being worked on"]).await;
    let told = shop.send(held.clone()).await;
    assert!(told.header("retry-after").parse().is_ok_and(|s: u64| s >= 1), "{told:?}");
    let other = with("/order_name", json!("tea"));
    shop.refuses("another body", shop.checkout("held", &other), 422, None, &["fresh key"]).await;
    let over = format!("UPDATE idempotency_key SET locked_until = {} WHERE key = 'held'", now - 1);
    shop.sql(over).await;
    shop.refuses("another body", shop.checkout("held", &other), 422, None, &["fresh key"]).await;
    let taken = shop.send(held.clone()).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    assert_eq!(shop.send(held).await.body, taken.body);
}
