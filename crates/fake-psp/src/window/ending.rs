//! How a window ends: the buyer goes back to the shop with Toss's parameters, or, where the window
//! is a frame in the shop's page, that page is told.

use std::collections::BTreeMap;

use axum::{
    http::{HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use url::Url;

use super::{cors::across, pages, visit::Visit};
use crate::{
    api::error::Refusal,
    model::{BillingAuth, Payment},
};

/// An end, and where it leads: also the message to the shop's page, which is to open the URL (or
/// where there is none, to settle its promise).
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ending {
    source: &'static str,
    #[serde(rename = "type")]
    kind: Kind,
    params: BTreeMap<&'static str, String>,
    /// With the parameters. None where the shop's page wants a promise, or nobody waits.
    pub(crate) url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Success,
    Fail,
}

impl Ending {
    /// The buyer authenticated: the merchant may confirm.
    pub(crate) fn success(payment: &Payment) -> Self {
        let params = vec![
            ("paymentType", "NORMAL".to_owned()),
            ("orderId", payment.order_id.clone()),
            ("paymentKey", payment.key.clone()),
            ("amount", payment.currency.spell(payment.amount)),
        ];
        Self::new(Kind::Success, payment.success_url.as_deref(), params)
    }

    /// It failed; the order id goes with it.
    pub(crate) fn failure(payment: &Payment, code: &str, english: bool) -> Self {
        let order_id = Some(payment.order_id.as_str());
        Self::fail(payment.fail_url.as_deref(), code, order_id, english)
    }

    /// The buyer closed the window. Toss sends no order id then.
    pub(crate) fn closed(fail_url: Option<&str>, english: bool) -> Self {
        Self::fail(fail_url, "PAY_PROCESS_CANCELED", None, english)
    }

    /// A card or an account was registered.
    pub(crate) fn registered(auth: &BillingAuth, auth_key: String) -> Self {
        let params = vec![("customerKey", auth.customer_key.clone()), ("authKey", auth_key)];
        Self::new(Kind::Success, auth.success_url.as_deref(), params)
    }

    /// It was not registered.
    pub(crate) fn not_registered(auth: &BillingAuth, code: &str, english: bool) -> Self {
        Self::fail(auth.fail_url.as_deref(), code, None, english)
    }

    fn fail(url: Option<&str>, code: &str, order_id: Option<&str>, english: bool) -> Self {
        let message = Refusal::new(code).message(english).to_owned();
        let mut params = vec![("code", code.to_owned()), ("message", message)];
        params.extend(order_id.map(|order_id| ("orderId", order_id.to_owned())));
        Self::new(Kind::Fail, url, params)
    }

    /// Adds the parameters to whatever query the URL has already.
    fn new(kind: Kind, url: Option<&str>, params: Vec<(&'static str, String)>) -> Self {
        let url = url.map(|url| {
            let mut url = Url::parse(url).expect("checked when the window was opened");
            url.query_pairs_mut().extend_pairs(&params);
            url.into()
        });
        Self { source: "fake-toss", kind, params: params.into_iter().collect(), url }
    }

    /// To the shop's page, or the end of the road.
    pub(super) fn lead(&self, visit: &Visit) -> Response {
        match &self.url {
            Some(url) if visit.frame.is_none() => see_other(url),
            _ => pages::render("return.html", visit, "", StatusCode::OK, self),
        }
    }
}

pub(super) fn see_other(target: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let target = HeaderValue::try_from(target).expect("a URL is ASCII");
    response.headers_mut().insert(LOCATION, target);
    response
}

/// Says why there is no window: to a person as a page, to a program as JSON.
pub(super) fn refuse(visit: &Visit, refusal: &Refusal) -> Response {
    #[derive(Serialize)]
    struct Notice<'a> {
        code: &'a str,
        message: &'a str,
    }
    let answer = refusal.answer(visit.english);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
    if visit.is_person() {
        let notice = Notice { code: refusal.code(), message: refusal.message(visit.english) };
        return pages::render("notice.html", visit, "", status, &notice);
    }
    let kind = [("content-type", "application/json;charset=UTF-8")];
    across((status, kind, answer.body).into_response())
}
