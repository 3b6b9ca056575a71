//! SWITCHES.md is made from `src/config.rs`: a switch that is not explained there does not pass.

use fake_psp::Config;
use serde_json::Value;

const SOURCE: &str = include_str!("../../src/config.rs");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/SWITCHES.md");

const INTRODUCTION: &str = "# Switches

Everything that can be set. What could not be verified about Toss, and where sources conflict, is a switch, with the likeliest choice as its default.

- `fake-psp --config FILE` reads them from TOML, one `name = value` a line; `--set NAME=VALUE` sets one;
- `GET /_fake/config` shows all of them, `PATCH /_fake/config` with JSON sets some while the fake runs, and the console has a page for them;
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
