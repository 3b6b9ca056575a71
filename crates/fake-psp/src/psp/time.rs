//! The fake's clock: how far it is ahead of the one it was handed, and what happens when it is set
//! forward. Also a new beginning.

use std::{
    sync::atomic::{AtomicI64, AtomicUsize, Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Notify, time::timeout};

use super::FakePsp;
use crate::world::Core;

/// A merchant has ten seconds for a webhook; nobody waits for one much longer.
const LONGEST_FLIGHT: Duration = Duration::from_secs(15);

/// Who carries webhooks, and when an attempt has ended.
#[derive(Debug, Default)]
pub(super) struct PostOffice {
    pub(super) carriers: AtomicUsize,
    pub(super) landed: Notify,
}

/// Somebody carries webhooks as long as this lives.
pub(crate) struct Carrier(FakePsp);

impl Drop for Carrier {
    fn drop(&mut self) {
        self.0.0.post_office.carriers.fetch_sub(1, Ordering::Relaxed);
        self.0.0.post_office.landed.notify_waiters();
    }
}

impl FakePsp {
    /// The present moment of the fake: the clock's, and as far ahead as it was advanced.
    pub fn now(&self) -> Timestamp {
        self.now_by(&self.core())
    }

    pub(super) fn now_by(&self, core: &Core) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.0.ahead_ms.load(Ordering::Relaxed));
        core.clock.now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// Sets the fake's clock forward in one step. What becomes due happens, each at its own time;
    /// webhooks are sent after it. [`Self::advance_to`] also lets their answers come in between.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 2);
        add(&self.0.ahead_ms, by);
        // Read again under the lock: another one may have gone further meanwhile.
        self.with(|_, world, _| *world.ahead_ms = self.0.ahead_ms.load(Ordering::Relaxed));
        self.0.wake.notify_one();
    }

    /// Sets the fake's clock forward, from one thing that becomes due to the next: a webhook that
    /// is not acknowledged is sent again and again on the way, at its times. Returns when the
    /// clock is there and every webhook was answered, if somebody [serves](Self::serve).
    ///
    /// Whoever comes while another one is at it waits, and then finds the clock where it is.
    pub async fn advance_to(&self, target: Timestamp) {
        self.step_to(|_| target).await;
    }

    /// As [`Self::advance_to`], by so much: two who ask for a day each make it two days.
    pub async fn advance_by(&self, by: SignedDuration) {
        self.step_to(|now| now.saturating_add(by).unwrap_or(Timestamp::MAX)).await;
    }

    async fn step_to(&self, target: impl FnOnce(Timestamp) -> Timestamp) {
        let _alone = self.0.stepping.lock().await;
        let target = target(self.now());
        let resets = || self.0.resets.load(Ordering::Relaxed);
        let begun = resets();
        loop {
            // A merchant who does not answer has had the time.
            let _ = timeout(LONGEST_FLIGHT, self.settled()).await;
            let now = self.now();
            // Reset meanwhile, and this advance with it?
            if now >= target || resets() != begun {
                return;
            }
            let next = self.with(|_, world, _| world.next_event_after(now));
            let step = next.map_or(target, |next| next.min(target));
            // Up to the next whole millisecond, or it would never quite be there.
            let micros = u64::try_from(step.duration_since(now).as_micros()).unwrap_or(0);
            self.advance(Duration::from_millis(micros.div_ceil(1000).max(1)));
        }
    }

    /// Waits until no webhook is on its way. At once if nobody carries any.
    async fn settled(&self) {
        loop {
            let mut landed = std::pin::pin!(self.0.post_office.landed.notified());
            landed.as_mut().enable();
            let carried = self.0.post_office.carriers.load(Ordering::Relaxed) > 0;
            if !carried || self.with(|_, world, now| world.outbox.is_quiet(now)) {
                return;
            }
            landed.await;
        }
    }

    pub(crate) fn carrier(&self) -> Carrier {
        self.0.post_office.carriers.fetch_add(1, Ordering::Relaxed);
        Carrier(self.clone())
    }

    /// Forgets everything, in the data file too: payments, books, logs, faults, and how far the
    /// clock was set forward. Where webhooks go and the configuration stay; so do the faults, if
    /// `keep_faults`. An advance of the clock that is under way ends.
    pub fn reset(&self, keep_faults: bool) {
        self.with(|_, world, _| {
            let faults = world.faults.programme().clone();
            world.clear();
            if keep_faults {
                world.faults.install(faults);
            }
            self.0.ahead_ms.store(0, Ordering::Relaxed);
            self.0.resets.fetch_add(1, Ordering::Relaxed);
        });
        self.0.wake.notify_one();
    }
}

fn add(ahead_ms: &AtomicI64, by: i64) {
    let sum = |ahead: i64| Some(ahead.saturating_add(by));
    let _always_some = ahead_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
}
