//! The pages that a buyer sees: a small shop to try it with, the checkout, the way back from the
//! PSP's window, and the status.
//!
//! Plain HTML, no script. Everything that came from outside is escaped. What cannot be done is
//! said on a page, too: a person does not read problem documents.

use std::time::Duration;

use axum::{
    Form, Router,
    extract::State,
    middleware::map_response,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::Deserialize;

use super::{
    PaymentService,
    http::AROUND,
    records,
    state::Status,
    wire::{Checkout, Confirm, Item, Payment},
};
use crate::{
    kernel::OrderId,
    service::answer_within,
    transport::{Path, Problem, Query},
};

/// How long a browser stays white for an outcome; then the status page says that it is awaited.
const GLANCE: Duration = Duration::from_secs(2);

pub(super) fn router(service: PaymentService) -> Router {
    let limit = service.patience + AROUND;
    let router = Router::new()
        .route("/", get(shop).post(buy))
        .route("/checkout/{order_id}", get(checkout))
        .route("/success", get(success))
        .route("/fail", get(fail))
        .route("/status/{order_id}", get(status))
        .with_state(service);
    answer_within(router, limit).layer(map_response(show_problem))
}

async fn shop(State(service): State<PaymentService>) -> Html<String> {
    // A key per page: sending the form twice buys once.
    let key = OrderId::mint(&*service.clock, &service.entropy);
    page(
        "한번 상점",
        &format!(
            "<form method=post action=/><input type=hidden name=key value=\"{key}\">\
             <label>상품 <input name=order_name value=\"따뜻한 커피\" required maxlength=100></label>\
             <label>금액 (원) <input name=amount type=number value=15000 required min=100></label>\
             <button>주문하기</button></form>"
        ),
    )
}

#[derive(Debug, Deserialize)]
struct Buy {
    key: String,
    order_name: String,
    amount: String,
}

async fn buy(
    State(service): State<PaymentService>,
    Form(buy): Form<Buy>,
) -> Result<Redirect, Problem> {
    // The key that the page came with.
    if OrderId::parse(&buy.key).is_none() {
        return Err(Problem::invalid("key", "go back to the shop and order again"));
    }
    let asked = Checkout {
        buyer_id: "guest".to_owned(),
        order_name: buy.order_name,
        currency: "KRW".to_owned(),
        items: vec![Item { seller_id: "seller-1".to_owned(), amount: buy.amount }],
    };
    let answered = service.checkout(&format!("shop-{}", buy.key), &asked).await?;
    let payment: Payment = serde_json::from_str(&answered.body).expect("we wrote it");
    Ok(Redirect::to(&payment.checkout_url))
}

async fn checkout(
    State(service): State<PaymentService>,
    Path(order_id): Path<String>,
) -> Result<Response, Problem> {
    let payment = find(&service, &order_id).await?;
    if !payment.is_payable(service.clock.micros()) {
        return Ok(Redirect::to(&format!("/status/{order_id}")).into_response());
    }
    let field = |name: &str, value: &str| {
        format!("<input type=hidden name={name} value=\"{}\">", escape(value))
    };
    let fields = [
        field("orderId", &payment.order_id),
        field("orderName", &payment.order_name),
        field("amount", &payment.amount),
        field("currency", &payment.currency),
        field("successUrl", &format!("{}/success", service.public_url)),
        // Toss names no order when the buyer walks away.
        field("failUrl", &format!("{}/fail?order={order_id}", service.public_url)),
    ];
    let body = format!(
        "<p>{}</p><p class=sum>{}</p><form method=post action=\"{}\">{}<button>결제하기</button></form>",
        escape(&payment.order_name),
        price(&payment.amount, &payment.currency),
        escape(&service.psp_window_url),
        fields.concat()
    );
    Ok(page("주문서", &body).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Success {
    payment_key: String,
    order_id: String,
    amount: String,
}

/// The PSP's window sends the buyer here. Reloading the page confirms again: that is safe.
async fn success(
    State(service): State<PaymentService>,
    Query(back): Query<Success>,
) -> Result<Redirect, Problem> {
    let Success { payment_key, order_id, amount } = back;
    let asked = Confirm { payment_key, order_id, amount };
    service.confirm(&asked, GLANCE.min(service.patience)).await?;
    Ok(Redirect::to(&format!("/status/{}", asked.order_id)))
}

#[derive(Debug, Deserialize)]
struct Fail {
    #[serde(default)]
    message: String,
    order: Option<String>,
}

/// The buyer gave up in the PSP's window, or was refused there. Nothing was charged, and the
/// order can still be paid.
async fn fail(Query(back): Query<Fail>) -> Html<String> {
    let order = back.order.as_deref().and_then(OrderId::parse);
    let again = order.map_or_else(
        || "<a href=/>상점으로</a>".to_owned(),
        |id| format!("<a href=\"/checkout/{id}\">다시 결제하기</a>"),
    );
    let message = escape(&back.message);
    page("결제하지 않았습니다", &format!("<p>{message}</p><p>{again}</p>"))
}

async fn status(
    State(service): State<PaymentService>,
    Path(order_id): Path<String>,
) -> Result<Html<String>, Problem> {
    let payment = find(&service, &order_id).await?;
    let refresh = match payment.status {
        Status::Executing | Status::Unknown => "<meta http-equiv=refresh content=2>",
        Status::NotStarted | Status::Success | Status::Failure => "",
    };
    let is_payable = payment.is_payable(service.clock.micros());
    let next = match payment.status {
        Status::NotStarted if is_payable => {
            format!("<a href=\"/checkout/{order_id}\">결제하기</a>")
        }
        Status::Failure if is_payable => {
            format!("<a href=\"/checkout/{order_id}\">다른 결제 수단으로 결제하기</a>")
        }
        Status::NotStarted | Status::Failure => "<a href=/>다시 주문하기</a>".to_owned(),
        Status::Executing | Status::Unknown | Status::Success => {
            "<a href=/>상점으로</a>".to_owned()
        }
    };
    let why = payment.failure.as_ref().map(|f| format!("<p>{}</p>", escape(&f.message)));
    let body = format!(
        "{refresh}<p class=status data-status={}>{}</p>{}<p>{}</p><p class=sum>{}</p>\
         <p class=id>{}</p><p>{next}</p>",
        payment.status.code(),
        words(&payment, is_payable),
        why.unwrap_or_default(),
        escape(&payment.order_name),
        price(&payment.amount, &payment.currency),
        payment.order_id
    );
    Ok(page("결제 상태", &body))
}

/// What a status means to the buyer, and what there is to do.
fn words(payment: &Payment, is_payable: bool) -> &'static str {
    match payment.status {
        Status::NotStarted if payment.voided_at.is_some() => {
            "상점에서 취소한 주문입니다. 청구된 금액이 없습니다."
        }
        Status::NotStarted if !is_payable => {
            "결제할 수 있는 시간이 지난 주문입니다. 청구된 금액이 없습니다."
        }
        Status::NotStarted => "아직 결제하지 않은 주문입니다.",
        Status::Executing | Status::Unknown => {
            "결제 결과를 확인하고 있습니다. 다시 결제하지 마세요. 이 페이지가 자동으로 바뀝니다."
        }
        // Where it is booked is nothing that a buyer waits for.
        Status::Success => "결제가 완료되었습니다.",
        // The PSP has taken money for this order, and it is given back.
        Status::Failure if payment.is_spent() => {
            "결제되지 않았습니다. 결제가 취소되어 전액 환불됩니다. 카드사에 따라 며칠 걸릴 수 있습니다."
        }
        // The PSP may have said no and taken it all the same: the night finds that and gives it back.
        Status::Failure => {
            "결제되지 않았습니다. 청구된 금액이 없습니다. 승인 알림을 받으셨다면 다음 날까지 자동으로 취소됩니다."
        }
    }
}

async fn find(service: &PaymentService, order_id: &str) -> Result<Payment, Problem> {
    let record = records::find(&service.store, order_id).await?;
    record.map(|r| r.payment).ok_or_else(|| Problem::not_found("there is no such order"))
}

/// Says on a page what a problem document says to a program.
async fn show_problem(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let text = match problem.kind {
        "not_found" => "그런 주문이 없습니다.",
        "amount_changed" => "결제 금액이 주문 금액과 다릅니다. 청구되지 않았습니다.",
        "order_expired" => "결제할 수 있는 시간이 지난 주문입니다. 청구되지 않았습니다.",
        "order_voided" => "상점에서 취소한 주문입니다. 청구되지 않았습니다.",
        "unavailable" | "in_flight" => {
            "지금은 처리할 수 없습니다. 잠시 뒤에 이 페이지를 새로 고침해 주세요. 두 번 결제되지 않습니다."
        }
        _ => "요청을 처리할 수 없습니다. 상점에서 다시 시작해 주세요.",
    };
    let body = format!(
        "<p>{text}</p><p class=id>{}: {}</p><p><a href=/>상점으로</a></p>",
        problem.title,
        escape(&problem.detail)
    );
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    (parts, page("처리하지 못했습니다", &body)).into_response()
}

/// 15000 KRW → 15,000원.
fn price(amount: &str, currency: &str) -> String {
    let (whole, cents) = amount.split_at(amount.find('.').unwrap_or(amount.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match currency {
        "KRW" => format!("{grouped}원"),
        _ => format!("{grouped}{cents} {currency}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(include_str!("page.html").replace("{title}", title).replace("{body}", body))
}
