//! The control API about payouts, and several who set the clock forward at once.

use std::time::Duration;

use fake_psp::{Config, SellerStatus::PartiallyApproved};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    shop::{Shop, minutes},
    vault::{express, market},
    webhooks::{Merchant, serve},
};

#[tokio::test(start_paused = true)]
async fn a_payout_fails_when_a_test_says_so() {
    let shop = market();
    let seller = shop.seller("seller-1", &[PartiallyApproved]).await;
    let items = ["p-1", "p-2"].map(|name| express(name, &seller, 1_000));
    let ids = shop.pay_out(&items).await.unwrap();
    let fail = async |id: &str, body: Value| {
        shop.post(&format!("/_fake/payouts/{id}/fail"), None, body).await
    };
    let before = shop.psp.available_balance();
    assert_eq!(fail(&ids[0], json!({"code": "NOT_AVAILABLE_BANK"})).await.status, 204);
    assert_eq!(shop.psp.available_balance(), before + 1_000);
    shop.pass(minutes(1));
    assert_eq!(shop.psp.payouts()[1].status.as_str(), "IN_PROGRESS");
    assert_eq!(fail(&ids[1], Value::Null).await.status, 204);
    // What was to happen at the bank must not change it any more.
    shop.pass(minutes(10));
    let told: Vec<_> = shop
        .psp
        .payouts()
        .into_iter()
        .map(|payout| (payout.status.as_str(), payout.error.unwrap()))
        .collect();
    let expected = ["NOT_AVAILABLE_BANK", "INVALID_ACCOUNT_NUMBER_OR_UNAVAILABLE"];
    assert_eq!(told, expected.map(|code| ("FAILED", code.to_owned())));
    for (id, body, status, says) in [
        (&*ids[0], Value::Null, 409, "only one that is REQUESTED or IN_PROGRESS"),
        ("FPA_1", Value::Null, 404, "there is no payout `FPA_1`"),
        (&*ids[0], json!({"code": "NO_SUCH_CODE"}), 400, "no error code"),
        (&*ids[0], json!({"cod": "x"}), 400, "did you mean `code`?"),
    ] {
        let reply = fail(id, body).await;
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.text().contains(says), "{}", reply.text());
    }
}

/// Together they go as far as one after the other, and no retry is jumped over.
#[tokio::test(start_paused = true)]
async fn two_who_set_the_clock_forward_at_once() {
    let config = Config { webhook_urls: vec!["http://shop.test/hook".into()], ..Config::default() };
    let shop = Shop::with(config);
    let merchant = Merchant::new(500);
    let _serving = serve(&shop.psp, &merchant);
    shop.paid("order-0001", 15_000).await;
    // The one who carries webhooks begins, and fails for the first time.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let day = || shop.post("/_fake/time", None, json!({"advance": "2d"}));
    let moment = (shop.psp.now() + SignedDuration::from_hours(24)).to_string();
    let to = || shop.post("/_fake/time", None, json!({"to": moment}));
    let (one, two, three) = tokio::join!(to(), day(), day());
    for reply in [&one, &two, &three] {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let ahead = three.json()["ahead_ms"].as_i64().unwrap();
    let five_days = 5 * 24 * 3_600_000;
    assert!((five_days - 1_000..=five_days).contains(&ahead), "{ahead}");
    let sent = shop.psp.transmissions();
    let at: Vec<i64> = sent.iter().map(|one| one.at.duration_since(sent[0].at).as_mins()).collect();
    assert_eq!(at, [0, 1, 5, 21, 85, 341, 1365, 5461]);
}
