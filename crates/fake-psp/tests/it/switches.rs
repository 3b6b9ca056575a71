//! SWITCHES.md is made from `src/config.rs`: a switch that is not explained there does not pass.

use fake_psp::{Config, error_codes};
use serde_json::{Value, json};

use crate::{
    shop::{Shop, with},
    window::order,
};

const SOURCE: &str = include_str!("../../src/config.rs");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/SWITCHES.md");

const INTRODUCTION: &str = "# Switches

Everything that can be set. What could not be verified about Toss, and where sources conflict, is a switch, with the likeliest choice as its default.

- `fake-psp --config FILE` reads them from TOML, one `name = value` a line; `--set NAME=VALUE` sets one;
- `GET /_fake/config` shows all of them, `PATCH /_fake/config` with JSON sets some while the fake runs (all but `secret_keys`, `public_url`, `webhook_urls` and `idempotency_days`), and the console has a page for them;
- in Rust, `FakePsp::builder().config(|config| config.minimum_amount = 1_000)`.

An unknown name is refused with the nearest one. The defaults are those of the program and of `FakePsp::start()`.

| switch | default | what it sets |
|---|---|---|
";

/// Each field with the text above it.
fn explained() -> Vec<(String, String)> {
    let (_, fields) = SOURCE.split_once("pub struct Config {").unwrap();
    let (fields, _) = fields.split_once("\n}\n").unwrap();
    let (mut switches, mut text) = (Vec::new(), Vec::new());
    for line in fields.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            text.push(words.trim());
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|l| l.split_once(':')) {
            assert!(!text.is_empty(), "`{name}` has no explanation");
            switches.push((name.to_owned(), std::mem::take(&mut text).join(" ")));
        }
    }
    switches
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(list) if list.len() > 3 => format!("{} of them", list.len()),
        Value::Object(_) => "see `GET /_fake/config`".to_owned(),
        Value::Null => "none".to_owned(),
        value => format!("`{value}`"),
    }
}

#[test]
fn the_page_of_switches_is_that_of_the_code() {
    let defaults = serde_json::to_value(Config::korean()).unwrap();
    let mut page = INTRODUCTION.to_owned();
    for (name, text) in explained() {
        let default = shown(&defaults[&name]);
        page.push_str(&format!("| `{name}` | {default} | {} |\n", text.replace('|', "\\|")));
    }
    assert_eq!(page.matches("\n| `").count(), defaults.as_object().unwrap().len());
    if std::env::var_os("SWITCHES_MD").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let told = "SWITCHES.md is old; `SWITCHES_MD=write cargo test -p fake-psp --test it the_page` writes it";
    assert_eq!(std::fs::read_to_string(PAGE).unwrap_or_default(), page, "{told}");
}

#[test]
fn what_nobody_could_use_is_refused() {
    for (name, value, says) in [
        ("secret_keys", json!([""]), "is no secret key"),
        ("secret_keys", json!(["test_sk_a:"]), "is no secret key"),
        ("webhook_urls", json!(["nope"]), "is no URL for webhooks"),
        ("amount_mismatch_code", json!("NOPE"), "no error code"),
        ("in_progress_minutes", json!(4_294_967_295_u32), "goes from 0 to"),
    ] {
        let changes = [(name.to_owned(), value.clone())].into_iter().collect();
        let refused = Config::default().changed(&changes).unwrap_err().to_string();
        assert!(refused.contains(name) && refused.contains(says), "{name} {value}: {refused}");
    }
}

#[test]
fn every_code_of_a_switch_is_one_of_tosss() {
    let known = |code: &str| error_codes().any(|row| row.code == code);
    let config = serde_json::to_value(Config::korean()).unwrap();
    for (name, value) in config.as_object().unwrap() {
        if name.ends_with("_code") {
            assert!(value.as_str().is_some_and(known), "{name}: {value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_sources_conflict_either_can_be_had() {
    let either = |other: bool| Config {
        confirm_again_code: ["ALREADY_PROCESSED_PAYMENT", "FORBIDDEN_REQUEST"][usize::from(other)]
            .into(),
        order_id_may_have_equals: !other,
        customer_key_length: if other { 50 } else { 300 },
        secret_is_for_all: !other,
        over_balance_code: ["NOT_CANCELABLE_AMOUNT", "INVALID_REFUND_AMOUNT"][usize::from(other)]
            .into(),
        last_part_makes_canceled: other,
        unknown_path_code: ["NOT_FOUND", "NOT_FOUND_HTTP_METHOD"][usize::from(other)].into(),
        unknown_cursor_code: ["INVALID_TRANSACTION_KEY", "INVALID_PAGING_KEY"][usize::from(other)]
            .into(),
        ..Config::default()
    };
    for other in [false, true] {
        let config = either(other);
        let shop = Shop::with(config.clone());
        let key = shop.paid("order-0001", 1_000).await;
        let again = shop.confirm(&key, "order-0001", 1_000, None).await;
        assert_eq!(again.word(), config.confirm_again_code);
        let payment = shop.get(&format!("/v1/payments/{key}")).await.json();
        assert_eq!(payment["secret"].is_null(), other);
        let too_much = shop.cancel(&key, Some(1_001), None).await;
        assert_eq!(too_much.word(), config.over_balance_code);
        assert_eq!(shop.cancel(&key, Some(400), None).await.word(), "PARTIAL_CANCELED");
        let end = if other { "CANCELED" } else { "PARTIAL_CANCELED" };
        assert_eq!(shop.cancel(&key, None, None).await.word(), end);
        assert_eq!((shop.status_of(&key).await.as_str(), shop.balance()), (end, 0));
        assert_eq!(shop.get("/v1/none").await.word(), config.unknown_path_code);
        let range = "startDate=2026-01-01&endDate=2026-12-31";
        let cursor = shop.get(&format!("/v1/transactions?{range}&startingAfter=none")).await;
        assert_eq!(cursor.word(), config.unknown_cursor_code);
        let opened = shop.call("/window/payments", &order("order=0002")).await.status;
        assert_eq!(opened, if other { 400 } else { 200 });
        let body = json!({"method": "CARD", "customerKey": "k".repeat(51)});
        let body = with(order("order-0003"), &body);
        let opened = shop.call("/window/billing-auths", &body).await.status;
        assert_eq!(opened, if other { 400 } else { 200 });
    }
}
