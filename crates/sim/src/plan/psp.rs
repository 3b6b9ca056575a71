//! Which of the PSP's faults meets which purchase.

use fake_psp::{Endpoint, Match, Rule, State, Verdict};
use rand::{Rng, RngExt, seq::IndexedRandom};

use super::{Purchase, lies, nemesis::Swarm};
use crate::{engine::Streams, scenario::Scenario};

/// Codes that pass.
const PASSING: &[&str] = &[
    "PROVIDER_ERROR",
    "FORBIDDEN_CONSECUTIVE_REQUEST",
    "CARD_PROCESSING_ERROR",
    "NOT_AVAILABLE_PAYMENT",
];

/// Codes that leave open what happened.
const OPEN: &[&str] = &[
    "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING",
    "FAILED_INTERNAL_SYSTEM_PROCESSING",
    "UNKNOWN_PAYMENT_ERROR",
    "COMMON_ERROR",
];

/// Codes by which a bank says no.
const DECLINED: &[&str] =
    &["REJECT_CARD_PAYMENT", "REJECT_CARD_COMPANY", "EXCEED_MAX_AMOUNT", "INVALID_STOPPED_CARD"];

/// The programme for these purchases: explicit rules, one for each fault.
pub(super) fn rules(
    scenario: &Scenario,
    purchases: &[Purchase],
    swarm: &Swarm,
    streams: &Streams,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let chances = &scenario.psp;
    for purchase in purchases {
        let mut draw = streams.stream(&format!("plan/psp/{}", purchase.name));
        let mut add =
            |kind: &str, chance: f64, pick: &dyn Fn(&mut dyn Rng) -> (Endpoint, Verdict)| {
                let chance = (chance * swarm.strength(kind)).clamp(0.0, 1.0);
                // Drawn even where it does not strike, so that one kind does not shift another.
                let (strikes, (endpoint, verdict)) = (draw.random_bool(chance), pick(&mut draw));
                let nth = draw.random_range(1..=2);
                if strikes {
                    rules.push(rule(&purchase.name, kind, endpoint, nth, verdict));
                }
            };
        add("no_effect", chances.no_effect, &no_effect);
        add("lost_answer", chances.lost_answer, &lost_answer);
        add("wrong_answer", chances.wrong_answer, &wrong_answer);
        add("late", chances.late, &late);
        add("duplicate_answer", chances.duplicate_answer, &|draw| {
            (some(draw, &[Endpoint::Confirm, Endpoint::Read]), Verdict::AnswerTwice)
        });
        add("declined", chances.declined, &|draw| {
            (Endpoint::Confirm, Verdict::Decline { code: some(draw, DECLINED).to_owned() })
        });
        add("held", chances.held, &|draw| {
            let ms = draw.random_range(5_000..400_000);
            (Endpoint::Confirm, Verdict::Hold { ms })
        });
        add("webhook", chances.webhook, &webhook);
        add("forged_webhook", chances.forged_webhook, &|draw| {
            let states = [State::Done, State::Canceled, State::Aborted];
            (Endpoint::Webhook, Verdict::Forge { status: some(draw, &states) })
        });
        add("settlement", chances.settlement, &settlement);
        rules.extend(lies::rules(scenario, purchase, swarm, streams));
    }
    rules
}

/// A rule for the n-th call of a purchase's order at an endpoint.
pub(super) fn rule(
    purchase: &str,
    kind: &str,
    endpoint: Endpoint,
    nth: u32,
    then: Verdict,
) -> Rule {
    // A decline or a settlement row is what it is, not the second of its kind.
    let first =
        matches!(endpoint, Endpoint::SettlementFile) || matches!(then, Verdict::Decline { .. });
    let nth = Some(if first { 1 } else { nth });
    let on = Match { endpoint, order: Some(purchase.to_owned()), nth, ..Match::default() };
    Rule { name: Some(format!("{kind} {purchase}")), on, then }
}

/// One of these.
pub(super) fn some<T: Clone>(draw: &mut dyn Rng, from: &[T]) -> T {
    from.choose(draw).expect("a list of choices is not empty").clone()
}

fn call(draw: &mut dyn Rng) -> Endpoint {
    some(draw, &[Endpoint::Confirm, Endpoint::Confirm, Endpoint::Read, Endpoint::Cancel])
}

fn no_effect(draw: &mut dyn Rng) -> (Endpoint, Verdict) {
    let refuse = |code: &str| Verdict::Refuse { code: code.to_owned(), status: None };
    let verdicts = [
        refuse(some(draw, PASSING)),
        refuse(some(draw, OPEN)),
        Verdict::TooMany { retry_after_s: draw.random_range(1..30) },
        Verdict::DropRequest,
        Verdict::Reset,
        Verdict::HangBefore,
    ];
    (call(draw), some(draw, &verdicts))
}

fn lost_answer(draw: &mut dyn Rng) -> (Endpoint, Verdict) {
    let verdicts =
        [Verdict::ActThenClose, Verdict::ActThenReset, Verdict::ActThenHang, Verdict::ActThenCut];
    (some(draw, &[Endpoint::Confirm, Endpoint::Cancel]), some(draw, &verdicts))
}

fn wrong_answer(draw: &mut dyn Rng) -> (Endpoint, Verdict) {
    let error = |code: &str| Verdict::ActThenError { code: code.to_owned(), status: None };
    let verdicts = [
        error(some(draw, OPEN)),
        error(some(draw, PASSING)),
        error(some(draw, DECLINED)),
        Verdict::Garbage,
        Verdict::StaleAnswer,
        Verdict::OtherAnswer,
    ];
    let verdict = some(draw, &verdicts);
    (some(draw, &[Endpoint::Confirm, Endpoint::Confirm, Endpoint::Cancel]), verdict)
}

fn late(draw: &mut dyn Rng) -> (Endpoint, Verdict) {
    let ms = draw.random_range(500..90_000);
    let verdicts = [Verdict::Delay { ms }, Verdict::ActThenLate { ms }, Verdict::SlowBody { ms }];
    (call(draw), some(draw, &verdicts))
}

fn webhook(draw: &mut dyn Rng) -> (Endpoint, Verdict) {
    let verdicts = [
        Verdict::Delay { ms: draw.random_range(1_000..3_600_000) },
        Verdict::Duplicate { times: draw.random_range(1..4) },
        Verdict::Drop,
        Verdict::Reorder,
    ];
    (Endpoint::Webhook, some(draw, &verdicts))
}

fn settlement(draw: &mut dyn Rng) -> (Endpoint, Verdict) {
    let won = some(draw, &[-1, 1, 100, -10]);
    let verdicts = [
        Verdict::Missing,
        Verdict::Duplicate { times: 1 },
        Verdict::OffBy { won },
        Verdict::Late { days: draw.random_range(1..3) },
    ];
    (Endpoint::SettlementFile, some(draw, &verdicts))
}
