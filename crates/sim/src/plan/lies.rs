//! What else may happen to a purchase at the PSP: any code of its tables, successes that are none,
//! cancels by hand. Each kind has streams of its own.

use fake_psp::{Echo, Endpoint, Rule, Verdict, error_codes};
use rand::{Rng, RngExt};

use super::{
    Purchase,
    nemesis::Swarm,
    psp::{rule, some},
};
use crate::{engine::Streams, scenario::Scenario};

/// Where, on which call of the order, and what.
type Strike = (Endpoint, u32, Verdict);

/// The rules that meet this purchase.
pub(super) fn rules(
    scenario: &Scenario,
    purchase: &Purchase,
    swarm: &Swarm,
    streams: &Streams,
) -> Vec<Rule> {
    let chances = &scenario.psp;
    let mut rules = Vec::new();
    let mut add = |kind: &str, chance: f64, pick: &dyn Fn(&mut dyn Rng) -> Strike| {
        let mut draw = streams.stream(&format!("plan/psp/{kind}/{}", purchase.name));
        let chance = (chance * swarm.strength(kind)).clamp(0.0, 1.0);
        if draw.random_bool(chance) {
            let (endpoint, nth, verdict) = pick(&mut draw);
            rules.push(rule(&purchase.name, kind, endpoint, nth, verdict));
        }
    };
    add("codes", chances.codes, &code);
    add("false_success", chances.false_success, &false_success);
    add("console_cancel", chances.console_cancel, &|draw| console_cancel(purchase, draw));
    rules
}

/// Any code that the PSP lists for the endpoint, those of a broken configuration too, with or
/// without the effect. Reads have none.
fn code(draw: &mut dyn Rng) -> Strike {
    use Endpoint::{Cancel, Confirm, Read};
    let (endpoint, table) = some(
        draw,
        &[
            (Confirm, "confirm"),
            (Confirm, "confirm"),
            (Confirm, "confirm"),
            (Read, "get"),
            (Read, "get"),
            (Cancel, "cancel"),
        ],
    );
    let codes: Vec<_> = error_codes().filter(|row| row.is_listed_in(table)).collect();
    let code = some(draw, &codes).code.to_owned();
    let acts = draw.random_bool(0.5) && endpoint != Read;
    // Few orders are asked about a third time.
    let nth = some(draw, &[1, 1, 1, 2, 2, 3]);
    let verdict = match acts {
        true => Verdict::ActThenError { code, status: None },
        false => Verdict::Refuse { code, status: None },
    };
    (endpoint, nth, verdict)
}

/// A 200 that is not this payment's, is old, echoes something else, or claims what is not so.
fn false_success(draw: &mut dyn Rng) -> Strike {
    let field = some(draw, &[Echo::Amount, Echo::Currency, Echo::OrderId, Echo::PaymentKey]);
    let endpoint = some(draw, &[Endpoint::Confirm, Endpoint::Confirm, Endpoint::Read]);
    let mut verdicts = vec![
        Verdict::OtherInstead,
        Verdict::WrongEcho { field },
        Verdict::WrongEchoInstead { field },
    ];
    if Verdict::StaleInstead.fits(endpoint) {
        verdicts.push(Verdict::StaleInstead);
    }
    let verdict = some(draw, &verdicts);
    (endpoint, draw.random_range(1..=2), verdict)
}

/// The merchant's people take an approved payment back, whole or in part, within half an hour.
fn console_cancel(purchase: &Purchase, draw: &mut dyn Rng) -> Strike {
    let ms = draw.random_range(1_000..1_800_000);
    let part = draw.random_range(1..purchase.total().max(2));
    let amount = draw.random_bool(0.5).then_some(part);
    (Endpoint::Confirm, 1, Verdict::ConsoleCancel { ms, amount })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_of_the_tables_is_drawn_with_and_without_effect() {
        let mut draw = Streams::new(1).stream("codes");
        let strikes: BTreeSet<String> =
            (0..20_000).map(|_| format!("{:?}", code(&mut draw))).collect();
        for (endpoint, table, word) in [
            ("Confirm", "confirm", "Refuse"),
            ("Confirm", "confirm", "ActThenError"),
            ("Read", "get", "Refuse"),
            ("Cancel", "cancel", "Refuse"),
            ("Cancel", "cancel", "ActThenError"),
        ] {
            for row in error_codes().filter(|row| row.is_listed_in(table)) {
                let is_it = |strike: &&String| {
                    let (code, word) = (format!("\"{}\"", row.code), format!(" {word} "));
                    strike.starts_with(&format!("({endpoint},"))
                        && strike.contains(&code)
                        && strike.contains(&word)
                };
                assert!(strikes.iter().find(is_it).is_some(), "{word} {} at {endpoint}", row.code);
            }
        }
    }

    #[test]
    fn everything_drawn_means_something_where_it_strikes() {
        let purchase = Purchase::of_card("purchase-1", 0, vec![("seller-1".to_owned(), 1_000)]);
        for n in 0..500 {
            let mut draw = Streams::new(n).stream("lies");
            let strikes =
                [code(&mut draw), false_success(&mut draw), console_cancel(&purchase, &mut draw)];
            for (endpoint, nth, verdict) in strikes {
                let rules = vec![rule("purchase-1", "kind", endpoint, nth, verdict)];
                fake_psp::Programme { rules }.check().unwrap();
            }
        }
    }
}
