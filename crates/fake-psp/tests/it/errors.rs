//! The table of error codes, as clients get it: through the test header, in both languages.

use axum::body::Body;
use fake_psp::error_codes;

use crate::{openapi, shop::Shop};

#[tokio::test(start_paused = true)]
async fn every_code_can_be_had_at_every_endpoint_in_both_languages() {
    let shop = Shop::new();
    for (method, path, name) in openapi::operations() {
        let path = path.replace(['{', '}'], "");
        for row in error_codes() {
            for (language, message) in [("ko-KR", row.korean), ("en-US", row.english)] {
                let request = Shop::request(&method, &path)
                    .header("tosspayments-test-code", row.code)
                    .header("accept-language", language);
                let reply = shop.send(request.body(Body::empty()).unwrap()).await;
                let json = reply.json();
                let error = if path.starts_with("/v2/") { &json["error"] } else { &json };
                assert_eq!(
                    (reply.status, error["code"].as_str(), error["message"].as_str()),
                    (row.status, Some(row.code), Some(message)),
                    "{name} {language}"
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
