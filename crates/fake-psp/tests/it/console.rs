//! What the control API tells: the lists, the timeline, what went over the wire, and the page.

use std::time::Duration;

use fake_psp::{Endpoint, FakePsp, MomentKind, Verdict};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::shop::{Shop, at, minutes};
use crate::wire::{Answer, authenticated, http, try_http};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn the_summary_counts_and_names_the_keys() {
    let shop = Shop::new();
    shop.paid("order-0001", 1_000).await;
    shop.open("order-0002", 2_000).await;
    let summary = shop.get("/_fake").await.json();
    assert_eq!(summary["secret_keys"], json!(["test_sk_hanbeon"]));
    assert_eq!(summary["client_keys"], json!(["test_ck_hanbeon"]));
    assert_eq!(summary["security_keys"], json!(["fa4e".repeat(16)]));
    assert_eq!(summary["now"], "2026-01-02T10:30:00+09:00");
    assert_eq!(summary["counts"]["payments_by_status"], json!({"DONE": 1, "READY": 1}));
    assert_eq!(summary["counts"]["book"], 1);
}

#[tokio::test(start_paused = true)]
async fn payments_are_listed_newest_first_and_found() {
    let shop = Shop::new();
    let paid = shop.paid("order-0001", 1_000).await;
    shop.pass(minutes(1));
    let open = shop.open("Other-0002", 2_000).await;
    let keys = async |query: &str| -> String {
        let list = shop.get(&format!("/_fake/payments{query}")).await.json();
        let key = |line: &Value| line["payment_key"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(key).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys("").await, format!("{open} {paid}"));
    assert_eq!(keys("?limit=1").await, open);
    assert_eq!(keys("?status=DONE").await, paid);
    assert_eq!(keys("?q=oTHER").await, open);
    assert_eq!(keys(&format!("?q={paid}")).await, paid);
    assert!(keys("?q=nothing").await.is_empty());
    let line = &shop.get("/_fake/payments?status=DONE").await.json()[0];
    assert_eq!(line["method"], "카드");
    assert_eq!((&line["amount"], &line["balance_amount"]), (&json!(1_000), &json!(1_000)));
    let wrong = shop.get("/_fake/payments?stauts=DONE").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("did you mean `status`?"), "{}", wrong.text());
}

