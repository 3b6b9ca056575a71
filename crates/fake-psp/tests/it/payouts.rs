//! `/v2/balances` and `/v2/payouts`.

use std::{collections::BTreeSet, time::Duration};

use axum::body::Body;
use fake_psp::{Config, SellerStatus::*};
use jiff::civil::date;
use serde_json::{Value, json};

use crate::{
    shop::{Shop, minutes},
    vault::{default_key, express, head, market, scheduled, seal},
};

const DAY: i64 = 24 * 60;

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

/// What the book of payouts says.
fn statuses(shop: &Shop) -> Vec<&'static str> {
    shop.psp.payouts().iter().map(|payout| payout.status.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn golden_payouts() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let items =
        json!([express("p-1", &seller, 15_000), scheduled("p-2", &seller, 7_000, "2026-01-05")]);
    let (status, requested) = shop.post_sealed("/v2/payouts", &items).await;
    assert_eq!(status, 200);
    insta::assert_snapshot!("payouts_requested", pretty(&requested));
    insta::assert_snapshot!("balance", pretty(&shop.get("/v2/balances").await.json()));
    shop.pass(minutes(2));
    let id = requested["entityBody"]["items"][0]["id"].as_str().unwrap();
    insta::assert_snapshot!("payout", pretty(&shop.get(&format!("/v2/payouts/{id}")).await.json()));
    let id = requested["entityBody"]["items"][1]["id"].as_str().unwrap();
    let canceled = shop.post(&format!("/v2/payouts/{id}/cancel"), None, Value::Null).await;
    insta::assert_snapshot!("payout_canceled", pretty(&canceled.json()));
    insta::assert_snapshot!("payouts", pretty(&shop.get("/v2/payouts").await.json()));
}

#[tokio::test(start_paused = true)]
async fn express_payouts_go_to_the_bank_and_arrive() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let id = shop.pay_out(&[express("p-1", &seller, 1_000)]).await.unwrap().remove(0);
    let cancel = async || shop.post(&format!("/v2/payouts/{id}/cancel"), None, Value::Null).await;
    let too_quick = cancel().await;
    assert_eq!(too_quick.status, 403, "only scheduled ones can be cancelled");
    assert_eq!(statuses(&shop), ["REQUESTED"]);
    shop.pass(minutes(1));
    assert_eq!(statuses(&shop), ["IN_PROGRESS"]);
    shop.pass(minutes(1));
    assert_eq!(statuses(&shop), ["COMPLETED"]);
    assert!(shop.psp.book().is_empty(), "no buyer has anything to do with it");
    let missing = shop.get("/v2/payouts/FPA_1").await;
    assert_eq!(missing.json()["error"]["code"], "PAYOUT_NOT_FOUND");
}

#[tokio::test(start_paused = true)]
async fn scheduled_payouts_wait_for_their_day() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let items = ["p-1", "p-2"].map(|name| scheduled(name, &seller, 1_000, "2026-01-06"));
    let ids = shop.pay_out(&items).await.unwrap();
    // From Friday 10:30 to Tuesday 8:59.
    shop.pass(minutes(4 * DAY - 91));
    assert_eq!(statuses(&shop), ["REQUESTED"; 2]);
    let cancel = |n: usize| format!("/v2/payouts/{}/cancel", ids[n]);
    let canceled = shop.post(&cancel(1), None, Value::Null).await;
    assert_eq!(canceled.json()["entityBody"]["status"], "CANCELED");
    shop.pass(minutes(1));
    assert_eq!(statuses(&shop), ["IN_PROGRESS", "CANCELED"]);
    for n in [0, 1] {
        let late = shop.post(&cancel(n), None, Value::Null).await;
        assert_eq!(late.json()["error"]["code"], "NOT_CANCELABLE_PAYOUT");
    }
    shop.psp.advance(Duration::from_secs(60));
    assert_eq!(statuses(&shop), ["COMPLETED", "CANCELED"]);
}

