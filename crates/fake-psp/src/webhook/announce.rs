//! From a change to the webhooks that tell of it, as the fault programme lets them.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EventType, Hook, Letter, Outbox};
use crate::{
    Config, Endpoint, Verdict,
    cash_receipt::CashReceipts,
    clock::{Entropy, iso_without_offset, later, spell},
    fault::{Faults, Subject, clock_off},
    model::{AcquireStatus, Kind, Payment, State},
    view::PaymentView,
};

/// The first of Toss's three envelopes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<T> {
    pub(crate) event_type: &'static str,
    pub(crate) created_at: String,
    pub(crate) data: T,
}

/// The flat one, for deposits.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DepositCallback<'a> {
    created_at: String,
    secret: &'a str,
    status: State,
    transaction_key: Option<&'a str>,
    order_id: &'a str,
}

/// Something to be announced: one letter to every URL that wants it.
pub(crate) struct Notice<'a> {
    pub(crate) event: EventType,
    pub(crate) subject: Subject<'a>,
    /// Names it, with `nth`, for the draw of transmission ids: a payment key, a payout's id.
    pub(crate) about: &'a str,
    /// The how-manieth webhook about it.
    pub(crate) nth: u32,
    /// The status it tells, for the log.
    pub(crate) status: &'a str,
    pub(crate) body: Bytes,
}

/// What it takes to announce.
pub(crate) struct Announcer<'a> {
    pub(crate) config: &'a Config,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) at: Timestamp,
    pub(crate) hooks: &'a [Hook],
    pub(crate) receipts: &'a CashReceipts,
    pub(crate) faults: &'a mut Faults,
    pub(crate) outbox: &'a mut Outbox,
}

