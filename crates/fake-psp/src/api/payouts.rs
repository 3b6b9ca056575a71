//! `/v2/balances` and `/v2/payouts`: what can be paid to sellers, and what is.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    act::Act,
    answer::Answer,
    envelope::{Entity, Page},
    error::Refusal,
    fields::{Amount, Text},
    route::{Param, Route},
    sellers::metadata,
};
use crate::{
    Endpoint, PayoutStatus, ScheduleType,
    payout::{BalanceView, Item, PayoutView, WonView},
};

/// The most payouts in one list.
const MOST: usize = 10_000;

/// The most payouts in one request.
const MOST_AT_ONCE: usize = 100;

/// A payout is smaller than this, in won.
const TOO_MUCH: i64 = 1_000_000_000;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/v2/balances", "readBalance", balance)
        .about("What can be paid out to sellers.")
        .at(Endpoint::Payouts)
        .answers::<Entity<'_, BalanceView>>()
        .codes("payouts_v2"),
    Route::post("/v2/payouts", "requestPayouts", request)
        .about("Asks for payouts: all of them or none. The body is a JWE of this JSON.")
        .at(Endpoint::Payouts)
        .takes_sealed::<Items>()
        .answers::<Entity<'_, Page<PayoutView<'_>>>>()
        .codes("payouts_v2"),
    Route::get("/v2/payouts", "listPayouts", list)
        .about("The payouts, oldest first.")
        .at(Endpoint::Payouts)
        .query(&[
            Param::optional("limit", "integer", "At most so many; 10 by default, 10000 at most."),
            Param::optional("startingAfter", "string", "The last id of the page before."),
            Param::optional("payoutDateGte", "string", "Made on this day or later, yyyy-MM-dd."),
            Param::optional("payoutDateLte", "string", "Made on this day or earlier, yyyy-MM-dd."),
        ])
        .answers::<Entity<'_, Page<PayoutView<'_>>>>()
        .codes("payouts_v2"),
    Route::get("/v2/payouts/{id}", "readPayout", read)
        .about("One payout.")
        .at(Endpoint::Payouts)
        .answers::<Entity<'_, PayoutView<'_>>>()
        .codes("payouts_v2"),
    Route::post("/v2/payouts/{id}/cancel", "cancelPayout", cancel)
        .about("Gives up a scheduled payout that has not begun. No body.")
        .at(Endpoint::Payouts)
        .answers::<Entity<'_, PayoutView<'_>>>()
        .codes("payouts_v2"),
];

/// The body of `POST /v2/payouts`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Items(Vec<PayoutItem>);

impl JsonSchema for Items {
    fn schema_name() -> Cow<'static, str> {
        "PayoutItems".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let item = generator.subschema_for::<PayoutItem>();
        schemars::json_schema!({
            "type": "array", "minItems": 1, "maxItems": MOST_AT_ONCE, "items": item,
        })
    }
}

/// One payout that is asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PayoutItem {
    #[schemars(length(min = 1))]
    ref_payout_id: Text,
    /// The id of a seller.
    destination: Text,
    schedule_type: ScheduleType,
    /// Of a SCHEDULED payout: yyyy-MM-dd, a business day from tomorrow to a year from now.
    payout_date: Option<Text>,
    amount: ItemAmount,
    /// What the seller reads in their bank statement.
    #[schemars(length(max = 7))]
    transaction_description: Option<Text>,
    #[schemars(extend("maxProperties" = 5))]
    metadata: Option<BTreeMap<String, Text>>,
}

#[derive(Deserialize, JsonSchema)]
struct ItemAmount {
    /// KRW.
    currency: Text,
    #[schemars(range(min = 1, max = 999_999_999))]
    value: Amount,
}

impl ItemAmount {
    fn won(&self) -> Result<i64, Refusal> {
        if self.currency.0 != "KRW" {
            return Err("INVALID_CURRENCY".into());
        }
        match self.value.won()? {
            ..1 => Err("BELOW_ZERO_AMOUNT".into()),
            TOO_MUCH.. => Err("EXCEED_MAX_AMOUNT".into()),
            won => Ok(won),
        }
    }
}

impl PayoutItem {
    fn checked(self, longest_description: usize) -> Result<Item, Refusal> {
        let amount = self.amount.won()?;
        let payout_date = self.payout_date.as_ref().map(day).transpose()?;
        let description = self.transaction_description.map(|Text(text)| text);
        let too_long = |text: &String| text.chars().count() > longest_description;
        if self.ref_payout_id.0.is_empty() || description.as_ref().is_some_and(too_long) {
            return Err("INVALID_REQUEST".into());
        }
        Ok(Item {
            ref_payout_id: self.ref_payout_id.0,
            destination: self.destination.0,
            schedule_type: self.schedule_type,
            payout_date,
            amount,
            transaction_description: description,
            metadata: metadata(self.metadata)?,
        })
    }
}

fn day(Text(text): &Text) -> Result<Date, Refusal> {
    text.parse().map_err(|_| "INVALID_DATE".into())
}

fn balance(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let live = !act.ask.api_key.starts_with("test_");
    let balance = BalanceView {
        pending_amount: live.then(|| WonView::of(act.world.pending(act.now))),
        available_amount: WonView::of(act.world.available(act.core, act.now)),
    };
    Ok(act.entity("balance", balance))
}

fn request(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let Items(items) = act.sealed_body()?;
    if items.is_empty() || items.len() > MOST_AT_ONCE {
        return Err("INVALID_REQUEST".into());
    }
    let longest = act.core.config.transaction_description_length;
    let items = items.into_iter().map(|item| item.checked(longest)).collect::<Result<_, _>>()?;
    let ids = act.world.request_payouts(act.core, items, act.now)?;
    let payouts = ids.iter().filter_map(|id| act.world.payouts.get(id));
    let items = payouts.map(|payout| PayoutView::of(payout, act.ask.english)).collect();
    Ok(act.entity("payout-list", Page { has_next: false, last_cursor: ids.last().cloned(), items }))
}

fn list(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let bound = |name: &str| -> Result<Option<Date>, Refusal> {
        act.ask.query.get(name).map(|text| day(&Text(text.clone()))).transpose()
    };
    let (from, to) = (bound("payoutDateGte")?, bound("payoutDateLte")?);
    let page = act.page(&act.world.payouts, MOST, |payout| {
        from.is_none_or(|from| from <= payout.payout_date)
            && to.is_none_or(|to| payout.payout_date <= to)
    })?;
    Ok(act.entity("payout-list", page.map(|payout| PayoutView::of(payout, act.ask.english))))
}

fn read(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let payout = act.world.payouts.get(act.ask.param("id")).ok_or("PAYOUT_NOT_FOUND")?;
    Ok(act.entity("payout", PayoutView::of(payout, act.ask.english)))
}

fn cancel(act: &mut Act<'_>) -> Result<Answer, Refusal> {
    let id = act.ask.param("id");
    let payout = act.world.payouts.get(id).ok_or("PAYOUT_NOT_FOUND")?;
    if payout.schedule_type != ScheduleType::Scheduled
        || !act.world.change_payout(act.core, id, PayoutStatus::Canceled, act.now)
    {
        return Err("NOT_CANCELABLE_PAYOUT".into());
    }
    read(act)
}
