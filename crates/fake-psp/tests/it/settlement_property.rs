//! Random histories of payments by all methods: the laws of settlement rows, whatever happened.

use std::collections::BTreeMap;

use fake_psp::{Config, SettlementCycle};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shop::{Shop, minutes};

const METHODS: [&str; 6] =
    ["CARD", "TRANSFER", "VIRTUAL_ACCOUNT", "EASY_PAY", "MOBILE_PHONE", "FOREIGN_EASY_PAY"];
const RANGE: &str = "startDate=2026-01-01&endDate=2027-12-31";

#[derive(Clone, Copy, Debug)]
enum Step {
    Pay(usize, i64),
    /// The how-manieth payment, and how many hundredths of it.
    Cancel(usize, i64),
    Reverse(usize),
    Deposit(usize),
    /// A cancel overseas is refused.
    Abort(usize),
    /// Its settlement is asked for.
    HandIn(usize),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..METHODS.len(), 200..200_000_i64).prop_map(|(method, won)| Step::Pay(method, won)),
        4 => (0..8_usize, 1..=100_i64).prop_map(|(nth, share)| Step::Cancel(nth, share)),
        1 => (0..8_usize).prop_map(Step::Reverse),
        1 => (0..8_usize).prop_map(Step::Deposit),
        1 => (0..8_usize).prop_map(Step::Abort),
        1 => (0..8_usize).prop_map(Step::HandIn),
        2 => (60..5_000_i64).prop_map(Step::Pass),
    ]
}

async fn take(shop: &Shop, payments: &mut Vec<(String, i64)>, step: Step) {
    let nth = |nth: usize| payments.get(nth % payments.len().max(1)).cloned();
    match step {
        Step::Pass(time) => shop.pass(minutes(time)),
        Step::Reverse(which) => {
            if let Some((key, _)) = nth(which) {
                let _ = shop.psp.reverse_deposit(&key);
            }
        }
        Step::Deposit(which) => {
            if let Some((key, amount)) = nth(which) {
                let _ = shop.psp.deposit(&key, amount, None);
            }
        }
        Step::Abort(which) => {
            if let Some((key, _)) = nth(which) {
                let _ = shop.psp.abort_cancel(&key);
            }
        }
        Step::HandIn(which) => {
            if let Some((key, _)) = nth(which) {
                hand_in(shop, &key).await;
            }
        }
        Step::Cancel(which, share) => {
            if let Some((key, amount)) = nth(which) {
                let body = json!({"cancelReason": "x", "cancelAmount": (amount * share / 100).max(1),
                    "refundReceiveAccount":
                        {"bank": "20", "accountNumber": "1000123456789", "holderName": "x"}});
                shop.post(&format!("/v1/payments/{key}/cancel"), None, body).await;
            }
        }
        Step::Pay(method, amount) => {
            let order_id = format!("order-{:04}", payments.len());
            let body = json!({"orderId": order_id, "orderName": "x", "amount": amount,
                "method": METHODS[method], "successUrl": "http://s.test", "failUrl": "http://f.test"});
            let reply = shop.post("/window/payments", None, body).await;
            let place = reply.headers["location"].to_str().unwrap();
            let key = place.rsplit('/').next().unwrap().to_owned();
            shop.press(&key, "approve").await;
            assert_eq!(shop.confirm(&key, &order_id, amount, None).await.status, 200);
            let _ = shop.psp.deposit(&key, amount, None);
            payments.push((key, amount));
        }
    }
}

/// Asks for the settlement of a payment, if that is done by hand.
async fn hand_in(shop: &Shop, key: &str) {
    shop.post("/v1/settlements", None, json!({"paymentKey": key})).await;
}

fn of(row: &Value, field: &str) -> i64 {
    row[field].as_i64().unwrap_or_else(|| panic!("{field} of {row}"))
}

