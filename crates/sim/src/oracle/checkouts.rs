//! Checkouts told rightly: opened once per key, refused for another body, told to wait while one is
//! under way.

use std::str::FromStr;

use jiff::SignedDuration;

use super::{Asked, Facts, TellTale, Told, necessary::brief, told::SOON_S, trouble::Way};
use crate::plan::{Habit, Purchase};

/// How long a request under a key keeps others with this key away, if it is broken off.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

const CALM: SignedDuration = SignedDuration::from_secs(20);

/// A checkout is opened, unless the same key is under way, or the shop is broken.
pub(super) fn checkout(facts: &Facts, line: &TellTale) -> Option<String> {
    let clear = facts.is_clear(Way::SHOP, line.asked_at - CALM, line.at);
    match &line.told {
        Told::Nothing(why) => {
            let answers = facts.is_only_slow(Way::SHOP, line.asked_at - CALM, line.at);
            answers.then(|| format!("a checkout was not answered: {why}"))
        }
        Told::Keyed { status: 201, request, body, .. } => {
            wrong_checkout(facts, line, request, body)
        }
        Told::Keyed { status: 303, body, .. } if is_from_the_front(facts, line) => {
            sent_elsewhere(facts, line, body)
        }
        Told::Keyed { status: 429, retry_after, key, .. } => {
            // A request that stood still may have begun late, and clocks that differ make its lease
            // another one's eternity.
            let bent = facts.is_time_bent(Way::SHOP, line.asked_at - LEASE - CALM, line.at);
            let soon = retry_after.is_some_and(|seconds| (1..=SOON_S).contains(&seconds));
            let excused = (is_under_way(facts, line, key) || bent) && soon;
            (!excused).then(|| "a checkout was told 429, and nothing was under way".to_owned())
        }
        // The race was won by the other request: the key is that one's now.
        Told::Keyed { status: 422, key, .. } if was_raced(facts, line, key) => None,
        Told::Keyed { status: 503, .. } => {
            clear.then(|| "a checkout was told 503, and nothing was broken".to_owned())
        }
        other => Some(format!("a checkout was told {}", brief(other))),
    }
}

/// The same key with another body is refused, or told to wait; it is never opened.
pub(super) fn other_body(facts: &Facts, line: &TellTale) -> Option<String> {
    let clear = facts.is_clear(Way::SHOP, line.asked_at - CALM, line.at);
    match &line.told {
        Told::Keyed { status: 422, body, .. } if body.contains("idempotency_key_reused") => None,
        Told::Keyed { status: 503, .. } | Told::Nothing(_) if !clear => None,
        // It was the first: the other is refused then.
        Told::Keyed { status: 201 | 429, key, .. } if was_raced(facts, line, key) => None,
        other => Some(format!("a key with another body was told {}", brief(other))),
    }
}

/// Whether requests with different bodies under this key were under way at one time.
fn was_raced(facts: &Facts, line: &TellTale, key: &str) -> bool {
    let purchase = facts.plan.purchases.iter().find(|p| p.name == line.purchase);
    purchase.is_some_and(|p| p.has(Habit::KeyRaced) && key.starts_with(&p.name))
}

/// Whether another request with this key was under way, or was broken off a moment ago.
fn is_under_way(facts: &Facts, line: &TellTale, key: &str) -> bool {
    let mine = facts.history.iter().filter(|other| other.purchase == line.purchase);
    let mut keyed =
        mine.filter(|other| !std::ptr::eq(*other, line)).filter(|other| match &other.told {
            Told::Keyed { key: theirs, .. } => theirs == key,
            Told::Nothing(_) => matches!(other.asked, Asked::Checkout | Asked::OtherBody),
            _ => false,
        });
    keyed.any(|other| {
        // Whoever was told to wait began nothing: only what broke off is still in the way.
        let answered = matches!(other.told, Told::Keyed { status: 201 | 422 | 429, .. });
        let until = match answered {
            true => other.at,
            // By a clock that was ahead when it was written, and was set right since.
            false => {
                other.at + LEASE + facts.clocks_off(Way::SHOP, other.asked_at - CALM, other.at)
            }
        };
        other.asked_at <= line.at && until >= line.asked_at
    })
}

/// The page to order with is there, and has a key that nobody else was given.
pub(super) fn front_page(facts: &Facts, line: &TellTale) -> Option<String> {
    match &line.told {
        Told::Nothing(why) => {
            let answers = facts.is_only_slow(Way::SHOP, line.asked_at - CALM, line.at);
            answers.then(|| format!("the front page was not answered: {why}"))
        }
        Told::Form(fields) => {
            let key = fields.iter().find(|(name, value)| name == "key" && !value.is_empty());
            let Some(key) = key else { return Some("the front page has no key".to_owned()) };
            let mut pages = facts.history.iter().filter(|other| !std::ptr::eq(*other, line));
            let twice = pages.any(|other| {
                other.asked == Asked::FrontPage
                    && matches!(&other.told, Told::Form(fields) if fields.contains(key))
            });
            twice.then(|| format!("two buyers were given the front page with the key {}", key.1))
        }
        // It is the same for everybody, and needs nothing.
        other => Some(format!("the front page was answered {}", brief(other))),
    }
}

fn is_from_the_front(facts: &Facts, line: &TellTale) -> bool {
    let purchase = facts.plan.purchases.iter().find(|p| p.name == line.purchase);
    purchase.is_some_and(Purchase::is_from_the_front_page)
}

