//! The act behind a request, at most once per idempotency key.

use jiff::Timestamp;

use super::{
    answer::Answer,
    ask::{Ask, Verb},
    cancel, confirm,
    error::Refusal,
    read, settlements, transactions,
};
use crate::{
    idempotency::Known,
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
}

/// An answer, and whether it is a replay.
pub(crate) struct Acted {
    pub(crate) answer: Answer,
    pub(crate) replayed: bool,
}

impl Acted {
    fn fresh(answer: Answer) -> Self {
        Self { answer, replayed: false }
    }
}

/// What the idempotency key of a request already decides.
pub(super) fn known(world: &mut World, ask: &Ask, now: Timestamp) -> Option<Acted> {
    match world.idempotency.look(ask.scope.as_ref()?, now) {
        Known::Nothing => None,
        Known::Answer(answer) => Some(Acted { answer, replayed: true }),
        Known::Running => {
            let refusal = Refusal::new("IDEMPOTENT_REQUEST_PROCESSING");
            Some(Acted::fresh(refusal.answer(ask.english)))
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
    if let Some(acted) = known(world, ask, now) {
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
    let answer = refusal.answer(ask.english);
    if !(400..500).contains(&answer.status) || answer.status == 429 {
        return Acted::fresh(answer);
    }
    if let Some(acted) = known(world, ask, now) {
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
    let done = match &ask.verb {
        Verb::Confirm { key } => confirm::confirm(core, world, ask, key.as_deref(), now, twist),
        Verb::ReadKey(_) | Verb::ReadOrder(_) => read::read(core, world, ask),
        Verb::Cancel(key) => cancel::cancel(core, world, ask, key, now),
        Verb::Transactions(query) => transactions::list(core, world, query, ask.english, twist),
        Verb::Settlements(query) => settlements::list(core, world, query, ask.english, now, twist),
        Verb::Nothing => Err(Refusal::new("NOT_FOUND")),
    };
    done.unwrap_or_else(|refusal| refusal.answer(ask.english))
}
