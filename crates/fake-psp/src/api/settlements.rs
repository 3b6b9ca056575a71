//! `GET /v1/settlements`: what Toss pays out, row by row.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    act::{Act, Twist},
    answer::Answer,
    error::Refusal,
    route::{Param, Route},
    transactions::page_size,
};
use crate::{
    Config, Currency, Endpoint,
    clock::iso,
    model::{Means, Money},
    settlement::{DateType, FileRequest, SettlementRow},
    view::{CancelView, provider},
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
    fees: [FeeView; 2],
    supply_amount: Money,
    vat: Money,
    pay_out_amount: Money,
    approved_at: String,
    sold_date: String,
    paid_out_date: String,
    card: Option<CardView<'a>>,
    easy_pay: Option<ProviderView<'a>>,
    gift_certificate: Option<ApprovalView<'a>>,
    mobile_phone: Option<PhoneView<'a>>,
    transfer: Option<BankView<'a>>,
    virtual_account: Option<AccountView<'a>>,
    cancel: Option<CancelView<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fee")]
struct FeeView {
    #[serde(rename = "type")]
    kind: &'static str,
    fee: Money,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SettlementCard")]
struct CardView<'a> {
    issuer_code: &'a str,
    acquirer_code: Option<&'a str>,
    number: &'a str,
    installment_plan_months: u8,
    approve_no: &'a str,
    card_type: &'static str,
    owner_type: &'static str,
    amount: Money,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SettlementEasyPay")]
struct ProviderView<'a> {
    provider: &'a str,
    amount: Money,
    discount_amount: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SettlementTransfer")]
struct BankView<'a> {
    bank_code: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SettlementGiftCertificate")]
struct ApprovalView<'a> {
    approve_no: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SettlementMobilePhone")]
struct PhoneView<'a> {
    customer_mobile_phone: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SettlementVirtualAccount")]
struct AccountView<'a> {
    account_number: &'a str,
    bank_code: &'a str,
}

pub(super) const ROUTES: &[Route] = &[Route::get("/v1/settlements", "listSettlements", list)
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
    .codes("settlements")];

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
    if matches!(act.twist, Twist::WithoutNewest) {
        rows.pop();
    }
    let from = (page - 1).saturating_mul(size);
    let rows: Vec<_> = rows
        .iter()
        .skip(from)
        .take(size)
        .map(|row| SettlementView::of(row, config, act.ask.english))
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
        let money = |amount| Money(amount, row.currency);
        let mut view = Self {
            m_id: &config.merchant_id,
            payment_key: &row.payment_key,
            transaction_key: &row.transaction_key,
            order_id: &row.order_id,
            currency: row.currency,
            method: row.means.method().name(english),
            amount: money(row.amount),
            interest_fee: 0,
            fee: money(row.fee),
            fees: [
                FeeView { kind: "BASE", fee: money(row.fee) },
                FeeView { kind: "ETC", fee: money(0) },
            ],
            supply_amount: money(row.fee - vat),
            vat: money(vat),
            pay_out_amount: money(row.amount - row.fee),
            approved_at: iso(row.approved_at),
            sold_date: row.sold.to_string(),
            paid_out_date: row.paid_out.to_string(),
            card: None,
            easy_pay: None,
            gift_certificate: None,
            mobile_phone: None,
            transfer: None,
            virtual_account: None,
            cancel: row.cancel.as_ref().map(|cancel| CancelView::of(cancel, row.currency)),
        };
        view.show(row, english);
        view
    }

    fn show(&mut self, row: &'a SettlementRow, english: bool) {
        let amount = Money(row.amount, row.currency);
        let approve_no = &row.approve_no;
        match &row.means {
            Means::Card(card) => {
                self.card = Some(CardView {
                    issuer_code: &card.issuer_code,
                    acquirer_code: card.acquirer_code.as_deref(),
                    number: &card.number,
                    installment_plan_months: card.installment_months,
                    approve_no,
                    card_type: card.card_type.name(english),
                    owner_type: card.owner_type.name(english),
                    amount,
                });
            }
            Means::EasyPay { provider: name } | Means::ForeignEasyPay { provider: name } => {
                let provider = provider(name, english);
                self.easy_pay = Some(ProviderView { provider, amount, discount_amount: 0 });
            }
            Means::Transfer { bank_code } => self.transfer = Some(BankView { bank_code }),
            Means::MobilePhone { number } => {
                self.mobile_phone = Some(PhoneView { customer_mobile_phone: number });
            }
            Means::GiftCertificate(_) => self.gift_certificate = Some(ApprovalView { approve_no }),
            Means::VirtualAccount(account) => {
                let (account_number, bank_code) = (&*account.account_number, &*account.bank_code);
                self.virtual_account = Some(AccountView { account_number, bank_code });
            }
        }
    }
}
