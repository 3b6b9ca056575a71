//! Webhooks under a paused clock.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::serve::Listener;
use bytes::Bytes;
use fake_psp::{Config, Deliver, DeliverError, Endpoint, FakePsp, State, Verdict};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::{
    io::DuplexStream,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::shop::{Shop, at};

/// Nobody ever connects.
pub(crate) struct Silent;

impl Listener for Silent {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        std::future::pending().await
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    after: Duration,
    url: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Received {
    fn status(&self) -> &str {
        self.body["data"]["status"].as_str().unwrap()
    }

    fn order(&self) -> &str {
        self.body["data"]["orderId"].as_str().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header.ends_with(name));
        &found.unwrap_or_else(|| panic!("{name}")).1
    }
}

/// A merchant who answers as told: a status, or (0) not at all.
pub(crate) struct Merchant {
    answer: u16,
    start: Instant,
    received: Mutex<Vec<Received>>,
}

impl Merchant {
    pub(crate) fn new(answer: u16) -> Arc<Self> {
        Arc::new(Self { answer, start: Instant::now(), received: Mutex::default() })
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn statuses(&self) -> Vec<String> {
        self.received().iter().map(|received| received.status().to_owned()).collect()
    }
}

impl Deliver for Merchant {
    fn deliver(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>> {
        let body = serde_json::from_slice(&body).unwrap();
        let after = self.start.elapsed();
        self.received.lock().unwrap().push(Received { after, url, headers, body });
        let answer = self.answer;
        Box::pin(async move {
            if answer == 0 {
                std::future::pending::<()>().await;
            }
            Ok(answer)
        })
    }
}

fn shop() -> Shop {
    let webhook_urls = vec!["http://shop.test/hook".to_owned()];
    Shop::with(Config { webhook_urls, ..Config::default() })
}

/// Serves until the set is dropped.
pub(crate) fn serve(psp: &FakePsp, merchant: &Arc<Merchant>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (psp, merchant) = (psp.clone(), merchant.clone());
    tasks.spawn(async move { psp.serve(Silent, merchant, std::future::pending()).await });
    tasks
}

#[tokio::test(start_paused = true)]
async fn each_announced_change_is_told_once() {
    let (shop, merchant) = (shop(), Merchant::new(200));
    let _served = serve(&shop.psp, &merchant);
    let key = shop.paid("order-0001", 1_000).await;
    sleep(Duration::from_secs(1)).await;
    shop.cancel(&key, Some(100), None).await;
    sleep(Duration::from_secs(1)).await;
    shop.cancel(&key, None, None).await;
    let declined = shop.open("order-0002", 1_000).await;
    shop.press(&declined, "decline").await;
    shop.open("order-0003", 1_000).await;
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(
        merchant.statuses(),
        ["DONE", "PARTIAL_CANCELED", "PARTIAL_CANCELED", "ABORTED", "EXPIRED"]
    );
    let first = &merchant.received()[0];
    assert_eq!(first.body["eventType"], "PAYMENT_STATUS_CHANGED");
    assert_eq!(first.body["createdAt"], "2026-01-02T10:30:00.000000");
    assert_eq!(first.header("transmission-time"), "2026-01-02T10:30:00+09:00");
    assert_eq!(first.header("retried-count"), "0");
    assert!(first.header("transmission-id").starts_with("whtrans_"));
    assert_eq!(first.url, "http://shop.test/hook");
}

#[tokio::test(start_paused = true)]
async fn the_retry_schedule_is_tosss() {
    for (answer, attempt) in
        [(500, Duration::ZERO), (204, Duration::ZERO), (0, Duration::from_secs(10))]
    {
        let (shop, merchant) = (shop(), Merchant::new(answer));
        let _served = serve(&shop.psp, &merchant);
        shop.paid("order-0001", 1_000).await;
        sleep(Duration::from_secs(10 * 86_400)).await;
        let received = merchant.received();
        assert_eq!(received.len(), 8, "{answer}");
        let mut expected = Duration::ZERO;
        for (n, wait) in [0, 1, 4, 16, 64, 256, 1024, 4096].into_iter().enumerate() {
            expected += Duration::from_secs(wait * 60);
            if n > 0 {
                expected += attempt;
            }
            let off = received[n].after.abs_diff(expected);
            assert!(off < Duration::from_millis(50), "{answer}: attempt {n} was off by {off:?}");
            assert_eq!(received[n].header("retried-count"), n.to_string());
            assert_eq!(
                received[n].header("transmission-id"),
                received[0].header("transmission-id")
            );
            assert_eq!(received[n].body, received[0].body);
        }
        assert_eq!(shop.psp.transmissions().len(), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn deliveries_do_not_wait_for_one_another() {
    let (shop, merchant) = (shop(), Merchant::new(0));
    let _served = serve(&shop.psp, &merchant);
    for n in 0..20 {
        shop.paid(&format!("order-{n:02}"), 1_000).await;
    }
    sleep(Duration::from_secs(1)).await;
    let orders: Vec<_> = merchant.received().iter().map(|r| r.order().to_owned()).collect();
    let expected: Vec<_> = (0..20).map(|n| format!("order-{n:02}")).collect();
    assert_eq!(orders, expected, "all at once, in order");
}

#[tokio::test(start_paused = true)]
async fn delayed_duplicated_dropped_and_reordered() {
    let (shop, merchant) = (shop(), Merchant::new(200));
    let _served = serve(&shop.psp, &merchant);
    let rule = |order: &str, verdict| {
        let on = fake_psp::Match { order: Some(order.to_owned()), ..at(Endpoint::Webhook) };
        (on, verdict)
    };
    shop.break_with([
        rule("order-late", Verdict::Delay { ms: 90_000 }),
        rule("order-many", Verdict::Duplicate { times: 2 }),
        rule("order-none", Verdict::Drop),
        rule("order-held", Verdict::Reorder),
    ]);
    for order in ["order-late", "order-none", "order-held"] {
        shop.paid(order, 1_000).await;
    }
    sleep(Duration::from_secs(60)).await;
    assert!(merchant.received().is_empty());
    shop.paid("order-many", 1_000).await;
    sleep(Duration::from_secs(3_600)).await;
    let told: Vec<_> =
        merchant.received().iter().map(|r| (r.order().to_owned(), r.after.as_secs())).collect();
    let expected = [
        ("order-many", 60),
        ("order-many", 60),
        ("order-many", 60),
        ("order-held", 60),
        ("order-late", 90),
    ];
    assert_eq!(told, expected.map(|(order, after)| (order.to_owned(), after)));
    let ids: Vec<_> = merchant.received()[..3]
        .iter()
        .map(|received| received.header("transmission-id").to_owned())
        .collect();
    assert_eq!(ids[0], ids[2], "a duplicate is the same transmission");
    assert_eq!(shop.psp.applied().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_held_webhook_goes_at_last_when_nothing_overtakes_it() {
    let (shop, merchant) = (shop(), Merchant::new(200));
    let _served = serve(&shop.psp, &merchant);
    shop.break_with([(at(Endpoint::Webhook), Verdict::Reorder)]);
    shop.paid("order-0001", 1_000).await;
    sleep(Duration::from_secs(3_599)).await;
    assert!(merchant.received().is_empty());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(merchant.statuses(), ["DONE"]);
    shop.paid("order-0002", 1_000).await;
    shop.psp.heal();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(merchant.statuses(), ["DONE", "DONE"], "healing lets it go");
}

#[tokio::test(start_paused = true)]
async fn forged_webhooks_do_not_touch_the_book() {
    let (shop, merchant) = (shop(), Merchant::new(200));
    let _served = serve(&shop.psp, &merchant);
    let key = shop.authenticated("order-0001", 1_000).await;
    shop.psp.forge_webhook("order-0001", State::Done).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(merchant.statuses(), ["DONE"]);
    assert!(shop.psp.book().is_empty());
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
    shop.break_with([(at(Endpoint::Webhook), Verdict::Forge { status: State::Canceled })]);
    shop.confirm(&key, "order-0001", 1_000, None).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(merchant.statuses()[1..], ["CANCELED", "DONE"]);
    assert_eq!(shop.balance(), 1_000);
    assert!(shop.psp.transmissions()[1].forged);
}

#[tokio::test(start_paused = true)]
async fn the_state_outlives_serve() {
    let (shop, merchant) = (shop(), Merchant::new(0));
    let served = serve(&shop.psp, &merchant);
    shop.break_with([(at(Endpoint::Confirm), Verdict::Delay { ms: 30_000 })]);
    shop.open("order-idle", 1_000).await;
    let key = shop.authenticated("order-0001", 1_000).await;
    let call = shop.confirm(&key, "order-0001", 1_000, None);
    let _ = tokio::time::timeout(Duration::from_secs(1), call).await;
    drop(served);
    sleep(Duration::from_secs(60)).await;
    assert!(merchant.received().is_empty(), "a stopped fake sends nothing");
    let _served = serve(&shop.psp, &merchant);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(merchant.statuses(), ["DONE"], "what was due meanwhile happens");
    drop(_served);
    let healthy = Merchant::new(200);
    let _served = serve(&shop.psp, &healthy);
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(healthy.statuses(), ["DONE", "EXPIRED"], "a broken-off delivery is tried again");
    assert_eq!(healthy.received()[0].header("retried-count"), "1");
}

/// What is told of a virtual account that is issued, paid into, loses its deposit and is given up.
async fn told_of_an_account(config: Config) -> Vec<(String, String)> {
    let webhook_urls = vec!["http://shop.test/hook".to_owned()];
    let shop = Shop::with(Config { webhook_urls, ..config });
    let merchant = Merchant::new(200);
    let _tasks = serve(&shop.psp, &merchant);
    let body = json!({"amount": 15_000, "orderId": "order-0001", "orderName": "상품",
        "customerName": "박토스", "bank": "20"});
    let issued = shop.post("/v1/virtual-accounts", None, body).await.json();
    let (key, secret) = (issued["paymentKey"].as_str().unwrap(), &issued["secret"]);
    sleep(Duration::from_secs(1)).await;
    shop.psp.deposit(key, 15_000, None).unwrap();
    sleep(Duration::from_secs(1)).await;
    shop.psp.reverse_deposit(key).unwrap();
    sleep(Duration::from_secs(1)).await;
    shop.cancel(key, None, None).await;
    sleep(Duration::from_secs(1)).await;
    let told = |received: Received| {
        let body = received.body;
        let Some(event) = body["eventType"].as_str() else {
            assert_eq!((&body["secret"], &body["orderId"]), (secret, &json!("order-0001")));
            return ("DEPOSIT_CALLBACK".to_owned(), body["status"].as_str().unwrap().to_owned());
        };
        (event.to_owned(), body["data"]["status"].as_str().unwrap().to_owned())
    };
    merchant.received().into_iter().map(told).collect()
}

#[tokio::test(start_paused = true)]
async fn a_deposit_is_told_twice() {
    let by_default = [
        ("PAYMENT_STATUS_CHANGED", "DONE"),
        ("DEPOSIT_CALLBACK", "DONE"),
        ("DEPOSIT_CALLBACK", "WAITING_FOR_DEPOSIT"),
        ("PAYMENT_STATUS_CHANGED", "CANCELED"),
        ("DEPOSIT_CALLBACK", "CANCELED"),
    ];
    let waiting = ("PAYMENT_STATUS_CHANGED", "WAITING_FOR_DEPOSIT");
    let switched = [&[waiting], &by_default[..2], &[waiting], &by_default[2..]].concat();
    for (waiting_is_announced, expected) in [(false, by_default.to_vec()), (true, switched)] {
        let told = told_of_an_account(Config { waiting_is_announced, ..Config::default() }).await;
        let told: Vec<_> = told.iter().map(|(event, status)| (&**event, &**status)).collect();
        assert_eq!(told, expected);
    }
}
