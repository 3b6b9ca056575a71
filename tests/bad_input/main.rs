//! What the payment service says to requests that make no sense, over real sockets and on both
//! engines: a problem document that names the field, and nothing written.

mod bodies;
mod confirms;
mod idempotency;
mod requests;
mod shop;

use hanbeon::Postgres;
use tempfile::TempDir;

use shop::Shop;

async fn webhooks(shop: &Shop) {
    // Anyone can send one: it is answered, kept, and believed in nothing.
    let orders = shop.rows().await[0];
    for body in
        [&b"nonsense"[..], b"", b"{\"data\":{\"orderId\":\"ord-unknown\"}}", b"\0\xff", b"[]"]
    {
        let told = shop.send(shop.post("/v1/webhooks/toss").raw(body.to_vec())).await;
        assert_eq!((told.status, &*told.body), (200, ""), "{body:?}");
    }
    assert_eq!(shop.rows().await[0], orders);
    let large = shop.post("/v1/webhooks/toss").raw(vec![b'x'; 70_000]);
    shop.refuses("a large webhook", large, 413, None, &["65536 bytes"]).await;
}

async fn all(database_url: String) {
    let shop = Shop::open(database_url).await;
    bodies::wrong_values(&shop).await;
    bodies::wrong_shapes(&shop).await;
    requests::wrong_requests(&shop).await;
    assert!(shop.rows().await.iter().all(|(_, rows)| *rows == 0), "nothing has been written");
    confirms::wrong_confirms(&shop).await;
    idempotency::idempotency(&shop).await;
    webhooks(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_bad_input_is_refused_and_leaves_no_trace() {
    sqlx::any::install_default_drivers();
    let directory = TempDir::new().expect("a temporary directory");
    all(format!("sqlite://{}/payment.db?mode=rwc", directory.path().display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_bad_input_is_refused_and_leaves_no_trace() {
    sqlx::any::install_default_drivers();
    let Some(postgres) = Postgres::start().await else { return };
    all(postgres.create_database("payment").await).await;
}
