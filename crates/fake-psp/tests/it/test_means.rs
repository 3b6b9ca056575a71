//! Each test card, account and wallet does what the window says of it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    shop::{Shop, minutes, with},
    window::{order, redirect},
};

/// What the page lists.
#[derive(Debug)]
struct Listed {
    number: String,
    /// `approve`, `decline`, `window` or `special`.
    kind: String,
    /// What it says that it does.
    does: String,
    code: Option<String>,
}

/// Reads the list of the page's first method.
fn listed(page: &str) -> Vec<Listed> {
    let list = page.split_once("<ul class=\"means\">").expect("a list").1;
    let list = list.split_once("</ul>").unwrap().0;
    let between = |text: &str, from: &str, to: &str| {
        let (_, rest) = text.split_once(from)?;
        Some(rest.split_once(to)?.0.trim().to_owned())
    };
    let read = |item: &str| Listed {
        number: between(item, "value=\"", "\"").unwrap(),
        kind: between(item, "<label class=\"", "\"").unwrap(),
        does: between(item, "<span class=\"does\">", "<").unwrap(),
        code: between(item, "<code>", "</code>"),
    };
    list.split("<li>").skip(1).map(read).collect()
}

/// Opens a window for one method with one of its means and pays; what came out, and the key.
async fn pay(shop: &Shop, order_id: &str, method: &str, number: &str) -> (String, String) {
    let body = with(order(order_id), &json!({"method": method}));
    let opened = shop.call("/window/payments", &body).await.json();
    let path = format!("{}/pay", opened["path"].as_str().unwrap());
    let means = format!("means-{method}");
    let form = [("method", method), (&*means, number)];
    let (_, query) = redirect(&shop.browse(&path, Some(&form)).await);
    (query, opened["id"].as_str().unwrap().to_owned())
}

