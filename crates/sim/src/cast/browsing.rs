//! A buyer with a browser: takes the order form from the shop's page, comes back to its success
//! page, and follows its status page.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::Full;
use hyper::{Request, header};
use serde_json::Value;
use system::transport::Answer;
use tokio::time::sleep;

use super::{
    asking::About,
    buyer::{Buyer, PATIENCE, Redirect, TRIES},
};
use crate::{
    oracle::{Asked, Refusal, Sheet, Told},
    plan::Habit,
};

/// What a page says of a problem, by the kind that a program is told.
const PROBLEMS: [(&str, &str); 5] = [
    ("시간이 지난 주문입니다", "order_expired"),
    ("상점에서 취소한 주문입니다", "order_voided"),
    ("그런 주문이 없습니다", "not_found"),
    ("주문 금액과 다릅니다", "amount_changed"),
    ("새로 고침해 주세요", "unavailable"),
];

impl Buyer {
    /// Asks for a page, and notes what it told.
    async fn open(
        &self,
        asked: Asked,
        about: About<'_>,
        path: &str,
        (patience, read): (Duration, fn(&str) -> Told),
    ) -> Told {
        let asked_at = self.clock.now();
        let answer = self.page(path, patience).await;
        let told = told(answer.as_ref(), read);
        self.note((asked, self.replica), asked_at, about, told.clone());
        told
    }

    async fn page(&self, path: &str, patience: Duration) -> Option<Answer> {
        let url = format!("{}{path}", self.url(self.replica));
        let request = Request::get(url).body(Full::<Bytes>::default()).expect("a fixed URL");
        self.http.send(request, patience).await.ok()
    }

    /// Orders with the form of the shop's front page; returns the order's id.
    pub(super) async fn order_at_the_front(&mut self) -> Option<String> {
        let mut form = None;
        for n in 0..TRIES {
            if form.is_none() {
                form = self.front_page().await;
            }
            // The page has a key: sending its form again, elsewhere, is still one order.
            if let Some(form) = &form {
                let clicks = if self.purchase.has(Habit::DoubleClickCheckout) { 2 } else { 1 };
                let click = |n| self.send_order(self.replica + n, form);
                let answers = join_all((0..clicks).map(click)).await;
                if let Some(order_id) = answers.into_iter().flatten().next() {
                    return Some(order_id);
                }
            }
            self.replica += 1;
            sleep(Duration::from_secs(2 + n as u64 * 4)).await;
        }
        None
    }

    /// The key in the form of the shop's front page.
    async fn front_page(&self) -> Option<String> {
        let read = |html: &str| Told::Form(fields(html));
        let told = self.open(Asked::FrontPage, About::default(), "/", (PATIENCE, read)).await;
        let Told::Form(fields) = told else { return None };
        fields.into_iter().find(|(name, _)| name == "key").map(|(_, key)| key)
    }

    async fn send_order(&self, replica: usize, key: &str) -> Option<String> {
        let amount = self.purchase.spell(self.purchase.total());
        let pairs = [("key", key), ("order_name", &self.purchase.name), ("amount", &amount)];
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = form_request(&format!("{}/", self.url(replica)), &form);
        let asked_at = self.clock.now();
        let answer = self.http.send(request, PATIENCE).await.ok();
        let form = Value::String(form);
        self.note_keyed((Asked::Checkout, replica), asked_at, (key, &form), answer.as_ref())
    }

    /// The form that sends the buyer to the PSP's window, as the page has it.
    pub(super) async fn order_form(&self, order_id: &str) -> Option<String> {
        let path = format!("/checkout/{order_id}");
        let read = |html: &str| Told::Form(fields(html));
        let about = About::order(order_id);
        let told = self.open(Asked::CheckoutPage, about, &path, (PATIENCE, read)).await;
        let Told::Form(pairs) = told else { return None };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        Some(form.extend_pairs(pairs).finish())
    }

    /// Where the PSP's window lands the buyer. Returns whether anybody answered, and what the
    /// status page says then.
    pub(super) async fn land(
        &self,
        asked: Asked,
        back: &Redirect,
        patience: Duration,
    ) -> (bool, Option<String>) {
        let Redirect { payment_key, order_id, amount } = back;
        let path = format!("/success?paymentKey={payment_key}&orderId={order_id}&amount={amount}");
        // It is no page of its own: it only sends on.
        let read = |_: &str| Told::Moved(String::new());
        match self.open(asked, About::payment(back), &path, (patience, read)).await {
            Told::Moved(_) => (true, self.look_at_page(order_id).await),
            told => (!matches!(told, Told::Nothing(_)), None),
        }
    }

    /// Where the PSP's window sends a buyer who did not pay.
    pub(super) async fn turn_back(&self, order_id: &str, location: &str) {
        let Ok(url) = url::Url::parse(location) else { return };
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        self.open(Asked::FailPage, About::order(order_id), &path, (PATIENCE, shown)).await;
    }

    /// Looks at the status page, as the browser does that was sent there.
    pub(super) async fn look_at_page(&self, order_id: &str) -> Option<String> {
        let path = format!("/status/{order_id}");
        let about = About::order(order_id);
        let told = self.open(Asked::StatusPage, about, &path, (PATIENCE, shown)).await;
        told.status().map(str::to_owned)
    }
}

/// A form as a browser sends it.
pub(super) fn form_request(url: &str, form: &str) -> Request<Full<Bytes>> {
    let request = Request::post(url);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Full::new(Bytes::from(form.to_owned()))).expect("a fixed URL")
}

fn shown(html: &str) -> Told {
    Told::Shown(Sheet::read(html))
}

/// What an answer tells: a page, a problem, or where to go.
fn told(answer: Option<&Answer>, page: fn(&str) -> Told) -> Told {
    let Some(answer) = answer else { return Told::Nothing("no answer".to_owned()) };
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let html = String::from_utf8_lossy(&answer.body);
    match answer.status.as_u16() {
        200 => page(&html),
        300..=399 => Told::Moved(header(header::LOCATION).unwrap_or_default().to_owned()),
        status => {
            let known = PROBLEMS.iter().find(|(text, _)| html.contains(text));
            let kind = known.map_or("conflict", |(_, kind)| kind).to_owned();
            let retry_after = header(header::RETRY_AFTER).and_then(|value| value.parse().ok());
            Told::Refused(Refusal { status, kind, retry_after })
        }
    }
}

/// The hidden fields of a form.
fn fields(html: &str) -> Vec<(String, String)> {
    let inputs = html.split("<input type=hidden name=").skip(1);
    let field = |input: &str| {
        let (name, rest) = input.split_once(" value=\"")?;
        let (value, _) = rest.split_once('"')?;
        Some((name.to_owned(), value.replace("&#39;", "'").replace("&amp;", "&")))
    };
    inputs.filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_does() {
        let html = "<form><input type=hidden name=orderId value=\"o\"><input type=hidden \
                    name=failUrl value=\"http://shop/fail?a=1&amp;b=2\"><button>";
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let wanted = [field("orderId", "o"), field("failUrl", "http://shop/fail?a=1&b=2")];
        assert_eq!(fields(html), wanted);
        assert_eq!(fields("<form>"), []);
    }
}
