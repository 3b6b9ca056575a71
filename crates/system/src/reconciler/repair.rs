//! Repairing what can be repaired, by the same verbs that everyone uses. Each can be repeated.
//!
//! A repair that is not reached, or is cut off, stays pending: the report is made again, and goes on
//! with it.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::{
    Reconciler,
    wire::{Class, Difference, Kind, Repair},
};
use crate::{
    executor::wire::{Execution, State, Transaction},
    payment::wire::Status,
    service::PeerError,
};

/// How long a repair waits for its outcome; after that it is looked at again the next night.
const WAIT: Duration = Duration::from_secs(45);

/// The time for the calls around the waiting.
const MARGIN: Duration = Duration::from_secs(10);

/// Repairs under way at once: each may wait for its outcome.
const WIDTH: usize = 16;

/// For so long repairs are begun in one making of a report; it must be written before its claim ends.
const BEGINNING: Duration = Duration::from_secs(15 * 60);

impl Reconciler {
    /// Repairs what can be repaired, side by side. What the PSP took is given back as its
    /// transactions name it.
    pub(super) async fn repair_all(&self, found: &mut [Difference], theirs: &[Transaction]) {
        let until = Instant::now() + BEGINNING;
        let repairable = found.iter_mut().filter(|d| d.class == Class::Repairable);
        let repairs =
            stream::iter(repairable).for_each_concurrent(WIDTH, |difference| async move {
                if Instant::now() < until {
                    self.repair(difference, theirs).await;
                }
            });
        repairs.await;
    }

    /// Tries to repair a difference and notes how far that came.
    async fn repair(&self, difference: &mut Difference, theirs: &[Transaction]) {
        let order_id = difference.subject.as_str();
        let repaired = match difference.kind {
            // If it turns out to have failed, the money is another attempt's, and is given back when
            // the report is made again.
            Kind::UnknownButTaken => {
                self.finish(order_id).await.map(|s| s == Some(Status::Success))
            }
            Kind::Unresolved => self.finish(order_id).await.map(|status| status.is_some()),
            Kind::FailedButTaken => self.give_back(order_id, theirs).await,
            // The feeds deliver it; the next run sees it gone.
            Kind::NotBooked => Ok(false),
            _ => unreachable!("only those four are repairable"),
        };
        difference.repair = match repaired {
            Ok(true) => Repair::Repaired,
            Ok(false) => Repair::Pending,
            Err(error) => {
                tracing::warn!(order = order_id, %error, "repair failed; it will be repeated");
                Repair::Pending
            }
        };
        tracing::info!(order = order_id, kind = ?difference.kind, repair = ?difference.repair, "repair");
    }

    /// Has the executor find out how an unknown payment stands, and waits until the payment
    /// service knows it too. `None`: it is not known yet.
    async fn finish(&self, order_id: &str) -> Result<Option<Status>, PeerError> {
        let path = format!("/v1/dead-letters/{order_id}/redrive?wait_ms={}", WAIT.as_millis());
        match self.executor.post::<Execution>(&path, &(), WAIT + MARGIN).await {
            Ok(_) => {}
            // The executor was never asked. The payment service asks it again by itself.
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        }
        for _ in 0..10 {
            let payment = self.payment_of(order_id).await?;
            let status = payment.map(|p| p.status).filter(|status| status.is_final());
            if status.is_some() {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(None)
    }

    /// Gives the money of a failed payment back: of the attempt by which the PSP took it, whatever
    /// was tried since.
    async fn give_back(&self, order_id: &str, theirs: &[Transaction]) -> Result<bool, PeerError> {
        let mut captures = theirs.iter().filter(|t| !t.cancel && t.order_id == order_id);
        let key = &captures.next().expect("the difference is that it was taken").payment_key;
        let wait = WAIT.as_millis();
        let path = format!("/v1/executions/{order_id}/cancel?payment_key={key}&wait_ms={wait}");
        let execution: Execution = self.executor.post(&path, &(), WAIT + MARGIN).await?;
        if execution.dead_letter {
            let path = format!("/v1/dead-letters/{order_id}/redrive?wait_ms={}", WAIT.as_millis());
            let again: Execution = self.executor.post(&path, &(), WAIT + MARGIN).await?;
            return Ok(again.state == State::Approved);
        }
        Ok(execution.state == State::Approved)
    }
}
