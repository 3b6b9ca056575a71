//! The payment window's page: what its template shows.

use axum::{
    extract::{Path, Request, State as Handle},
    http::StatusCode,
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Checkout, Complaint, ending::refuse, pages, visit::Visit};
use crate::{
    FakePsp, State,
    api::error::Refusal,
    clock::in_korea,
    model::{
        BANKS, Bank, CARRIERS, Currency, FOREIGN_PROVIDERS, Issuer, Means, Method, PROVIDERS,
        Payment, Provider,
    },
    test_means::{Does, TestMeans},
};

#[derive(Serialize)]
struct Page<'a> {
    key: &'a str,
    order_name: &'a str,
    order_id: &'a str,
    merchant: &'a str,
    amount: String,
    is_open: bool,
    is_expired: bool,
    methods: Vec<MethodView>,
    /// The one that is marked at first.
    marked: &'static str,
    installments: Vec<u8>,
    /// Months of which the merchant pays the interest, with some cards at least.
    free: Vec<u8>,
    use_card_point: bool,
    banks: Vec<Named>,
    carriers: Vec<Named>,
    customer_name: &'a str,
    /// Until when a virtual account waits.
    due: String,
    /// The cash receipt that the shop proposes.
    wish: Option<&'static str>,
    /// What was wrong with the form that was sent.
    error: Option<&'a str>,
}

/// A method that can be chosen, with what it can be paid with.
#[derive(Serialize)]
struct MethodView {
    code: &'static str,
    name: &'static str,
    providers: Vec<Named>,
    means: Vec<MeansView>,
}

/// A test card or account.
#[derive(Serialize)]
pub(super) struct MeansView {
    number: &'static str,
    shown: String,
    /// Whose card or account it is.
    issuer: &'static str,
    badge: &'static str,
    does: String,
    code: Option<&'static str>,
    /// `approve`, `decline`, `window` or `special`: for its colour.
    kind: &'static str,
}

/// Something with a name in the page's language.
#[derive(Serialize)]
struct Named {
    code: &'static str,
    name: &'static str,
}

pub(super) async fn show(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    render(&psp, &key, &Visit::read(request).await, None)
}

/// The page, perhaps with a complaint about the form that was sent.
pub(super) fn render(
    psp: &FakePsp,
    key: &str,
    visit: &Visit,
    complaint: Option<Complaint>,
) -> Response {
    psp.with(|core, world, now| {
        let Some(payment) = world.store.get(key) else {
            return refuse(visit, &Refusal::new("NOT_FOUND_PAYMENT_SESSION"));
        };
        let error = complaint.map(|(korean, english)| if visit.english { english } else { korean });
        let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let merchant = &core.config.merchant_id;
        let page = Page { merchant, error, ..page(payment, visit, now) };
        pages::render("payment.html", visit, &format!("/window/{key}"), status, &page)
    })
}

fn page<'a>(payment: &'a Payment, visit: &Visit, now: Timestamp) -> Page<'a> {
    let english = visit.english;
    let settings = payment.checkout.as_deref().cloned().unwrap_or_default();
    let offered = settings.offered(payment.currency);
    let sent = visit.field("method").and_then(|name| Method::read(Some(&name)));
    let wanted = [sent, Some(payment.method())].into_iter().flatten();
    let marked = wanted.into_iter().find(|method| offered.contains(method)).unwrap_or(offered[0]);
    let banks = BANKS.iter().filter(|bank| bank.issues_accounts());
    let carriers = CARRIERS.iter().filter(|carrier| {
        settings.carriers.is_empty() || settings.carriers.iter().any(|code| code == carrier.code)
    });
    Page {
        key: &payment.key,
        order_name: &payment.order_name,
        order_id: &payment.order_id,
        merchant: "",
        amount: spoken_amount(payment.amount, payment.currency, english),
        is_open: payment.state == State::Ready,
        is_expired: payment.state == State::Expired,
        methods: offered.into_iter().map(|method| view(method, &settings, english)).collect(),
        marked: marked.name(true),
        installments: settings.installments(payment.amount, payment.currency),
        free: settings.free_installments.iter().flat_map(|plan| plan.months.clone()).collect(),
        use_card_point: settings.use_card_point,
        banks: banks.map(|bank| Named { code: bank.code, name: bank.spoken(english) }).collect(),
        carriers: named(carriers, english),
        customer_name: payment.customer_name.as_deref().unwrap_or_default(),
        due: spoken_due(&settings, now),
        wish: payment.cash_receipt_wish.as_ref().map(|wish| wish.kind.name()),
        error: None,
    }
}

