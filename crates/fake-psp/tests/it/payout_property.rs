//! A property: whatever happens in a marketplace, no more is paid out than there is.

use fake_psp::{Config, PayoutStatus, SellerStatus::PartiallyApproved};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    shop::{Shop, minutes},
    vault::{express, scheduled},
};

const DAY: i64 = 24 * 60;

/// One thing that happens in a marketplace.
#[derive(Clone, Debug)]
enum Step {
    Sell(i64),
    GiveBack(usize),
    PayOut(Vec<i64>),
    Schedule(i64),
    Cancel(usize),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_000..9_000_i64).prop_map(Step::Sell),
        (0..8_usize).prop_map(Step::GiveBack),
        proptest::collection::vec(1..5_000_i64, 1..4).prop_map(Step::PayOut),
        (1..5_000_i64).prop_map(Step::Schedule),
        (0..8_usize).prop_map(Step::Cancel),
        (1..2 * DAY).prop_map(Step::Pass),
    ]
}

struct Market {
    shop: Shop,
    sellers: Vec<String>,
    payments: Vec<String>,
    count: usize,
}

impl Market {
    async fn take(&mut self, step: Step) {
        let Self { shop, sellers, payments, count } = self;
        *count += 1;
        let seller = &sellers[*count % sellers.len()];
        match step {
            Step::Sell(won) => payments.push(shop.paid(&format!("order-{count}"), won).await),
            Step::GiveBack(n) => {
                if let Some(key) = payments.get(n) {
                    shop.cancel(key, None, None).await;
                }
            }
            Step::PayOut(amounts) => {
                let before = shop.psp.available_balance();
                let items: Vec<_> = amounts
                    .iter()
                    .enumerate()
                    .map(|(n, won)| express(&format!("p-{count}-{n}"), seller, *won))
                    .collect();
                let taken = shop.pay_out(&items).await;
                let sum: i64 = if taken.is_ok() { amounts.iter().sum() } else { 0 };
                assert_eq!(shop.psp.available_balance(), before - sum, "{taken:?}");
            }
            Step::Schedule(won) => {
                let item = scheduled(&format!("p-{count}"), seller, won, "2026-02-02");
                let _ = shop.pay_out(&[item]).await;
            }
            Step::Cancel(n) => {
                if let Some(payout) = shop.psp.payouts().get(n) {
                    let path = format!("/v2/payouts/{}/cancel", payout.id);
                    shop.post(&path, None, Value::Null).await;
                }
            }
            Step::Pass(time) => shop.pass(minutes(time)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Never negative; never more paid out than was ever there; all or nothing.
    #[test]
    fn no_more_is_paid_out_than_there_is(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let shop = Shop::with(Config {
                payout_starting_balance: 3_000,
                seller_verified_after_minutes: None,
                ..Config::default()
            });
            let mut sellers = vec![shop.seller("seller-1", &[PartiallyApproved]).await];
            let mut body = crate::vault::company("seller-2");
            body["account"] = json!(
                {"bankCode": "295", "accountNumber": "77701777777", "holderName": "x"}
            );
            let (_, failing) = shop.post_sealed("/v2/sellers", &body).await;
            sellers.push(failing["entityBody"]["id"].as_str().unwrap().to_owned());
            let mut market = Market { shop, sellers, payments: Vec::new(), count: 0 };
            let mut most = 3_000;
            for step in steps {
                if let Step::Sell(won) = step {
                    most += won;
                }
                market.take(step).await;
                assert!(market.shop.psp.available_balance() >= 0);
                let paid = market.shop.psp.payouts();
                let paid = paid.iter().filter(|payout| payout.status == PayoutStatus::Completed);
                assert!(paid.map(|payout| payout.amount).sum::<i64>() <= most);
            }
        });
    }
}
