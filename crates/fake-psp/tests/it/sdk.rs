//! The scripts for a shop's page, as a browser gets them.

use fake_psp::Config;
use serde_json::Value;

use crate::shop::Shop;

/// What stands in a script about this fake.
fn setup(script: &str) -> Value {
    let line = script.lines().find_map(|line| line.strip_prefix("const SETUP = "));
    serde_json::from_str(line.expect("a script has it").trim_end_matches(';')).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn every_address_of_toss_has_its_script() {
    let shop = Shop::new();
    for (path, global) in [
        ("/v2/standard", "window.TossPayments ="),
        ("/v2/standard?lang=en", "window.TossPayments ="),
        ("/v1", "window.TossPayments ="),
        ("/v1/payment", "window.TossPayments ="),
        ("/v1/payment-widget", "window.PaymentWidget ="),
    ] {
        let script = shop.get(path).await;
        assert_eq!(script.status, 200, "{path}");
        let header = |name: &str| script.headers[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("access-control-allow-origin"), "*");
        let text = script.text();
        let globals = text.lines().filter(|line| line.starts_with("window."));
        assert_eq!(globals.count(), 1, "{path} gives the page one name");
        assert!(text.contains(global), "{path}");
    }
    for path in ["/v2", "/v2/payment", "/v1/standard"] {
        assert_eq!(shop.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_knows_the_switches_and_what_can_be_paid_with() {
    let config = Config { terms_start_agreed: true, ..Config::default() };
    let setup = setup(&Shop::with(config).get("/v2/standard").await.text());
    assert_eq!(setup["termsStartAgreed"], true);
    assert_eq!(setup["closedFrameGoesToFailUrl"], false);
    let codes = |list: &str| -> Vec<String> {
        let rows = setup[list].as_array().expect("a list").iter();
        rows.map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
    };
    let (methods, foreign) = (codes("methods"), codes("foreign"));
    assert_eq!(methods[..3], ["CARD", "TOSSPAY", "NAVERPAY"]);
    for code in ["TRANSFER", "VIRTUAL_ACCOUNT", "MOBILE_PHONE", "CULTURE_GIFT_CERTIFICATE"] {
        assert!(methods.iter().any(|known| known == code), "{code}");
    }
    assert_eq!((&*foreign[0], foreign.last().map(String::as_str)), ("PAYPAL", Some("CARD")));
    assert!(codes("issuers").iter().any(|code| code == "SHINHAN"));
}
