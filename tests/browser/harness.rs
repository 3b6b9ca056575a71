//! The browser itself: what its steps do, what it says when one fails, and that it leaves nothing
//! behind.

use std::{fs, panic::AssertUnwindSafe, path::PathBuf, time::Duration};

use fake_psp::FakePsp;
use futures::FutureExt;
use hanbeon::{
    Browser,
    browser::{css, label},
    eventually,
};
use serde_json::json;

use crate::merchant::Merchant;

const FORM: &str = r#"<!doctype html><meta charset=utf-8><title>shop</title>
<form action=/success>
  <label>Name <input name=name value="old"></label>
  <label for=size>Size</label>
  <select id=size name=size><option value=s>small</option><option value=l>large cup</option></select>
  <button hidden>Order</button>
  <button name=how value=now>Order now</button> <button name=how value=plain>Order</button>
</form>
<iframe srcdoc="<button onclick='parent.document.title=&quot;clicked&quot;'>Inside</button>"></iframe>
<script>
  setTimeout(() => document.body.append("late " + "text"), 300);
  console.error("a complaint");
</script>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_fills_in_a_form() {
    let Some(browser) = Browser::start().await else { return };
    let shop = Merchant::serve(FORM).await;
    browser.open(&shop.url).await;
    browser.wait_for_text("late text").await;
    assert!(browser.console().await.iter().any(|line| line.contains("a complaint")));

    browser.enter_frame(css("iframe")).await;
    assert_eq!(browser.text().await, "Inside");
    browser.click("Inside").await;
    browser.leave_frames().await;
    assert_eq!(browser.run("return document.title", vec![]).await, json!("clicked"));

    browser.fill(label("Name"), "새 <이름>").await;
    browser.choose(label("Size"), "large").await;
    browser.click("Order").await;
    let url = browser.wait_for_url("/success").await;
    assert!(url.as_str().starts_with(&shop.url));
    assert_eq!(browser.read(css("h1")).await, "/success");
    assert_eq!(browser.read(css("pre")).await, "name=새 <이름> size=l how=plain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_sends_a_person_to_the_window_and_gets_them_back() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    let page = r#"<!doctype html><meta charset=utf-8>
        <form method=post action="{{psp}}/window/payments">
          <input type=hidden name=orderId value=order-1><input type=hidden name=orderName value=Tea>
          <input type=hidden name=amount value=15000>
          <input type=hidden name=successUrl value="{{here}}/success?from=shop">
          <input type=hidden name=failUrl value="{{here}}/fail">
          <button>Pay</button>
        </form>"#;
    let shop = Merchant::serve(&page.replace("{{psp}}", psp.url())).await;
    for (button, path, says) in
        [(".leave", "/fail", "code=PAY_PROCESS_CANCELED"), (".go", "/success", "from=shop")]
    {
        browser.open(&shop.url).await;
        browser.click("Pay").await;
        browser.wait_for_text("15,000원").await;
        browser.click(css(button)).await;
        let url = browser.wait_for_url(path).await;
        assert!(url.as_str().starts_with(&shop.url), "{url}");
        browser.wait_for_text(says).await;
    }
    browser.wait_for_text("orderId=order-1").await;
    assert!(psp.book().is_empty(), "nobody has confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_says_what_was_waited_for_and_what_there_was() {
    let Some(browser) = Browser::start().await else { return };
    let browser = browser.patience(Duration::from_millis(200));
    let shop = Merchant::serve("<p>Sold out<script>nonsense()</script>").await;
    browser.open(&shop.url).await;
    let failed = AssertUnwindSafe(browser.click("Order")).catch_unwind().await;
    let failed = failed.expect_err("there is no such button");
    let message = failed.downcast::<String>().expect("a formatted message");
    for part in ["200ms", "text `Order`", &shop.url, "Sold out", "nonsense is not defined"] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    let path = message.lines().find_map(|line| line.trim().strip_prefix("screenshot "));
    let path = PathBuf::from(path.expect("the message names a screenshot"));
    assert!(fs::read(&path).expect("it was written").starts_with(b"\x89PNG"));
    fs::remove_file(path).expect("it was only for this test");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_leaves_nothing_behind() {
    let Some(browser) = Browser::start().await else { return };
    let directory = browser.directory().to_owned();
    // It stands in the environment of every process that belongs to the browser.
    let home = format!("HOME={}", directory.display());
    let belongs = |process: &PathBuf| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes())
    };
    let processes = || {
        let all = fs::read_dir("/proc").expect("Linux").flatten().map(|entry| entry.path());
        all.filter(belongs).count()
    };
    assert!(processes() >= 2, "the driver and Chromium");
    drop(browser);
    assert!(!directory.exists(), "its files are still there");
    let what = "the browser's last helpers to end";
    eventually(what, Duration::from_secs(10), async || (processes() == 0).then_some(())).await;
    assert!(!directory.exists(), "a helper wrote again");
}
