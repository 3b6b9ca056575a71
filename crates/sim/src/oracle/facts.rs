//! The facts of a run, from four independent sources: the PSP's book, our databases, what the
//! buyers were told, and what the stage itself saw.

use std::collections::BTreeMap;

use fake_psp::{Applied, BookEntry, BookKind, Call, Cause, Transmission};
use jiff::Timestamp;
use serde_json::Value;

use super::Times;
use crate::plan::Plan;

/// What a buyer was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// How a payment stands.
    Payment(Box<Page>),
    /// A refusal.
    Refused(Refusal),
    /// Nothing: the call failed, or was given up.
    Nothing(String),
    /// The whole answer to a request that carried an idempotency key: status and body.
    Keyed { key: String, request: String, status: u16, body: String, retry_after: Option<u64> },
    /// The PSP's window has approved, and named this payment.
    Approved(String),
    /// A page sends on to this one.
    Moved(String),
    /// The hidden fields of a page's form.
    Form(Vec<(String, String)>),
    /// A status page, or one that says that nothing was paid.
    Shown(Sheet),
}

/// What stands on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Of a payment; empty if the page is not about one.
    pub status: String,
    /// Whether the browser loads it again by itself.
    pub follows: bool,
    /// All of it.
    pub text: String,
}

impl Sheet {
    /// Reads a page.
    pub fn read(html: &str) -> Self {
        let status = html.split_once("data-status=").and_then(|(_, rest)| rest.split_once('>'));
        Sheet {
            status: status.map_or("", |(status, _)| status).to_owned(),
            follows: html.contains("http-equiv=refresh"),
            text: html.to_owned(),
        }
    }
}

/// What an answer says of a payment, word for word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// HTTP.
    pub http: u16,
    pub status: String,
    pub order_id: String,
    pub order_name: String,
    pub buyer_id: String,
    pub amount: String,
    pub currency: String,
    pub is_done: bool,
    pub is_voided: bool,
    /// Code and message.
    pub failure: Option<(String, String)>,
    /// Microseconds.
    pub approved_at: Option<i64>,
    /// Seller, amount and status of each payment order.
    pub parts: Vec<(String, String, String)>,
}

impl Told {
    /// The status of a payment, if it tells one.
    pub fn status(&self) -> Option<&str> {
        match self {
            Told::Payment(page) => Some(&page.status),
            Told::Shown(sheet) if !sheet.status.is_empty() => Some(&sheet.status),
            _ => None,
        }
    }

    /// What an answer says: how a payment stands, or why not.
    pub fn read(http: u16, body: &[u8], retry_after: Option<u64>) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let Some(parts) = json["payment_orders"].as_array() else {
            let kind = json["type"].as_str().unwrap_or("unreadable").to_owned();
            return Told::Refused(Refusal { status: http, kind, retry_after });
        };
        let part = |p: &Value| (text(&p["seller_id"]), text(&p["amount"]), text(&p["status"]));
        let failure = json["failure"].as_object();
        Told::Payment(Box::new(Page {
            http,
            status: text(&json["status"]),
            order_id: text(&json["order_id"]),
            order_name: text(&json["order_name"]),
            buyer_id: text(&json["buyer_id"]),
            amount: text(&json["amount"]),
            currency: text(&json["currency"]),
            is_done: json["is_payment_done"].as_bool().unwrap_or(false),
            is_voided: json["voided_at"].is_i64(),
            failure: failure.map(|f| (text(&f["code"]), text(&f["message"]))),
            approved_at: json["approved_at"].as_i64(),
            parts: parts.iter().map(part).collect(),
        }))
    }
}

/// A problem document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP.
    pub status: u16,
    /// The document's type.
    pub kind: String,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// One line of the buyers' history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellTale {
    /// When the buyer asked, and when the answer came.
    pub asked_at: Timestamp,
    pub at: Timestamp,
    pub purchase: String,
    pub order_id: Option<String>,
    /// The payment by which the buyer wants to have paid, where that is what is asked.
    pub payment_key: Option<String>,
    /// What the buyer did.
    pub asked: Asked,
    /// Which replica of the payment service was asked, from 0.
    pub replica: usize,
    pub told: Told,
}

/// What a buyer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Checkout,
    /// The same key with another body.
    OtherBody,
    /// Approves in the PSP's window.
    Window,
    Confirm,
    /// With another amount.
    Tampered,
    /// With the payment of somebody else's order.
    ForeignKey,
    /// With a payment that does not exist.
    BogusKey,
    Status,
    /// The shop's front page, with the form to order.
    FrontPage,
    /// The page with the form that leads to the PSP's window.
    CheckoutPage,
    /// The page that says how a payment stands.
    StatusPage,
    /// The page to which the PSP's window sends who did not pay.
    FailPage,
    /// Of an order that nobody opened.
    UnknownOrder,
    /// The shop takes the order back.
    Void,
}

