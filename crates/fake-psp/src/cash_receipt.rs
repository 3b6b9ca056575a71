//! The register of cash receipts: issued, given back, and what the tax office says of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    api::error::Refusal,
    clock::spell,
    data::Parts,
    model::{CashReceipt, Failure, IssueStatus, Method, Payment, ReceiptEvent, ReceiptWish},
    table::Table,
    world::{Agenda, Core, Duty},
};

/// Every receipt, in the order in which they were asked for, from 1 on.
#[derive(Debug, Default)]
pub(crate) struct CashReceipts {
    rows: Table<CashReceipt, u64>,
    by_key: BTreeMap<String, u64>,
    by_order: BTreeMap<String, BTreeSet<u64>>,
}

/// A receipt that is asked for, and was found to be in order.
pub(crate) struct Issue {
    pub(crate) wish: ReceiptWish,
    pub(crate) business_number: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) payment_key: Option<String>,
    pub(crate) amount: i64,
    pub(crate) tax_free_amount: i64,
}

impl CashReceipts {
    pub(crate) fn get(&self, key: &str) -> Option<&CashReceipt> {
        self.rows.get(self.by_key.get(key)?)
    }

    /// Has this order a receipt that still stands for something?
    pub(crate) fn has_valid(&self, order_id: &str) -> bool {
        let of_order = self.by_order.get(order_id).into_iter().flatten();
        of_order.filter_map(|seq| self.rows.get(seq)).any(CashReceipt::is_valid)
    }

    /// Those after a place in the order, with their places.
    pub(crate) fn after(&self, place: u64) -> impl Iterator<Item = (u64, &CashReceipt)> {
        let rows = self.rows.range((Bound::Excluded(place), Bound::Unbounded));
        rows.map(|(seq, receipt)| (*seq, receipt))
    }

    /// Issues one: IN_PROGRESS until the tax office has answered. Yields its key.
    pub(crate) fn issue(
        &mut self,
        core: &Core,
        agenda: &mut Agenda,
        issue: Issue,
        at: Timestamp,
    ) -> String {
        let nth = self.by_order.get(&issue.order_id).map_or(0, BTreeSet::len);
        let draw = |what: &str| {
            core.entropy.draw(&format!("psp/cash-receipt/{}/{nth}/{what}", issue.order_id))
        };
        let key: String = (0..6).map(|part| spell(draw(&part.to_string()), 8)).collect();
        let receipt = CashReceipt {
            key: key.clone(),
            event: ReceiptEvent::Confirm,
            issue_number: format!("{:09}", draw("number") % 1_000_000_000),
            wish: issue.wish,
            business_number: issue.business_number,
            order_id: issue.order_id,
            order_name: issue.order_name,
            payment_key: issue.payment_key,
            amount: issue.amount,
            tax_free_amount: issue.tax_free_amount,
            left: issue.amount,
            tax_free_left: issue.tax_free_amount,
            cancels: 0,
            status: IssueStatus::InProgress,
            failure: None,
            requested_at: at,
        };
        self.add(core, agenda, receipt);
        key
    }

    /// Issues the receipt that the buyer of a payment wants, if they do.
    pub(crate) fn issue_for(
        &mut self,
        core: &Core,
        agenda: &mut Agenda,
        payment: &mut Payment,
        at: Timestamp,
    ) {
        let Some(wish) = payment.cash_receipt_wish.clone() else { return };
        if !matches!(payment.method(), Method::Transfer | Method::VirtualAccount) {
            return;
        }
        let issue = Issue {
            wish,
            business_number: core.config.business_number.clone(),
            order_id: payment.order_id.clone(),
            order_name: payment.order_name.clone(),
            payment_key: Some(payment.key.clone()),
            amount: payment.amount,
            tax_free_amount: payment.tax_free_amount,
        };
        payment.cash_receipts.push(self.issue(core, agenda, issue, at));
    }

    /// Gives back so much of one, at most what is left: the key of that, if there was anything left.
    pub(crate) fn cancel(
        &mut self,
        core: &Core,
        agenda: &mut Agenda,
        key: &str,
        amount: i64,
        at: Timestamp,
    ) -> Option<String> {
        let receipt = self.rows.get_mut(self.by_key.get(key)?)?;
        if !receipt.is_valid() {
            return None;
        }
        let amount = amount.min(receipt.left);
        // What is taxed goes back first.
        let tax_free_amount = (amount - (receipt.left - receipt.tax_free_left)).max(0);
        receipt.left -= amount;
        receipt.tax_free_left -= tax_free_amount;
        receipt.cancels += 1;
        // One cancel of a receipt is documented to have its key with c_ before it; how several
        // partial ones are told apart is not.
        let cancel_key = match receipt.cancels {
            1 => format!("c_{key}"),
            nth => format!("c_{key}_{nth}"),
        };
        let cancel = CashReceipt {
            key: cancel_key.clone(),
            event: ReceiptEvent::Cancel,
            amount,
            tax_free_amount,
            left: 0,
            tax_free_left: 0,
            cancels: 0,
            status: IssueStatus::InProgress,
            requested_at: at,
            ..receipt.clone()
        };
        self.add(core, agenda, cancel);
        Some(cancel_key)
    }

    /// Gives back so much of a payment's receipt: the key of that, if it has one that still stands
    /// for something.
    pub(crate) fn cancel_for(
        &mut self,
        core: &Core,
        agenda: &mut Agenda,
        payment: &mut Payment,
        amount: i64,
        at: Timestamp,
    ) -> Option<String> {
        let valid = |key: &&String| self.get(key).is_some_and(CashReceipt::is_valid);
        let key = payment.cash_receipts.iter().rfind(valid)?.clone();
        let cancel_key = self.cancel(core, agenda, &key, amount, at)?;
        payment.cash_receipts.push(cancel_key.clone());
        Some(cancel_key)
    }

    /// The tax office has answered: COMPLETED, or FAILED for a number of zeros only.
    pub(crate) fn end(&mut self, key: &str) {
        let Some(seq) = self.by_key.get(key) else { return };
        let Some(receipt) = self.rows.get_mut(seq) else { return };
        if receipt.wish.identity.bytes().any(|byte| byte != b'0') {
            receipt.status = IssueStatus::Completed;
            return;
        }
        let why = Refusal::new("NTS_ERROR");
        receipt.status = IssueStatus::Failed;
        receipt.failure =
            Some(Failure { code: why.code().to_owned(), message: why.message(false).to_owned() });
    }

    fn add(&mut self, core: &Core, agenda: &mut Agenda, receipt: CashReceipt) {
        let hours = SignedDuration::from_hours(core.config.cash_receipt_hours);
        let ends = receipt.requested_at + hours;
        agenda.add(ends, Duty::CashReceiptEnds(receipt.key.clone()));
        let seq = self.rows.len() as u64 + 1;
        self.by_key.insert(receipt.key.clone(), seq);
        self.by_order.entry(receipt.order_id.clone()).or_default().insert(seq);
        self.rows.insert(seq, receipt);
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { rows, by_key: _, by_order: _ } = self;
        vec![("cash_receipt", rows)]
    }

    pub(crate) fn rebuild(&mut self) {
        let Self { rows, by_key, by_order } = self;
        by_key.clear();
        by_order.clear();
        for (seq, receipt) in rows.iter() {
            by_key.insert(receipt.key.clone(), *seq);
            by_order.entry(receipt.order_id.clone()).or_default().insert(*seq);
        }
    }
}
