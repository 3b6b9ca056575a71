//! The SDK's payment window: pages of merchants, written as Toss's documents show it, with only the
//! address of the script changed.

use std::{collections::BTreeMap, fs, process::Command};

use fake_psp::{FakePsp, Running};
use hanbeon::{Browser, browser::css, http::Ask};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::merchant::Merchant;

/// Version 2, with URLs.
const REDIRECT: &str = r##"<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="{{psp}}/v2/standard"></script></head><body>
<button class="button" onclick="requestPayment()">결제하기</button><pre></pre>
<script>
  const clientKey = "test_ck_D5GePWvyJnrK0W0k6q8gLzN97Eoq";
  const customerKey = "NTcM13GSnMEGNvkSHuMLN";
  const tossPayments = TossPayments(clientKey);
  const payment = tossPayments.payment({ customerKey });
  async function requestPayment() {
    try {
      await payment.requestPayment({
        method: "CARD",
        amount: { currency: "KRW", value: 50000 },
        orderId: "LBZFGwVo8GV6G4sUHsD0j",
        orderName: "토스 티셔츠 외 2건",
        successUrl: window.location.origin + "/success",
        failUrl: window.location.origin + "/fail",
        customerEmail: "customer123@gmail.com",
        customerName: "김토스",
        customerMobilePhone: "01012341234",
        card: { useEscrow: false, flowMode: "DEFAULT", useCardPoint: false, useAppCardOnly: false },
      });
    } catch (error) {
      document.querySelector("pre").textContent = `${error.code}: ${error.message}`;
    }
  }
</script></body></html>"##;

/// Version 2, with a promise, and the registration of a card.
const PROMISE: &str = r##"<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="{{psp}}/v2/standard"></script></head><body>
<button onclick="pay()">결제하기</button> <button onclick="register()">카드 등록</button><pre></pre>
<script>
  const tossPayments = TossPayments("test_ck_D5GePWvyJnrK0W0k6q8gLzN97Eoq");
  const payment = tossPayments.payment({ customerKey: TossPayments.ANONYMOUS });
  const order = {
    method: "CARD", amount: { currency: "KRW", value: 50000 }, orderId: "LBZFGwVo8GV6G4sUHsD0j",
    orderName: "토스 티셔츠 외 2건", windowTarget: "iframe",
  };
  const show = (said) => { document.querySelector("pre").textContent = JSON.stringify(said); };
  const pay = () => payment.requestPayment(order).then(show, ({ code }) => show(code));
  const register = () => tossPayments.payment({ customerKey: "NTcM13GSnMEGNvkSHuMLN" }).requestBillingAuth({
    method: "CARD", successUrl: window.location.origin + "/success", failUrl: window.location.origin + "/fail",
    customerEmail: "customer123@gmail.com", customerName: "김토스",
  }).catch(({ code }) => show(code));
</script></body></html>"##;

/// Version 1.
const VERSION_1: &str = r##"<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="{{psp}}/v1/payment"></script></head><body>
<button id="payment-button">15,000원 결제하기</button> <button id="billing-button">카드 등록</button><pre></pre>
<script>
  var clientKey = 'test_ck_D5GePWvyJnrK0W0k6q8gLzN97Eoq'
  var tossPayments = TossPayments(clientKey)
  function show(error) { document.querySelector('pre').textContent = error.code }
  document.getElementById('payment-button').addEventListener('click', function () {
    tossPayments.requestPayment('카드', {
      amount: 15000,
      orderId: 'mwMywX7_JIZLSPDZ92Lbo',
      orderName: '토스 티셔츠 외 2건',
      customerName: '박토스',
      successUrl: location.origin + '/success',
      failUrl: location.origin + '/fail',
    }).catch(show)
  })
  document.getElementById('billing-button').addEventListener('click', function () {
    tossPayments.requestBillingAuth('카드', {
      customerKey: 'dwUgR5yfX9Ph2oOzAsWk1',
      successUrl: location.origin + '/success',
      failUrl: location.origin + '/fail',
    }).catch(show)
  })
