//! The payment window and the billing window: their pages, and what the test means do.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::shop::{Reply, Shop, with};

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
    async fn call(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("origin", "http://shop.test")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }
}

/// As version 2 of the SDK sends it.
fn order(order_id: &str) -> Value {
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
