//! `/v1/settlements`: what Toss pays out, row by row, and settlement by hand.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    act::Act,
    answer::Answer,
    error::Refusal,
    fields::Text,
    route::{Param, Route},
    transactions::page_size,
};
use crate::{
    Config, Currency, Endpoint,
    clock::iso,
    model::{Method, Money, Payment},
    settlement::{DateType, Fees, FileRequest, SettlementRow},
    view::{
        CancelView, CardView, EasyPayView, GiftCertificateView, MeansView, MobilePhoneView,
        TransferView, VirtualAccountView,
    },
};

const DEFAULT_SIZE: usize = 100;

/// One row.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Settlement")]
struct SettlementView<'a> {
    m_id: &'a str,
    payment_key: &'a str,
    transaction_key: &'a str,
    order_id: &'a str,
    currency: Currency,
    method: &'static str,
    amount: Money,
    interest_fee: i64,
    fee: Money,
    fees: Vec<FeeView>,
    supply_amount: Money,
    vat: Money,
    pay_out_amount: Money,
    approved_at: String,
    sold_date: String,
    paid_out_date: String,
    card: Option<CardView<'a>>,
    easy_pay: Option<EasyPayView<'a>>,
    gift_certificate: Option<GiftCertificateView<'a>>,
    mobile_phone: Option<MobilePhoneView<'a>>,
    transfer: Option<TransferView<'a>>,
    virtual_account: Option<VirtualAccountView<'a>>,
    cancel: Option<CancelView<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fee")]
struct FeeView {
    #[serde(rename = "type")]
    kind: &'static str,
    fee: Money,
}

/// The answer to a request for a manual settlement.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ManualSettlement")]
struct HandedIn {
    result: bool,
}

/// Which payment shall be settled.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HandInBody {
    #[schemars(length(max = 200))]
    payment_key: Text,
}

pub(super) const ROUTES: &[Route] = &[
    Route::get("/v1/settlements", "listSettlements", list)
        .about("What Toss pays out for each transaction, by the day it was sold or is paid out.")
        .at(Endpoint::Settlements)
        .query(&[
            Param::required("startDate", "string", "First day, yyyy-MM-dd."),
            Param::required("endDate", "string", "Last day, yyyy-MM-dd."),
            Param::optional("dateType", "string", "soldDate (the default) or paidOutDate."),
            Param::optional("page", "integer", "From 1."),
            Param::optional("size", "integer", "At most so many; 100 by default, 5000 at most."),
        ])
        .answers::<Vec<SettlementView<'_>>>()
        .codes("settlements"),
    Route::post("/v1/settlements", "requestSettlement", hand_in)
        .about("Asks for the settlement of one card payment, where that is done by hand.")
        .takes::<HandInBody>()
        .answers::<HandedIn>()
        .codes("manual_settlement"),
];

fn list(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let (query, config) = (&act.ask.query, &act.core.config);
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
    let size = page_size(config, query, "size", DEFAULT_SIZE, config.max_page)?;
    let page: usize = match query.get("page") {
        None => 1,
        Some(text) => text.parse().ok().filter(|page| *page > 0).ok_or("INVALID_REQUEST")?,
    };
    if config.test_keys_have_no_settlements && act.ask.api_key.starts_with("test_") {
        return Ok(Answer::json(200, &[(); 0]));
    }
    let request = FileRequest { start, end, by, now: act.now, config, entropy: &*act.core.entropy };
    let mut rows = act.world.records.settlements.file(&request, &mut act.world.faults);
    act.twist.cut(&mut rows);
    let from = (page - 1).saturating_mul(size);
    let rows: Vec<_> = rows
        .iter()
        .skip(from)
        .take(size)
        .map(|row| {
            let payment = act.world.store.get(&row.payment_key).expect("a row is of a payment");
            SettlementView::of(row, payment, config, act.ask.english)
        })
        .collect();
    Ok(Answer::json(200, &rows))
}

/// `2022-01-01`; a time after it is ignored, as clients send both.
fn day(text: Option<&String>) -> Result<Date, Refusal> {
    let text = text.ok_or("INVALID_DATE")?;
    text.parse().map_err(|_| "INVALID_DATE".into())
}

/// Which merchants settle by hand is a matter of contract.
fn hand_in(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    if !act.core.config.manual_settlement {
        return Err("FORBIDDEN_REQUEST".into());
    }
    let HandInBody { payment_key: Text(key) } = act.ask.body()?;
    let payment = act.world.store.get(&key).ok_or("NOT_FOUND_PAYMENT")?;
    if payment.method() != Method::Card {
        return Err("NOT_FOUND_METHOD".into());
    }
    if !payment.was_charged() || payment.settling.handed_in {
        return Err("FORBIDDEN_REQUEST".into());
    }
    act.world.hand_in(act.core, &key, act.now);
    Ok(Answer::json(200, &HandedIn { result: true }))
}

impl<'a> SettlementView<'a> {
    fn of(row: &'a SettlementRow, payment: &'a Payment, config: &'a Config, english: bool) -> Self {
        let vat = row.vat();
        let money = |amount| Money(amount, row.currency);
        let means = MeansView::of(payment, money(row.amount), config, english);
        Self {
            m_id: &config.merchant_id,
            payment_key: &row.payment_key,
            transaction_key: &row.transaction_key,
            order_id: &row.order_id,
            currency: row.currency,
            method: payment.method().name(english),
            amount: money(row.amount),
            interest_fee: 0,
            fee: money(row.fee()),
            fees: FeeView::all_of(row),
            supply_amount: money(row.fee() - vat),
            vat: money(vat),
            pay_out_amount: money(row.pay_out()),
            approved_at: iso(row.approved_at),
            sold_date: row.sold.to_string(),
            paid_out_date: row.paid_out.to_string(),
            card: means.card,
            easy_pay: means.easy_pay,
            gift_certificate: means.gift_certificate,
            mobile_phone: means.mobile_phone,
            transfer: means.transfer,
            virtual_account: means.virtual_account,
            cancel: row.cancel.as_ref().map(|cancel| CancelView::of(cancel, row.currency)),
        }
    }
}

impl FeeView {
    fn all_of(row: &SettlementRow) -> Vec<Self> {
        let Fees { base, installment } = row.fees;
        let part = |kind, fee| Self { kind, fee: Money(fee, row.currency) };
        let base = [part("BASE", base)];
        let installment = (installment != 0).then(|| part("INSTALLMENT", installment));
        base.into_iter().chain(installment).chain([part("ETC", 0)]).collect()
    }
}
