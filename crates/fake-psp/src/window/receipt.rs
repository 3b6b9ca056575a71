//! Receipts as pages: of a payment, and of a cash receipt.

use axum::{
    extract::{Path, Request, State as Handle},
    http::StatusCode,
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    page::{spoken, spoken_amount},
    pages,
    visit::Visit,
};
use crate::{
    Config, Currency, FakePsp, State,
    clock::in_korea,
    model::{
        Bank, Cancel, CancelStatus, CashReceipt, IssueStatus, Issuer, Means, Payment, ReceiptEvent,
        ReceiptKind,
    },
    view::{tax_of, vat_of},
};

#[derive(Serialize)]
struct Page<'a> {
    title: &'static str,
    order_name: &'a str,
    amount: String,
    /// What has become of it, in a word.
    state: &'static str,
    rows: Vec<Row<'a>>,
    cancels: Vec<CancelRow<'a>>,
    /// Keys of its cash receipts.
    cash_receipts: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    label: &'static str,
    value: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
struct CancelRow<'a> {
    at: String,
    amount: String,
    reason: &'a str,
    /// Overseas cancels are not done at once.
    is_done: bool,
}

/// The receipt of a payment that was charged.
pub(super) async fn show(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let visit = Visit::read(request).await;
    psp.with(|core, world, _| {
        let payment = world.store.get(&key).filter(|payment| payment.was_charged());
        let Some(payment) = payment else { return none(&visit) };
        let page = of_payment(payment, &core.config, visit.english);
        pages::render("receipt.html", &visit, &format!("/receipt/{key}"), StatusCode::OK, &page)
    })
}

/// A cash receipt, or the giving back of one.
pub(super) async fn show_cash(
    Handle(psp): Handle<FakePsp>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let visit = Visit::read(request).await;
    psp.with(|core, world, _| {
        let Some(receipt) = world.cash_receipts.get(&key) else { return none(&visit) };
        let page = of_cash_receipt(receipt, &core.config, visit.english);
        let home = format!("/receipt/cash/{key}");
        pages::render("receipt.html", &visit, &home, StatusCode::OK, &page)
    })
}

fn none(visit: &Visit) -> Response {
    pages::render("no_receipt.html", visit, "", StatusCode::NOT_FOUND, &())
}

/// Rows of a receipt, labelled in its language.
struct Rows<'a> {
    english: bool,
    rows: Vec<Row<'a>>,
}

impl<'a> Rows<'a> {
    fn add(
        &mut self,
        korean: &'static str,
        english: &'static str,
        value: impl Into<std::borrow::Cow<'a, str>>,
    ) {
        let label = if self.english { english } else { korean };
        self.rows.push(Row { label, value: value.into() });
    }
}

fn of_payment<'a>(payment: &'a Payment, config: &'a Config, english: bool) -> Page<'a> {
    let money = |amount| spoken_amount(amount, payment.currency, english);
    let mut rows = Rows { english, rows: Vec::new() };
    rows.add("상점", "Merchant", &*config.merchant_id);
    rows.add("주문번호", "Order", &*payment.order_id);
    rows.add("결제 수단", "Paid by", spoken(payment.method(), english));
    add_means(&mut rows, payment);
    rows.add("승인번호", "Approval", &*payment.approve_no);
    rows.add("결제 일시", "Paid at", payment.approved_at.map(spoken_time).unwrap_or_default());
    let tax = tax_of(payment);
    rows.add("공급가액", "Supplied", money(tax.supplied));
    rows.add("부가세", "VAT", money(tax.vat));
    if tax.tax_free > 0 {
        rows.add("면세 금액", "Tax-free", money(tax.tax_free));
    }
    if payment.balance != payment.amount {
        rows.add("남은 금액", "Left", money(payment.balance));
    }
    rows.add("결제 키", "Payment key", &*payment.key);
    Page {
        title: if english { "Receipt" } else { "영수증" },
        order_name: &payment.order_name,
        amount: money(payment.amount),
        state: spoken_state(payment.state, english),
        rows: rows.rows,
        cancels: payment
            .cancels
            .iter()
            .filter_map(|one| cancel_row(one, payment, english))
            .collect(),
        cash_receipts: &payment.cash_receipts,
    }
}

