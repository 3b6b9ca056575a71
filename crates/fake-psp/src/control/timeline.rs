//! Everything that happened to one payment, in its order.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Applied, BookEntry, BookKind, Call, ConsoleError, EventType, FakePsp, Transmission,
    model::{Cancel, Currency, Payment},
    webhook::Letter,
    world::World,
};

/// Something that happened to a payment, or is going to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: MomentKind,
    /// What, in a few words.
    pub title: String,
    /// All that is known of it.
    pub detail: Value,
}

/// What kind of thing happened. Of things at the same moment, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    /// The window was opened, or the payment made by the API.
    Opened,
    /// The buyer has authenticated.
    Authenticated,
    /// A request came in.
    Call,
    /// The fault programme struck.
    Fault,
    /// It was approved.
    Approved,
    /// It became ABORTED or EXPIRED.
    Failed,
    /// Money moved.
    Book,
    /// Money was given back.
    Cancel,
    /// An attempt to deliver a webhook ended.
    Webhook,
    /// A webhook is to be delivered then.
    WebhookDue,
    /// It will expire then, if nothing happens before.
    Deadline,
}

impl FakePsp {
    /// Everything that happened to a payment, in its order; what is still to come last.
    ///
    /// # Errors
    /// When there is no such payment.
    pub fn timeline(&self, payment_key: &str) -> Result<Vec<Moment>, ConsoleError> {
        self.with(|_, world, _| {
            let payment = world.store.get(payment_key);
            let payment = payment.ok_or_else(|| ConsoleError::NotFound(payment_key.to_owned()))?;
            let mut moments = milestones(payment);
            moments.extend(payment.cancels.iter().map(|one| cancel(one, payment.currency)));
            moments.extend(records(world, payment));
            moments.extend(webhooks(world, payment));
            moments.sort_by_key(|moment| (moment.at, moment.kind));
            Ok(moments)
        })
    }
}

fn milestones(payment: &Payment) -> Vec<Moment> {
    let by = payment.method().name(true);
    let money = spell(payment.amount, payment.currency);
    let steps = [
        (MomentKind::Opened, Some(payment.requested_at), money),
        (MomentKind::Authenticated, payment.authenticated_at, by.to_owned()),
        (MomentKind::Approved, payment.approved_at, by.to_owned()),
        (MomentKind::Failed, payment.failed_at, payment.state.as_str().to_owned()),
        (MomentKind::Deadline, payment.deadline, "EXPIRED".to_owned()),
    ];
    let reached = steps.into_iter().filter_map(|(kind, at, title)| Some((kind, at?, title)));
    let why = |kind| match (kind, &payment.failure) {
        (MomentKind::Failed, Some(why)) => json!({"code": why.code, "message": why.message}),
        _ => Value::Null,
    };
    reached.map(|(kind, at, title)| Moment { at, kind, title, detail: why(kind) }).collect()
}

fn cancel(cancel: &Cancel, currency: Currency) -> Moment {
    let detail = json!({
        "reason": cancel.reason,
        "transaction_key": cancel.transaction_key,
        "balance_after": spell(cancel.balance_after, currency),
    });
    let title = spell(cancel.amount, currency);
    Moment { at: cancel.at, kind: MomentKind::Cancel, title, detail }
}

/// Calls, faults and lines of the book. A call that names only the order counts for all payments
/// of the order.
fn records(world: &World, payment: &Payment) -> Vec<Moment> {
    let is_mine = |key: Option<&str>, order: Option<&str>| match key {
        Some(key) => key == payment.key,
        None => order == Some(&payment.order_id),
    };
    let calls = world.calls.iter();
    let calls = calls.filter(|c| is_mine(c.payment_key.as_deref(), c.order_id.as_deref()));
    let faults = world.faults.applied().iter();
    let faults = faults.filter(|f| is_mine(f.payment_key.as_deref(), f.order_id.as_deref()));
    let lines = world.records.book().iter().filter(|line| line.payment_key == payment.key);
    calls.map(call).chain(faults.map(fault)).chain(lines.map(line)).collect()
}

fn call(call: &Call) -> Moment {
    let title = format!("{} {}", call.method, call.path);
    Moment { at: call.at, kind: MomentKind::Call, title, detail: json!(call) }
}

fn fault(fault: &Applied) -> Moment {
    let title = fault.verdict.name().to_owned();
    Moment { at: fault.at, kind: MomentKind::Fault, title, detail: json!(fault) }
}

fn line(line: &BookEntry) -> Moment {
    let sign = if line.kind == BookKind::Captured { '+' } else { '-' };
    let title = format!("{sign}{}", spell(line.amount, line.currency));
    Moment { at: line.at, kind: MomentKind::Book, title, detail: json!(line) }
}

/// Webhooks name the order, so that those of its other payments are here, too.
fn webhooks(world: &World, payment: &Payment) -> Vec<Moment> {
    let is_mine = |event: EventType, order: &str| {
        !event.is_signed() && event != EventType::BillingDeleted && order == payment.order_id
    };
    let sent = world.outbox.log().iter().filter(|one| is_mine(one.event, &one.order_id));
    let due = world.outbox.waiting().filter(|(_, one)| is_mine(one.event, &one.order_id));
    sent.map(attempt).chain(due.map(|(at, letter)| to_come(at, letter))).collect()
}

fn attempt(attempt: &Transmission) -> Moment {
    let title = format!("{} {}", attempt.event.as_str(), attempt.status);
    Moment { at: attempt.at, kind: MomentKind::Webhook, title, detail: json!(attempt) }
}

fn to_come(at: Timestamp, letter: &Letter) -> Moment {
    let title = format!("{} {}", letter.event.as_str(), letter.status);
    let detail = json!({
        "id": letter.transmission_id, "url": letter.url, "retried": letter.retried,
        "forged": letter.forged,
    });
    Moment { at, kind: MomentKind::WebhookDue, title, detail }
}

/// `1000 KRW`.
fn spell(amount: i64, currency: Currency) -> String {
    format!("{} {}", currency.spell(amount), currency.as_str())
}
