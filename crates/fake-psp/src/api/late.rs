//! Acts that happen later than they were asked for, whether or not anybody still waits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{
    act::{Twist, bind, perform},
    answer::Answer,
    ask::Ask,
    error::Refusal,
};
use crate::world::{Core, World};

/// A place in the queue: time and order of arrival.
pub(crate) type LateId = (Timestamp, u64);

/// One act to come.
#[derive(Serialize, Deserialize)]
pub(crate) struct Late {
    ask: Ask,
    /// Who waits for the answer: nobody any more, when the process was started anew.
    #[serde(skip)]
    reply: Option<oneshot::Sender<Answer>>,
    /// The payment that is held for review until then.
    held: Option<String>,
    /// The code with which it is refused then.
    #[serde(default)]
    decline: Option<String>,
}

impl World {
    /// Puts off an act. Its idempotency key is "processing" until then.
    pub(super) fn put_off(
        &mut self,
        ask: Ask,
        now: Timestamp,
        due: Timestamp,
        held: Option<String>,
        decline: Option<String>,
    ) -> (LateId, oneshot::Receiver<Answer>) {
        if let Some(scope) = &ask.scope {
            self.idempotency.begin(scope, now);
        }
        // Under review, the merchant has confirmed in time: it does not expire any more.
        let held_now = held.as_deref().and_then(|key| self.store.set_deadline(key, None));
        if let Some(payment) = held_now {
            payment.held = true;
        }
        let (reply, answer) = oneshot::channel();
        let order = self.late.range((due, 0)..=(due, u64::MAX)).next_back();
        let id = (due, order.map_or(0, |((_, last), _)| last + 1));
        self.late.insert(id, Late { ask, reply: Some(reply), held, decline });
        (id, answer)
    }

    /// Ends the review of a payment now: as was asked, or refused.
    pub(crate) fn decide(&mut self, core: &Core, key: &str, no: Option<Refusal>, now: Timestamp) {
        let is_it = |late: &Late| late.held.as_deref() == Some(key);
        let found = self.late.iter().find(|(_, late)| is_it(late)).map(|(id, _)| *id);
        let twist = no.map_or(Twist::Honest, Twist::Decline);
        if let Some(id) = found {
            self.do_late(core, id, &twist, now);
        }
    }

    /// Does what was put off. Nothing if it is done already.
    pub(crate) fn run_late(&mut self, core: &Core, id: LateId) {
        let (at, _) = id;
        let decline = self.late.get(&id).and_then(|late| late.decline.clone());
        let twist = decline.map_or(Twist::Honest, |code| Twist::Decline(Refusal::new(code)));
        self.do_late(core, id, &twist, at);
    }

    fn do_late(&mut self, core: &Core, id: LateId, twist: &Twist, at: Timestamp) {
        let Some(Late { ask, reply, held, .. }) = self.late.remove(&id) else { return };
        if let Some(payment) = held.as_deref().and_then(|key| self.store.get_mut(key)) {
            payment.held = false;
        }
        let answer = perform(core, self, &ask, at, twist);
        bind(core, self, &ask, at, &answer, at);
        // If nobody waits any more: that is what late effects are about.
        let _ = reply.map(|reply| reply.send(answer));
    }
}
