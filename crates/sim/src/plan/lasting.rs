//! Faults of the PSP that go on when everything else has healed: lists that break off in the night,
//! and purchases whose calls go on failing.

use fake_psp::{Endpoint, Match, Rule, Verdict};
use rand::{Rng, RngExt};

use super::{Purchase, nemesis::Swarm, psp::some};
use crate::{engine::Streams, scenario::Scenario};

/// The rules that are not healed.
pub(super) fn rules(
    scenario: &Scenario,
    purchases: &[Purchase],
    swarm: &Swarm,
    streams: &Streams,
) -> Vec<Rule> {
    let chance = |kind: &str, chance: f64| (chance * swarm.strength(kind)).clamp(0.0, 1.0);
    let mut rules = Vec::new();
    for endpoint in [Endpoint::Transactions, Endpoint::Settlements] {
        let mut draw = streams.stream(&format!("plan/psp/lists/{}", endpoint.as_str()));
        if draw.random_bool(chance("lists", scenario.psp.lists)) {
            rules.push(list(endpoint, &mut draw));
        }
    }
    for purchase in purchases {
        let mut draw = streams.stream(&format!("plan/psp/stubborn/{}", purchase.name));
        if draw.random_bool(chance("stubborn", scenario.psp.stubborn)) {
            rules.extend(stubborn(purchase, &mut draw));
        }
    }
    rules
}

/// One of the first answers to the night's question is empty, cut, old or none; the next is right.
fn list(endpoint: Endpoint, draw: &mut dyn Rng) -> Rule {
    let refuse = |code: &str| Verdict::Refuse { code: code.to_owned(), status: Some(500) };
    let verdicts = [
        Verdict::ListCut { keep: 0 },
        Verdict::ListCut { keep: draw.random_range(1..20) },
        Verdict::StaleAnswer,
        Verdict::OtherAnswer,
        refuse("COMMON_ERROR"),
        Verdict::HangBefore,
    ];
    let then = some(draw, &verdicts);
    // The day before the first one is looked at twice, before it and with it.
    let on = Match { endpoint, nth: Some(draw.random_range(2..=4)), ..Match::default() };
    Rule { name: Some(format!("lists {}", endpoint.as_str())), on, then }
}

/// Nothing that is asked about this purchase is answered, for so many calls that whoever goes on
/// asking without end is seen.
fn stubborn(purchase: &Purchase, draw: &mut dyn Rng) -> Vec<Rule> {
    let refuse = |code: &str| Verdict::Refuse { code: code.to_owned(), status: None };
    let confirms = [
        refuse("PROVIDER_ERROR"),
        refuse("FAILED_INTERNAL_SYSTEM_PROCESSING"),
        Verdict::HangBefore,
        Verdict::ActThenHang,
    ];
    let reads = [
        refuse("FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING"),
        refuse("FAILED_INTERNAL_SYSTEM_PROCESSING"),
        Verdict::HangBefore,
    ];
    let mut rule = |endpoint: Endpoint, verdicts: &[Verdict]| Rule {
        name: Some(format!("stubborn {} {}", endpoint.as_str(), purchase.name)),
        on: Match {
            endpoint,
            order: Some(purchase.name.clone()),
            times: Some(draw.random_range(12..=20)),
            ..Match::default()
        },
        then: some(draw, verdicts),
    };
    vec![rule(Endpoint::Confirm, &confirms), rule(Endpoint::Read, &reads)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::generate;

    fn scenario(psp: &str) -> Scenario {
        let text = format!("name = \"x\"\nabout = \"y\"\n[psp]\n{psp}");
        Scenario::parse("x.toml", &text).unwrap()
    }

    #[test]
    fn both_lists_and_every_purchase_get_rules_that_can_strike() {
        let all = scenario("lists = 1.0\nstubborn = 1.0\n");
        for seed in 0..50 {
            let rules = generate(&all, seed).lasting;
            assert_eq!(rules.len(), 2 + 2 * all.workload.payments);
            for rule in rules.iter().skip(2) {
                assert!((12..=20).contains(&rule.on.times.unwrap()), "{rule:?}");
            }
            fake_psp::Programme { rules }.check().unwrap();
        }
        assert_eq!(generate(&scenario("lost_answer = 1.0\n"), 1).lasting, []);
    }

    #[test]
    fn new_kinds_leave_the_draws_of_the_others_as_they_were() {
        let old = "lost_answer = 0.5\nlate = 0.3\nwebhook = 0.4\nsettlement = 0.2\n";
        let new = "codes = 1.0\nfalse_success = 1.0\nconsole_cancel = 1.0\nstubborn = 1.0\n";
        let kinds = ["codes", "false_success", "console_cancel"];
        let is_new = |rule: &Rule| {
            let name = rule.name.as_deref().unwrap();
            kinds.iter().any(|kind| name.starts_with(kind))
        };
        for seed in 0..20 {
            let before = generate(&scenario(old), seed);
            let mut after = generate(&scenario(&format!("{old}{new}")), seed);
            let count = after.psp.iter().filter(|rule| is_new(rule)).count();
            assert_eq!(count, 3 * after.purchases.len());
            after.psp.retain(|rule| !is_new(rule));
            assert_eq!((after.psp, after.purchases), (before.psp, before.purchases));
        }
    }
}
