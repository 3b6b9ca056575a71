//! The fake PSP's windows: a person pays, or registers a card, on a page of a merchant.

use fake_psp::{FakePsp, Running};
use hanbeon::{
    Browser,
    browser::{css, label},
    http::Ask,
};
use serde_json::{Value, json};

use crate::merchant::Merchant;

/// A page with one form that opens a window.
const FORM: &str = r#"<!doctype html><meta charset=utf-8><link rel=icon href="data:,"><title>shop</title>
<form method=post action="{{window}}">
  <input type=hidden name=orderId value=order-1>
  <input type=hidden name=orderName value="차 &lt;한&gt; 잔">
  <input type=hidden name=amount value=60000>
  <input type=hidden name=customerKey value=customer-1>
  <input type=hidden name=successUrl value="{{here}}/success">
  <input type=hidden name=failUrl value="{{here}}/fail?from=toss">
  <button>Go</button>
</form>"#;

/// A page whose script opens a window as a frame, and shows how it ended.
const FRAME: &str = r#"<!doctype html><meta charset=utf-8><link rel=icon href="data:,"><title>shop</title>
<iframe style="width: 420px; height: 700px"></iframe><pre></pre>
<script>
  addEventListener("message", (event) => {
    if (event.origin !== "{{psp}}" || event.data.source !== "fake-toss") return;
    document.querySelector("pre").textContent =
      `${event.data.type} ${event.data.params.orderId} ${event.data.url}`;
  });
  const body = { amount: { currency: "KRW", value: 15000 }, orderId: "order-1",
                 orderName: "차", promise: true };
  fetch("{{psp}}/window/payments", {
    method: "POST", body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/json" },
  }).then((answer) => answer.json()).then(({ path }) => {
    const frame = encodeURIComponent(location.origin);
    document.querySelector("iframe").src = `{{psp}}${path}?frame=${frame}`;
  });
</script>"#;

struct Shop {
    browser: Browser,
    psp: Running,
    merchant: Merchant,
}

impl Shop {
    /// With a page whose form is sent to this path of the fake. `None`: there is no browser.
    async fn open(window: &str) -> Option<Self> {
        let browser = Browser::start().await?;
        let psp = FakePsp::start().await;
        let page = FORM.replace("{{window}}", &format!("{}{window}", psp.url()));
        let merchant = Merchant::serve(&page).await;
        let shop = Self { browser, psp, merchant };
        shop.go().await;
        Some(shop)
    }

    /// From the shop's page into the window.
    async fn go(&self) {
        self.browser.open(&self.merchant.url).await;
        self.browser.click("Go").await;
        self.browser.wait_for_text("가짜 결제창입니다.").await;
    }

    /// What came back with the person to this page of the shop.
    async fn came_back(&self, path: &str) -> std::collections::BTreeMap<String, String> {
        let url = self.browser.wait_for_url(path).await;
        assert!(url.as_str().starts_with(&format!("{}{path}", self.merchant.url)), "{url}");
        url.query_pairs().into_owned().collect()
    }

    /// The merchant's server asks the API.
    async fn ask(&self, path: &str, body: &Value) -> Value {
        // `test_sk_hanbeon:`
        let ask = Ask::post(format!("{}{path}", self.psp.url()))
            .header("authorization", "Basic dGVzdF9za19oYW5iZW9uOg==")
            .json(body);
        ask.send().await.expect("the fake answers").json()
    }