</script></body></html>"##;

pub(crate) struct Shop {
    pub(crate) browser: Browser,
    pub(crate) psp: Running,
    pub(crate) merchant: Merchant,
}

impl Shop {
    /// `None`: there is no browser.
    pub(crate) async fn open(page: &str) -> Option<Self> {
        let browser = Browser::start().await?;
        let psp = FakePsp::start().await;
        let merchant = Merchant::serve(&page.replace("{{psp}}", psp.url())).await;
        browser.open(&merchant.url).await;
        Some(Self { browser, psp, merchant })
    }

    /// Waits for the window over the page and clicks in it.
    pub(crate) async fn click_in_window(&self, buttons: &[&str]) {
        self.browser.enter_frame(css("#___tosspayments_iframe___")).await;
        for button in buttons {
            if button.starts_with(['.', '[', '#']) {
                self.browser.click(css(button)).await;
            } else {
                self.browser.click(*button).await;
            }
        }
        self.browser.leave_frames().await;
    }

    /// What came back with the person to this page of the shop.
    pub(crate) async fn came_back(&self, path: &str) -> BTreeMap<String, String> {
        let url = self.browser.wait_for_url(path).await;
        assert!(url.as_str().starts_with(&format!("{}{path}", self.merchant.url)), "{url}");
        url.query_pairs().into_owned().collect()
    }

    /// The merchant's server asks the API.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Value {
        // `test_sk_hanbeon:`
        let ask = Ask::post(format!("{}{path}", self.psp.url()))
            .header("authorization", "Basic dGVzdF9za19oYW5iZW9uOg==")
            .json(body);
        ask.send().await.expect("the fake answers").json()
    }

    /// Confirms as a success page does, with the query's parameters as they are.
    pub(crate) async fn confirm(&self, back: &BTreeMap<String, String>) -> Value {
        let names = ["paymentKey", "orderId", "amount"];
        let body: BTreeMap<_, _> = names.iter().map(|name| (*name, &back[*name])).collect();
        self.ask("/v1/payments/confirm", &json!(body)).await
    }

    /// The code of the error that these lines of the page throw, or reject with.
    pub(crate) async fn error_of(&self, code: &str) -> String {
        let script = format!(
            "return (async () => {{ {code} }})().then(() => 'none', ({{ code }}) => code ?? 'other')"
        );
        self.browser.run(&script, vec![]).await.as_str().expect("a code").to_owned()
    }
}

