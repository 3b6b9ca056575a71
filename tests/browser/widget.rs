//! The widget in a merchant's own page, of both versions of the SDK.

use fake_psp::Config;
use hanbeon::browser::css;
use serde_json::{Value, json};

use crate::sdk::{GO, LEAVE, Shop};

/// Version 2.
const WIDGET: &str = r##"<!doctype html><html lang="ko"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="{{psp}}/v2/standard"></script></head><body>
<div id="payment-method"></div><div id="agreement"></div>
<button class="button" id="payment-button" style="margin-top: 30px">결제하기</button><pre></pre>
<script>
  const widgets = TossPayments("test_gck_docs_Ovk5rk1EwkEbP0W43n07xlzm").widgets({ customerKey: TossPayments.ANONYMOUS });
  const order = { orderId: "SxyBVDAcqmHYPTD4Q1OCb", orderName: "토스 티셔츠 외 2건" };
  main();
  async function main() {
    const said = document.querySelector("pre");
    await widgets.setAmount({ currency: "KRW", value: 50000 });
    const [methods, agreement] = await Promise.all([
      widgets.renderPaymentMethods({ selector: "#payment-method", variantKey: "DEFAULT" }),
      widgets.renderAgreement({ selector: "#agreement", variantKey: "AGREEMENT" }),
    ]);
    window.methods = methods;
    window.agreement = agreement;
    methods.on("paymentMethodSelect", ({ code }) => { said.textContent = `chosen ${code}`; });
    agreement.on("agreementStatusChange", ({ agreedRequiredTerms }) => { said.textContent = `agreed ${agreedRequiredTerms}`; });
    document.getElementById("payment-button").addEventListener("click", async () => {
      await widgets.requestPayment({
        ...order,
        successUrl: window.location.origin + "/success",
        failUrl: window.location.origin + "/fail",
        customerEmail: "customer123@gmail.com",
        customerName: "김토스",
        customerMobilePhone: "01012341234",
      }).catch(({ code }) => { said.textContent = code; });
    });
  }
</script></body></html>"##;

/// Version 1.
const VERSION_1: &str = r##"<!doctype html><html lang="ko"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="{{psp}}/v1/payment-widget"></script></head><body>
<div id="payment-method"></div><div id="agreement"></div><button id="payment-button">결제하기</button><pre></pre>
<script>
  const paymentWidget = PaymentWidget("test_gck_docs_Ovk5rk1EwkEbP0W43n07xlzm", PaymentWidget.ANONYMOUS);
  const paymentMethodWidget = paymentWidget.renderPaymentMethods("#payment-method", { value: 15000 }, { variantKey: "DEFAULT" });
  const agreementWidget = paymentWidget.renderAgreement("#agreement", { variantKey: "AGREEMENT" });
  document.getElementById("payment-button").addEventListener("click", function () {
    paymentWidget.requestPayment({
      orderId: "KOISABLdLiIzeM-VGU_8Z", orderName: "토스 티셔츠 외 2건",
      successUrl: window.location.origin + "/success", failUrl: window.location.origin + "/fail",
      customerName: "김토스",
    }).catch(function (error) { document.querySelector("pre").textContent = error.code; });
  });
</script></body></html>"##;

impl Shop {
    /// Something in the widget's shadow tree.
    async fn in_widget(&self, place: &str, selector: &str, act: &str) -> Value {
        let script = format!(
            "const found = document.querySelector('{place} > div')?.shadowRoot.querySelector('{selector}'); \
             return found ? (found.{act}, true) : false"
        );
        let what = format!("{selector} in the widget {place}");
        let look = async || {
            let done = self.browser.run(&script, vec![]).await;
            Ok((done == true).then_some(done))
        };
        self.browser.wait(&what, look).await
    }

    async fn choose(&self, code: &str) {
        self.in_widget("#payment-method", &format!("[data-method={code}] input"), "click()").await;
    }

    async fn choose_company(&self, code: &str) {
        let act = format!("value = \"{code}\"");
        self.in_widget("#payment-method", "select", &act).await;
    }