#[tokio::test(start_paused = true)]
async fn test_accounts_fail() {
    let shop = market();
    let mut items = Vec::new();
    for (bank, account) in
        [("295", "77701777777"), ("011", "3025353430761"), ("002", "02004240994312")]
    {
        let mut body = crate::vault::company(bank);
        body["account"]["bankCode"] = bank.into();
        body["account"]["accountNumber"] = account.into();
        let (_, seller) = shop.post_sealed("/v2/sellers", &body).await;
        items.push(express(bank, seller["entityBody"]["id"].as_str().unwrap(), 1_000));
    }
    let before = shop.psp.available_balance();
    shop.pay_out(&items).await.unwrap();
    assert_eq!(shop.psp.available_balance(), before - 3_000);
    shop.pass(minutes(2));
    assert_eq!(statuses(&shop), ["FAILED"; 3]);
    assert_eq!(shop.psp.available_balance(), before, "the money is back");
    let list = shop.get("/v2/payouts").await.json();
    let errors = list["entityBody"]["items"].as_array().unwrap().iter();
    let errors: Vec<_> = errors.map(|item| item["error"]["code"].clone()).collect();
    assert_eq!(
        errors,
        [
            "INVALID_ACCOUNT_NUMBER_OR_UNAVAILABLE",
            "ACCOUNT_OWNER_CHECK_FAILED",
            "NOT_AVAILABLE_BANK"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn one_bad_item_refuses_all() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let fresh = shop.seller("seller-2", &[]).await;
    let good = express("good", &seller, 1_000);
    let with = |name: &str, value: Value| {
        let mut item = express("bad", &seller, 1_000);
        *item.pointer_mut(name).unwrap() = value;
        item
    };
    let without_day = with("/scheduleType", json!("SCHEDULED"));
    for (bad, expected) in [
        (good.clone(), "DUPLICATED_REQUEST"),
        (json!({}), "INVALID_REQUEST"),
        (with("/refPayoutId", json!("")), "INVALID_REQUEST"),
        (with("/destination", json!("seller_x")), "NOT_FOUND_SELLER"),
        (with("/destination", json!(fresh)), "FORBIDDEN_SELLER_PAYOUT"),
        (with("/amount/currency", json!("USD")), "INVALID_CURRENCY"),
        (with("/amount/value", json!(0)), "BELOW_ZERO_AMOUNT"),
        (with("/amount/value", json!(-5)), "BELOW_ZERO_AMOUNT"),
        (with("/amount/value", json!("many")), "INVALID_REQUEST"),
        (with("/amount/value", json!(1_000_000_000)), "EXCEED_MAX_AMOUNT"),
        (with("/transactionDescription", json!("여덟글자는안되요")), "INVALID_REQUEST"),
        (with("/metadata", json!({"k": "v".repeat(501)})), "INVALID_REQUEST"),
        (without_day, "INVALID_REQUEST"),
        (scheduled("bad", &seller, 1_000, "tomorrow"), "INVALID_DATE"),
        (scheduled("bad", &seller, 1_000, "2026-01-02"), "INVALID_PAYABLE_DATE"),
        (scheduled("bad", &seller, 1_000, "2026-01-04"), "NOT_ALLOWED_HOLIDAY"),
    ] {
        let refused = shop.pay_out(&[good.clone(), bad.clone()]).await;
        assert_eq!(refused, Err(expected.to_owned()), "{bad}");
    }
    assert_eq!(shop.pay_out(&[]).await, Err("INVALID_REQUEST".to_owned()));
    let many = |count: u32| -> Vec<_> {
        (0..count).map(|n| express(&format!("many-{n}"), &seller, 1)).collect()
    };
    assert_eq!(shop.pay_out(&many(101)).await, Err("INVALID_REQUEST".to_owned()));
    assert!(shop.psp.payouts().is_empty(), "nothing was taken on");
    assert_eq!(shop.pay_out(&many(100)).await.unwrap().len(), 100);
    let again = shop.pay_out(&[express("many-7", &seller, 1)]).await;
    assert_eq!(again, Err("DUPLICATED_REQUEST".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_longer_description_is_a_switch() {
    let config = Config { transaction_description_length: 20, ..Config::default() };
    let shop = Shop::with(Config { seller_verified_after_minutes: None, ..config });
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let mut item = express("p-1", &seller, 1_000);
    item["transactionDescription"] = "여덟글자도된답니다".into();
    shop.pay_out(&[item]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn express_is_refused_outside_of_banking_hours() {
    let holidays = BTreeSet::from([date(2026, 1, 5)]);
    let shop =
        Shop::with(Config { holidays, seller_verified_after_minutes: None, ..Config::default() });
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    for (later, expected) in [
        (270, "NOT_AVAILABLE_PAYOUT_TIME"), // Friday 15:00
        (DAY - 270, "NOT_ALLOWED_HOLIDAY"), // Saturday
        (2 * DAY, "NOT_ALLOWED_HOLIDAY"),   // the holiday
    ] {
        shop.pass(minutes(later));
        let refused = shop.pay_out(&[express("p-1", &seller, 1_000)]).await;
        assert_eq!(refused, Err(expected.to_owned()));
    }
    shop.pass(minutes(DAY)); // Tuesday 10:30
    shop.pay_out(&[express("p-1", &seller, 1_000)]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn half_approved_sellers_have_a_weekly_limit() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let path = format!("/v2/sellers/{seller}");
    let status = async || shop.get(&path).await.json()["entityBody"]["status"].clone();
    shop.pay_out(&[express("p-1", &seller, 10_000_000)]).await.unwrap();
    // Another week has its own limit.
    shop.pay_out(&[scheduled("p-2", &seller, 10_000_000, "2026-01-05")]).await.unwrap();
    assert_eq!(status().await, "PARTIALLY_APPROVED");
    let more = shop.pay_out(&[express("p-3", &seller, 1)]).await;
    assert_eq!(more, Err("EXCEED_MAX_AMOUNT".to_owned()));
    assert_eq!(status().await, "KYC_REQUIRED");
    let waiting = shop.pay_out(&[express("p-3", &seller, 1)]).await;
    assert_eq!(waiting, Err("FORBIDDEN_SELLER_PAYOUT".to_owned()));
    shop.pass(minutes(10));
    assert_eq!(status().await, "APPROVED");
    shop.pay_out(&[express("p-3", &seller, 20_000_000)]).await.unwrap();

    let config = Config { weekly_limit_starts_kyc: false, ..Config::default() };
    let shop = Shop::with(Config { seller_verified_after_minutes: None, ..config });
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let halves = ["p-1", "p-2"].map(|name| express(name, &seller, 5_000_001));
    assert_eq!(shop.pay_out(&halves).await, Err("EXCEED_MAX_AMOUNT".to_owned()));
    shop.pay_out(&halves[..1]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_balance_comes_from_settled_payments() {
    let secret_keys = vec!["test_sk_hanbeon".to_owned(), "live_sk_hanbeon".to_owned()];
    let config = Config { payout_starting_balance: 0, secret_keys, ..Config::default() };
    let shop = Shop::with(Config { seller_verified_after_minutes: None, ..config });
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let key = shop.paid("order-0001", 10_000).await;
    let balance = async || {
        let request = Shop::request("GET", "/v2/balances").header("x", "y");
        let mut request = request.body(Body::empty()).unwrap();
        let live = "Basic bGl2ZV9za19oYW5iZW9uOg==";
        request.headers_mut().insert("authorization", live.parse().unwrap());
        let body = shop.send(request).await.json()["entityBody"].take();
        let value = |name: &str| body[name]["value"].as_i64().unwrap();
        (value("pendingAmount"), value("availableAmount"))
    };
    assert_eq!(balance().await, (9_700, 0), "3 per cent are Toss's");
    let early = shop.pay_out(&[express("p-1", &seller, 9_700)]).await;
    assert_eq!(early, Err("NOT_ENOUGH_AMOUNT".to_owned()));
    shop.pass(minutes(4 * DAY)); // Tuesday, two business days later
    assert_eq!(balance().await, (0, 9_700));
    let halves = ["p-1", "p-2"].map(|name| express(name, &seller, 4_851));
    assert_eq!(shop.pay_out(&halves).await, Err("NOT_ENOUGH_AMOUNT".to_owned()));
    shop.pay_out(&halves[..1]).await.unwrap();
    assert_eq!(balance().await, (0, 4_849));
    shop.cancel(&key, None, None).await;
    shop.pass(minutes(2 * DAY));
    assert_eq!(balance().await, (0, 0), "more went back to the buyer than was left");
    let test_key = shop.get("/v2/balances").await.json();
    assert!(test_key["entityBody"].get("pendingAmount").is_none());
}

#[tokio::test(start_paused = true)]
async fn payouts_are_listed_by_day_and_page() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let mut items = vec![express("p-0", &seller, 1)];
    for (name, day) in [("p-1", "2026-01-05"), ("p-2", "2026-01-06"), ("p-3", "2026-01-06")] {
        items.push(scheduled(name, &seller, 1, day));
    }
    shop.pay_out(&items).await.unwrap();
    let names = async |query: &str| {
        let page = shop.get(&format!("/v2/payouts?{query}")).await.json()["entityBody"].take();
        let items = page["items"].as_array().unwrap().iter();
        let names: Vec<_> = items.map(|p| p["refPayoutId"].as_str().unwrap()).collect();
        (names.join(" "), page["hasNext"] == true, page["lastCursor"].clone())
    };
    for (query, expected, more) in [
        ("", "p-0 p-1 p-2 p-3", false),
        ("limit=2", "p-0 p-1", true),
        ("payoutDateGte=2026-01-05", "p-1 p-2 p-3", false),
        ("payoutDateGte=2026-01-05&limit=2", "p-1 p-2", true),
        ("payoutDateLte=2026-01-05", "p-0 p-1", false),
        ("payoutDateGte=2026-01-05&payoutDateLte=2026-01-05", "p-1", false),
        ("payoutDateGte=2026-01-07", "", false),
    ] {
        let (found, has_next, _) = names(query).await;
        assert_eq!((&*found, has_next), (expected, more), "{query}");
    }
    let (_, _, cursor) = names("limit=3").await;
    let rest = format!("limit=3&startingAfter={}", cursor.as_str().unwrap());
    assert_eq!(names(&rest).await.0, "p-3");
    for (query, expected) in [
        ("payoutDateGte=x", "INVALID_DATE"),
        ("limit=10001", "EXCEED_MAX_QUERY_LIMIT"),
        ("startingAfter=FPA_x", "INVALID_PAGING_KEY"),
    ] {
        let reply = shop.get(&format!("/v2/payouts?{query}")).await.json();
        assert_eq!(reply["error"]["code"], expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_sent_twice_pays_once() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let body = json!([express("p-1", &seller, 1_000)]).to_string();
    let message = seal(&default_key(), &head("n"), body.as_bytes());
    let first = shop.post_raw("/v2/payouts", Some("key"), message.clone()).await;
    shop.pass(minutes(1));
    let second = shop.post_raw("/v2/payouts", Some("key"), message).await;
    assert_eq!(first.raw, second.raw);
    assert_eq!(shop.psp.payouts().len(), 1);
}
