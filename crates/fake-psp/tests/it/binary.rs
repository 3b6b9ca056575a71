//! The program `fake-psp`, from outside.

use std::{io::Write, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::timeout,
};

const LIMIT: Duration = Duration::from_secs(20);

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-psp"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for name in [
        "LISTEN",
        "SECRET_KEY",
        "WEBHOOK_URL",
        "FAULTS",
        "SEED",
        "PUBLIC_URL",
        "LOG",
        "DATA",
        "CONFIG",
        "HOLIDAYS",
        "PRESET",
    ] {
        command.env_remove(format!("FAKE_PSP_{name}"));
    }
    command
}

/// Starts it on a free port: the process and its address.
pub(crate) async fn start(args: &[&str]) -> (Child, String) {
    let mut child = command().args(["--listen", "127.0.0.1:0"]).args(args).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    timeout(LIMIT, stdout.read_line(&mut line)).await.unwrap().unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    (child, address)
}

/// One request over a connection of its own: the whole answer.
async fn http(address: &str, method: &str, path: &str, body: &Value) -> String {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: toss\r\nconnection: close\r\n\
         authorization: Basic dGVzdF9za19oYW5iZW9uOg==\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

fn body_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn it_takes_money_sends_webhooks_and_is_controlled_over_http() {
    let merchant = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/hook", merchant.local_addr().unwrap());
    let (mut child, address) = start(&["--seed", "1", "--webhook-url", &hook]).await;
    assert!(http(&address, "GET", "/healthz", &Value::Null).await.ends_with("ok"));
    let order = json!({"orderId": "order-0001", "orderName": "x", "amount": 1_000,
        "successUrl": "http://s.test", "failUrl": "http://f.test"});
    let opened = http(&address, "POST", "/window/payments", &order).await;
    let window = opened.split("location: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let key = window.strip_prefix("/window/").unwrap();
    http(&address, "POST", &format!("{window}/approve"), &Value::Null).await;

    let faults = json!({"rules": [{"on": {"endpoint": "confirm"}, "then": "act_then_close"}]});
    assert!(http(&address, "POST", "/_fake/faults", &faults).await.contains(" 204 "));
    assert_eq!(
        body_of(&http(&address, "GET", "/_fake/faults", &Value::Null).await)["rules"][0]["then"],
        "act_then_close"
    );
    let wrong = json!({"rules": [{"on": {"endpont": "confirm"}, "then": "reset"}]});
    let refused = http(&address, "POST", "/_fake/faults", &wrong).await;
    assert!(refused.contains(" 400 ") && refused.contains("did you mean `endpoint`?"), "{refused}");

    let confirm = json!({"paymentKey": key, "orderId": "order-0001", "amount": 1_000});
    assert_eq!(http(&address, "POST", "/v1/payments/confirm", &confirm).await, "");
    let (mut socket, _) = timeout(LIMIT, merchant.accept()).await.unwrap().unwrap();
    let mut webhook = vec![0; 256];
    let read = timeout(LIMIT, socket.read(&mut webhook)).await.unwrap().unwrap();
    let webhook = String::from_utf8_lossy(&webhook[..read]).into_owned();
    assert!(webhook.starts_with("POST /hook HTTP/1.1\r\n"), "{webhook}");

    let by_hand = format!("/_fake/payments/{key}/cancel");
    assert!(http(&address, "POST", &by_hand, &json!({"cancelAmount": 1})).await.contains(" 204 "));
    let book = body_of(&http(&address, "GET", "/_fake/book?since=1", &Value::Null).await);
    assert_eq!((&book[0]["cause"], &book[0]["amount"]), (&json!("console"), &json!(1)));
    let applied = body_of(&http(&address, "GET", "/_fake/faults/applied", &Value::Null).await);
    assert_eq!(applied[0]["verdict"], "act_then_close");
    assert!(http(&address, "DELETE", "/_fake/faults", &Value::Null).await.contains(" 204 "));
    let calls = body_of(&http(&address, "GET", "/_fake/calls", &Value::Null).await);
    assert_eq!(calls[2]["fault"], "act_then_close");
    child.start_kill().unwrap();
}

#[tokio::test]
async fn it_says_what_is_wrong_with_its_arguments() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[[rules]]\nthen = \"act_twise\"\n").unwrap();
    let path = file.path().to_str().unwrap();
    for (args, word) in [
        (["--webhook-url", "ftp://shop.test/hook"], "no URL for webhooks"),
        (["--faults", "/nowhere.toml"], "cannot read the fault programme"),
        (["--faults", path], "did you mean `act_twice`?"),
        (["--config", "/nowhere.toml"], "cannot read the switches"),
        (["--config", path], "there is no switch `rules`"),
        (["--set", "minimum_amout=1"], "did you mean `minimum_amount`?"),
        (["--set", "minimum_amount=few"], "`minimum_amount` cannot be"),
        (["--holidays", "/nowhere.txt"], "cannot read the holidays"),
        (["--holidays", path], "`[[rules]]` is no date"),
    ] {
        let run = command().args(["--listen", "127.0.0.1:0"]).args(args).output();
        let output = timeout(LIMIT, run).await.unwrap().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(word), "{said}");
    }
}

#[tokio::test]
async fn switches_come_from_a_file_and_the_command_line() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"minimum_amount = 500\nfee_permyriad = 100\n").unwrap();
    let path = file.path().to_str().unwrap();
    let mut args = vec!["--config", path];
    for switch in [
        "fee_permyriad=250",
        "merchant_id=our shop",
        "business_number=2223344444",
        "overseas_cancel_minutes=none",
    ] {
        args.extend(["--set", switch]);
    }
    let (_child, address) = start(&args).await;
    let config = body_of(&http(&address, "GET", "/_fake/config", &Value::Null).await);
    assert_eq!(config["minimum_amount"], 500);
    assert_eq!(config["fee_permyriad"], 250);
    assert_eq!(config["merchant_id"], "our shop");
    assert_eq!(config["business_number"], "2223344444");
    assert_eq!(config["overseas_cancel_minutes"], Value::Null);
    assert_eq!(config["secret_keys"], json!(["test_sk_hanbeon"]));
    assert_eq!(config["public_url"], format!("http://{address}"));
}

/// What it prints is true: a shell runs the commands as they stand there.
#[tokio::test]
async fn what_it_says_to_try_works() {
    let mut child = command().args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("/v1/payments/confirm") || !said.ends_with("}'\n") {
        assert!(timeout(LIMIT, stdout.read_line(&mut said)).await.unwrap().unwrap() > 0, "{said}");
    }
    let (_, commands) = said.split_once("confirms it.\n").unwrap();
    let run = Command::new("bash").args(["-euc", commands]).output();
    let output = timeout(LIMIT, run).await.unwrap().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains(r#""status":"DONE""#), "{answer} {:?}", output.stderr);
    for line in ["client key     test_ck_hanbeon", "/_fake/console", "/v2/standard"] {
        assert!(said.contains(line), "{said}");
    }
}