    async fn agree(&self) {
        self.in_widget("#agreement", "input", "click()").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_chooses_agrees_and_pays() {
    let Some(shop) = Shop::open(WIDGET).await else { return };
    let browser = &shop.browser;
    browser.click("결제하기").await;
    browser.wait_for_text("NEED_AGREEMENT_WITH_REQUIRED_TERMS").await;
    shop.agree().await;
    browser.wait_for_text("agreed true").await;
    browser.click("결제하기").await;
    browser.wait_for_text("NEED_CARD_PAYMENT_DETAIL").await;
    shop.choose("KAKAOPAY").await;
    browser.wait_for_text("chosen KAKAOPAY").await;
    browser.click("결제하기").await;
    shop.click_in_window(&[LEAVE]).await;
    browser.wait_for_text("USER_CANCEL").await;

    shop.choose("CARD").await;
    shop.choose_company("HYUNDAI").await;
    browser.click("결제하기").await;
    shop.click_in_window(&["9410 0000 0000 0041", GO]).await;
    assert_eq!(shop.came_back("/fail").await["code"], "REJECT_CARD_COMPANY");

    browser.open(&shop.merchant.url).await;
    shop.agree().await;
    shop.choose_company("HYUNDAI").await;
    browser.click("결제하기").await;
    shop.click_in_window(&[GO]).await;
    let back = shop.came_back("/success").await;
    assert_eq!(back["paymentType"], "NORMAL");
    let paid = shop.confirm(&back).await;
    assert_eq!((&paid["status"], &paid["card"]["issuerCode"]), (&json!("DONE"), &json!("61")));
    assert_eq!(browser.console().await, [""; 0], "the page is complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_keeps_its_promise_with_a_wallet() {
    let Some(shop) = Shop::open(WIDGET).await else { return };
    shop.agree().await;
    shop.choose("TOSSPAY").await;
    let code = "widgets.requestPayment(order).then((paid) => \
                { document.querySelector('pre').textContent = JSON.stringify(paid); })";
    shop.browser.run(code, vec![]).await;
    shop.click_in_window(&[GO]).await;
    shop.browser.wait_for_text("paymentKey").await;
    let told: Value = serde_json::from_str(&shop.browser.read(css("pre")).await).expect("JSON");
    assert_eq!(told["paymentType"], "NORMAL");
    let body = json!({
        "paymentKey": told["paymentKey"], "orderId": told["orderId"], "amount": told["amount"]["value"],
    });
    let paid = shop.ask("/v1/payments/confirm", &body).await;
    assert_eq!(
        (&paid["status"], &paid["easyPay"]["provider"]),
        (&json!("DONE"), &json!("토스페이"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_early_or_twice_has_the_sdks_codes() {
    let Some(shop) = Shop::open(WIDGET).await else { return };
    shop.in_widget("#agreement", "input", "focus()").await;
    let fresh = "const fresh = TossPayments('test_gck_x').widgets({ customerKey: 'ab' });";
    let set = format!("{fresh} await fresh.setAmount({{ currency: 'KRW', value: 1000 }});");
    let cases: &[(&str, &str)] = &[
        (
            "TossPayments('test_ck_x').widgets({ customerKey: 'ab' })",
            "NOT_SUPPORTED_API_INDIVIDUAL_KEY",
        ),
        (
            &format!("{fresh} await fresh.renderPaymentMethods({{ selector: '#agreement' }})"),
            "NOT_SETUP_AMOUNT",
        ),
        (&format!("{fresh} await fresh.requestPayment(order)"), "NOT_SETUP_AMOUNT"),
        (&format!("{set} await fresh.requestPayment(order)"), "NOT_SELECTED_PAYMENT_METHOD"),
        (
            &format!("{set} await fresh.renderPaymentMethods({{ selector: '#no' }})"),
            "INVALID_SELECTOR",
        ),
        (
            &format!("{set} await fresh.renderPaymentMethods({{ selector: '#' }})"),
            "INVALID_SELECTOR",
        ),
        (&format!("{set} await fresh.renderPaymentMethods({{}})"), "INVALID_PARAMETERS"),
        (
            &format!(
                "{set} await fresh.renderPaymentMethods({{ selector: '#agreement', variantKey: '' }})"
            ),
            "INVALID_VARIANT_KEY",
        ),
        ("await widgets.setAmount(1000)", "INVALID_PARAMETERS"),
        ("await widgets.setAmount({ currency: 'KRW', value: '1000' })", "INVALID_AMOUNT_VALUE"),
        (
            "await widgets.renderPaymentMethods({ selector: '#payment-method' })",
            "PAYMENT_METHODS_WIDGET_ALREADY_RENDERED",
        ),
        (
            "await widgets.renderAgreement({ selector: '#agreement' })",
            "AGREEMENT_WIDGET_ALREADY_RENDERED",
        ),
        ("methods.on('paymentMethodSelected', () => {})", "INVALID_PARAMETER"),
        ("await widgets.requestPayment({ orderId: 'order-1' })", "INVALID_PARAMETERS"),
        (
            "await methods.destroy(); await agreement.destroy(); \
             await widgets.renderPaymentMethods({ selector: '#payment-method' }); \
             await widgets.renderAgreement({ selector: '#agreement' })",
            "none",
        ),
    ];
    for (code, expected) in cases {
        assert_eq!(shop.error_of(code).await, *expected, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_currency_has_other_methods() {
    let Some(shop) = Shop::open(WIDGET).await else { return };
    shop.agree().await;
    let code = "return widgets.setAmount({ currency: 'USD', value: 12.5 }) \
                .then(() => methods.getSelectedPaymentMethod())";
    assert_eq!(shop.browser.run(code, vec![]).await, json!({"code": "CARD"}), "there as well");
    shop.choose("PAYPAL").await;
    shop.browser.wait_for_text("chosen PAYPAL").await;
    shop.browser.click("결제하기").await;
    shop.click_in_window(&[GO]).await;
    let paid = shop.confirm(&shop.came_back("/success").await).await;
    assert_eq!((&paid["currency"], &paid["totalAmount"]), (&json!("USD"), &json!(12.5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_version_1_has_the_widget() {
    let Some(shop) = Shop::open(VERSION_1).await else { return };
    let browser = &shop.browser;
    browser.click("결제하기").await;
    browser.wait_for_text("NEED_AGREEMENT_WITH_REQUIRED_TERMS").await;
    shop.agree().await;
    shop.choose("NAVERPAY").await;
    let code = "paymentMethodWidget.updateAmount(12000); \
                return [paymentMethodWidget.getSelectedPaymentMethod(), \
                        agreementWidget.getAgreementStatus().agreedRequiredTerms]";
    let chosen =
        json!({"type": "NORMAL", "method": "간편결제", "easyPay": {"provider": "네이버페이"}});
    assert_eq!(browser.run(code, vec![]).await, json!([chosen, true]));
    browser.click("결제하기").await;
    shop.click_in_window(&[LEAVE]).await;
    browser.wait_for_text("USER_CANCEL").await;
    browser.click("결제하기").await;
    shop.click_in_window(&[GO]).await;
    let paid = shop.confirm(&shop.came_back("/success").await).await;
    assert_eq!((&paid["status"], &paid["totalAmount"]), (&json!("DONE"), &json!(12_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_english_has_an_english_window() {
    let Some(shop) = Shop::open(&WIDGET.replace("/v2/standard", "/v2/standard?lang=en")).await
    else {
        return;
    };
    shop.agree().await;
    let code = "return document.querySelector('#payment-method > div').shadowRoot.textContent";
    let widget = shop.browser.run(code, vec![]).await.as_str().expect("a text").to_owned();
    assert!(widget.contains("How to pay") && widget.contains("Kakao Pay"), "{widget}");
    shop.choose("TRANSFER").await;
    shop.browser.click("결제하기").await;
    shop.click_in_window(&["Pay ₩50,000"]).await;
    assert!(shop.came_back("/success").await.contains_key("paymentKey"));
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_tick_the_terms_and_lead_to_the_fail_page() {
    let Some(shop) = Shop::open(WIDGET).await else { return };
    let config = Config::default();
    assert!(!config.terms_start_agreed && !config.closed_frame_goes_to_fail_url);
    let switches = json!({"terms_start_agreed": true, "closed_frame_goes_to_fail_url": true});
    shop.psp.set(switches.as_object().expect("an object")).expect("they are switches");
    shop.browser.open(&shop.merchant.url).await;
    shop.choose("TOSSPAY").await;
    shop.browser.click("결제하기").await;
    shop.click_in_window(&[LEAVE]).await;
    assert_eq!(shop.came_back("/fail").await["code"], "PAY_PROCESS_CANCELED");
}
