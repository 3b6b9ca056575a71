//! Cash receipts: issued on request, given back, listed by day.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    act::{Act, Twist},
    answer::Answer,
    error::Refusal,
    fields::{Amount, Text, amount_or_zero},
    route::{Param, Route},
    transactions::page_size,
};
use crate::{
    Config, Currency, Endpoint,
    cash_receipt::Issue,
    clock::korean_day,
    model::{CashReceipt, ReceiptKind, ReceiptWish},
    view::CashReceiptView,
};

const DEFAULT_LIMIT: usize = 100;
const LARGEST_LIMIT: usize = 10_000;
const LONGEST_NAME: usize = 100;

/// The list exists since then.
const FIRST_VERSION: &str = "2022-07-27";

pub(super) const ROUTES: &[Route] = &[
    Route::post("/v1/cash-receipts", "issueCashReceipt", issue)
        .about("Issues a cash receipt, whether or not the sale was paid through Toss.")
        .at(Endpoint::CashReceipts)
        .takes::<IssueBody>()
        .answers::<CashReceiptView<'_>>()
        .codes("cash_receipt_issue"),
    Route::post("/v1/cash-receipts/{receiptKey}/cancel", "cancelCashReceipt", cancel)
        .about("Gives a cash receipt back, wholly or in part.")
        .at(Endpoint::CashReceipts)
        .takes::<CancelBody>()
        .answers::<CashReceiptView<'_>>()
        .codes("cash_receipt"),
    Route::get("/v1/cash-receipts", "listCashReceipts", list)
        .about("The cash receipts that were asked for, or given back, on a day.")
        .at(Endpoint::CashReceipts)
        .query(&[
            Param::required("requestDate", "string", "The Korean day, yyyy-MM-dd."),
            Param::optional("cursor", "integer", "lastCursor of the page before: only later ones."),
            Param::optional("limit", "integer", "At most so many; 100 by default, 10000 at most."),
        ])
        .answers::<ListView<'_>>()
        .codes("cash_receipt"),
];

/// What a receipt is wanted for.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct IssueBody {
    amount: Amount,
    #[schemars(length(min = 6, max = 64))]
    order_id: Text,
    #[schemars(length(min = 1, max = 100))]
    order_name: Text,
    /// 소득공제 or 지출증빙.
    #[serde(rename = "type")]
    kind: Text,
    /// A phone or card number (소득공제) or a business number (지출증빙). For one of zeros only,
    /// the tax office of this fake refuses the receipt later.
    #[schemars(length(max = 30))]
    customer_identity_number: Option<Text>,
    /// The same by its older name.
    #[schemars(length(max = 30))]
    registration_number: Option<Text>,
    tax_free_amount: Option<Amount>,
    /// Ten digits; the merchant's own by default.
    business_number: Option<Text>,
}

/// How much is given back.
#[derive(Default, Deserialize, JsonSchema)]
struct CancelBody {
    /// Left out: all that is left.
    amount: Option<Amount>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CashReceiptPage")]
struct ListView<'a> {
    has_next: bool,
    /// `cursor` of the next page.
    last_cursor: u64,
    data: Vec<CashReceiptView<'a>>,
}

fn issue(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let issue = check(act.ask.body()?, &act.core.config)?;
    let receipts = &mut act.world.cash_receipts;
    if receipts.has_valid(&issue.order_id) {
        return Err("DUPLICATED_CASH_RECEIPT".into());
    }
    let key = receipts.issue(act.core, &mut act.world.agenda, issue, act.now);
    Ok(show(act, &key))
}