fn add_means<'a>(rows: &mut Rows<'a>, payment: &'a Payment) {
    let english = rows.english;
    let bank = |code: &str| Bank::read(code).map_or("", |bank| bank.spoken(english));
    match &*payment.means {
        Means::Card(card) => {
            let issuer = Issuer::read(&card.issuer_code);
            let issuer = issuer.map_or("", |issuer| issuer.spoken(english));
            rows.add("카드", "Card", format!("{issuer} {}", card.number));
            let months = card.installment_months;
            rows.add(
                "할부",
                "Instalments",
                match (months, english) {
                    (0, false) => "일시불".to_owned(),
                    (0, true) => "At once".to_owned(),
                    (months, false) => format!("{months}개월"),
                    (months, true) => format!("{months} months"),
                },
            );
        }
        Means::Transfer { bank_code } => rows.add("은행", "Bank", bank(bank_code)),
        Means::VirtualAccount(account) => {
            let text = format!("{} {}", bank(&account.bank_code), account.account_number);
            rows.add("가상계좌", "Account", text);
        }
        Means::EasyPay { provider } | Means::ForeignEasyPay { provider } => {
            rows.add("간편결제", "Wallet", &**provider);
        }
        Means::MobilePhone { number } => rows.add("휴대폰", "Phone", &**number),
        Means::GiftCertificate(_) => {}
    }
}

/// An aborted cancel has changed nothing.
fn cancel_row<'a>(cancel: &'a Cancel, payment: &Payment, english: bool) -> Option<CancelRow<'a>> {
    (cancel.status != CancelStatus::Aborted).then(|| CancelRow {
        at: spoken_time(cancel.at),
        amount: format!("-{}", spoken_amount(cancel.amount, payment.currency, english)),
        reason: &cancel.reason,
        is_done: cancel.status == CancelStatus::Done,
    })
}

fn of_cash_receipt<'a>(receipt: &'a CashReceipt, config: &'a Config, english: bool) -> Page<'a> {
    let money = |amount| spoken_amount(amount, Currency::Krw, english);
    let mut rows = Rows { english, rows: Vec::new() };
    rows.add("상점", "Merchant", &*config.merchant_id);
    rows.add("사업자등록번호", "Business number", &*receipt.business_number);
    rows.add("주문번호", "Order", &*receipt.order_id);
    let kind = match (receipt.wish.kind, english) {
        (kind, false) => kind.name(),
        (ReceiptKind::IncomeDeduction, true) => "Income deduction",
        (ReceiptKind::ExpenseProof, true) => "Proof of expenses",
    };
    rows.add("용도", "Purpose", kind);
    rows.add("신분 확인 번호", "Buyer's number", &*receipt.wish.identity);
    rows.add("발급 번호", "Number", &*receipt.issue_number);
    rows.add("요청 일시", "Requested at", spoken_time(receipt.requested_at));
    let vat = vat_of(receipt.amount - receipt.tax_free_amount);
    rows.add("공급가액", "Supplied", money(receipt.amount - receipt.tax_free_amount - vat));
    rows.add("부가세", "VAT", money(vat));
    rows.add("면세 금액", "Tax-free", money(receipt.tax_free_amount));
    if let Some(failure) = &receipt.failure {
        rows.add("실패 사유", "Why it failed", &*failure.message);
    }
    Page {
        title: match (receipt.event, english) {
            (ReceiptEvent::Confirm, false) => "현금영수증",
            (ReceiptEvent::Confirm, true) => "Cash receipt",
            (ReceiptEvent::Cancel, false) => "현금영수증 취소",
            (ReceiptEvent::Cancel, true) => "Cash receipt, given back",
        },
        order_name: &receipt.order_name,
        amount: money(receipt.amount),
        state: match (receipt.status, english) {
            (IssueStatus::InProgress, false) => "발급 대기",
            (IssueStatus::InProgress, true) => "At the tax office",
            (IssueStatus::Completed, false) => "발급 완료",
            (IssueStatus::Completed, true) => "Issued",
            (IssueStatus::Failed, false) => "발급 실패",
            (IssueStatus::Failed, true) => "Refused",
        },
        rows: rows.rows,
        cancels: Vec::new(),
        cash_receipts: &[],
    }
}

fn spoken_state(state: State, english: bool) -> &'static str {
    match (state, english) {
        (State::Canceled, false) => "취소됨",
        (State::Canceled, true) => "Cancelled",
        (State::PartialCanceled, false) => "부분 취소됨",
        (State::PartialCanceled, true) => "Partly cancelled",
        (_, false) => "결제 완료",
        (_, true) => "Paid",
    }
}

/// `2026-01-02 10:30:00`, in Korea.
fn spoken_time(at: Timestamp) -> String {
    in_korea(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
