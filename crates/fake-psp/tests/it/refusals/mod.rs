//! Every refusal that a request can honestly provoke: endpoint, request, status, code, and the
//! message in both languages. One table and one snapshot for each endpoint.

mod cards;
mod payments;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use axum::body::Body;
use fake_psp::{ErrorCode, error_codes};
use serde_json::{Value, json};

use crate::{
    shop::{Reply, Shop, with},
    stage::Stage,
};

/// A request, and what it is refused with.
struct Case {
    code: &'static str,
    why: &'static str,
    method: &'static str,
    path: String,
    body: Value,
}

fn case(code: &'static str, why: &'static str, path: impl Into<String>, body: Value) -> Case {
    Case { code, why, method: "POST", path: path.into(), body }
}

fn get(code: &'static str, why: &'static str, path: impl Into<String>) -> Case {
    Case { code, why, method: "GET", path: path.into(), body: Value::Null }
}

/// The recorded message of one refusal, instead of the table's.
const ESCROW: &str = "[ES12] 부분취소 불가한 에스크로 상태 입니다.";

impl Case {
    async fn send(&self, shop: &Shop, language: &str) -> Reply {
        let request = Shop::request(self.method, &self.path).header("accept-language", language);
        shop.send(request.body(Body::from(self.body.to_string())).unwrap()).await
    }

    /// Refused as the table has it, in both languages; as lines of a snapshot.
    async fn tell(&self, shop: &Shop) -> String {
        let row = row(self.code);
        let mut told = format!("{} {}: {}\n", row.status, self.code, self.why);
        for (language, message) in [("ko", row.korean), ("en", row.english)] {
            let reply = self.send(shop, language).await;
            let json = reply.json();
            assert_eq!(
                (reply.status, json["code"].as_str()),
                (row.status, Some(self.code)),
                "{} {}: {} {json}",
                self.method,
                self.path,
                self.why
            );
            assert!(json["message"] == message || json["message"] == ESCROW, "{json}");
            writeln!(told, "    {}", json["message"].as_str().unwrap()).unwrap();
        }
        told
    }
}

fn row(code: &str) -> &'static ErrorCode {
    error_codes().find(|row| row.code == code).unwrap_or_else(|| panic!("{code} is in no table"))
}

/// One body with something changed, again and again.
fn changed(path: &str, body: &Value, changes: &[(&'static str, &'static str, Value)]) -> Vec<Case> {
    let one = |(code, field, value): &(&'static str, &'static str, Value)| {
        let body = with(body.clone(), &json!({ *field: value }));
        case(code, field, path, body)
    };
    changes.iter().map(one).collect()
}

/// What the buyer's test card, account, wallet or phone is refused for at confirm. The payment is
/// over then, so that each language needs one of its own.
async fn declined(stage: &mut Stage) -> BTreeMap<&'static str, String> {
    let mut told = BTreeMap::new();
    for (code, method, means) in [
        ("REJECT_CARD_PAYMENT", "CARD", "9410000000000011"),
        ("INVALID_STOPPED_CARD", "CARD", "9410000000000012"),
        ("INVALID_CARD_LOST_OR_STOLEN", "CARD", "9410000000000013"),
        ("INVALID_CARD_EXPIRATION", "CARD", "9410000000000014"),
        ("EXCEED_MAX_DAILY_PAYMENT_COUNT", "CARD", "9410000000000015"),
        ("EXCEED_MAX_PAYMENT_AMOUNT", "CARD", "9410000000000016"),
        ("INVALID_REJECT_CARD", "CARD", "9410000000000017"),
        ("NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT", "CARD", "9410000000000018"),
        ("FDS_ERROR", "CARD", "9410000000000019"),
        ("REJECT_CARD_COMPANY", "CARD", "9410000000000020"),
        ("PROVIDER_ERROR", "CARD", "9410000000000031"),
        ("FAILED_INTERNAL_SYSTEM_PROCESSING", "CARD", "9410000000000032"),
        ("REJECT_ACCOUNT_PAYMENT", "TRANSFER", "110000000011"),
        ("EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT", "TRANSFER", "110000000012"),
        ("NOT_AVAILABLE_BANK", "TRANSFER", "110000000013"),
        ("RESTRICTED_TRANSFER_ACCOUNT", "TRANSFER", "110000000014"),
        ("REJECT_TOSSPAY_INVALID_ACCOUNT", "EASY_PAY", "unregistered@example.com"),
        ("INVALID_PASSWORD", "EASY_PAY", "forgetful@example.com"),
        ("EXCEED_MAX_AMOUNT", "MOBILE_PHONE", "01000000011"),
    ] {
        let row = row(code);
        let mut text = format!("{} {code}: {method} {means}\n", row.status);
        for (language, message) in [("ko", row.korean), ("en", row.english)] {
            let body = stage.chosen("declined", method, means).await;
            let case = case(code, means, "/v1/payments/confirm", body);
            let json = case.send(&stage.shop, language).await.json();
            assert_eq!((&json["code"], &json["message"]), (&json!(code), &json!(message)));
            writeln!(text, "    {message}").unwrap();
        }
        told.insert(code, text);
    }
    told
}

#[tokio::test(start_paused = true)]
async fn golden_refusals() {
    let mut stage = Stage::set().await;
    let declined = declined(&mut stage).await;
    let before = stage.shop.psp.book();
    let mut tables = vec![
        ("confirm", payments::confirms(&stage)),
        ("get", payments::reads()),
        ("cancel", payments::cancels(&stage)),
        ("window", payments::creations()),
        ("key_in", cards::key_ins()),
        ("virtual_account", payments::virtual_accounts()),
        ("billing_issue", cards::billing_issues()),
        ("billing_charge", cards::billing_charges(&stage)),
    ];
    tables.extend(payments::lists());
    let everywhere = ["UNAUTHORIZED_KEY", "INCORRECT_BASIC_AUTH_FORMAT", "INVALID_API_KEY"];
    let mut coverage = String::new();
    for (table, cases) in tables {
        let mut honest: BTreeSet<_> = everywhere.into();
        let mut told = String::new();
        for case in &cases {
            honest.insert(case.code);
            told.push_str(&case.tell(&stage.shop).await);
        }
        if table == "confirm" {
            honest.extend(declined.keys());
            told.extend(declined.values().map(String::as_str));
        }
        insta::assert_snapshot!(format!("refusals_{table}"), told);
        writeln!(coverage, "{table}").unwrap();
        for row in error_codes().filter(|row| row.is_listed_in(table)) {
            let how = if honest.contains(row.code) { "honest" } else { "header" };
            writeln!(coverage, "    {how} {}", row.code).unwrap();
        }
    }
    // What is left to `TossPayments-Test-Code`: reasons inside of banks, card companies and Toss.
    insta::assert_snapshot!("refusals_coverage", coverage);
    assert_eq!(stage.shop.psp.book(), before, "a refusal moves no money");
}
