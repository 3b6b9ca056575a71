//! Bodies that cannot be read, or say what cannot be.

use serde_json::{Value, json};

use crate::shop::{Shop, good, with};

pub(crate) async fn wrong_values(shop: &Shop) {
    let amount = "items[0].amount";
    let cases = [
        ("/items/0/amount", json!("-15000"), amount, "more than zero"),
        ("/items/0/amount", json!("0"), amount, "more than zero"),
        ("/items/0/amount", json!("15000.5"), amount, "0 digits"),
        ("/items/0/amount", json!("15000.00"), amount, "0 digits"),
        ("/items/0/amount", json!("1000000000001"), amount, "at most"),
        ("/items/0/amount", json!("9".repeat(60)), amount, "decimal"),
        ("/items/0/amount", json!("1e4"), amount, "decimal"),
        ("/items/0/amount", json!("15,000"), amount, "decimal"),
        ("/items/0/amount", json!("NaN"), amount, "decimal"),
        ("/items/0/amount", json!(""), amount, "decimal"),
        ("/items/0/amount", json!("１５０００"), amount, "decimal"),
        ("/items/0/amount", json!(15_000), amount, "string"),
        ("/items/0/amount", json!(15_000.5), amount, "string"),
        ("/items/0/amount", json!(null), amount, "string"),
        ("/items/0/amount", json!({"value": "1"}), amount, "string"),
        ("/items/0/seller_id", json!(""), "items[0].seller_id", "1 to 64"),
        ("/items/0/seller_id", json!("s\u{0}"), "items[0].seller_id", "control"),
        ("/items", json!([]), "items", "1 to 100"),
        ("/items", json!("none"), "items", "sequence"),
        ("/items", Value::Array(vec![good()["items"][0].clone(); 101]), "items", "1 to 100"),
        ("/currency", json!("krw"), "currency", "KRW, USD, JPY"),
        ("/currency", json!("BTC"), "currency", "KRW, USD, JPY"),
        ("/buyer_id", json!(""), "buyer_id", "1 to 64"),
        ("/buyer_id", json!("b".repeat(65)), "buyer_id", "1 to 64"),
        ("/buyer_id", json!(7), "buyer_id", "string"),
        ("/order_name", json!("a\u{0}b"), "order_name", "control"),
        ("/order_name", json!("가".repeat(101)), "order_name", "1 to 100"),
    ];
    for (pointer, value, field, word) in cases {
        let what = format!("{pointer} = {value}");
        let ask = shop.checkout("wrong", &with(pointer, value));
        shop.refuses(&what, ask, 422, Some(field), &[word]).await;
    }
    let large = json!([{"seller_id": "s", "amount": "1000000000000"},
        {"seller_id": "t", "amount": "1"}]);
    let ask = shop.checkout("wrong", &with("/items", large));
    shop.refuses("too much together", ask, 422, Some("items"), &["more than one payment may"])
        .await;
}

pub(crate) async fn wrong_shapes(shop: &Shop) {
    let raw = |body: &str| {
        let ask = shop.post("/v1/checkouts").header("content-type", "application/json");
        ask.header("idempotency-key", "wrong").raw(body.to_owned())
    };
    let (good, deep) = (good().to_string(), "[".repeat(20_000));
    for body in ["", "{", "nonsense", &good[..good.len() - 1], &format!("{good}x"), "{'a': 1}"] {
        shop.refuses(body, raw(body), 400, None, &[]).await;
    }
    let bytes = [&b"{\"buyer_id\": \""[..], &[0xff, 0xfe], b"\"}"].concat();
    let ask = raw("").raw(bytes);
    shop.refuses("not UTF-8", ask, 400, None, &[]).await;
    shop.refuses("a list", raw("[]"), 422, Some("body"), &[]).await;
    shop.refuses("nothing", raw("null"), 422, Some("body"), &[]).await;
    let list = raw(&format!("{{\"items\": {deep}"));
    shop.refuses("a deep list", list, 422, Some("items[0][0]"), &[]).await;
    let missing = json!({"buyer_id": "b", "order_name": "n", "currency": "KRW"});
    shop.refuses("no items", raw(&missing.to_string()), 422, Some("body"), &["`items`"]).await;
    let missing = with("/items/0", json!({"seller_id": "s"}));
    let words = ["missing", "`amount`"];
    shop.refuses("no amount", raw(&missing.to_string()), 422, Some("items[0]"), &words).await;
    let twice = good.replacen('{', "{\"buyer_id\":\"c\",", 1);
    shop.refuses("a key twice", raw(&twice), 422, Some("body"), &["duplicate", "`buyer_id`"]).await;
    for (wrong, right, field) in [
        ("order_nam", "order_name", "order_nam"),
        ("curency", "currency", "curency"),
        ("amuont", "amount", "items[0].amuont"),
    ] {
        let body = good.replace(&format!("\"{right}\""), &format!("\"{wrong}\""));
        let hint = format!("did you mean `{right}`?");
        shop.refuses(wrong, raw(&body), 422, Some(field), &[&hint]).await;
    }
    let large = with("/order_name", json!("n".repeat(70_000))).to_string();
    shop.refuses("a large body", raw(&large), 413, None, &["65536 bytes"]).await;
}