/// Whoever ordered with a form is sent to the form to pay this order with.
fn sent_elsewhere(facts: &Facts, line: &TellTale, to: &str) -> Option<String> {
    let mut payments = facts.payments.iter();
    let own = payments.any(|payment| {
        payment.order_name == line.purchase
            && to.ends_with(&format!("/checkout/{}", payment.order_id))
    });
    (!own).then(|| format!("{} ordered, and was sent to {to}", line.purchase))
}

/// The order is as it was asked for.
fn wrong_checkout(facts: &Facts, line: &TellTale, request: &str, body: &str) -> Option<String> {
    let purchase: &Purchase = facts.plan.purchases.iter().find(|p| p.name == line.purchase)?;
    let asked: serde_json::Value = serde_json::from_str(request).ok()?;
    let told = serde_json::Value::from_str(body).unwrap_or_default();
    let parts = told["payment_orders"].as_array().map_or(0, Vec::len);
    let same = told["order_name"] == asked["order_name"]
        && told["buyer_id"] == asked["buyer_id"]
        && told["amount"].as_str() == Some(&purchase.spell(purchase.total()))
        && told["currency"] == purchase.currency.as_str()
        && told["status"] == "NOT_STARTED"
        && parts == purchase.items.len();
    (!same).then(|| format!("a checkout of {request} was answered {body}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{
            Refusal,
            stories::{assert_seen, judged, line, paid},
            told::judge,
        },
        plan::{Break, Fault},
    };

    #[test]
    fn whoever_waits_for_a_slow_database_is_told_to_ask_again() {
        let slow = |told, ms| {
            let mut facts = paid();
            facts.history.push(line(Asked::Confirm, 100_000, 100_100, told));
            facts.plan.faults = vec![Fault {
                at_ms: 1_000,
                for_ms: 600_000,
                what: Break::DatabaseSlow("payment-1".into(), ms),
            }];
            facts
        };
        let silent = Told::Nothing("timed out".into());
        assert_seen(judge, &slow(silent.clone(), 250), "asked Confirm and was not answered");
        assert_eq!(judged(judge, &slow(silent.clone(), 2_000)), [""; 0]);
        let busy = Refusal { status: 503, kind: "unavailable".into(), retry_after: Some(1) };
        assert_eq!(judged(judge, &slow(Told::Refused(busy), 250)), [""; 0]);
        let mut checkout = slow(silent, 250);
        checkout.history.last_mut().unwrap().asked = Asked::Checkout;
        assert_seen(judge, &checkout, "a checkout was not answered");
        checkout.plan.faults[0].what = Break::DatabaseOutage("payment-1".into());
        assert_eq!(judged(judge, &checkout), [""; 0]);
    }

    #[test]
    fn a_front_page_has_a_key_that_nobody_else_was_given() {
        let form = |key: &str| Told::Form(vec![("key".to_owned(), key.to_owned())]);
        let loaded = |pages: Vec<Told>| {
            let mut facts = paid();
            let pages = pages.into_iter().map(|told| {
                let order_id = None;
                TellTale { order_id, ..line(Asked::FrontPage, 10, 20, told) }
            });
            facts.history.extend(pages);
            facts
        };
        assert_eq!(judged(judge, &loaded(vec![form("a"), form("b")])), [""; 0]);
        assert_eq!(judged(judge, &loaded(vec![form("a"), form("a")])).len(), 2);
        assert_seen(judge, &loaded(vec![form("")]), "has no key");
        let silent = Told::Nothing("timed out".into());
        assert_seen(judge, &loaded(vec![silent]), "the front page was not answered");
        let lost = Refusal { status: 404, kind: "not_found".into(), retry_after: None };
        assert_seen(judge, &loaded(vec![Told::Refused(lost)]), "was answered 404");
    }

    #[test]
    fn whoever_orders_with_a_form_is_sent_to_the_own_order() {
        let sent = |to: &str| {
            let mut facts = paid();
            facts.plan.purchases[0].habits = vec![Habit::Browser];
            facts.payments[0].order_name = "purchase of o".into();
            let told = Told::Keyed {
                key: "k".into(),
                request: "amount=500".into(),
                status: 303,
                body: to.into(),
                retry_after: None,
            };
            facts.history[0].told = told;
            facts
        };
        let found = |to| judged(judge, &sent(to)).into_iter().filter(|d| d.contains("ordered"));
        assert_eq!(found("http://shop/checkout/o").count(), 0);
        assert_eq!(found("http://shop/checkout/p").count(), 1);
    }

    #[test]
    fn what_was_broken_off_before_a_clock_was_set_back_is_kept_for_longer() {
        let mut facts = paid();
        let mut busy = facts.history[0].clone();
        if let Told::Keyed { status, retry_after, .. } = &mut busy.told {
            (*status, *retry_after) = (429, Some(1));
        }
        facts.history[0] = line(Asked::Checkout, 1_000, 21_000, Told::Nothing("cut".into()));
        (busy.asked_at, busy.at) = (facts.history[0].at, facts.history[0].at);
        busy.asked_at += SignedDuration::from_secs(100);
        busy.at = busy.asked_at;
        facts.history.push(busy);
        let seen = |facts: &Facts| judged(judge, facts).iter().any(|d| d.contains("told 429"));
        assert!(seen(&facts));
        let what = Break::ClockSkew("payment-1".into(), 94_000);
        facts.plan.faults = vec![Fault { at_ms: 500, for_ms: 30_000, what }];
        assert!(!seen(&facts));
        facts.history[0].asked_at += SignedDuration::from_secs(100);
        assert!(seen(&facts), "the clock was right again");
    }
}