/// The identities inside of one row.
fn check_row(row: &Value, holidays: bool) {
    let fees: i64 = row["fees"].as_array().unwrap().iter().map(|part| of(part, "fee")).sum();
    assert_eq!(of(row, "fee"), fees, "{row}");
    assert_eq!(of(row, "fee"), of(row, "supplyAmount") + of(row, "vat"), "{row}");
    assert_eq!(of(row, "payOutAmount"), of(row, "amount") - of(row, "fee"), "{row}");
    let eleventh = (2 * of(row, "fee").abs() + 11) / 22;
    assert_eq!(of(row, "vat").abs(), eleventh, "{row}");
    assert_eq!(of(row, "interestFee"), 0);
    let date = |field: &str| row[field].as_str().unwrap().parse::<jiff::civil::Date>().unwrap();
    let (sold, paid_out) = (date("soldDate"), date("paidOutDate"));
    assert!(sold < paid_out, "{row}");
    assert!(paid_out.weekday().to_monday_zero_offset() < 5, "{row}");
    assert!(!holidays || !fake_psp::korean_holidays().contains(&paid_out), "{row}");
    if row["cancel"].is_object() {
        assert_eq!(of(&row["cancel"], "cancelAmount"), -of(row, "amount"));
        assert_eq!(row["cancel"]["transactionKey"], row["transactionKey"]);
    }
}

/// What transactions, settlement rows and payments say of each other.
async fn check(shop: &Shop, payments: &[(String, i64)], config: &Config) {
    for (key, _) in payments {
        hand_in(shop, key).await;
    }
    shop.pass(SignedDuration::from_hours(40 * 24));
    let list = async |path: String| shop.get(&path).await.json().as_array().unwrap().clone();
    let rows = list(format!("/v1/settlements?{RANGE}&size=5000")).await;
    let by_pay_out = list(format!("/v1/settlements?{RANGE}&size=5000&dateType=paidOutDate")).await;
    assert_eq!(rows, by_pay_out, "both dates find the same rows");
    let transactions = list(format!("/v1/transactions?{RANGE}&limit=5000")).await;
    let moved: BTreeMap<&str, i64> = transactions
        .iter()
        .filter(|row| of(row, "amount") != 0)
        .map(|row| (row["transactionKey"].as_str().unwrap(), of(row, "amount")))
        .collect();
    let settled: BTreeMap<&str, i64> = rows
        .iter()
        .map(|row| (row["transactionKey"].as_str().unwrap(), of(row, "amount")))
        .collect();
    assert_eq!(moved, settled, "each transaction is settled once, for its amount");
    for row in &rows {
        check_row(row, !config.holidays.is_empty());
    }
    for (key, _) in payments {
        let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
        let sum = |field: &str| -> i64 {
            rows.iter().filter(|row| row["paymentKey"] == **key).map(|row| of(row, field)).sum()
        };
        let waits = payment["status"] == "WAITING_FOR_DEPOSIT";
        let balance = if waits { 0 } else { of(&payment, "balanceAmount") };
        assert_eq!(sum("amount"), balance, "{payment}");
        if balance == 0 && config.cancel_fees_sum_to_zero {
            assert_eq!((sum("fee"), sum("payOutAmount")), (0, 0), "{payment}");
        }
        assert!(sum("fee") >= -(rows.len() as i64), "rounding leaves a won per row at most");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn settlements_agree_with_transactions_and_payments(
        steps in proptest::collection::vec(step(), 1..40),
        cycle in prop_oneof![
            Just(SettlementCycle::Daily), Just(SettlementCycle::Weekly), Just(SettlementCycle::Monthly)
        ],
        korean in any::<bool>(),
        cancel_fees_sum_to_zero in any::<bool>(),
        manual_settlement in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let config = Config {
                settlement_cycle: cycle,
                cancel_fees_sum_to_zero,
                manual_settlement,
                cancel_transactions_negative: true,
                ..if korean { Config::korean() } else { Config::default() }
            };
            let shop = Shop::with(config.clone());
            let mut payments = Vec::new();
            for step in steps {
                take(&shop, &mut payments, step).await;
            }
            check(&shop, &payments, &config).await;
        });
    }
}