/// Everything that the judges look at.
#[derive(Debug, Default)]
pub struct Facts {
    /// What was planted.
    pub plan: Plan,
    /// When the safety phase was over and everything healed; when the facts were taken.
    pub healed: Timestamp,
    pub now: Timestamp,
    /// When what happened, from every commit.
    pub times: Times,
    /// The PSP's truth.
    pub book: Vec<BookEntry>,
    pub calls: Vec<Call>,
    pub applied: Vec<Applied>,
    pub transmissions: Vec<Transmission>,
    /// What buyers were told, in order.
    pub history: Vec<TellTale>,
    /// Rows of our databases: `payment_event` joined with its status.
    pub payments: Vec<PaymentRow>,
    pub payment_orders: Vec<PaymentOrderRow>,
    /// Seller → balance.
    pub wallet: BTreeMap<String, i64>,
    /// Account → debits less credits.
    pub ledger: BTreeMap<String, i64>,
    pub differences: Vec<DifferenceRow>,
    /// Day → whether its report is finished.
    pub reports: BTreeMap<String, bool>,
    pub webhooks_due: i64,
    pub dead_letters: Vec<String>,
    /// Final orders that the executor is still to be asked about.
    pub still_asked: Vec<String>,
    /// Host → tasks that outlived a crash of it.
    pub orphans: BTreeMap<String, usize>,
    /// Buyers who have not left yet.
    pub shopping: usize,
    /// Webhooks that came in per order: each allows a few more calls.
    pub webhooks: BTreeMap<String, usize>,
}

/// A payment event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRow {
    pub order_id: String,
    pub order_name: String,
    pub amount: i64,
    pub status: String,
    pub is_done: bool,
    /// Microseconds; of the approval, else of the checkout.
    pub day_at: i64,
}

/// A payment order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrderRow {
    pub id: String,
    pub order_id: String,
    pub seller_id: String,
    pub amount: i64,
    pub status: String,
}

/// A reported difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferenceRow {
    pub day: String,
    pub kind: String,
    pub subject: String,
    pub class: String,
    pub repair: String,
}

/// What the PSP's book says of one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) captures: Vec<i64>,
    pub(crate) given_back: i64,
    /// Of that, by somebody's hand in the PSP's console.
    pub(crate) by_hand: i64,
    /// The order in which they came: captures positive.
    pub(crate) moves: Vec<i64>,
}

impl Money {
    /// Takes a line of the PSP's book over.
    pub(crate) fn add(&mut self, entry: &BookEntry) {
        self.moves.push(entry.signed_amount());
        match entry.kind {
            BookKind::Captured => self.captures.push(entry.amount),
            BookKind::GivenBack => {
                self.given_back += entry.amount;
                self.by_hand += if entry.cause == Cause::Console { entry.amount } else { 0 };
            }
        }
    }

    pub(crate) fn kept(&self) -> i64 {
        self.captures.iter().sum::<i64>() - self.given_back
    }

    /// What the PSP would have but for the hands in its console.
    pub(crate) fn kept_but_for_hands(&self) -> i64 {
        self.kept() + self.by_hand
    }
}

impl Facts {
    /// The PSP's book by order.
    pub(crate) fn money(&self) -> BTreeMap<&str, Money> {
        let mut by_order: BTreeMap<&str, Money> = BTreeMap::new();
        for entry in &self.book {
            by_order.entry(&entry.order_id).or_default().add(entry);
        }
        by_order
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A payment event with one order of the same amount.
    pub(crate) fn payment(order_id: &str, amount: i64, status: &str) -> PaymentRow {
        PaymentRow {
            order_id: order_id.to_owned(),
            order_name: format!("purchase of {order_id}"),
            amount,
            status: status.to_owned(),
            is_done: status == "SUCCESS",
            day_at: 0,
        }
    }

    pub(crate) fn capture(order_id: &str, amount: i64) -> (BookKind, String, i64) {
        (BookKind::Captured, order_id.to_owned(), amount)
    }

    pub(crate) fn give_back(order_id: &str, amount: i64) -> (BookKind, String, i64) {
        (BookKind::GivenBack, order_id.to_owned(), amount)
    }

    /// A PSP's book with these lines.
    pub(crate) fn booked<const N: usize>(lines: [(BookKind, String, i64); N]) -> Vec<BookEntry> {
        let entry = |(seq, (kind, order_id, amount)): (usize, (BookKind, String, i64))| BookEntry {
            currency: fake_psp::Currency::Krw,
            seq: seq as u64,
            at: Timestamp::UNIX_EPOCH,
            kind,
            order_name: format!("purchase of {order_id}"),
            payment_key: format!("key-{order_id}"),
            transaction_key: format!("tx-{seq}"),
            order_id,
            amount,
            cause: Cause::Confirm,
        };
        lines.into_iter().enumerate().map(entry).collect()
    }

    /// What a buyer is told of a status.
    pub(crate) fn status(status: &str) -> Told {
        Told::Payment(Box::new(Page { status: status.to_owned(), ..Page::default() }))
    }

    /// A line of the buyers' history.
    pub(crate) fn told(order_id: &str, told: Told) -> TellTale {
        TellTale {
            asked_at: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
            purchase: format!("purchase of {order_id}"),
            order_id: Some(order_id.to_owned()),
            payment_key: None,
            asked: Asked::Status,
            replica: 0,
            told,
        }
    }
}