fn check(body: IssueBody, config: &Config) -> Result<Issue, Refusal> {
    let (Text(order_id), Text(order_name)) = (body.order_id, body.order_name);
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
    if !(6..=64).contains(&order_id.len()) || !order_id.chars().all(letters) {
        return Err("INVALID_ORDER_ID".into());
    }
    if !(1..=LONGEST_NAME).contains(&order_name.chars().count()) {
        return Err("INVALID_ORDER_NAME".into());
    }
    let amount = body.amount.won()?;
    let tax_free_amount = amount_or_zero(body.tax_free_amount.as_ref(), Currency::Krw)?;
    if amount <= 0 || !(0..=amount).contains(&tax_free_amount) {
        return Err("INVALID_REQUEST".into());
    }
    let number = body.customer_identity_number.or(body.registration_number);
    let Text(number) = number.ok_or("INVALID_REQUEST")?;
    let kind = ReceiptKind::read(&body.kind.0).ok_or("INVALID_CASH_RECEIPT_INFO")?;
    let identity = kind.identity(&number).ok_or("INVALID_CASH_RECEIPT_INFO")?;
    let business_number = match body.business_number.map(|Text(number)| number.replace('-', "")) {
        None => config.business_number.clone(),
        Some(number) if number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit()) => number,
        Some(_) => return Err("INVALID_BUSINESS_NUMBER".into()),
    };
    Ok(Issue {
        wish: ReceiptWish { kind, identity },
        business_number,
        order_id,
        order_name,
        payment_key: None,
        amount,
        tax_free_amount,
    })
}

fn cancel(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let key = act.ask.param("receiptKey");
    let receipt = act.world.cash_receipts.get(key).ok_or("NOT_FOUND_RECEIPT")?;
    let body: Option<CancelBody> = act.ask.body()?;
    let amount = body.unwrap_or_default().amount.as_ref().map(Amount::won).transpose()?;
    let amount = amount.unwrap_or(receipt.left);
    if amount < 0 {
        return Err("INVALID_REQUEST".into());
    }
    if !receipt.is_valid() || !(1..=receipt.left).contains(&amount) {
        return Err(act.core.config.cash_receipt_cancel_code.as_str().into());
    }
    let payment_key = receipt.payment_key.clone();
    let agenda = &mut act.world.agenda;
    let canceled = act.world.cash_receipts.cancel(act.core, agenda, key, amount, act.now);
    let canceled = canceled.expect("found to be valid just now");
    if let Some(payment) = payment_key.and_then(|key| act.world.store.get_mut(&key)) {
        payment.cash_receipts.push(canceled.clone());
    }
    Ok(show(act, &canceled))
}

fn show(act: &Act<'_>, key: &str) -> Answer {
    let receipt = act.world.cash_receipts.get(key).expect("worked on just now");
    Answer::json(200, &CashReceiptView::of(receipt, &act.core.config))
}

fn list(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let (query, config) = (&act.ask.query, &act.core.config);
    // Versions are dates since 2022, and 1.x before.
    if config.api_version.as_str() < FIRST_VERSION {
        return Err("API_VERSION_UPDATE_NEEDED".into());
    }
    let day = query.get("requestDate").ok_or("INVALID_REQUIRED_PARAM")?;
    let day: Date = day.parse().map_err(|_| "INVALID_DATE")?;
    let limit = page_size(config, query, "limit", DEFAULT_LIMIT, LARGEST_LIMIT)?;
    let cursor: u64 = match query.get("cursor") {
        None => 0,
        Some(text) => text.parse().map_err(|_| "INVALID_PAGING_KEY")?,
    };
    let of_day = |receipt: &CashReceipt| korean_day(receipt.requested_at) == day;
    let rows = act.world.cash_receipts.after(cursor).filter(|(_, receipt)| of_day(receipt));
    let mut rows: Vec<_> = rows.take(limit.saturating_add(1)).collect();
    let has_next = rows.len() > limit;
    rows.truncate(limit);
    if matches!(act.twist, Twist::WithoutNewest) && !has_next {
        rows.pop();
    }
    let last_cursor = rows.last().map_or(cursor, |(place, _)| *place);
    let data = rows.iter().map(|(_, receipt)| CashReceiptView::of(receipt, config)).collect();
    Ok(Answer::json(200, &ListView { has_next, last_cursor, data }))
}