impl Announcer<'_> {
    /// Tells of a payment's new status.
    pub(crate) fn announce(mut self, payment: &mut Payment) {
        let waiting = payment.state == State::WaitingForDeposit;
        let announced =
            payment.state.is_announced() || (waiting && self.config.waiting_is_announced);
        if announced && self.wants_billing(payment) {
            self.status_changed(payment);
        }
        if is_about_a_deposit(payment) {
            self.deposit_changed(payment);
        }
    }

    /// Approvals of billing payments are never announced; what comes after, as configured.
    fn wants_billing(&self, payment: &Payment) -> bool {
        payment.kind != Kind::Billing
            || (payment.state != State::Done && self.config.billing_cancels_are_announced)
    }

    fn status_changed(&mut self, payment: &mut Payment) {
        let event = EventType::PaymentStatusChanged;
        if !self.hooks.iter().any(|hook| hook.wants(event)) {
            return;
        }
        let subject = Subject::of(payment);
        let subject = Subject { event: Some(event), ..subject };
        let verdict = self.faults.judge(self.entropy, self.at, Endpoint::Webhook, subject);
        if let Verdict::Forge { status } = verdict {
            self.forge(payment, status);
        }
        let letters = self.payment_letters(payment, false);
        self.post(letters, &verdict);
    }

    fn deposit_changed(&mut self, payment: &mut Payment) {
        payment.webhooks += 1;
        let body = DepositCallback {
            created_at: iso_without_offset(self.at),
            secret: &payment.secret,
            status: payment.state,
            transaction_key: payment.last_transaction_key(),
            order_id: &payment.order_id,
        };
        self.tell(&Notice {
            event: EventType::DepositCallback,
            subject: Subject::of(payment),
            about: &payment.key,
            nth: payment.webhooks,
            status: payment.state.as_str(),
            body: to_json(&body),
        });
    }

    /// Posts a notice as the fault programme lets it.
    pub(crate) fn tell(&mut self, notice: &Notice<'_>) {
        if !self.hooks.iter().any(|hook| hook.wants(notice.event)) {
            return;
        }
        let subject = Subject { event: Some(notice.event), ..notice.subject };
        let verdict = self.faults.judge(self.entropy, self.at, Endpoint::Webhook, subject);
        let letters = self.letters(notice, false);
        self.post(letters, &verdict);
    }

    fn post(&mut self, letters: Vec<Letter>, verdict: &Verdict) {
        for letter in letters {
            match verdict {
                Verdict::Drop => {}
                Verdict::Delay { ms } => {
                    self.outbox.post(letter, later(self.at, *ms));
                }
                Verdict::Reorder => self.outbox.post_held(letter, self.at),
                Verdict::Duplicate { times } => {
                    for _ in 0..=*times {
                        self.outbox.post(letter.clone(), self.at);
                    }
                }
                _ => {
                    self.outbox.post(spoil(letter, verdict), self.at);
                }
            }
        }
    }

    /// Posts a webhook that claims a status the payment does not have.
    pub(crate) fn forge(&mut self, payment: &mut Payment, status: State) {
        let mut claimed = payment.clone();
        claimed.state = status;
        claimed.authenticated_at = claimed.authenticated_at.or(Some(self.at));
        claimed.approved_at = status.was_approved().then_some(self.at);
        if matches!(status, State::Canceled) {
            claimed.balance = 0;
            claimed.settling.acquire = AcquireStatus::Canceled;
        }
        for letter in self.payment_letters(&mut claimed, true) {
            self.outbox.post(letter, self.at);
        }
        payment.webhooks = claimed.webhooks;
    }

    fn payment_letters(&self, payment: &mut Payment, forged: bool) -> Vec<Letter> {
        payment.webhooks += 1;
        let envelope = Envelope {
            event_type: EventType::PaymentStatusChanged.as_str(),
            created_at: iso_without_offset(self.at),
            data: PaymentView::of(payment, self.receipts, self.config, false),
        };
        let body = to_json(&envelope);
        let notice = Notice {
            event: EventType::PaymentStatusChanged,
            subject: Subject::of(payment),
            about: &payment.key,
            nth: payment.webhooks,
            status: payment.state.as_str(),
            body,
        };
        self.letters(&notice, forged)
    }

    fn letters(&self, notice: &Notice<'_>, forged: bool) -> Vec<Letter> {
        let wanted = self.hooks.iter().enumerate().filter(|(_, hook)| hook.wants(notice.event));
        let make = |(n, hook): (usize, &Hook)| {
            let name = format!("psp/webhook/{}/{}/{n}", notice.about, notice.nth);
            Letter {
                transmission_id: format!("whtrans_a01{}", spell(self.entropy.draw(&name), 10)),
                event: notice.event,
                url: hook.url.clone(),
                body: notice.body.clone(),
                order_id: notice.subject.order_id.unwrap_or(notice.about).to_owned(),
                status: notice.status.to_owned(),
                forged,
                retried: 0,
                wrong_signature: false,
                clock_off_ms: 0,
            }
        };
        wanted.map(make).collect()
    }
}

/// What the verdict makes of a letter that is sent.
fn spoil(mut letter: Letter, verdict: &Verdict) -> Letter {
    match verdict {
        Verdict::WrongSignature => letter.wrong_signature = true,
        Verdict::WrongSecret => {
            if let Ok(mut body) = serde_json::from_slice::<DepositCallback<'_>>(&letter.body) {
                let wrong: String = body.secret.chars().rev().collect();
                body.secret = &wrong;
                letter.body = to_json(&body);
            }
        }
        Verdict::CutBody => letter.body.truncate(letter.body.len() / 2),
        Verdict::ClockOff { ms } => {
            letter.body = clock_off(&letter.body, *ms);
            letter.clock_off_ms = *ms;
        }
        _ => {}
    }
    letter
}

/// A deposit came, was taken back or given back, or will never come. Not when the account is only
/// issued: nobody has paid anything yet.
fn is_about_a_deposit(payment: &Payment) -> bool {
    let was_done = payment.before.as_ref().is_some_and(|before| before.state == State::Done);
    payment.account().is_some()
        && match payment.state {
            State::Done | State::Canceled | State::PartialCanceled => true,
            State::WaitingForDeposit => was_done,
            _ => false,
        }
}

pub(crate) fn to_json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).expect("a webhook is plain data"))
}
