//! From a scenario and a seed to a plan.

use jiff::{SignedDuration, tz};
use rand::{Rng, RngExt, seq::IndexedRandom};

use super::{CARD, Habit, KRW, Plan, Purchase, SHOP_SELLER, lasting, nemesis, psp};
use crate::{
    engine::Streams,
    scenario::{Cluster, Scenario, Workload},
};

/// Draws the plan. Every decision has a stream named after what it is about, so that a change of
/// one thing leaves the others as they were.
pub fn generate(scenario: &Scenario, seed: u64) -> Plan {
    let streams = Streams::new(seed);
    let names = |n: usize| format!("purchase-{}", n + 1);
    let open = scenario.workload.open_minutes.unwrap_or(scenario.length.minutes);
    let end_ms = open * 60_000;
    let count = scenario.workload.payments;
    let purchases: Vec<_> =
        (0..count).map(|n| purchase(names(n), &scenario.workload, end_ms, &streams)).collect();
    let swarm = nemesis::Swarm::draw(scenario, &streams);
    let cluster = cluster(&scenario.cluster, &streams);
    Plan {
        start: start(scenario, &streams),
        psp: psp::rules(scenario, &purchases, &swarm, &streams),
        lasting: lasting::rules(scenario, &purchases, &swarm, &streams),
        faults: nemesis::faults(scenario, &cluster, &swarm, &streams),
        cluster,
        swarm: swarm.names(),
        purchases,
    }
}

fn cluster(most: &Cluster, streams: &Streams) -> Cluster {
    let mut cluster = most.clone();
    if most.vary {
        for (service, replicas) in [
            ("payment", &mut cluster.payment),
            ("executor", &mut cluster.executor),
            ("wallet", &mut cluster.wallet),
            ("ledger", &mut cluster.ledger),
            ("reconciler", &mut cluster.reconciler),
        ] {
            let mut draw = streams.stream(&format!("plan/replicas/{service}"));
            *replicas = draw.random_range(1..=*replicas);
        }
    }
    cluster
}

fn start(scenario: &Scenario, streams: &Streams) -> jiff::Timestamp {
    let one_in = scenario.length.across_midnight_one_in;
    let across = one_in > 0 && streams.stream("plan/start").random_range(0..one_in) == 0;
    let minutes = if across {
        // Half of the run before midnight, half after.
        24 * 60 - scenario.length.minutes as i64 / 2
    } else {
        let (hours, minutes) = scenario.length.start.split_once(':').expect("checked");
        hours.parse::<i64>().expect("checked") * 60 + minutes.parse::<i64>().expect("checked")
    };
    let day = scenario.length.day;
    let midnight = day.to_zoned(tz::TimeZone::fixed(tz::offset(9))).expect("a plain day");
    midnight.timestamp() + SignedDuration::from_mins(minutes)
}

fn purchase(name: String, work: &Workload, end_ms: u64, streams: &Streams) -> Purchase {
    let mut draw = streams.stream(&format!("plan/{name}"));
    let at_ms = draw.random_range(0..end_ms.max(1));
    let mut items: Vec<_> = (0..draw.random_range(1..=work.items_max))
        .map(|_| {
            let seller = draw.random_range(1..=work.sellers);
            let amount = draw.random_range(work.amount[0]..=work.amount[1]);
            // Amounts that never repeat hide a check of the order behind the check of the amount.
            let listed = work.prices.get(amount as usize % work.prices.len().max(1));
            let amount = listed.copied().unwrap_or(amount);
            (format!("seller-{seller}"), amount)
        })
        .collect();
    let mut means = streams.stream(&format!("plan/method/{name}"));
    let method = work.methods.choose(&mut means).expect("checked: there is one").clone();
    let mut purse = streams.stream(&format!("plan/currency/{name}"));
    // Cards are what the PSP takes dollars with.
    let abroad = purse.random_bool(work.dollars) && method == CARD;
    let currency = if abroad { "USD" } else { KRW }.to_owned();
    let habits = habits(work, &mut draw);
    // A browser's order of one thing is one of the shop's own.
    if let ([(seller, _)], true) = (&mut items[..], habits.contains(&Habit::Browser)) {
        *seller = SHOP_SELLER.to_owned();
    }
    Purchase { name, at_ms, items, currency, method, habits }
}

fn habits(work: &Workload, draw: &mut impl Rng) -> Vec<Habit> {
    let mut habits = Vec::new();
    // Every habit is drawn, whatever came before it: the draws of one do not depend on another.
    let mut add = |chance: f64, habit: Habit| {
        if draw.random_bool(chance) {
            habits.push(habit);
        }
    };
    add(work.double_click / 2.0, Habit::DoubleClickCheckout);
    add(work.double_click, Habit::DoubleClickConfirm);
    add(work.two_tabs, Habit::TwoTabs);
    add(work.walk_away / 2.0, Habit::WalkAwayEarly);
    add(work.walk_away / 2.0, Habit::CloseWindow);
    add(work.declined, Habit::Declined);
    add(work.impatient, Habit::Impatient);
    add(work.tampered, Habit::Tampered);
    add(work.buy_again, Habit::BuyAgain);
    add(work.key_reused, Habit::KeyReused);
    let late = draw.random_bool(work.late_return);
    let seconds = draw.random_range(30..900);
    let look = draw.random_bool(0.1);
    let minutes = draw.random_range(5..180);
    habits.extend(late.then_some(Habit::LateReturn(seconds)));
    habits.extend(look.then_some(Habit::LookLater(minutes)));
    // Drawn last: what was drawn before them stays as it was.
    for (chance, habit) in [
        (work.key_raced, Habit::KeyRaced),
        (work.foreign_key, Habit::ForeignKey),
        (work.bogus_key, Habit::BogusKey),
        (work.unknown_order, Habit::UnknownOrder),
        (work.false_webhook, Habit::FalseWebhook),
    ] {
        habits.extend(draw.random_bool(chance).then_some(habit));
    }
    let again = draw.random_bool(work.checkout_again);
    let seconds = draw.random_range(10..300);
    habits.extend(again.then_some(Habit::CheckoutAgain(seconds)));
    habits.extend(draw.random_bool(work.browser).then_some(Habit::Browser));
    habits.extend(draw.random_bool(work.second_card).then_some(Habit::SecondCard));
    let voided = draw.random_bool(work.voided);
    let seconds = draw.random_range(0..120);
    habits.extend(voided.then_some(Habit::Voided(seconds)));
    habits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_method_is_drawn_and_nothing_else_changes() {
        let scenario = |methods: &str| {
            let text = format!("name = \"x\"\nabout = \"y\"\n[workload]\npayments = 60\n{methods}");
            Scenario::parse("x.toml", &text).unwrap()
        };
        let by_card = generate(&scenario(""), 3);
        let mut mixed = generate(&scenario("methods = [\"CARD\", \"TRANSFER\", \"EASY_PAY\"]"), 3);
        let drawn: BTreeSet<_> = mixed.purchases.iter().map(|p| p.method.clone()).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), ["CARD", "EASY_PAY", "TRANSFER"]);
        mixed.purchases.iter_mut().for_each(|p| p.method = "CARD".to_owned());
        assert_eq!(mixed, by_card);
    }
}
