//! The fault programme over HTTP, and its page of documentation.

use std::fmt::Write;

use axum::body::Body;
use fake_psp::{Field, Programme, Vocabulary};
use serde_json::{Value, json};

use crate::shop::{Reply, Shop};

async fn send(shop: &Shop, method: &str, path: &str, body: &str) -> Reply {
    let request = Shop::request(method, &format!("/_fake/faults{path}"));
    shop.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn toml_and_presets_are_installed() {
    let shop = Shop::new();
    let toml = "[[rules]]\nname = \"odd\"\nthen = \"reset\"\n";
    let request = Shop::request("POST", "/_fake/faults");
    let mut request = request.body(Body::from(toml)).unwrap();
    request
        .headers_mut()
        .insert("content-type", "application/toml; charset=utf-8".parse().unwrap());
    assert_eq!(shop.send(request).await.status, 204);
    assert_eq!(shop.psp.programme(), Programme::from_toml(toml).unwrap());

    let presets = send(&shop, "GET", "/presets", "").await.json();
    for preset in presets.as_array().unwrap() {
        let name = preset["name"].as_str().unwrap();
        assert_eq!(send(&shop, "POST", &format!("/presets/{name}"), "").await.status, 204);
        let toml = preset["toml"].as_str().unwrap();
        assert_eq!(shop.psp.programme(), Programme::from_toml(toml).unwrap(), "{name}");
    }
    let unknown = send(&shop, "POST", "/presets/flacky", "").await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("did you mean `flaky`?"), "{}", unknown.text());
}

#[tokio::test(start_paused = true)]
async fn rules_come_and_go_one_by_one() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let read = async || shop.get(&format!("/v1/payments/{key}")).await.status;
    let first = json!({"rules": [
        {"on": {"endpoint": "cancel"}, "then": "reset"},
        {"on": {"endpoint": "read", "times": 1}, "then": {"refuse": {"code": "NOT_FOUND"}}},
    ]});
    assert_eq!(send(&shop, "POST", "", &first.to_string()).await.status, 204);
    assert_eq!([read().await, read().await], [404, 200]);
    let rule =
        json!({"on": {"endpoint": "read", "nth": 3}, "then": {"refuse": {"code": "NOT_FOUND"}}});
    let added = send(&shop, "POST", "/rules", &rule.to_string()).await;
    assert_eq!((added.status, &added.json()["name"]), (201, &json!("refuse")));
    let again = send(&shop, "POST", "/rules", &rule.to_string()).await;
    assert_eq!(again.json()["name"], "refuse-2");
    assert_eq!(send(&shop, "DELETE", "/rules/0", "").await.status, 204);
    assert_eq!(read().await, 404, "counting went on: it is the third");
    assert_eq!(read().await, 200, "the first rule has struck as often as it may");
    let names: Vec<_> = shop.psp.programme().rules.into_iter().map(|rule| rule.name).collect();
    assert_eq!(names, ["1", "refuse", "refuse-2"].map(|name| Some(name.to_owned())));
    let fired: Vec<_> = shop.psp.applied().into_iter().map(|applied| applied.rule).collect();
    assert_eq!(fired, ["1", "refuse"]);
    let gone = send(&shop, "DELETE", "/rules/0", "").await;
    assert_eq!((gone.status, &*gone.word()), (404, "NOT_FOUND"));
    let wrong = json!({"on": {"endpoint": "webhook"}, "then": "garbage"}).to_string();
    let wrong = send(&shop, "POST", "/rules", &wrong).await;
    assert_eq!((wrong.status, &*wrong.word()), (400, "INVALID_PROGRAMME"));
    let unknown = send(&shop, "POST", "/rules", r#"{"thn": "reset"}"#).await;
    assert!(unknown.text().contains("did you mean `then`?"), "{}", unknown.text());
}