fn view(method: Method, settings: &Checkout, english: bool) -> MethodView {
    let providers: &'static [Provider] = match method {
        Method::EasyPay => &PROVIDERS,
        Method::ForeignEasyPay => &FOREIGN_PROVIDERS,
        _ => &[],
    };
    let wanted = providers.iter().filter(|provider| {
        settings.provider.as_deref().is_none_or(|wanted| wanted == provider.code)
    });
    let issuer = settings.issuer.as_deref().filter(|_| method == Method::Card);
    MethodView {
        code: method.name(true),
        name: spoken(method, english),
        providers: named(wanted, english),
        means: means_views(TestMeans::of(method), issuer, english),
    }
}

fn named(rows: impl IntoIterator<Item = &'static Provider>, english: bool) -> Vec<Named> {
    let named = |row: &'static Provider| Named { code: row.code, name: row.spoken(english) };
    rows.into_iter().map(named).collect()
}

/// As the window calls it.
pub(crate) fn spoken(method: Method, english: bool) -> &'static str {
    match (method, english) {
        (Method::Card, false) => "신용·체크카드",
        (Method::Card, true) => "Card",
        (Method::Transfer, true) => "Bank transfer",
        (Method::EasyPay, true) => "Easy pay",
        (Method::MobilePhone, true) => "Mobile phone",
        (Method::VirtualAccount, true) => "Virtual account",
        (Method::CultureGiftCertificate, true) => "Culture voucher",
        (Method::BookGiftCertificate, true) => "Book voucher",
        (Method::GameGiftCertificate, true) => "Game voucher",
        (Method::ForeignEasyPay, true) => "Foreign easy pay",
        (method, false) => method.name(false),
    }
}

/// Test means as they are listed; of an issuer of the shop's choice, if it made one.
pub(super) fn means_views(
    means: impl Iterator<Item = &'static TestMeans>,
    issuer: Option<&str>,
    english: bool,
) -> Vec<MeansView> {
    let view = |means: &'static TestMeans| {
        let code = issuer.unwrap_or(means.issuer);
        let issuer = match means.method {
            Method::Card => Issuer::read(code).map(|issuer| issuer.spoken(english)),
            _ => Bank::read(code).map(|bank| bank.spoken(english)),
        };
        MeansView {
            number: means.number,
            shown: in_groups(means),
            issuer: issuer.unwrap_or_default(),
            badge: means.badge(english),
            does: means.does.told(english),
            code: means.does.code(),
            kind: match means.does {
                Does::Approve => "approve",
                Does::Decline(_) => "decline",
                Does::DeclineInWindow(_) => "window",
                Does::DeclineOnce(_) | Does::Hang | Does::Review => "special",
            },
        }
    };
    means.map(view).collect()
}

/// `9410 0012 3456 7890`, `010-0000-0001`.
fn in_groups(means: &TestMeans) -> String {
    let (sizes, between): (&[usize], _) = match means.method {
        Method::Card => (&[4, 4, 4, 4], " "),
        Method::CultureGiftCertificate => (&[4, 4, 4, 4], "-"),
        Method::MobilePhone => (&[3, 4, 4], "-"),
        Method::Transfer => (&[3, 3, 6], "-"),
        _ => return means.number.to_owned(),
    };
    let mut rest = means.number;
    let mut groups = Vec::new();
    for size in sizes {
        let (group, tail) = rest.split_at(*size.min(&rest.len()));
        groups.push(group);
        rest = tail;
    }
    groups.join(between)
}

/// `2026-01-09 10:30`, in Korea.
fn spoken_due(settings: &Checkout, now: Timestamp) -> String {
    let Means::VirtualAccount(account) = settings.usual_means(Method::VirtualAccount, None) else {
        return String::new();
    };
    let due = account.due.unwrap_or(now + SignedDuration::from_hours(account.valid_hours));
    in_korea(due).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `15,000원`, `₩15,000`, `$726.24`.
pub(super) fn spoken_amount(amount: i64, currency: Currency, english: bool) -> String {
    let text = currency.spell(amount);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push_str(&format!(".{fraction:0<2}"));
    }
    match (currency, english) {
        (Currency::Krw, false) => format!("{grouped}원"),
        (Currency::Krw, true) => format!("₩{grouped}"),
        (Currency::Usd, _) => format!("${grouped}"),
        (Currency::Jpy, _) => format!("¥{grouped}"),
    }
}
