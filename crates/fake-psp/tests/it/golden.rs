//! Answers byte for byte, one field per line.

use crate::shop::{Reply, Shop, minutes};

/// One field per line.
pub(crate) fn lines(reply: &Reply) -> String {
    format!(
        "HTTP {}\n{}",
        reply.status,
        reply.text().replace(",\"", ",\n\"").replace("},{", "},\n{")
    )
}

#[tokio::test(start_paused = true)]
async fn golden_answers() {
    let shop = Shop::new();
    let key = shop.authenticated("order-0001", 15_000).await;
    shop.pass(minutes(1));
    insta::assert_snapshot!(
        "confirm",
        lines(&shop.confirm(&key, "order-0001", 15_000, None).await)
    );
    insta::assert_snapshot!("error", lines(&shop.confirm(&key, "order-0001", 15_000, None).await));
    shop.pass(minutes(24 * 60));
    insta::assert_snapshot!("cancel_part", lines(&shop.cancel(&key, Some(5_000), None).await));
    insta::assert_snapshot!("read", lines(&shop.get("/v1/payments/orders/order-0001").await));
    let transactions = "/v1/transactions?startDate=2026-01-02&endDate=2026-01-04";
    insta::assert_snapshot!("transactions", lines(&shop.get(transactions).await));
    shop.pass(minutes(24 * 60));
    let settlements = "/v1/settlements?startDate=2026-01-02&endDate=2026-01-04";
    insta::assert_snapshot!("settlements", lines(&shop.get(settlements).await));
    let expired = shop.open("order-0002", 15_000).await;
    shop.pass(minutes(30));
    insta::assert_snapshot!("expired", lines(&shop.get(&format!("/v1/payments/{expired}")).await));
}
