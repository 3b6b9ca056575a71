//! Verb: carry operations out at the PSP.
//!
//! What can stop where, and what then:
//! - before [`operation::claim`] commits: nothing was sent; the row is still due;
//! - after it, anywhere: the row says SENDING and its lease ends; the next try *reads* first;
//! - the PSP acted and the answer is lost: the same;
//! - two tries at once (a lease ended too early, a clock is off): both use the same idempotency
//!   key, and of two outcomes the first that commits stays;
//! - after the outcome has committed: its event is in the same transaction.
//!
//! So there is one path, [`Executor::exchange`], and recovery is that path.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use super::{
    Executor,
    operation::{self, Failed, Operation},
    psp::Verdict,
    wire::{Kind, State},
};
use crate::{service::NewEvent, store::StoreError};

/// Operations under way at once in one replica.
const WIDTH: usize = 32;

impl Executor {
    /// The worker: takes what is due and carries it out, until `stopping`; then it finishes what
    /// it has begun.
    pub(super) async fn work(&self, mut stopping: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        let mut due = BTreeSet::new();
        let mut failures = 0;
        let mut look_at = Instant::now();
        while !(*stopping.borrow() && running.is_empty()) {
            let free = WIDTH - running.len();
            let look = Instant::now() >= look_at && free > 0 && !*stopping.borrow();
            if look {
                let now = self.clock.micros();
                due = due.split_off(&(now + 1));
                let rest = self.take(free, &mut running, &mut failures, due.first(), now).await;
                look_at = Instant::now() + rest;
            }
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => {
                    if free == 0 { look_at = Instant::now(); }
                    due.extend(finished(ended));
                }
                () = self.wake.wait(), if !*stopping.borrow() => look_at = Instant::now(),
                () = sleep_until(look_at), if free > 0 && !*stopping.borrow() => {}
                _ = stopping.changed() => {}
            }
            if let Some(&first) = due.first() {
                look_at = look_at.min(Instant::now() + micros(first - self.clock.micros()));
            }
        }
    }

    /// Claims up to `free` due operations and starts a try of each. Returns how long nothing
    /// more is due, as far as this replica knows.
    async fn take(
        &self,
        free: usize,
        running: &mut JoinSet<Option<i64>>,
        failures: &mut u32,
        first_due: Option<&i64>,
        now: i64,
    ) -> Duration {
        match operation::claim(&self.store, now, self.lease(), free as i64).await {
            Ok(claimed) => {
                *failures = 0;
                for operation in claimed {
                    let executor = self.clone();
                    running.spawn(async move { executor.drive(operation).await });
                }
                let poll = self.common.worker_poll;
                first_due.map_or(poll, |at| micros(at - now).min(poll))
            }
            Err(error) => {
                *failures = (*failures + 1).min(6);
                tracing::warn!(%error, "cannot take operations; trying again");
                Duration::from_millis(100 << *failures)
            }
        }
    }

    /// Longer than a try can take: a read, a call, and the database before and after.
    fn lease(&self) -> Duration {
        self.psp_deadline * 2 + Duration::from_secs(15)
    }

    /// One try. Returns when the next one is due, if this one proved nothing.
    async fn drive(&self, mut operation: Operation) -> Option<i64> {
        let verdict = self.exchange(&mut operation).await;
        match self.settle(&operation, verdict).await {
            Ok(due) => due,
            Err(error) => {
                // The outcome is not lost: the PSP has it, and the lease ends.
                tracing::warn!(order = operation.order_id, %error, "cannot write the outcome");
                None
            }
        }
    }

    /// Asks the PSP until something is proven or this try is over.
    async fn exchange(&self, operation: &mut Operation) -> Verdict {
        if operation.sends > 1 {
            match self.psp.read(operation).await {
                // Surely not done: only now may a spent key be replaced and the act repeated.
                Verdict::NotYet(_) => operation.renew_key(),
                // The PSP shows no such payment. Under the same key the act happens at most once
                // and gets the answer that we may have missed; under a spent one we have it.
                Verdict::Unseen(_) if !operation.is_burnt() => {}
                other => return other,
            }
        }
        // An own database that takes no outcome must not make us ask without end.
        if operation.tries > i64::from(self.tries) {
            return Verdict::over_budget();
        }
        self.psp.act(operation).await
    }

    /// Writes what was proven, with its event, in one transaction.
    pub(super) async fn settle(
        &self,
        operation: &Operation,
        verdict: Verdict,
    ) -> Result<Option<i64>, StoreError> {
        let now = self.clock.micros();
        let mut tx = self.store.begin().await?;
        let mut due = None;
        let settled = match &verdict {
            Verdict::Approved { at } => operation::finish(&mut tx, operation, Ok(*at), now).await?,
            Verdict::Declined(reason) => {
                operation::finish(&mut tx, operation, Err(reason), now).await?
            }
            open => {
                let failed = Failed {
                    reason: open.open().expect("everything else is open"),
                    burnt: matches!(open, Verdict::Refused { .. }),
                    unsent: matches!(open, Verdict::NotSent { .. }),
                };
                due = self.next_try(operation, &failed, open.retry_after(), now);
                operation::put_back(&mut tx, operation, &failed, due, now).await?
            }
        };
        let Some(settled) = settled else {
            tx.rollback().await?;
            return Ok(None);
        };
        self.publish(&mut tx, &settled).await?;
        tx.commit().await?;
        tracing::info!(order = settled.order_id, verb = settled.kind.code(), ?verdict, "settled");
        self.feed.announce();
        let _ = self.settled.send(settled.payment_key.as_str().into());
        Ok(due)
    }

    /// When to try again; `None`: the budget is spent. What surely did nothing costs nothing of it:
    /// a PSP that is away or busy for a day must not make a dead letter of every payment.
    fn next_try(
        &self,
        operation: &Operation,
        failed: &Failed<'_>,
        floor: Option<Duration>,
        now: i64,
    ) -> Option<i64> {
        if !failed.unsent && operation.tries >= i64::from(self.tries) {
            let reason = failed.reason;
            tracing::warn!(order = operation.order_id, ?reason, "given up: a dead letter");
            return None;
        }
        let failures = u32::try_from(operation.tries + operation.unsent).unwrap_or(u32::MAX);
        let wait = self.backoff.after(failures, floor, &self.entropy);
        Some(now + wait.as_micros() as i64)
    }

    async fn publish(
        &self,
        tx: &mut crate::store::Tx,
        operation: &Operation,
    ) -> Result<(), StoreError> {
        let execution = operation.to_wire();
        let kind = match (execution.kind, execution.state) {
            (Kind::Confirm, State::Approved) => "confirm.approved",
            (Kind::Confirm, State::Declined) => "confirm.declined",
            (Kind::Confirm, _) => "confirm.unknown",
            (Kind::Cancel, State::Approved) => "cancel.approved",
            (Kind::Cancel, State::Declined) => "cancel.declined",
            (Kind::Cancel, _) => "cancel.unknown",
        };
        // Of each payment, not of each order: what is told once is told once for ever.
        let subject = &execution.payment_key;
        self.feed.publish(tx, NewEvent { kind, subject, data: json!(execution) }).await
    }
}

/// When the operation of a finished try is due again. A panic in a try is a bug: it goes on.
fn finished(ended: Result<Option<i64>, JoinError>) -> Option<i64> {
    match ended {
        Ok(due) => due,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