/// The button that leaves the window.
pub(crate) const LEAVE: &str = ".leave";
/// The button that pays.
pub(crate) const GO: &str = ".go";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_version_2_closes_is_declined_and_is_paid() {
    let Some(shop) = Shop::open(REDIRECT).await else { return };
    shop.browser.click("결제하기").await;
    shop.click_in_window(&[LEAVE]).await;
    shop.browser.wait_for_text("USER_CANCEL: 취소되었습니다.").await;

    shop.browser.click("결제하기").await;
    shop.click_in_window(&["9410 0000 0000 0041", GO]).await;
    let back = shop.came_back("/fail").await;
    assert_eq!(back["code"], "REJECT_CARD_COMPANY");
    assert_eq!(back["orderId"], "LBZFGwVo8GV6G4sUHsD0j");

    shop.browser.open(&shop.merchant.url).await;
    shop.browser.click("결제하기").await;
    shop.click_in_window(&[GO]).await;
    let paid = shop.confirm(&shop.came_back("/success").await).await;
    assert_eq!((&paid["status"], &paid["totalAmount"]), (&json!("DONE"), &json!(50_000)));
    assert_eq!(shop.psp.book().len(), 1);
    assert_eq!(shop.browser.console().await, [""; 0], "the page is complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_kept_and_a_card_is_registered() {
    let Some(shop) = Shop::open(PROMISE).await else { return };
    shop.browser.click("결제하기").await;
    shop.click_in_window(&["9410 0000 0000 0041", GO]).await;
    shop.browser.wait_for_text("REJECT_CARD_COMPANY").await;
    shop.browser.click("결제하기").await;
    shop.click_in_window(&[GO]).await;
    shop.browser.wait_for_text("paymentKey").await;
    let result: Value = serde_json::from_str(&shop.browser.read(css("pre")).await).expect("JSON");
    assert_eq!(result["amount"], json!({"currency": "KRW", "value": 50_000}));
    let body = json!({
        "paymentKey": result["paymentKey"], "orderId": result["orderId"], "amount": 50_000,
    });
    assert_eq!(shop.ask("/v1/payments/confirm", &body).await["status"], "DONE");

    shop.browser.click("카드 등록").await;
    shop.click_in_window(&[LEAVE]).await;
    shop.browser.wait_for_text("USER_CANCEL").await;
    shop.browser.click("카드 등록").await;
    shop.click_in_window(&["등록하기"]).await;
    let back = shop.came_back("/success").await;
    let body = json!({"authKey": back["authKey"], "customerKey": back["customerKey"]});
    let issued = shop.ask("/v1/billing/authorizations/issue", &body).await;
    assert_eq!(issued["customerKey"], "NTcM13GSnMEGNvkSHuMLN");
    assert!(issued["billingKey"].is_string(), "{issued}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_version_1_pays_and_registers() {
    let Some(shop) = Shop::open(VERSION_1).await else { return };
    shop.browser.click("15,000원 결제하기").await;
    shop.click_in_window(&[LEAVE]).await;
    shop.browser.wait_for_text("USER_CANCEL").await;
    shop.browser.click("15,000원 결제하기").await;
    shop.click_in_window(&[GO]).await;
    let paid = shop.confirm(&shop.came_back("/success").await).await;
    assert_eq!((&paid["status"], &paid["method"]), (&json!("DONE"), &json!("카드")));

    shop.browser.open(&shop.merchant.url).await;
    shop.browser.click("카드 등록").await;
    shop.click_in_window(&["등록하기"]).await;
    assert_eq!(shop.came_back("/success").await["customerKey"], "dwUgR5yfX9Ph2oOzAsWk1");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_parameters_have_the_codes_of_the_sdk() {
    let Some(shop) = Shop::open(PROMISE).await else { return };
    for (code, expected) in [
        ("TossPayments('test_sk_x').payment({ customerKey: 'ab' })", "INVALID_CLIENT_KEY"),
        ("TossPayments('test_gck_x').payment({ customerKey: 'ab' })", "NOT_SUPPORTED_WIDGET_KEY"),
        ("tossPayments.payment({ customerKey: 'a b' })", "INVALID_CUSTOMER_KEY"),
        ("tossPayments.payment({ customerKey: 'test_gsk_x' })", "INSECURE_KEY_USAGE"),
        ("tossPayments.requestPayment('카드', order)", "V1_METHOD_NOT_SUPPORTED"),
        ("await payment.requestPayment()", "INVALID_PARAMETERS"),
        ("await payment.requestPayment({ ...order, orderId: null })", "INVALID_PARAMETERS"),
        ("await payment.requestPayment({ ...order, orderID: 'x' })", "INVALID_PARAMETERS"),
        ("await payment.requestPayment({ ...order, orderName: 1 })", "INVALID_PARAMETERS"),
        ("await payment.requestPayment({ ...order, orderId: 'x' })", "INVALID_ORDER_ID"),
        ("await payment.requestPayment({ ...order, method: 'GOLD' })", "NOT_SUPPORTED_METHOD"),
        ("await payment.requestPayment({ ...order, metadata: [1] })", "INVALID_METADATA"),
        (
            "await payment.requestPayment({ ...order, windowTarget: 'self' })",
            "NOT_SUPPORTED_PROMISE",
        ),
        (
            "await payment.requestPayment({ ...order, amount: { ...order.amount, value: '1' } })",
            "INVALID_AMOUNT_VALUE",
        ),
        (
            "await payment.requestPayment({ ...order, amount: { ...order.amount, currency: 'W' } })",
            "INVALID_AMOUNT_CURRENCY",
        ),
        (
            "await payment.requestPayment({ ...order, amount: { ...order.amount, value: 0 } })",
            "BELOW_ZERO_AMOUNT",
        ),
        (
            "await payment.requestPayment({ ...order, successUrl: '/ok', failUrl: '/fail' })",
            "INCORRECT_SUCCESS_URL_FORMAT",
        ),
        (
            "const first = payment.requestPayment(order); \
             const second = await payment.requestPayment(order).catch(({ code }) => code); \
             await payment.destroy(); \
             throw { code: second + await first.catch(({ code }) => ' ' + code) }",
            "INVALID_METHOD_TRANSACTION PAYMENT_REQUEST_ABORTED",
        ),
    ] {
        assert_eq!(shop.error_of(code).await, expected, "{code}");
    }
    assert_eq!(
        shop.browser.run("return document.querySelectorAll('iframe').length", vec![]).await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_can_take_the_pages_place() {
    let Some(shop) =
        Shop::open(&REDIRECT.replace("card: {", "windowTarget: 'self', card: {")).await
    else {
        return;
    };
    shop.browser.click("결제하기").await;
    shop.browser.wait_for_url(shop.psp.url()).await;
    shop.browser.click(css(LEAVE)).await;
    assert_eq!(shop.came_back("/fail").await["code"], "PAY_PROCESS_CANCELED");
}

/// Toss's own loader from npm, or `None` where it cannot be had, which it says loudly.
fn loader() -> Option<String> {
    let directory = TempDir::with_prefix("hanbeon-npm-").expect("a temporary directory");
    let run = |program: &str, args: &[&str]| {
        let ran = Command::new(program).args(args).current_dir(directory.path()).output();
        ran.is_ok_and(|output| output.status.success())
    };
    let package = "@tosspayments/tosspayments-sdk@2.8.1";
    let quick = ["--fetch-retries=0", "--fetch-timeout=20000"];
    let file = "tosspayments-tosspayments-sdk-2.8.1.tgz";
    if !run("npm", &["pack", package, quick[0], quick[1]]) || !run("tar", &["xzf", file]) {
        eprintln!("SKIPPED: npm cannot fetch {package}. This test has proven nothing.");
        return None;
    }
    let path = directory.path().join("package/dist/index.esm.js");
    Some(fs::read_to_string(path).expect("the package has a module"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loader_from_npm_loads_the_fake() {
    let Some(loader) = loader() else { return };
    let page = format!(
        r##"<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><button>결제하기</button><pre></pre>
        <script type="module">
        {loader}
        const src = "{{{{psp}}}}/v2/standard";
        const tossPayments = await loadTossPayments("test_ck_D5GePWvyJnrK0W0k6q8gLzN97Eoq", {{ src }});
        const payment = tossPayments.payment({{ customerKey: ANONYMOUS }});
        document.querySelector("button").onclick = async () => {{
          const paid = await payment.requestPayment({{
            method: "TRANSFER", amount: {{ currency: "KRW", value: 9900 }},
            orderId: "from-the-loader", orderName: "차",
          }});
          document.querySelector("pre").textContent = `paid ${{paid.orderId}} ${{paid.amount.value}}`;
        }};
        </script>"##
    );
    let Some(shop) = Shop::open(&page).await else { return };
    shop.browser.click("결제하기").await;
    shop.click_in_window(&[GO]).await;
    shop.browser.wait_for_text("paid from-the-loader 9900").await;
}
