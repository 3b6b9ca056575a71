//! The payment window and the billing window: their pages, and what the test means do.

use axum::{
    body::Body,
    http::{Request, header::LOCATION},
};
use fake_psp::Config;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::shop::{Reply, Shop, minutes, with};

impl Shop {
    /// A browser sends a form (or, without one, reads a page).
    pub(crate) async fn browse(&self, path: &str, form: Option<&[(&str, &str)]>) -> Reply {
        let request = match form {
            None => Request::get(path).body(Body::empty()),
            Some(form) => {
                let body =
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                Request::post(path)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Body::from(body))
            }
        };
        let mut request = request.unwrap();
        request.headers_mut().insert("accept", "text/html,*/*;q=0.8".parse().unwrap());
        self.send(request).await
    }

    /// A script of another origin sends JSON.
    pub(crate) async fn call(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("origin", "http://shop.test")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }
}

/// As version 2 of the SDK sends it.
pub(crate) fn order(order_id: &str) -> Value {
    json!({
        "amount": {"currency": "KRW", "value": 15_000},
        "orderId": order_id, "orderName": "차 <한> 잔",
        "successUrl": "http://shop.test/success", "failUrl": "http://shop.test/fail?from=toss",
        "customerKey": "customer-1", "customerEmail": "buyer@example.com",
    })
}

#[tokio::test(start_paused = true)]
async fn a_script_of_another_origin_opens_the_window() {
    let shop = Shop::new();
    let preflight = Request::options("/window/payments")
        .header("origin", "http://shop.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .body(Body::empty());
    let preflight = shop.send(preflight.unwrap()).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-origin"], "*");
    let allowed = preflight.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("content-type"), "{allowed}");

    let opened = shop.call("/window/payments", &order("order-0001")).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert_eq!(opened.headers["access-control-allow-origin"], "*");
    let opened = opened.json();
    assert_eq!(opened["path"], format!("/window/{}", opened["id"].as_str().unwrap()));
    assert_eq!(shop.status_of(opened["id"].as_str().unwrap()).await, "READY");

    let bad = shop.call("/window/payments", &with(order("x"), &json!({"lang": "en"}))).await;
    assert_eq!((bad.status, &*bad.word()), (400, "INVALID_ORDER_ID"));
    assert_eq!(bad.headers["access-control-allow-origin"], "*");
    assert!(bad.json()["message"].as_str().unwrap().contains("order id"), "in English");
}

