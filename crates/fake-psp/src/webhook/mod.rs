//! Webhooks: made on every change of status that Toss announces, carried by a worker.

mod outbox;
mod worker;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use thiserror::Error;

use crate::{
    Config, Endpoint, Verdict,
    clock::{Entropy, iso_without_offset, spell},
    fault::{Faults, Subject},
    model::{Payment, State},
    view::PaymentView,
};
pub(crate) use outbox::{Letter, Outbox};
pub(crate) use worker::work;

/// Carries one webhook to the merchant and says which HTTP status it answered.
pub trait Deliver: Send + Sync + 'static {
    /// POSTs `body` to `url`. Timing out after ten seconds is the caller's business.
    fn deliver(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> BoxFuture<'static, Result<u16, DeliverError>>;
}

/// The merchant did not answer.
#[derive(Clone, Debug, Error)]
#[error("the webhook was not answered: {0}")]
pub struct DeliverError(pub String);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    event_type: &'static str,
    created_at: String,
    data: PaymentView<'a>,
}

/// What it takes to make webhooks of a payment.
pub(crate) struct Announcer<'a> {
    pub(crate) config: &'a Config,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) at: Timestamp,
}

impl Announcer<'_> {
    /// Posts the webhook of a payment's new status to every URL, as the fault programme lets it.
    pub(crate) fn announce(&self, payment: &mut Payment, faults: &mut Faults, outbox: &mut Outbox) {
        if self.config.webhook_urls.is_empty() || !payment.state.is_announced() {
            return;
        }
        let verdict = faults.judge(self.entropy, self.at, Endpoint::Webhook, Subject::of(payment));
        if let Verdict::Forge { status } = verdict {
            self.forge(payment, status, outbox);
        }
        for letter in self.letters(payment, false) {
            match verdict {
                Verdict::Drop => {}
                Verdict::Delay { ms } => {
                    let wait = i64::try_from(ms).unwrap_or(i64::MAX);
                    let due = self.at.saturating_add(SignedDuration::from_millis(wait));
                    outbox.post(letter, due.unwrap_or(Timestamp::MAX));
                }
                Verdict::Reorder => outbox.post_held(letter, self.at),
                Verdict::Duplicate { times } => {
                    for _ in 0..=times {
                        outbox.post(letter.clone(), self.at);
                    }
                }
                _ => {
                    outbox.post(letter, self.at);
                }
            }
        }
    }

    /// Posts a webhook that claims a status the payment does not have.
    pub(crate) fn forge(&self, payment: &mut Payment, status: State, outbox: &mut Outbox) {
        let mut claimed = payment.clone();
        claimed.state = status;
        claimed.authenticated_at = claimed.authenticated_at.or(Some(self.at));
        claimed.approved_at = status.was_approved().then_some(self.at);
        if matches!(status, State::Canceled) {
            claimed.balance = 0;
        }
        for letter in self.letters(&mut claimed, true) {
            outbox.post(letter, self.at);
        }
        payment.webhooks = claimed.webhooks;
    }

    fn letters(&self, payment: &mut Payment, forged: bool) -> Vec<Letter> {
        payment.webhooks += 1;
        let envelope = Envelope {
            event_type: "PAYMENT_STATUS_CHANGED",
            created_at: iso_without_offset(self.at),
            data: PaymentView::of(payment, self.config, false),
        };
        let body = Bytes::from(serde_json::to_vec(&envelope).expect("a payment is plain data"));
        let make = |(n, url): (usize, &String)| {
            let name = format!("psp/webhook/{}/{}/{n}", payment.key, payment.webhooks);
            Letter {
                transmission_id: format!("whtrans_a01{}", spell(self.entropy.draw(&name), 10)),
                url: url.clone(),
                body: body.clone(),
                order_id: payment.order_id.clone(),
                status: payment.state.as_str().to_owned(),
                forged,
                retried: 0,
            }
        };
        self.config.webhook_urls.iter().enumerate().map(make).collect()
    }
}