/// The first that matches decides: what comes before another one matters.
#[tokio::test(start_paused = true)]
async fn a_rule_is_put_before_another_and_counting_goes_on() {
    let shop = Shop::new();
    let key = shop.paid("order-0001", 1_000).await;
    let read = async || shop.get(&format!("/v1/payments/{key}")).await.word();
    let rule = |code: &str, times: u32| json!({"name": code, "on": {"endpoint": "read", "times": times}, "then": {"refuse": {"code": code}}});
    let programme = json!({"rules": [rule("NOT_FOUND", 2), rule("PROVIDER_ERROR", 9)]});
    assert_eq!(send(&shop, "POST", "", &programme.to_string()).await.status, 204);
    assert_eq!(read().await, "NOT_FOUND");
    let first = rule("FORBIDDEN_REQUEST", 1).to_string();
    let added = send(&shop, "POST", "/rules?before=NOT_FOUND", &first).await;
    assert_eq!((added.status, &added.json()["name"]), (201, &json!("FORBIDDEN_REQUEST")));
    assert_eq!(read().await, "FORBIDDEN_REQUEST");
    assert_eq!(read().await, "NOT_FOUND");
    assert_eq!(read().await, "PROVIDER_ERROR", "it has struck twice, before and after");
    let nowhere = send(&shop, "POST", "/rules?before=none", &first).await;
    assert!(nowhere.text().contains("there is no rule `none`"), "{}", nowhere.text());
    assert_eq!(send(&shop, "POST", "/rules?befor=x", &first).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn the_vocabulary_is_told() {
    let shop = Shop::new();
    let told = send(&shop, "GET", "/vocabulary", "").await.json();
    let of = |kind: &str, name: &str| -> Value {
        let all = told[kind].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!(of("endpoints", "deposit")["verdicts"].as_array().unwrap().len(), 5);
    let late = of("verdicts", "act_then_late");
    assert_eq!(late["fields"][0]["about"], "Milliseconds.");
    assert_eq!(late["fields"][0]["kind"], "integer");
    assert_eq!(late["fields"][0]["required"], true);
    assert_eq!(late["example"], json!({"act_then_late": {"ms": 60_000}}));
    assert_eq!(of("verdicts", "refuse")["fields"][1]["required"], false);
    let forge = of("verdicts", "forge");
    assert!(forge["fields"][0]["values"].as_array().unwrap().contains(&json!("DONE")));
    let event = of("matchers", "event");
    assert!(event["values"].as_array().unwrap().contains(&json!("DEPOSIT_CALLBACK")));
    for kind in ["endpoints", "verdicts", "matchers"] {
        for one in told[kind].as_array().unwrap() {
            assert!(one["about"].as_str().unwrap().len() > 10, "{one}");
        }
    }
}

/// `FAULTS.md`, from the code.
fn page() -> String {
    let told = Vocabulary::default();
    let mut page = include_str!("faults_head.md").to_owned();
    let mut table = |title: &str, head: &str, rows: Vec<String>| {
        let columns = head.matches('|').count() + 1;
        let line = vec!["---"; columns].join("|");
        write!(page, "\n## {title}\n\n|{head}|\n|{line}|\n{}\n", rows.join("\n")).unwrap();
    };
    let places = told.endpoints.iter().map(|place| format!("|`{}`|{}|", place.name, place.about));
    table("Endpoints", "endpoint|what strikes there", places.collect());
    let row = |field: &Field| format!("|`{}`|{}|{}|", field.name, field.kind, field.about);
    table("Matchers", "key in `on`|type|holds for", told.matchers.iter().map(row).collect());
    let verdicts = told.verdicts.iter().map(|word| {
        let fields = word.fields.iter().map(|field| {
            let optional = if field.required { "" } else { " (optional)" };
            format!("`{}`{optional}: {}", field.name, field.about)
        });
        let places = if word.endpoints.len() > 10 {
            let others = ["webhook", "settlement_file", "deposit"];
            let others = others.into_iter().filter(|other| word.endpoints.contains(other));
            ["requests"].into_iter().chain(others).collect()
        } else {
            word.endpoints.clone()
        };
        let about: Vec<_> = std::iter::once(word.about.clone()).chain(fields).collect();
        let about = about.join("<br>");
        format!("|`{}`|{about}|{}|", word.name, places.join(", "))
    });
    table("Verdicts", "`then`|what it does|where", verdicts.collect());
    let presets = Programme::presets().map(|one| format!("|`{}`|{}|", one.name, one.about));
    table("Presets", "name|what it does", presets.collect());
    page
}

/// `FAULTS_MD=write cargo test -p fake-psp --test it the_page` writes it anew.
#[test]
fn the_page_about_faults_says_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FAULTS.md");
    if std::env::var_os("FAULTS_MD").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept == page(), "FAULTS.md is old: run this test with FAULTS_MD=write");
}
