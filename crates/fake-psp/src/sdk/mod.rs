//! The scripts that a shop's page loads, in place of those of js.tosspayments.com: the same global
//! functions, which open this fake's windows. They find it by the address they came from.

use axum::{
    Router,
    extract::State as Handle,
    http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::{
    FakePsp,
    model::{FOREIGN_PROVIDERS, ISSUERS, Issuer, Method, PROVIDERS, Provider},
    window::spoken,
};

/// The files of a script, in their order.
macro_rules! parts {
    ($($name:literal),+) => {
        concat!($(include_str!($name), "\n"),+)
    };
}

const STANDARD: &str = parts!("core.js", "overlay.js", "checks.js", "widget.js", "standard.js");
const PAYMENT: &str = parts!("core.js", "overlay.js", "payment.js");
const PAYMENT_WIDGET: &str =
    parts!("core.js", "overlay.js", "checks.js", "widget.js", "payment_widget.js");

pub(crate) fn routes() -> Router<FakePsp> {
    Router::new()
        .route("/v2/standard", get(async |Handle(psp)| serve(&psp, STANDARD)))
        .route("/v1", get(async |Handle(psp)| serve(&psp, PAYMENT)))
        .route("/v1/payment", get(async |Handle(psp)| serve(&psp, PAYMENT)))
        .route("/v1/payment-widget", get(async |Handle(psp)| serve(&psp, PAYMENT_WIDGET)))
}

/// What the scripts know of this fake.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Setup<'a> {
    /// For pages that do not tell a script its own address (modules).
    address: &'a str,
    methods: Vec<Choice>,
    /// Instead, where the currency is not the won.
    foreign: Vec<Choice>,
    issuers: Vec<Choice>,
    closed_frame_goes_to_fail_url: bool,
    terms_start_agreed: bool,
    style: &'static str,
}

/// Something that a buyer can choose in the widget.
#[derive(Serialize)]
struct Choice {
    code: &'static str,
    /// The method of Toss's that it is, in Korean.
    method: &'static str,
    korean: &'static str,
    english: &'static str,
}

impl Choice {
    fn of(method: Method) -> Self {
        Self {
            code: method.name(true),
            method: method.name(false),
            korean: spoken(method, false),
            english: spoken(method, true),
        }
    }

    fn with(method: Method, provider: &Provider) -> Self {
        let (korean, english) = (provider.korean, provider.title);
        Self { code: provider.sdk, method: method.name(false), korean, english }
    }

    fn by(issuer: &Issuer) -> Self {
        let (korean, english) = (issuer.korean, issuer.title);
        Self { code: issuer.english, method: Method::Card.name(false), korean, english }
    }
}

impl<'a> Setup<'a> {
    fn new(config: &'a crate::Config) -> Self {
        let mut methods = vec![Choice::of(Method::Card)];
        methods.extend(PROVIDERS.iter().map(|row| Choice::with(Method::EasyPay, row)));
        methods.extend(
            [
                Method::Transfer,
                Method::VirtualAccount,
                Method::MobilePhone,
                Method::CultureGiftCertificate,
                Method::BookGiftCertificate,
                Method::GameGiftCertificate,
            ]
            .map(Choice::of),
        );
        let abroad = FOREIGN_PROVIDERS.iter();
        let mut foreign: Vec<_> =
            abroad.map(|row| Choice::with(Method::ForeignEasyPay, row)).collect();
        foreign.push(Choice::of(Method::Card));
        Self {
            address: &config.public_url,
            methods,
            foreign,
            issuers: ISSUERS.iter().map(Choice::by).collect(),
            closed_frame_goes_to_fail_url: config.closed_frame_goes_to_fail_url,
            terms_start_agreed: config.terms_start_agreed,
            style: include_str!("widget.css"),
        }
    }
}

/// Nothing of a script is seen by the page but its global function. It is never kept: the switches
/// may change, and so may the fake at this address.
fn serve(psp: &FakePsp, script: &'static str) -> Response {
    let config = psp.config();
    let setup = serde_json::to_string(&Setup::new(&config)).expect("texts and switches");
    let text = format!("(() => {{\n\"use strict\";\n\nconst SETUP = {setup};\n\n{script}}})();\n");
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, text).into_response()
}
