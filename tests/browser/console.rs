//! The fake PSP's console: a developer watches payments and breaks things.

use fake_psp::{FakePsp, Programme, Running, Verdict};
use hanbeon::{Browser, browser::css, http::Ask};
use serde_json::json;

use crate::merchant::Merchant;

const NAME: &str = "<img src=x onerror=document.title='broken'> Tea";

/// A merchant's page opens the window: the payment key.
async fn opened(psp: &Running, order: &str) -> String {
    let body = json!({
        "orderId": order, "orderName": NAME, "amount": 15_000,
        "successUrl": format!("{}/healthz", psp.url()), "failUrl": psp.url(),
    });
    let answer = Ask::post(format!("{}/window/payments", psp.url())).json(&body).send().await;
    let answer = answer.expect("the fake answers");
    let window = answer.header("location");
    window.rsplit('/').next().expect("a window").to_owned()
}

/// The buyer approves.
async fn approved(psp: &Running, key: &str) {
    let path = format!("{}/window/{key}/approve", psp.url());
    Ask::post(path).json(&json!({})).send().await.expect("the fake answers");
}

async fn console(browser: &Browser, psp: &Running) {
    browser.open(&format!("{}/_fake/console", psp.url())).await;
    browser.run("localStorage.setItem('language', 'en')", vec![]).await;
    browser.client().refresh().await.expect("it loads again");
    browser.wait_for_text("Fake Toss live").await;
}

