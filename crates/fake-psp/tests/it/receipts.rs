//! Receipts as pages, and cash receipts that are asked for in the window.

use serde_json::{Value, json};

use crate::shop::{Shop, with};

fn order(order_id: &str) -> Value {
    json!({"orderId": order_id, "orderName": "차 <한> 잔", "amount": 1_234_000,
        "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"})
}

/// Opens the window: the payment key.
async fn opened(shop: &Shop, body: Value) -> String {
    let reply = shop.post("/window/payments", None, body).await;
    reply.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// The buyer sends the window's form, and the shop confirms: the payment.
async fn paid(shop: &Shop, key: &str, order_id: &str, form: &[(&str, &str)]) -> Value {
    assert_eq!(shop.browse(&format!("/window/{key}/pay"), Some(form)).await.status, 303);
    shop.confirm(key, order_id, 1_234_000, None).await.json()
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_a_page_that_says_it_is_a_fake() {
    let shop = Shop::new();
    let key = opened(&shop, order("order-0001")).await;
    let path = format!("/receipt/{key}");
    assert_eq!(shop.browse(&path, None).await.status, 404, "nothing was paid yet");
    let payment = paid(&shop, &key, "order-0001", &[("method", "CARD")]).await;
    let url = payment["receipt"]["url"].as_str().unwrap();
    assert!(url.ends_with(&path), "{url}");
    shop.cancel(&key, Some(234_000), None).await;

    let page = shop.browse(&path, None).await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let html = page.text();
    for text in
        ["영수증", "가짜", "차 &lt;한&gt; 잔", "1,234,000원", "부분 취소됨", "-234,000원", "변심"]
    {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("<한>"));
    let english = shop.browse(&format!("{path}?lang=en"), None).await.text();
    for text in ["Receipt", "fake", "₩1,234,000", "Partly cancelled", "-₩234,000", "909,091"] {
        assert!(english.contains(text), "{text}: {english}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_by_others_is_only_text() {
    let shop = Shop::new();
    let evil = "<script>alert(1)</script>{{ 7 * 7 }}";
    let key = opened(&shop, with(order("order-0001"), &json!({"orderName": evil}))).await;
    paid(&shop, &key, "order-0001", &[("method", "CARD")]).await;
    let body = json!({"cancelReason": "\"><img src=x onerror=alert(1)>"});
    shop.post(&format!("/v1/payments/{key}/cancel"), None, body).await;
    let html = shop.browse(&format!("/receipt/{key}"), None).await.text();
    assert!(!html.contains("<script>") && !html.contains("<img"), "{html}");
    assert!(html.contains("{{ 7 * 7 }}"), "a name is no template: {html}");
}

#[tokio::test(start_paused = true)]
async fn there_are_no_receipts_of_nothing() {
    let shop = Shop::new();
    for path in
        ["/receipt/nothing", "/receipt/cash/nothing", "/receipt/%FF", "/receipt/cash/%3Cb%3E"]
    {
        let page = shop.browse(path, None).await;
        assert_eq!(page.status, if path.contains("%FF") { 400 } else { 404 }, "{path}");
        assert!(!page.text().contains("<b>"));
    }
    let page = shop.browse("/receipt/nothing?lang=en", None).await.text();
    assert!(page.contains("There is no such receipt"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn a_cash_receipt_is_a_page_too() {
    let shop = Shop::new();
    let body = json!({"amount": 11_000, "orderId": "order-0001", "orderName": "차 <한> 잔",
        "customerIdentityNumber": "01012345678", "type": "소득공제"});
    let receipt = shop.post("/v1/cash-receipts", None, body).await.json();
    let key = receipt["receiptKey"].as_str().unwrap();
    let path = format!("/receipt/cash/{key}");
    assert!(receipt["receiptUrl"].as_str().unwrap().ends_with(&path));
    let html = shop.browse(&path, None).await.text();
    for text in ["현금영수증", "소득공제", "차 &lt;한&gt; 잔", "11,000원", "1,000원", "발급 대기"]
    {
        assert!(html.contains(text), "{text}: {html}");
    }
    shop.post(&format!("/v1/cash-receipts/{key}/cancel"), None, json!({})).await;
    let html = shop.browse(&format!("/receipt/cash/c_{key}?lang=en"), None).await.text();
    assert!(html.contains("Cash receipt, given back"), "{html}");
}

#[tokio::test(start_paused = true)]
async fn the_buyer_of_a_transfer_asks_for_a_cash_receipt() {
    let shop = Shop::new();
    let key = opened(&shop, with(order("order-0001"), &json!({"method": "TRANSFER"}))).await;
    let page = shop.browse(&format!("/window/{key}"), None).await.text();
    assert!(page.contains("cashReceiptType-TRANSFER"), "{page}");
    let form = |number| {
        [
            ("method", "TRANSFER"),
            ("cashReceiptType-TRANSFER", "지출증빙"),
            ("cashReceiptNumber-TRANSFER", number),
        ]
    };
    let wrong = shop.browse(&format!("/window/{key}/pay"), Some(&form("01012345678"))).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("현금영수증 번호를 확인해 주세요"));
    let payment = paid(&shop, &key, "order-0001", &form("123-45-67890")).await;
    let receipt = &payment["cashReceipts"][0];
    assert_eq!(
        (&receipt["type"], &receipt["customerIdentityNumber"]),
        (&json!("지출증빙"), &json!("1234567890"))
    );
    let html = shop.browse(&format!("/receipt/{key}"), None).await.text();
    assert!(html.contains(&format!("/receipt/cash/{}", receipt["receiptKey"].as_str().unwrap())));
}

#[tokio::test(start_paused = true)]
async fn the_shop_proposes_and_the_buyer_decides() {
    let shop = Shop::new();
    let wish = json!({"method": "TRANSFER", "transfer": {"cashReceipt": {"type": "소득공제"}}});
    let identities = async |n: u32, form: &[(&str, &str)]| {
        let order_id = format!("order-{n:04}");
        let key = opened(&shop, with(order(&order_id), &wish)).await;
        let payment = paid(&shop, &key, &order_id, form).await;
        payment["cashReceipts"][0]["customerIdentityNumber"].clone()
    };
    let transfer = ("method", "TRANSFER");
    assert_eq!(identities(1, &[transfer]).await, "0100001234", "without a number");
    let none = [transfer, ("cashReceiptType-TRANSFER", "미발행")];
    assert_eq!(identities(2, &none).await, Value::Null);
    let bad = json!({"transfer": {"cashReceipt": {"type": "세금계산서"}}});
    let refused =
        shop.post("/window/payments", None, with(with(order("order-0003"), &wish), &bad)).await;
    assert_eq!(refused.word(), "INVALID_CASH_RECEIPT_INFO");
    let card = with(order("order-0004"), &json!({"card": {"cashReceipt": {"type": "소득공제"}}}));
    let key = opened(&shop, card).await;
    let payment = paid(&shop, &key, "order-0004", &[("method", "CARD")]).await;
    assert_eq!(payment["cashReceipts"], Value::Null, "a card is no cash");
}

#[tokio::test(start_paused = true)]
async fn the_merchant_pays_for_instalments_without_interest() {
    let shop = Shop::new();
    // The first test card is of issuer 21.
    let plans = json!({"method": "CARD",
        "card": {"freeInstallmentPlans": [{"company": "21", "months": [3]}]}});
    let key = opened(&shop, with(order("order-0001"), &plans)).await;
    paid(&shop, &key, "order-0001", &[("method", "CARD"), ("installment", "3")]).await;
    shop.cancel(&key, None, None).await;
    shop.pass(jiff::SignedDuration::from_hours(24));
    let rows = shop.get("/v1/settlements?startDate=2026-01-02&endDate=2026-01-02").await.json();
    let fees = |base: i64, installment: i64| {
        json!([{"type": "BASE", "fee": base}, {"type": "INSTALLMENT", "fee": installment},
            {"type": "ETC", "fee": 0}])
    };
    // 3 % and, for three months, 1.5 % of 1,234,000.
    assert_eq!(rows[0]["fees"], fees(37_020, 18_510), "{rows}");
    assert_eq!((&rows[0]["fee"], &rows[0]["payOutAmount"]), (&json!(55_530), &json!(1_178_470)));
    assert_eq!(rows[1]["fees"], fees(-37_020, -18_510));
    assert_eq!(rows[0]["card"]["interestPayer"], "MERCHANT");
}