#[tokio::test(start_paused = true)]
async fn a_window_in_a_frame_tells_the_page_around_it() {
    let shop = Shop::new();
    let opened = shop.call("/window/payments", &order("order-0001")).await.json();
    let path = opened["path"].as_str().unwrap();
    let framed = format!("{path}?frame=http%3A%2F%2Fshop.test%2Fcart");
    let page = shop.browse(&framed, None).await.text();
    let action = format!("action=\"{path}/pay?frame=http%3A%2F%2Fshop.test\"");
    assert!(page.contains(&action), "the frame is kept: {page}");

    let paid = format!("{path}/pay?frame=http%3A%2F%2Fshop.test");
    let end = shop.browse(&paid, Some(&[("method", "CARD")])).await;
    assert_eq!(end.status, 200, "no redirect");
    let (told, origin) = message(&end.text());
    assert_eq!(origin, "http://shop.test");
    let key = opened["id"].as_str().unwrap();
    assert_eq!(
        told,
        json!({
            "source": "fake-toss", "type": "success",
            "params": {
                "paymentType": "NORMAL", "orderId": "order-0001", "paymentKey": key,
                "amount": "15000",
            },
            "url": format!(
                "http://shop.test/success?paymentType=NORMAL&orderId=order-0001&paymentKey={key}\
                 &amount=15000"
            ),
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_wants_a_promise_needs_no_urls() {
    let shop = Shop::new();
    let mut body = order("order-0001");
    body["successUrl"] = Value::Null;
    body["failUrl"] = Value::Null;
    let refused = shop.call("/window/payments", &body).await;
    assert_eq!(refused.word(), "INCORRECT_SUCCESS_URL_FORMAT");
    body["promise"] = json!(true);
    let opened = shop.call("/window/payments", &body).await.json();
    let close = format!("{}/close?frame=http://shop.test", opened["path"].as_str().unwrap());
    let (told, _) = message(&shop.browse(&close, Some(&[])).await.text());
    assert_eq!(told["type"], "fail");
    assert_eq!(told["url"], Value::Null);
    assert_eq!(told["params"]["code"], "PAY_PROCESS_CANCELED");
}

/// Where a redirect leads, in two parts: the address and its query, decoded.
pub(crate) fn redirect(reply: &Reply) -> (String, String) {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let mut url: Url = reply.headers[LOCATION].to_str().unwrap().parse().unwrap();
    let query: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
    url.set_query(None);
    (url.into(), query.join("&"))
}

/// What the page's script posts, and to which origin.
fn message(page: &str) -> (Value, String) {
    let (_, call) = page.split_once("postMessage(").expect("a message");
    let (arguments, _) = call.split_once(")</script>").expect("its end");
    let arguments: Value = serde_json::from_str(&format!("[{arguments}]")).unwrap();
    (arguments[0].clone(), arguments[1].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_page_is_escaped_and_says_that_it_is_a_fake() {
    let shop = Shop::new();
    let hostile = "<b onmouseover=\"x\">{{key}}</script>";
    let body = with(order("order-0001"), &json!({"orderName": hostile, "customerName": hostile}));
    let opened = shop.call("/window/payments", &body).await.json();
    let page = shop.browse(opened["path"].as_str().unwrap(), None).await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let page = page.text();
    assert!(page.contains("&lt;b onmouseover=&quot;x&quot;&gt;{{key}}&lt;"), "{page}");
    assert!(!page.contains("<b onmouseover") && !page.contains("<script"));
    assert!(page.contains("15,000원") && page.contains("가짜 결제창입니다."));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_shop_says_becomes_a_script() {
    let shop = Shop::new();
    let hostile = "</script><script>alert('&')//";
    let body = json!({"customerKey": hostile, "promise": true});
    let opened = shop.call("/window/billing-auths", &body).await.json();
    let path = opened["path"].as_str().unwrap();
    assert!(!shop.browse(path, None).await.text().contains("<script"));
    let register = format!("{path}/register?frame=http://shop.test");
    let end = shop.browse(&register, Some(&[])).await.text();
    assert_eq!(end.matches("<script").count(), 1, "{end}");
    let (told, origin) = message(&end);
    assert_eq!(told["params"]["customerKey"], hostile);
    assert_eq!(origin, "http://shop.test");
    for frame in ["javascript:alert(1)", "null", "*", "\"><script>"] {
        let frame: String = form_urlencoded::byte_serialize(frame.as_bytes()).collect();
        let end = shop.browse(&format!("{path}/register?frame={frame}"), Some(&[])).await.text();
        assert!(!end.contains("postMessage") && !end.contains("<script"), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_have_exactly_the_parameters_of_toss() {
    let shop = Shop::new();
    let body = with(order("order-0001"), &json!({"failUrl": "http://shop.test/f?from=toss"}));
    let open = async || {
        let opened = shop.call("/window/payments", &body).await.json();
        opened["id"].as_str().unwrap().to_owned()
    };
    let send = async |key: &str, button: &str, form: &[(&str, &str)]| {
        redirect(&shop.browse(&format!("/window/{key}/{button}"), Some(form)).await)
    };
    let key = open().await;
    let closed = "from=toss&code=PAY_PROCESS_CANCELED&message=사용자에 의해 결제가 취소되었습니다.";
    let fail = "http://shop.test/f".to_owned();
    assert_eq!(send(&key, "close", &[]).await, (fail.clone(), closed.to_owned()), "no order id");
    assert_eq!(shop.status_of(&key).await, "READY", "closing changes nothing");

    let declined = [("method", "CARD"), ("means-CARD", "9410000000000041")];
    let message = "from=toss&code=REJECT_CARD_COMPANY&message=결제 승인이 거절되었습니다.\
                   &orderId=order-0001";
    assert_eq!(send(&key, "pay", &declined).await, (fail.clone(), message.to_owned()));
    assert_eq!(shop.status_of(&key).await, "ABORTED");
    let late = send(&key, "pay", &[("method", "CARD")]).await;
    assert!(late.1.starts_with("from=toss&code=PAY_PROCESS_ABORTED&message="), "{late:?}");

    let key = open().await;
    let success = format!("paymentType=NORMAL&orderId=order-0001&paymentKey={key}&amount=15000");
    let success = ("http://shop.test/success".to_owned(), success);
    assert_eq!(send(&key, "pay", &[("method", "CARD")]).await, success);
    assert_eq!(send(&key, "pay", &declined).await, success, "a second click");
    assert_eq!(shop.status_of(&key).await, "IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn the_language_is_that_of_the_browser_or_the_one_that_was_chosen() {
    let shop = Shop::new();
    let opened = shop.call("/window/payments", &order("order-0001")).await.json();
    let path = opened["path"].as_str().unwrap();
    let korean = shop.browse(path, None).await.text();
    assert!(korean.contains("<html lang=\"ko\">") && korean.contains("15,000원 결제하기"));
    assert!(korean.contains(&format!("href=\"{}?lang=en\"", escape(path))), "{korean}");

    let request = Request::get(path).header("accept", "text/html");
    let request = request.header("accept-language", "en-US,en;q=0.9").body(Body::empty());
    let english = shop.send(request.unwrap()).await.text();
    let chosen = shop.browse(&format!("{path}?lang=en"), None).await.text();
    for english in [english, chosen] {
        assert!(english.contains("<html lang=\"en\">") && english.contains("Pay ₩15,000"));
        assert!(english.contains("This is a fake for tests. No money moves."));
        let body = english.split_once("<body>").unwrap().1;
        let hangul = |c: &char| ('가'..='힣').contains(c);
        // The other language, the order's name, and values that Toss has in Korean only.
        let names = "한국어차한잔토스페이네이버페이카카오페이페이코삼성페이애플페이엘페이페이핀페이페이\
                     미발행소득공제지출증빙미발행소득공제지출증빙";
        let left: String = body.chars().filter(hangul).collect();
        assert_eq!(left, names);
    }
    let form = [("lang", "en"), ("orderId", "x")];
    let refused = shop.browse("/window/payments", Some(&form)).await;
    assert_eq!(refused.status, 400);
    let refused = refused.text();
    assert!(
        refused.contains("The window cannot be opened") && refused.contains("INVALID_ORDER_ID")
    );
    let form = [
        ("lang", "en"),
        ("orderId", "order-0002"),
        ("orderName", "x"),
        ("amount", "1000"),
        ("successUrl", "http://shop.test/s"),
        ("failUrl", "http://shop.test/f"),
    ];
    let opened = shop.browse("/window/payments", Some(&form)).await;
    assert!(opened.headers[LOCATION].to_str().unwrap().ends_with("?lang=en"), "it is kept");
    let declined = [("method", "CARD"), ("means-CARD", "9410000000000041")];
    let declined = shop.browse(&format!("{path}/pay?lang=en"), Some(&declined)).await;
    assert!(redirect(&declined).1.contains("message=Payment confirm is rejected."));
}

/// As the templates write a path into an attribute.
fn escape(path: &str) -> String {
    path.replace('/', "&#x2f;")
}

#[tokio::test(start_paused = true)]
async fn a_window_is_open_for_half_an_hour() {
    let shop = Shop::new();
    let opened = shop.call("/window/payments", &order("order-0001")).await.json();
    let path = opened["path"].as_str().unwrap();
    shop.pass(minutes(30));
    let page = shop.browse(path, None).await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("결제 시간이 만료되었습니다.") && !page.contains("means-CARD"), "{page}");
    let back = shop.browse(&format!("{path}/pay"), Some(&[("method", "CARD")])).await;
    assert!(redirect(&back).1.contains("code=PAY_PROCESS_ABORTED"));
    assert_eq!(shop.status_of(opened["id"].as_str().unwrap()).await, "EXPIRED");
    let none = shop.browse("/window/none", None).await;
    assert_eq!(none.status, 404);
    assert!(none.text().contains("NOT_FOUND_PAYMENT_SESSION"));
    assert_eq!(shop.get("/window/none").await.word(), "NOT_FOUND_PAYMENT_SESSION");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_choice_is_complained_of_and_changes_nothing() {
    let shop = Shop::new();
    let card = json!({"cardCompany": "HYUNDAI", "maxCardInstallmentPlan": 3});
    let amount = json!({"currency": "KRW", "value": 50_000});
    let body =
        with(order("order-0001"), &json!({"method": "CARD", "card": card, "amount": amount}));
    let opened = shop.call("/window/payments", &body).await.json();
    let path = format!("{}/pay", opened["path"].as_str().unwrap());
    for (form, says) in [
        ([("method", "TRANSFER"), ("", "")], "결제 수단을 선택해 주세요."),
        ([("method", "CARD"), ("means-CARD", "1234")], "목록에 있는 테스트 결제 수단"),
        ([("method", "CARD"), ("installment", "4")], "선택할 수 없는 할부 개월입니다."),
        ([("method", "EASY_PAY"), ("provider-EASY_PAY", "x")], "간편결제를 선택해 주세요."),
    ] {
        let page = shop.browse(&path, Some(&form)).await;
        assert_eq!(page.status, 400);
        assert!(page.text().contains(says), "{says}");
    }
    let check = [("means-CARD", "9410000000000002"), ("installment", "3"), ("method", "CARD")];
    assert!(shop.browse(&path, Some(&check)).await.text().contains("체크카드는 할부로"));

    let form = [("method", "CARD"), ("installment", "3")];
    redirect(&shop.browse(&path, Some(&form)).await);
    let key = opened["id"].as_str().unwrap();
    let card = shop.confirm(key, "order-0001", 50_000, None).await.json()["card"].clone();
    assert_eq!((&card["installmentPlanMonths"], &card["issuerCode"]), (&json!(3), &json!("61")));
}

#[tokio::test(start_paused = true)]
async fn a_decline_in_the_window_may_leave_it_open() {
    let config = Config { decline_in_window_aborts: false, ..Config::default() };
    let shop = Shop::with(config);
    let opened = shop.call("/window/payments", &order("order-0001")).await.json();
    let path = format!("{}/pay", opened["path"].as_str().unwrap());
    let declined = [("method", "CARD"), ("means-CARD", "9410000000000041")];
    assert!(redirect(&shop.browse(&path, Some(&declined)).await).1.contains("REJECT_CARD_COMPANY"));
    let paid = shop.browse(&path, Some(&[("method", "EASY_PAY")])).await;
    assert!(redirect(&paid).1.contains("paymentKey="));
}
