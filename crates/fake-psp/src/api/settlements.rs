//! `GET /v1/settlements`: what Toss pays out, row by row.

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{act::Twist, answer::Answer, error::Refusal, fields, transactions::page_size};
use crate::{
    Config,
    clock::iso,
    model::Method,
    settlement::{DateType, FileRequest, SettlementRow},
    view::CancelView,
    world::{Core, World},
};

const DEFAULT_SIZE: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SettlementView<'a> {
    m_id: &'a str,
    payment_key: &'a str,
    transaction_key: &'a str,
    order_id: &'a str,
    currency: &'static str,
    method: &'static str,
    amount: i64,
    interest_fee: i64,
    fee: i64,
    fees: [FeeView; 2],
    supply_amount: i64,
    vat: i64,
    pay_out_amount: i64,
    approved_at: String,
    sold_date: String,
    paid_out_date: String,
    card: Option<CardView<'a>>,
    easy_pay: Option<ProviderView>,
    gift_certificate: Option<()>,
    mobile_phone: Option<()>,
    transfer: Option<BankView>,
    virtual_account: Option<()>,
    cancel: Option<CancelView<'a>>,
}

#[derive(Serialize)]
struct FeeView {
    #[serde(rename = "type")]
    kind: &'static str,
    fee: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardView<'a> {
    issuer_code: &'static str,
    acquirer_code: &'static str,
    number: &'static str,
    installment_plan_months: u8,
    approve_no: &'a str,
    card_type: &'static str,
    owner_type: &'static str,
    amount: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProviderView {
    provider: &'static str,
    amount: i64,
    discount_amount: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BankView {
    bank_code: &'static str,
}

pub(super) fn list(
    core: &Core,
    world: &mut World,
    query: &str,
    english: bool,
    now: Timestamp,
    twist: &Twist,
) -> Result<Answer, Refusal> {
    let config = &core.config;
    let query = fields::query(query);
    let start = day(query.get("startDate"))?;
    let end = day(query.get("endDate"))?;
    if start > end {
        return Err("INVALID_DATE".into());
    }
    let by = match query.get("dateType").map(String::as_str) {
        None | Some("soldDate") => DateType::Sold,
        Some("paidOutDate") => DateType::PaidOut,
        Some(_) => return Err("INVALID_REQUEST".into()),
    };
    let size = page_size(config, &query, "size", DEFAULT_SIZE)?;
    let page: usize = match query.get("page") {
        None => 1,
        Some(text) => text.parse().ok().filter(|page| *page > 0).ok_or("INVALID_REQUEST")?,
    };
    let all_tests = config.secret_keys.iter().all(|key| key.starts_with("test_"));
    if config.test_keys_have_no_settlements && all_tests {
        return Ok(Answer::json(200, &[(); 0]));
    }
    let ask = FileRequest { start, end, by, now, config, entropy: &*core.entropy };
    let mut rows = world.records.settlements.file(&ask, &mut world.faults);
    if matches!(twist, Twist::WithoutNewest) {
        rows.pop();
    }
    let from = (page - 1).saturating_mul(size);
    let rows: Vec<_> = rows
        .iter()
        .skip(from)
        .take(size)
        .map(|row| SettlementView::of(row, config, english))
        .collect();
    Ok(Answer::json(200, &rows))
}

/// `2022-01-01`; a time after it is ignored, as clients send both.
fn day(text: Option<&String>) -> Result<Date, Refusal> {
    let text = text.ok_or("INVALID_DATE")?;
    text.parse().map_err(|_| "INVALID_DATE".into())
}

impl<'a> SettlementView<'a> {
    fn of(row: &'a SettlementRow, config: &'a Config, english: bool) -> Self {
        let vat = row.vat();
        let is = |method| row.method == method;
        Self {
            m_id: &config.merchant_id,
            payment_key: &row.payment_key,
            transaction_key: &row.transaction_key,
            order_id: &row.order_id,
            currency: "KRW",
            method: row.method.name(english),
            amount: row.amount,
            interest_fee: 0,
            fee: row.fee,
            fees: [FeeView { kind: "BASE", fee: row.fee }, FeeView { kind: "ETC", fee: 0 }],
            supply_amount: row.fee - vat,
            vat,
            pay_out_amount: row.amount - row.fee,
            approved_at: iso(row.approved_at),
            sold_date: row.sold.to_string(),
            paid_out_date: row.paid_out.to_string(),
            card: is(Method::Card).then(|| CardView {
                issuer_code: "61",
                acquirer_code: "31",
                number: "43301234****123*",
                installment_plan_months: 0,
                approve_no: &row.approve_no,
                card_type: if english { "CREDIT" } else { "신용" },
                owner_type: if english { "PERSONAL" } else { "개인" },
                amount: row.amount,
            }),
            easy_pay: is(Method::EasyPay).then_some(ProviderView {
                provider: if english { "TOSSPAY" } else { "토스페이" },
                amount: row.amount,
                discount_amount: 0,
            }),
            gift_certificate: None,
            mobile_phone: None,
            transfer: is(Method::Transfer).then_some(BankView { bank_code: "88" }),
            virtual_account: None,
            cancel: row.cancel.as_ref().map(CancelView::of),
        }
    }
}