async fn does_what_it_says(shop: &Shop, order_id: &str, method: &str, listed: &Listed) {
    let (query, key) = pay(shop, order_id, method, &listed.number).await;
    let confirm = async |key: &str| shop.confirm(key, order_id, 15_000, None).await;
    let code = listed.code.as_deref().unwrap_or_default();
    match &*listed.kind {
        "approve" => assert_eq!(confirm(&key).await.word(), "DONE", "{listed:?}"),
        "decline" => {
            let refused = confirm(&key).await;
            assert_eq!(refused.word(), code, "{listed:?}");
            assert_eq!(refused.json()["message"], listed.does);
            assert_eq!(shop.status_of(&key).await, "ABORTED");
        }
        "window" => {
            assert!(query.starts_with(&format!("from=toss&code={code}&message=")), "{query}");
            assert!(query.ends_with(&format!("&orderId={order_id}")), "{query}");
            assert_eq!(shop.status_of(&key).await, "ABORTED");
            assert_eq!(confirm(&key).await.word(), "NOT_FOUND_PAYMENT_SESSION");
        }
        _ if !code.is_empty() => {
            assert_eq!(confirm(&key).await.word(), code, "once: {listed:?}");
            assert_eq!(confirm(&key).await.word(), "DONE");
        }
        _ if listed.does.contains("심사") => {
            assert_eq!(confirm(&key).await.word(), "IN_PROGRESS", "{listed:?}");
            shop.pass(minutes(24 * 60));
            assert_eq!(shop.status_of(&key).await, "IN_PROGRESS", "until somebody decides");
        }
        _ => {
            let answered = timeout(Duration::from_secs(3_600), confirm(&key)).await;
            assert!(answered.is_err(), "{listed:?}");
            assert_eq!(shop.status_of(&key).await, "DONE");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_refused_anyway_does_not_use_up_the_cards_refusal() {
    let shop = Shop::new();
    let (_, key) = pay(&shop, "order-0001", "CARD", "9410000000000031").await;
    let confirm = async |amount| shop.confirm(&key, "order-0001", amount, None).await.word();
    assert_ne!(confirm(14_999).await, "PROVIDER_ERROR");
    assert_eq!(confirm(15_000).await, "PROVIDER_ERROR");
    assert_eq!(confirm(15_000).await, "DONE");
}

#[tokio::test(start_paused = true)]
async fn each_does_what_the_window_says() {
    let shop = Shop::new();
    let mut kinds = std::collections::BTreeMap::new();
    for (method, count) in [
        ("CARD", 19),
        ("TRANSFER", 8),
        ("EASY_PAY", 5),
        ("MOBILE_PHONE", 3),
        ("CULTURE_GIFT_CERTIFICATE", 2),
        ("BOOK_GIFT_CERTIFICATE", 2),
        ("GAME_GIFT_CERTIFICATE", 2),
        ("FOREIGN_EASY_PAY", 3),
    ] {
        let body = with(order("order-none"), &json!({"method": method}));
        let opened = shop.call("/window/payments", &body).await.json();
        let page = shop.browse(opened["path"].as_str().unwrap(), None).await.text();
        let all = listed(&page);
        assert_eq!(all.len(), count, "{method}");
        for (nth, listed) in all.iter().enumerate() {
            let order_id = format!("{method}-{nth}");
            does_what_it_says(&shop, &order_id, method, listed).await;
            *kinds.entry(listed.kind.clone()).or_insert(0) += 1;
        }
    }
    let kinds: Vec<_> = kinds.into_iter().collect();
    let expected = [("approve", 10), ("decline", 22), ("special", 8), ("window", 4)];
    assert_eq!(kinds, expected.map(|(kind, count)| (kind.to_owned(), count)));
}

#[tokio::test(start_paused = true)]
async fn the_payment_tells_what_it_was_paid_with() {
    let shop = Shop::new();
    for (method, number, field, expected) in [
        (
            "CARD",
            "9410000000000002",
            "card",
            json!({"number": "94100000****000*", "cardType": "체크"}),
        ),
        ("TRANSFER", "110000000001", "transfer", json!({"bankCode": "88"})),
        ("EASY_PAY", "buyer@example.com", "easyPay", json!({"provider": "토스페이"})),
        (
            "MOBILE_PHONE",
            "01000000001",
            "mobilePhone",
            json!({"customerMobilePhone": "01000000001"}),
        ),
    ] {
        let order_id = format!("paid-{method}");
        let (_, key) = pay(&shop, &order_id, method, number).await;
        let paid = shop.confirm(&key, &order_id, 15_000, None).await.json();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&paid[field][name], value, "{method}: {}", paid[field]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_virtual_account_is_issued_when_the_shop_confirms() {
    let shop = Shop::new();
    let account = json!({"validHours": 24, "cashReceipt": {"type": "소득공제"}});
    let body = json!({"method": "VIRTUAL_ACCOUNT", "virtualAccount": account});
    let opened = shop.call("/window/payments", &with(order("order-0001"), &body)).await.json();
    let path = opened["path"].as_str().unwrap();
    let page = shop.browse(path, None).await.text();
    assert!(page.contains("2026-01-03 10:30"), "a day from now: {page}");
    let pay = format!("{path}/pay");
    let mut form = vec![
        ("method", "VIRTUAL_ACCOUNT"),
        ("bank", "06"),
        ("customerName", "박<>구매"),
        ("cashReceiptType-VIRTUAL_ACCOUNT", "소득공제"),
        ("refundBank", "88"),
        ("refundNumber", "110123456789"),
    ];
    for (field, value, says) in [
        ("cashReceiptNumber-VIRTUAL_ACCOUNT", "010", "환불 계좌의"),
        ("refundHolder", "박구매", "현금영수증 번호를 확인해"),
        ("cashReceiptNumber-VIRTUAL_ACCOUNT", "010-1234-5678", ""),
    ] {
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let answer = shop.browse(&pay, Some(&form)).await;
        if says.is_empty() {
            redirect(&answer);
        } else {
            assert!(answer.text().contains(says), "{says}");
        }
    }
    let key = opened["id"].as_str().unwrap();
    let waiting = shop.confirm(key, "order-0001", 15_000, None).await.json();
    assert_eq!(waiting["status"], "WAITING_FOR_DEPOSIT");
    let account = &waiting["virtualAccount"];
    let told = ["bankCode", "customerName", "dueDate"].map(|name| account[name].as_str().unwrap());
    assert_eq!(told, ["06", "박<>구매", "2026-01-03T10:30:00+09:00"]);
    let refund = json!({"bankCode": "88", "accountNumber": "110123456789", "holderName": "박구매"});
    assert_eq!(account["refundReceiveAccount"], refund);
    shop.psp.deposit(key, 15_000, None).unwrap();
    let paid = shop.get(&format!("/v1/payments/{key}")).await.json();
    assert_eq!(
        (&paid["status"], &paid["cashReceipt"]["type"]),
        (&json!("DONE"), &json!("소득공제"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_card_or_an_account_is_registered_and_charged() {
    let shop = Shop::new();
    for (method, count, first) in [
        ("CARD", 18, json!({"number": "94100012****789*", "issuerCode": "21"})),
        ("TRANSFER", 8, Value::Null),
    ] {
        let page = billing_window(&shop, method).await;
        let all = listed(&shop.browse(&page, None).await.text());
        assert_eq!(all.len(), count, "{method}: {all:?}");
        for (nth, listed) in all.iter().enumerate() {
            let page = billing_window(&shop, method).await;
            let form = [("means", &*listed.number)];
            let end = shop.browse(&format!("{page}/register"), Some(&form)).await;
            let (url, query) = redirect(&end);
            if listed.kind == "window" {
                let code = listed.code.as_ref().unwrap();
                assert!(query.starts_with(&format!("from=toss&code={code}&message=")), "{query}");
                assert!(!query.contains("orderId"));
                continue;
            }
            assert_eq!(url, "http://shop.test/success");
            let auth_key = query.strip_prefix("customerKey=customer-1&authKey=").unwrap();
            let body = json!({"authKey": auth_key, "customerKey": "customer-1"});
            let issued = shop.post("/v1/billing/authorizations/issue", None, body).await.json();
            if nth == 0 && method == "CARD" {
                let card = json!({"number": issued["card"]["number"],
                    "issuerCode": issued["card"]["issuerCode"]});
                assert_eq!(card, first);
            }
            let key = issued["billingKey"].as_str().unwrap();
            charge(&shop, key, &format!("{method}-{nth}"), listed).await;
        }
    }
}

/// The path of a new billing window.
async fn billing_window(shop: &Shop, method: &str) -> String {
    let body = json!({
        "method": method, "customerKey": "customer-1", "customerName": "김토스",
        "successUrl": "http://shop.test/success", "failUrl": "http://shop.test/fail?from=toss",
    });
    let opened = shop.call("/window/billing-auths", &body).await;
    assert_eq!(opened.headers["access-control-allow-origin"], "*");
    opened.json()["path"].as_str().unwrap().to_owned()
}

async fn charge(shop: &Shop, key: &str, order_id: &str, listed: &Listed) {
    let body = json!({
        "customerKey": "customer-1", "orderId": order_id, "orderName": "구독", "amount": 15_000,
    });
    let path = format!("/v1/billing/{key}");
    let charge = async || shop.post(&path, None, body.clone()).await;
    match (&*listed.kind, &listed.code) {
        ("approve", _) => assert_eq!(charge().await.word(), "DONE"),
        ("decline", Some(code)) => {
            assert_eq!(charge().await.word(), *code);
            assert_eq!(charge().await.word(), *code, "each time");
        }
        (_, Some(code)) => {
            assert_eq!(charge().await.word(), *code, "once");
            assert_eq!(charge().await.word(), "DONE");
        }
        (_, None) => {
            assert!(timeout(Duration::from_secs(3_600), charge()).await.is_err());
            assert_eq!(shop.get(&format!("/v1/payments/orders/{order_id}")).await.word(), "DONE");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_billing_window_closes_expires_and_takes_one_card() {
    let shop = Shop::new();
    let page = billing_window(&shop, "CARD").await;
    let (_, query) = redirect(&shop.browse(&format!("{page}/close"), Some(&[])).await);
    assert!(query.starts_with("from=toss&code=PAY_PROCESS_CANCELED&message="), "{query}");
    let register = format!("{page}/register");
    let first = redirect(&shop.browse(&register, Some(&[])).await);
    let second = [("means", "9410000000000041")];
    assert_eq!(redirect(&shop.browse(&register, Some(&second)).await), first, "a second click");
    assert!(shop.browse(&page, None).await.text().contains("이미 사용되었습니다"));

    let late = billing_window(&shop, "CARD").await;
    shop.pass(minutes(30));
    assert!(shop.browse(&late, None).await.text().contains("등록 시간이 만료되었습니다."));
    let (_, query) = redirect(&shop.browse(&format!("{late}/register"), Some(&[])).await);
    assert!(query.contains("code=PAY_PROCESS_ABORTED"));
    for (field, value, code) in [
        ("method", json!("MOBILE_PHONE"), "NOT_SUPPORTED_METHOD"),
        ("customerKey", json!(null), "INVALID_REQUIRED_PARAM"),
        ("customerKey", json!("x"), "INVALID_CUSTOMER_KEY"),
        ("failUrl", json!("shop"), "INCORRECT_FAIL_URL_FORMAT"),
        ("clientKey", json!("test_sk_x"), "INVALID_CLIENT_KEY"),
    ] {
        let good = json!({"method": "CARD", "customerKey": "customer-1",
            "successUrl": "http://shop.test/s", "failUrl": "http://shop.test/f"});
        let body = with(good, &json!({field: value}));
        assert_eq!(shop.call("/window/billing-auths", &body).await.word(), code);
    }
}