    async fn confirm(&self, key: &str) -> Value {
        let body = json!({"paymentKey": key, "orderId": "order-1", "amount": 60_000});
        self.ask("/v1/payments/confirm", &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_closes_is_declined_and_pays() {
    let Some(shop) = Shop::open("/window/payments").await else { return };
    let browser = &shop.browser;
    browser.wait_for_text("차 <한> 잔").await;
    browser.click(css("[aria-label='결제창 닫기']")).await;
    let back = shop.came_back("/fail").await;
    assert_eq!((&*back["code"], &*back["from"]), ("PAY_PROCESS_CANCELED", "toss"));
    assert!(!back.contains_key("orderId"), "{back:?}");

    shop.go().await;
    browser.click("9410 0000 0000 0041").await;
    browser.click("60,000원 결제하기").await;
    let back = shop.came_back("/fail").await;
    assert_eq!((&*back["code"], &*back["orderId"]), ("REJECT_CARD_COMPANY", "order-1"));
    assert_eq!(back["message"], "결제 승인이 거절되었습니다.");

    shop.go().await;
    browser.click("9410 0000 0000 0012").await;
    browser.click("60,000원 결제하기").await;
    let back = shop.came_back("/success").await;
    let refused = shop.confirm(&back["paymentKey"]).await;
    assert_eq!(refused["code"], "INVALID_STOPPED_CARD");
    assert!(shop.psp.book().is_empty());

    shop.go().await;
    browser.choose(label("할부"), "3개월").await;
    browser.click("60,000원 결제하기").await;
    let back = shop.came_back("/success").await;
    let told = ["paymentType", "orderId", "amount"].map(|name| back[name].as_str());
    assert_eq!(told, ["NORMAL", "order-1", "60000"]);
    let paid = shop.confirm(&back["paymentKey"]).await;
    assert_eq!(paid["status"], "DONE");
    assert_eq!(paid["card"]["installmentPlanMonths"], 3);
    assert_eq!(browser.console().await, [""; 0], "the pages are complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_pays_into_a_virtual_account() {
    let Some(shop) = Shop::open("/window/payments").await else { return };
    let browser = &shop.browser;
    browser.click("가상계좌").await;
    browser.choose(label("입금 은행"), "국민").await;
    browser.click("60,000원 결제하기").await;
    // A step back: the page says what is missing, and the method stays chosen.
    browser.wait_for_text("입금자명을 입력해 주세요.").await;
    browser.choose(label("입금 은행"), "국민").await;
    browser.fill(label("입금자명"), "박구매").await;
    browser.choose(label("현금영수증"), "소득공제").await;
    browser.fill(label("휴대폰·사업자등록번호"), "010-1234-5678").await;
    browser.click("60,000원 결제하기").await;
    let key = &shop.came_back("/success").await["paymentKey"];
    let waiting = shop.confirm(key).await;
    assert_eq!(waiting["status"], "WAITING_FOR_DEPOSIT");
    assert_eq!(waiting["virtualAccount"]["bankCode"], "06");
    assert_eq!(waiting["virtualAccount"]["customerName"], "박구매");
    assert!(shop.psp.book().is_empty());
    shop.psp.deposit(key, 60_000, None).expect("it is waited for");
    assert_eq!(shop.psp.book().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_a_card_that_is_charged_later() {
    let Some(shop) = Shop::open("/window/billing-auths").await else { return };
    shop.browser.wait_for_text("자동결제 카드 등록").await;
    shop.browser.click("9410 0000 0000 0002").await;
    shop.browser.click("등록하기").await;
    let back = shop.came_back("/success").await;
    let names: Vec<_> = back.keys().map(String::as_str).collect();
    assert_eq!(names, ["authKey", "customerKey"]);
    let body = json!({"authKey": back["authKey"], "customerKey": back["customerKey"]});
    let issued = shop.ask("/v1/billing/authorizations/issue", &body).await;
    assert_eq!(issued["card"]["cardType"], "체크");
    let order = json!({
        "customerKey": "customer-1", "orderId": "order-2", "orderName": "구독", "amount": 9_900,
    });
    let key = issued["billingKey"].as_str().expect("a billing key");
    let charged = shop.ask(&format!("/v1/billing/{key}"), &order).await;
    assert_eq!((&charged["status"], &charged["type"]), (&json!("DONE"), &json!("BILLING")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_english_by_choice() {
    let Some(shop) = Shop::open("/window/payments").await else { return };
    let browser = &shop.browser;
    browser.click("English").await;
    browser.wait_for_text("This is a fake for tests. No money moves.").await;
    browser.click("Easy pay").await;
    browser.click("Kakao Pay").await;
    browser.click("한국어").await;
    browser.wait_for_text("가짜 결제창입니다.").await;
    browser.click("English").await;
    browser.click("Bank transfer").await;
    browser.click("110-000-000041").await;
    browser.click("Pay ₩60,000").await;
    let back = shop.came_back("/fail").await;
    assert_eq!(back["code"], "PAY_PROCESS_ABORTED");
    assert!(back["message"].is_ascii(), "in the page's language: {}", back["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_in_a_frame_tells_the_shop_how_it_ended() {
    let Some(browser) = Browser::start().await else { return };
    let psp = FakePsp::start().await;
    let merchant = Merchant::serve(&FRAME.replace("{{psp}}", psp.url())).await;
    for (button, told) in [(".leave", "fail undefined null"), (".go", "success order-1 null")] {
        browser.open(&merchant.url).await;
        browser.enter_frame(css("iframe[src]")).await;
        browser.click(css(button)).await;
        browser.leave_frames().await;
        browser.wait_for_text(told).await;
    }
    assert_eq!(browser.console().await, [""; 0], "the browser lets the script through");
}
