//! Cards that are charged by their number.

use fake_psp::{Endpoint, Verdict};
use serde_json::{Value, json};

use crate::{
    golden::lines,
    shop::{Shop, at, with},
};

pub(crate) fn card() -> Value {
    json!({"amount": 60_000, "orderId": "order-0001", "orderName": "생수 외 1건",
        "cardNumber": "9410001234567890", "cardExpirationYear": "30", "cardExpirationMonth": "12",
        "customerIdentityNumber": "900101", "cardPassword": "12"})
}

#[tokio::test(start_paused = true)]
async fn a_card_is_charged_at_once() {
    let shop = Shop::new();
    let plan = json!({"cardInstallmentPlan": "3", "useFreeInstallmentPlan": true,
        "taxFreeAmount": 10_000, "customerEmail": null, "vbv": {"cavv": "x", "xid": "y", "eci": "5"}});
    let reply = shop.post("/v1/payments/key-in", Some("k"), with(card(), &plan)).await;
    insta::assert_snapshot!("key_in", lines(&reply));
    let replay = shop.post("/v1/payments/key-in", Some("k"), card()).await;
    assert_eq!(replay.raw, reply.raw);
    assert_eq!(shop.balance(), 60_000);
    let again = shop.post("/v1/payments/key-in", None, card()).await;
    assert_eq!((again.status, &*again.word()), (400, "DUPLICATED_ORDER_ID"));
    let key = reply.json()["paymentKey"].as_str().unwrap().to_owned();
    assert_eq!(shop.cancel(&key, Some(20_000), None).await.word(), "PARTIAL_CANCELED");
    assert_eq!(shop.get("/v1/payments/orders/order-0001").await.json()["paymentKey"], key);
}

/// Whatever is not named, what is free of tax goes back with what the taxed part has not.
#[tokio::test(start_paused = true)]
async fn the_tax_free_parts_of_cancels_sum_to_the_payments() {
    let shop = Shop::new();
    let change = json!({"amount": 10_000, "taxFreeAmount": 4_000});
    let paid = shop.post("/v1/payments/key-in", None, with(card(), &change)).await.json();
    let key = paid["paymentKey"].as_str().unwrap();
    for (amount, left) in [(5_000, 4_000), (4_000, 1_000), (1_000, 0)] {
        let payment = shop.cancel(key, Some(amount), None).await.json();
        assert_eq!(payment["taxFreeAmount"], left, "after {amount}");
    }
    let cancels = shop.get(&format!("/v1/payments/{key}")).await.json()["cancels"].take();
    let parts = cancels.as_array().unwrap().iter().map(|one| one["taxFreeAmount"].clone());
    assert_eq!(parts.collect::<Vec<_>>(), [0, 3_000, 1_000]);
}

#[tokio::test(start_paused = true)]
async fn what_a_card_is_refused_for() {
    let shop = Shop::new();
    for (changes, code) in [
        (json!({"orderId": "short"}), "INVALID_ORDER_ID"),
        (json!({"orderId": null}), "INVALID_REQUEST"),
        (json!({"orderName": ""}), "INVALID_REQUEST"),
        (json!({"amount": 0}), "INVALID_REQUEST"),
        (json!({"amount": 99}), "BELOW_MINIMUM_AMOUNT"),
        (json!({"taxFreeAmount": 60_001}), "INVALID_REQUEST"),
        (json!({"customerEmail": "a@"}), "INVALID_EMAIL"),
        (json!({"cardNumber": "941000"}), "INVALID_CARD_NUMBER"),
        (json!({"cardNumber": "0000001234567890"}), "NOT_REGISTERED_CARD_COMPANY"),
        (json!({"cardNumber": "4330121234567890"}), "NOT_SUPPORTED_CARD_TYPE"),
        (json!({"cardExpirationYear": "25"}), "INVALID_CARD_EXPIRATION"),
        (json!({"customerIdentityNumber": "901301"}), "INVALID_BIRTH_DAY_FORMAT"),
        (json!({"cardPassword": "1"}), "INVALID_CARD_PASSWORD"),
        (json!({"cardInstallmentPlan": 13}), "INVALID_CARD_INSTALLMENT_PLAN"),
        (json!({"cardInstallmentPlan": 1}), "INVALID_CARD_INSTALLMENT_PLAN"),
        (
            json!({"cardInstallmentPlan": 2, "amount": 49_999}),
            "NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN",
        ),
    ] {
        let reply = shop.post("/v1/payments/key-in", None, with(card(), &changes)).await;
        assert_eq!((reply.status, &*reply.word()), (400, code), "{changes}");
    }
    assert!(shop.psp.book().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_declined_card_leaves_the_order_free() {
    let shop = Shop::new();
    let poor = with(card(), &json!({"cardNumber": "9410-0000-0000-0011"}));
    let declined = shop.post("/v1/payments/key-in", None, poor).await;
    assert_eq!((declined.status, &*declined.word()), (403, "REJECT_CARD_PAYMENT"), "a test card");
    let code = "INVALID_STOPPED_CARD".to_owned();
    shop.break_with([(at(Endpoint::KeyIn), Verdict::Decline { code })]);
    let declined = shop.post("/v1/payments/key-in", None, card()).await;
    assert_eq!((declined.status, &*declined.word()), (400, "INVALID_STOPPED_CARD"), "a rule");
    assert_eq!(shop.get("/v1/payments/orders/order-0001").await.status, 404);
    shop.psp.heal();
    assert_eq!(shop.post("/v1/payments/key-in", None, card()).await.word(), "DONE");
}
