//! What the merchant's settlement list will say, and what the fault programme will make of it.

use jiff::{ToSpan, civil::Date};
use serde::Serialize;

use super::{FileRequest, SettlementRow, Settlements};
use crate::{Currency, Verdict, clock::korean_day, fault::Faults};

/// One true row, whether or not the merchant can read it yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettlementPreview {
    /// Of the payment.
    pub payment_key: String,
    /// The order.
    pub order_id: String,
    /// Of the approval or the cancel.
    pub transaction_key: String,
    /// Of all amounts, in its smallest unit.
    pub currency: Currency,
    /// Negative for a cancel.
    pub amount: i64,
    /// Toss's fee, with its VAT.
    pub fee: i64,
    /// The VAT in the fee.
    pub vat: i64,
    /// What the merchant gets.
    pub pay_out_amount: i64,
    /// The day it counts as sold.
    pub sold_date: Date,
    /// The day it is paid out.
    pub paid_out_date: Date,
    /// The first day on which the merchant can read it.
    pub visible_from: Date,
    /// Can it be read already?
    pub visible: bool,
    /// It is settled only when the merchant asks for it.
    pub waits_for_request: bool,
    /// The rule that strikes it, by name or position. Rules that strike every n-th row are told
    /// once they have struck.
    pub rule: Option<String>,
    /// What that rule does to it.
    pub verdict: Option<Verdict>,
}

impl Settlements {
    /// The true rows of a stretch of days, those that are to come too. Nothing counts as read.
    pub(crate) fn preview(&self, ask: &FileRequest<'_>, faults: &Faults) -> Vec<SettlementPreview> {
        let days = ask.start..=ask.end;
        let listed = self.rows.iter().map(|(_, row)| (row, false));
        let waiting = self.waiting.iter().map(|(_, row)| (row, true));
        let mut rows: Vec<_> =
            listed.chain(waiting).filter(|(row, _)| days.contains(&ask.by.of(row))).collect();
        rows.sort_by_key(|(row, _)| (ask.by.of(row), row.seq));
        rows.into_iter().map(|(row, waits)| look(row, waits, ask, faults)).collect()
    }
}

fn look(
    row: &SettlementRow,
    waits: bool,
    ask: &FileRequest<'_>,
    faults: &Faults,
) -> SettlementPreview {
    let key = &row.transaction_key;
    let struck = faults.outlook(ask.entropy, row.approved_at, row.subject(), row.nth, key);
    let (rule, verdict) = struck.unzip();
    let visible_from = row.day.saturating_add(ask.config.settlement_after_days.days());
    SettlementPreview {
        payment_key: row.payment_key.clone(),
        order_id: row.order_id.clone(),
        transaction_key: key.clone(),
        currency: row.currency,
        amount: row.amount,
        fee: row.fee(),
        vat: row.vat(),
        pay_out_amount: row.pay_out(),
        sold_date: row.sold,
        paid_out_date: row.paid_out,
        visible_from,
        visible: !waits && visible_from <= korean_day(ask.now),
        waits_for_request: waits,
        rule,
        verdict,
    }
}
