//! The act behind a request, at most once per idempotency key.

use jiff::Timestamp;

use super::{answer::Answer, ask::Ask, error::Refusal, sealed};
use crate::{
    idempotency::Known,
    model::Payment,
    view::PaymentView,
    world::{Core, World},
};

/// How the act differs from what Toss would do.
#[derive(Clone, Debug)]
pub(crate) enum Twist {
    Honest,
    /// Confirm says DONE, the book does not.
    Unbooked,
    /// Confirm is refused by the card company: ABORTED.
    Decline(Refusal),
    /// Lists lack their newest row.
    WithoutNewest,
    /// Lists have only so many rows.
    CutTo(usize),
}

impl Twist {
    /// Takes the rows out of a list that the answer shall not have.
    pub(super) fn cut<T>(&self, rows: &mut Vec<T>) {
        match self {
            Self::WithoutNewest => {
                rows.pop();
            }
            Self::CutTo(keep) => rows.truncate(*keep),
            _ => {}
        }
    }
}

/// Everything a deed may look at and change.
pub(crate) struct Act<'a> {
    pub(crate) core: &'a Core,
    pub(crate) world: &'a mut World,
    pub(crate) ask: &'a Ask,
    pub(crate) now: Timestamp,
    pub(crate) twist: &'a Twist,
}

impl Act<'_> {
    /// The answer of every API that answers with a payment.
    ///
    /// # Panics
    /// When there is no such payment: the deed has just worked on it.
    pub(crate) fn show_payment(&self, key: &str) -> Answer {
        let payment = self.world.store.get(key).expect("worked on just now");
        show(self.core, self.world, payment, self.ask.english)
    }
}

/// A payment as an answer.
pub(crate) fn show(core: &Core, world: &World, payment: &Payment, english: bool) -> Answer {
    Answer::json(200, &PaymentView::of(payment, &world.cash_receipts, &core.config, english))
}

/// An answer, and whether it is a replay.
pub(crate) struct Acted {
    pub(crate) answer: Answer,
    pub(crate) replayed: bool,
}

impl Acted {
    pub(super) fn fresh(answer: Answer) -> Self {
        Self { answer, replayed: false }
    }
}

/// What the idempotency key of a request already decides.
pub(super) fn known(core: &Core, world: &mut World, ask: &Ask, now: Timestamp) -> Option<Acted> {
    match world.idempotency.look(ask.scope.as_ref()?, now) {
        Known::Nothing => None,
        Known::Answer(answer) => Some(Acted { answer, replayed: true }),
        Known::Running => {
            let refusal = Refusal::new("IDEMPOTENT_REQUEST_PROCESSING");
            Some(Acted::fresh(ask.refused(core, now, &refusal)))
        }
    }
}

/// Acts, or replays what was answered under the same key. The answer can be replayed from
/// `open_from` on; before that the key is still "processing".
pub(super) fn act(
    core: &Core,
    world: &mut World,
    ask: &Ask,
    now: Timestamp,
    twist: &Twist,
    open_from: Timestamp,
) -> Acted {
    if let Some(acted) = known(core, world, ask, now) {
        return acted;
    }
    let answer = perform(core, world, ask, now, twist);
    bind(core, world, ask, now, &answer, open_from);
    Acted::fresh(answer)
}

/// Refuses without acting. A 4xx is an answer of Toss's like any other and bound to the key; a
/// key that is already bound keeps its answer. A 429 or 5xx comes from before the key is looked at.
pub(super) fn refuse(
    core: &Core,
    world: &mut World,
    ask: &Ask,
    now: Timestamp,
    refusal: &Refusal,
) -> Acted {
    let answer = ask.refused(core, now, refusal);
    if !(400..500).contains(&answer.status) || answer.status == 429 {
        return Acted::fresh(answer);
    }
    if let Some(acted) = known(core, world, ask, now) {
        return acted;
    }
    bind(core, world, ask, now, &answer, now);
    Acted::fresh(answer)
}

/// Binds an answer to its key, or frees the key if such answers are not bound.
pub(super) fn bind(
    core: &Core,
    world: &mut World,
    ask: &Ask,
    now: Timestamp,
    answer: &Answer,
    open_from: Timestamp,
) {
    let Some(scope) = &ask.scope else { return };
    if answer.status < 500 || core.config.bind_5xx {
        let bound = Answer { first_trace: Some(ask.trace.clone()), ..answer.clone() };
        world.idempotency.bind(scope, now, bound, open_from);
    } else {
        world.idempotency.release(scope);
    }
}

/// The act itself. No waiting from here on.
pub(super) fn perform(
    core: &Core,
    world: &mut World,
    ask: &Ask,
    now: Timestamp,
    twist: &Twist,
) -> Answer {
    let Some(route) = ask.route else {
        return ask.refused(core, now, &Refusal::new(core.config.unknown_path_code.as_str()));
    };
    let done = (route.deed)(&mut Act { core, world, ask, now, twist });
    match done {
        Ok(answer) => sealed::seal(core, ask, now, answer),
        Err(refusal) => ask.refused(core, now, &refusal),
    }
}