async fn assert_no_complaints(browser: &Browser) {
    let severe = |line: &String| line.starts_with("SEVERE");
    let complaints: Vec<_> = browser.console().await.into_iter().filter(severe).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let title = browser.run("return document.title", vec![]).await;
    assert_ne!(title, json!("broken"), "data became a part of the page");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_appears_by_itself_and_shows_what_happened_to_it() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    console(&browser, &psp).await;
    browser.wait_for_text("No payments yet").await;
    let key = opened(&psp, "order-0001").await;
    browser.wait_for_text("order-0001").await;
    browser.wait_for_text(NAME).await;
    browser.click("order-0001").await;
    browser.wait_for_url(&key).await;
    browser.wait_for_text("Will expire").await;
    approved(&psp, &key).await;
    browser.wait_for_text("The buyer has authenticated").await;
    browser.click("Confirm as the merchant").await;
    browser.wait_for_text("Confirm answered 200").await;
    browser.read(css(".detail .badge.DONE")).await;
    assert_eq!(browser.read(css(".timeline .book .in")).await, "+₩15,000");
    browser.click("/v1/payments/confirm").await;
    browser.wait_for_text("the whole answer was sent").await;
    browser.wait_for_text("\"totalAmount\": 15000").await;
    browser.click("Book").await;
    browser.wait_for_text("the merchant's confirm").await;
    assert_no_complaints(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_loses_an_answer_on_purpose() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    let key = opened(&psp, "order-0001").await;
    approved(&psp, &key).await;
    console(&browser, &psp).await;
    browser.click("Faults").await;
    browser.wait_for_text("the fake is honest").await;
    browser.click("Lose the next answer").await;
    browser.read(css("tr input[role=switch]:checked + .track")).await;
    browser.click("Payments").await;
    browser.click("order-0001").await;
    browser.click("Confirm as the merchant").await;
    browser.wait_for_text("The answer was lost. Whether money was taken is in the book.").await;
    browser.wait_for_text("Fault act_then_close").await;
    assert_eq!(browser.read(css(".timeline .book .in")).await, "+₩15,000", "and yet it was taken");
    browser.click("Faults").await;
    browser.wait_for_text("1×").await;
    browser.click(css("tr .switch")).await;
    browser.read(css("tr.off")).await;
    let verdicts: Vec<_> = psp.applied().into_iter().map(|applied| applied.verdict).collect();
    assert_eq!(verdicts, [Verdict::ActThenClose]);
    assert_eq!(psp.book().len(), 1);
    assert!(psp.programme().rules.is_empty(), "switched off");
}

/// The first rule that matches decides: it has to come back to where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_switched_off_and_on_keeps_its_place() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    let rules = r#"{"rules": [
        {"name": "first", "on": {"endpoint": "read"}, "then": "reset"},
        {"name": "second", "on": {"endpoint": "read"}, "then": "garbage"}
    ]}"#;
    psp.install(Programme::from_json(rules.as_bytes()).expect("it is valid"));
    let names = || -> Vec<_> {
        psp.programme().rules.into_iter().map(|rule| rule.name.expect("it has one")).collect()
    };
    console(&browser, &psp).await;
    browser.click("Faults").await;
    browser.wait_for_text("first").await;
    browser.click(css("tbody tr:not(.off) .switch")).await;
    browser.read(css("tr.off")).await;
    assert_eq!(names(), ["second"]);
    browser.click(css("tr.off .switch")).await;
    browser.read(css("tbody:not(:has(tr.off)) tr:nth-child(2) .track")).await;
    assert_eq!(names(), ["first", "second"]);
    assert_no_complaints(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_set_forward_and_a_payment_expires() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    let key = opened(&psp, "order-0001").await;
    console(&browser, &psp).await;
    browser.click("Clock").await;
    browser.wait_for_text("the real time").await;
    browser.click("+10 min").await;
    browser.wait_for_text("10 min ahead of the real time").await;
    browser.click("+1 h").await;
    browser.wait_for_text("EXPIRED +1").await;
    browser.click("Payments").await;
    browser.read(css(".row .badge.EXPIRED")).await;
    browser.wait_for_text("+1 h 10 min").await;
    let moments = psp.timeline(&key).expect("it is there");
    assert_eq!(moments.last().map(|last| last.title.as_str()), Some("EXPIRED"));
    assert_no_complaints(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_sent_again_by_hand() {
    let Some(browser) = Browser::start().await else { return };
    let shop = Merchant::serve("").await;
    let psp = FakePsp::start().await;
    console(&browser, &psp).await;
    browser.click("Webhooks").await;
    browser.wait_for_text("No URL to send webhooks to").await;
    browser.fill(css("input[type=url]"), &format!("{}/webhook", shop.url)).await;
    browser.click("Add URL").await;
    browser.wait_for_text("all events").await;
    let key = opened(&psp, "order-0001").await;
    let decline = format!("{}/window/{key}/decline", psp.url());
    Ask::post(decline).json(&json!({})).send().await.expect("the fake answers");
    browser.wait_for_text("PAYMENT_STATUS_CHANGED ABORTED").await;
    browser.read(css("td .badge.good")).await;
    browser.click("Resend").await;
    browser.read(css("td .badge.good ~ .badge.good, td span ~ span .badge.good")).await;
    assert_eq!(psp.transmissions().len(), 2);
    browser.click("Remove").await;
    browser.wait_for_text("Removed").await;
    assert_no_complaints(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_writes_a_rule_and_switches_a_preset_on() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    console(&browser, &psp).await;
    browser.click("Faults").await;
    browser.choose(css("select[name=verdict]"), "decline").await;
    browser.fill(css("input[name=code]"), "REJECT_CARD_PAYMENT").await;
    browser.fill(css("input[name=amount]"), "15000").await;
    browser.click("Add").await;
    browser.wait_for_text("confirm · amount 15000").await;
    let key = opened(&psp, "order-0001").await;
    approved(&psp, &key).await;
    let rules = psp.programme().rules;
    let code = "REJECT_CARD_PAYMENT".to_owned();
    assert_eq!((rules.len(), &rules[0].then), (1, &Verdict::Decline { code }));
    browser.click("Payments").await;
    browser.click("order-0001").await;
    browser.click("Confirm as the merchant").await;
    browser.read(css(".detail .badge.ABORTED")).await;
    browser.wait_for_text("REJECT_CARD_PAYMENT").await;

    browser.click("Faults").await;
    browser.click(css(".cards .switch")).await;
    browser.read(css(".card.on h3")).await;
    assert!(psp.programme().rules.len() > 1);
    browser.click("Switch all faults off").await;
    browser.wait_for_text("the fake is honest").await;
    assert!(psp.programme().rules.is_empty());
}