#[tokio::test(start_paused = true)]
async fn one_payment_says_what_can_be_done_to_it() {
    let shop = Shop::new();
    let acts =
        async |key: &str| shop.get(&format!("/_fake/payments/{key}")).await.json()["acts"].take();
    let key = shop.open("order-0001", 1_000).await;
    assert_eq!(acts(&key).await, json!(["approve", "decline", "close", "expire"]));
    shop.press(&key, "approve").await;
    assert_eq!(acts(&key).await, json!(["expire"]));
    shop.confirm(&key, "order-0001", 1_000, None).await;
    assert_eq!(acts(&key).await, json!(["cancel"]));
    shop.cancel(&key, None, None).await;
    assert_eq!(acts(&key).await, json!([]));
    let one = shop.get(&format!("/_fake/payments/{key}")).await.json();
    assert_eq!(one["payment"]["status"], "CANCELED");
    for path in ["/_fake/payments/none", "/_fake/payments/none/timeline"] {
        let none = shop.get(path).await;
        assert_eq!((none.status, none.word().as_str()), (404, "NOT_FOUND"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeline_has_everything_in_its_order() {
    let shop = Shop::new();
    let key = shop.open("order-0001", 1_000).await;
    shop.pass(minutes(1));
    shop.press(&key, "approve").await;
    shop.break_with([(at(Endpoint::Confirm), Verdict::ActThenClose)]);
    shop.pass(minutes(1));
    shop.confirm(&key, "order-0001", 1_000, None).await;
    shop.psp.heal();
    shop.pass(minutes(1));
    shop.cancel(&key, Some(400), None).await;
    let moments = shop.psp.timeline(&key).unwrap();
    let told: Vec<_> = moments.iter().map(|one| (one.kind, one.title.as_str())).collect();
    let approve = format!("POST /window/{key}/approve");
    let cancel = format!("POST /v1/payments/{key}/cancel");
    use MomentKind as M;
    assert_eq!(
        told,
        [
            (M::Opened, "1000 KRW"),
            (M::Call, "POST /window/payments"),
            (M::Authenticated, "CARD"),
            (M::Call, &approve),
            (M::Call, "POST /v1/payments/confirm"),
            (M::Fault, "act_then_close"),
            (M::Approved, "CARD"),
            (M::Book, "+1000 KRW"),
            (M::Call, &cancel),
            (M::Book, "-400 KRW"),
            (M::Cancel, "400 KRW"),
        ]
    );
    assert_eq!(moments[4].detail["fault"], "act_then_close");
    assert_eq!(moments[10].detail["balance_after"], "600 KRW");
    let same = shop.get(&format!("/_fake/payments/{key}/timeline")).await.json();
    assert_eq!(same, serde_json::to_value(&moments).unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_is_to_come_is_at_the_end_of_the_timeline() {
    let shop = Shop::new();
    let key = shop.open("order-0001", 1_000).await;
    let moments = shop.psp.timeline(&key).unwrap();
    let last = moments.last().unwrap();
    assert_eq!(last.kind, MomentKind::Deadline);
    assert_eq!(last.at, shop.psp.now() + minutes(30));
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_expired_says_so_at_its_time() {
    let shop = Shop::new();
    let key = shop.open("order-0001", 1_000).await;
    shop.pass(minutes(60));
    let moments = shop.psp.timeline(&key).unwrap();
    let last = moments.last().unwrap();
    assert_eq!((last.kind, last.title.as_str()), (MomentKind::Failed, "EXPIRED"));
    assert_eq!(last.at, shop.psp.now() - minutes(30));
    assert_eq!(last.detail["code"], "EXPIRED_PAYMENT");
}

#[tokio::test(start_paused = true)]
async fn calls_are_listed_by_payment_and_the_newest() {
    let shop = Shop::new();
    let one = shop.paid("order-0001", 1_000).await;
    let two = shop.paid("order-0002", 2_000).await;
    let seqs = async |query: &str| -> Vec<u64> {
        let list = shop.get(&format!("/_fake/calls{query}")).await.json();
        list.as_array().unwrap().iter().map(|call| call["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs("").await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(seqs("?since=4").await, [4, 5]);
    assert_eq!(seqs("?limit=2").await, [4, 5]);
    assert_eq!(seqs(&format!("?payment={one}")).await, [0, 1, 2]);
    assert_eq!(seqs(&format!("?payment={two}&limit=1")).await, [5]);
    assert_eq!(shop.get("/_fake/calls/2").await.json()["exchange"], Value::Null, "not recorded");
    assert_eq!(shop.get("/_fake/calls/6").await.status, 404);
    assert_eq!(shop.get("/_fake/calls/x").await.status, 404);
}

/// A started fake, with one authenticated payment.
async fn started() -> (fake_psp::Running, String) {
    let toss = FakePsp::start().await;
    let key = authenticated(toss.url(), toss.secret_key(), "order-0001", 1_000).await;
    (toss, key)
}

async fn look(toss: &fake_psp::Running, path: &str) -> Answer {
    http(toss.url(), toss.secret_key(), "GET", path, &Value::Null).await
}

async fn confirm(toss: &fake_psp::Running, key: &str, note: &str) -> Option<Answer> {
    let body = json!({"paymentKey": key, "orderId": "order-0001", "amount": 1_000, "note": note});
    try_http(toss.url(), toss.secret_key(), "POST", "/v1/payments/confirm", &body).await
}

/// The exchange of the newest call.
async fn newest(toss: &fake_psp::Running) -> Value {
    let seq = toss.calls().len() - 1;
    let what = format!("/_fake/calls/{seq}");
    let looking = async {
        loop {
            let exchange = look(toss, &what).await.json()["exchange"].take();
            // The end of an answer is noted when the connection lets go of it.
            if exchange["ending"] != "answering" {
                return exchange;
            }
        }
    };
    timeout(LIMIT, looking).await.unwrap()
}

#[tokio::test]
async fn bodies_are_kept_as_they_went_over_the_wire_but_no_secrets() {
    let (toss, key) = started().await;
    let answer = confirm(&toss, &key, "hello").await.unwrap();
    let exchange = newest(&toss).await;
    assert_eq!(exchange["ending"], "answered");
    assert!(exchange["request"]["body"].as_str().unwrap().contains("hello"));
    assert_eq!(exchange["answer"]["body"], answer.body);
    assert_eq!(exchange["answer"]["status"], 200);
    let headers = exchange["request"]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["authorization", "(not shown)"])), "{headers:?}");
    assert!(headers.contains(&json!(["content-type", "application/json"])), "{headers:?}");
    look(&toss, "/v1/payments/none?x=1").await;
    assert_eq!(newest(&toss).await["request"]["query"], "x=1");
}

#[tokio::test]
async fn the_end_of_an_exchange_is_what_really_happened() {
    for (verdict, ending) in [
        (Verdict::ActThenClose, "closed"),
        (Verdict::Reset, "reset"),
        (Verdict::ActThenCut, "broken_off"),
        (Verdict::AnswerTwice, "answered_twice"),
        (Verdict::SlowBody { ms: 1 }, "answered"),
        (Verdict::Garbage, "answered"),
    ] {
        let (toss, key) = started().await;
        let rule = fake_psp::Rule { name: None, on: at(Endpoint::Confirm), then: verdict };
        toss.install(fake_psp::Programme { rules: vec![rule] });
        confirm(&toss, &key, "").await;
        assert_eq!(newest(&toss).await["ending"], ending);
    }
}

#[tokio::test]
async fn a_client_that_gives_up_is_seen() {
    let (toss, key) = started().await;
    let rule = fake_psp::Rule { name: None, on: at(Endpoint::Confirm), then: Verdict::ActThenHang };
    toss.install(fake_psp::Programme { rules: vec![rule] });
    let impatient = timeout(Duration::from_millis(200), confirm(&toss, &key, ""));
    impatient.await.unwrap_err();
    let gone = async {
        while newest(&toss).await["ending"] == "waiting" {}
        newest(&toss).await
    };
    let exchange = timeout(LIMIT, gone).await.unwrap();
    assert_eq!((&exchange["ending"], &exchange["answer"]), (&json!("abandoned"), &Value::Null));
}

#[tokio::test]
async fn long_bodies_are_kept_in_part() {
    let (toss, key) = started().await;
    confirm(&toss, &key, &"가".repeat(20_000)).await.unwrap();
    let request = newest(&toss).await["request"].take();
    let kept = request["body"].as_str().unwrap().len();
    assert!((16_000..17_000).contains(&kept), "{kept}");
    assert!(request["body_bytes"].as_u64().unwrap() > 60_000);
}

#[tokio::test]
async fn only_the_latest_exchanges_are_kept() {
    let (toss, _) = started().await;
    assert_ne!(look(&toss, "/_fake/calls/0").await.json()["exchange"], Value::Null);
    for _ in 0..1_000 {
        look(&toss, "/v1/x").await;
    }
    assert_eq!(look(&toss, "/_fake/calls/0").await.json()["exchange"], Value::Null);
    assert_ne!(look(&toss, "/_fake/calls/1000").await.json()["exchange"], Value::Null);
}

/// The buffers of those that were thrown out serve again: nothing of theirs may be seen.
#[tokio::test]
async fn an_exchange_after_many_others_is_its_own() {
    let (toss, key) = started().await;
    for _ in 0..1_000 {
        look(&toss, "/v1/x?long=query").await;
    }
    let answer = confirm(&toss, &key, "hello").await.unwrap();
    let exchange = newest(&toss).await;
    assert_eq!(exchange["ending"], "answered");
    assert!(exchange["request"]["body"].as_str().unwrap().contains("hello"));
    assert_eq!(exchange["request"]["query"], Value::Null);
    assert_eq!(exchange["answer"]["body"], answer.body);
    assert_eq!(exchange["answer"]["body_bytes"], answer.body.len());

    let rule = fake_psp::Rule { name: None, on: at(Endpoint::Read), then: Verdict::Reset };
    toss.add_rule(rule).unwrap();
    try_http(toss.url(), toss.secret_key(), "GET", &format!("/v1/payments/{key}"), &Value::Null)
        .await;
    let exchange = newest(&toss).await;
    assert_eq!((&exchange["ending"], &exchange["answer"]), (&json!("reset"), &Value::Null));
}

#[tokio::test]
async fn a_listener_is_told_what_has_changed() {
    let toss = FakePsp::start().await;
    let address = toss.url().strip_prefix("http://").unwrap();
    let mut socket = BufReader::new(TcpStream::connect(address).await.unwrap());
    socket.write_all(b"GET /_fake/events HTTP/1.1\r\nhost: toss\r\n\r\n").await.unwrap();
    let mut event = async || {
        let mut line = String::new();
        loop {
            line.clear();
            timeout(LIMIT, socket.read_line(&mut line)).await.unwrap().unwrap();
            if let Some(data) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(data).unwrap();
                return data["kinds"].clone();
            }
        }
    };
    let all = event().await;
    assert!(
        all.as_array().unwrap().contains(&json!("webhooks")),
        "the first names them all: {all}"
    );
    toss.heal();
    assert_eq!(event().await, json!(["faults"]));
    toss.advance(Duration::from_secs(1));
    assert_eq!(event().await, json!(["time"]));
}

#[tokio::test(start_paused = true)]
async fn the_page_and_every_file_that_it_loads_are_there() {
    let shop = Shop::new();
    let page = shop.get("/_fake/console").await;
    assert_eq!(page.status, 200);
    let mut open = vec![page.text()];
    let mut seen = Vec::new();
    while let Some(text) = open.pop() {
        for quoted in text.split('"').filter(|word| word.ends_with(".js") || word.ends_with(".css"))
        {
            let name = quoted.rsplit('/').next().unwrap().to_owned();
            if !seen.contains(&name) {
                let file = shop.get(&format!("/_fake/console/{name}")).await;
                assert_eq!(file.status, 200, "{name}");
                open.push(file.text());
                seen.push(name);
            }
        }
    }
    assert!(seen.contains(&"style.css".to_owned()) && seen.len() > 5, "{seen:?}");
    assert_eq!(shop.get("/_fake/console/none.js").await.status, 404);
}
