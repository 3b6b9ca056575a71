//! The table of error codes, as clients get it: through the test header, in both languages.

use axum::body::Body;
use fake_psp::error_codes;

use crate::shop::Shop;

/// One of each kind: with and without effect, with and without a body.
const ENDPOINTS: [(&str, &str); 4] = [
    ("POST", "/v1/payments/confirm"),
    ("GET", "/v1/payments/orders/order-0001"),
    ("POST", "/v1/payments/none/cancel"),
    ("GET", "/v1/transactions?startDate=2026-01-01&endDate=2026-01-03"),
];

#[tokio::test(start_paused = true)]
async fn every_code_can_be_had_on_any_endpoint_in_both_languages() {
    let shop = Shop::new();
    for row in error_codes() {
        for (method, path) in ENDPOINTS {
            for (language, message) in [("ko-KR", row.korean), ("en-US", row.english)] {
                let request = Shop::request(method, path)
                    .header("tosspayments-test-code", row.code)
                    .header("accept-language", language);
                let reply = shop.send(request.body(Body::empty()).unwrap()).await;
                let json = reply.json();
                assert_eq!(
                    (reply.status, json["code"].as_str(), json["message"].as_str()),
                    (row.status, Some(row.code), Some(message)),
                    "{method} {path} {language}"
                );
            }
        }
    }
    assert!(shop.psp.book().is_empty());
}

/// What of the table has no source: a list for the README, and to be checked when one is found.
#[test]
fn rows_of_our_own_are_known() {
    let ours = |what: &str| -> Vec<_> {
        error_codes().filter(|row| row.ours == what).map(|row| row.code).collect()
    };
    assert_eq!(
        ours("code"),
        [
            "ALREADY_EXIST_SELLER",
            "INVALID_ENCRYPTION",
            "NOT_AVAILABLE_PAYOUT_TIME",
            "NOT_CANCELABLE_PAYOUT",
            "NOT_FOUND_SELLER",
        ]
    );
    assert_eq!(ours("korean,english"), ["NOT_FOUND_RECEIPT"]);
    assert_eq!(ours("status,korean"), ["FORBIDDEN_SELLER_PAYOUT"]);
}
