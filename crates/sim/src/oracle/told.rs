//! Told rightly: every request gets the answer that the API promises, not only consistent ones.

use fake_psp::{BookKind, Endpoint, Transmission, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{
    Asked, Facts, Page, Refusal, TellTale, Told, Violation, case::Case, checkouts, codes,
    necessary::brief, pages, trouble::Way,
};
use crate::plan::Habit;

const ID: &str = "told-rightly";

const CALM: SignedDuration = SignedDuration::from_secs(20);

/// After how long whoever cannot be served just now is told to ask again, at most.
pub(super) const SOON_S: u64 = 60;

/// Every line of the buyers' history.
pub(super) fn judge(facts: &Facts, cases: &[Case<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    for case in cases {
        for line in &case.lines {
            let wrong = payment_line(case, line);
            found.extend(wrong.map(|detail| Violation::new(ID, Some(case.id()), detail)));
        }
    }
    for line in &facts.history {
        let wrong = match line.asked {
            Asked::Checkout => checkouts::checkout(facts, line),
            Asked::OtherBody => checkouts::other_body(facts, line),
            Asked::FrontPage => checkouts::front_page(facts, line),
            Asked::UnknownOrder => unknown_order(facts, line),
            _ => None,
        };
        found.extend(wrong.map(|detail| Violation::new(ID, line.order_id.as_deref(), detail)));
    }
    found.extend(facts.transmissions.iter().filter_map(|webhook| webhook_line(facts, webhook)));
    found
}

/// A webhook, the true one and the forged one, the first time and again, is acknowledged.
fn webhook_line(facts: &Facts, webhook: &Transmission) -> Option<Violation> {
    // The PSP waits for ten seconds.
    let since = webhook.at - SignedDuration::from_secs(10);
    let right = webhook.outcome == Ok(200) || !facts.is_clear(Way::HEAR, since - CALM, webhook.at);
    (!right).then(|| {
        let detail = format!("a webhook of {} was answered {:?}", webhook.status, webhook.outcome);
        Violation::new(ID, Some(&webhook.order_id), detail)
    })
}

/// What was asked of a payment, against what the API promises.
fn payment_line(case: &Case<'_>, line: &TellTale) -> Option<String> {
    if let (Asked::CheckoutPage | Asked::StatusPage | Asked::FailPage, _)
    | (Asked::Confirm, Told::Moved(_)) = (line.asked, &line.told)
    {
        return pages::page(case, line);
    }
    let wanted = match (line.asked, &line.told) {
        (Asked::Window | Asked::Checkout | Asked::OtherBody | Asked::UnknownOrder, _) => {
            return None;
        }
        (_, Told::Nothing(_)) => return unheard(case, line),
        (_, Told::Refused(refusal)) if refusal.status >= 500 => {
            return unavailable(case.facts, line, refusal);
        }
        (Asked::Tampered, Told::Refused(r)) if is(r, 422, "amount_changed") => return None,
        (Asked::Tampered, _) => "422 amount_changed: it was another amount",
        // A payment that belongs to an order which is being paid.
        (Asked::ForeignKey, Told::Refused(r)) if is(r, 409, "conflict") => return None,
        (Asked::ForeignKey, _) => "409 conflict: it was somebody else's payment",
        (Asked::Confirm, Told::Refused(r)) if is(r, 409, "conflict") && was_second(case, line) => {
            return None;
        }
        (Asked::Confirm, Told::Refused(_)) => "the payment: it was its own, and the first",
        (Asked::BogusKey, Told::Refused(_)) => "the payment: its key has the form of one",
        (Asked::Status, Told::Refused(_)) => "the payment: there is such an order",
        (_, Told::Payment(page)) => return wrong_page(case, line, page),
        _ => return Some(format!("was told {}", brief(&line.told))),
    };
    let told = brief(&line.told);
    Some(format!("asked {:?}, was told {told}, should have been told {wanted}", line.asked))
}

fn is(refusal: &Refusal, status: u16, kind: &str) -> bool {
    refusal.status == status && refusal.kind == kind
}

/// Whether another payment of the order may have been first: a second tab, a key that was tried.
fn was_second(case: &Case<'_>, line: &TellTale) -> bool {
    let Some(purchase) = case.purchase else { return false };
    let tried = |asked| case.asked(asked).any(|other| other.asked_at <= line.asked_at);
    // A thief's key may have been taken for the order, if the one that it was stolen from had
    // not come to us yet.
    purchase.has(Habit::TwoTabs) || tried(Asked::BogusKey) || tried(Asked::ForeignKey)
}

/// Silence needs a cause on the way to the shop, or a buyer who does not wait.
pub(super) fn unheard(case: &Case<'_>, line: &TellTale) -> Option<String> {
    let impatient = case.purchase.is_some_and(|p| p.has(Habit::Impatient));
    let excused = impatient && line.asked == Asked::Confirm;
    let clear = case.facts.is_only_slow(Way::CONFIRM, line.asked_at - CALM, line.at);
    (clear && !excused).then(|| format!("asked {:?} and was not answered", line.asked))
}

/// A 5xx needs a database, or a peer, that was broken.
pub(super) fn unavailable(facts: &Facts, line: &TellTale, refusal: &Refusal) -> Option<String> {
    let clear = facts.is_clear(Way::CONFIRM, line.asked_at - CALM, line.at);
    let soon = refusal.retry_after.is_some_and(|seconds| (1..=SOON_S).contains(&seconds));
    (clear || refusal.status != 503 || !soon).then(|| {
        let Refusal { status, kind, .. } = refusal;
        let why = if clear { "and nothing was broken" } else { "and not when to ask again" };
        format!("asked {:?}, was told {status} {kind}, {why}", line.asked)
    })
}

/// A page must be of this order, as it was ordered, and of the moment.
fn wrong_page(case: &Case<'_>, line: &TellTale, page: &Page) -> Option<String> {
    let purchase = case.purchase?;
    let is_final = matches!(page.status.as_str(), "SUCCESS" | "FAILURE");
    let http = match line.asked {
        Asked::Status => 200,
        _ if is_final => 200,
        _ => 202,
    };
    let parts = purchase.items.iter();
    let parts: Vec<_> = parts
        .map(|(seller, amount)| (seller.clone(), purchase.spell(*amount), page.status.clone()))
        .collect();
    let wanted = Page {
        http,
        order_id: case.id().to_owned(),
        order_name: purchase.name.clone(),
        buyer_id: purchase.buyer().to_owned(),
        amount: purchase.spell(purchase.total()),
        currency: purchase.currency.clone(),
        parts,
        ..page.clone()
    };
    if *page != wanted {
        return Some(format!("was told {page:?}, should have been told {wanted:?}"));
    }
    if let Some(untimely) = untimely(case, line, page) {
        return Some(untimely);
    }
    if page.is_done && page.status != "SUCCESS" {
        return Some(format!("was told that a payment is done which is {}", page.status));
    }
    match page.status.as_str() {
        "SUCCESS" => wrong_time(case, page),
        "FAILURE" => wrong_reason(case, page),
        _ => {
            page.failure.is_some().then(|| "was told a reason of a failure that is none".to_owned())
        }
    }
}

/// What a page says was so at some moment between the question and the answer.
fn untimely(case: &Case<'_>, line: &TellTale, page: &Page) -> Option<String> {
    if let Some(was) = was_status(case, line, &page.status) {
        let status = &page.status;
        return Some(format!("was told {status}, and it was {was} when that was asked"));
    }
    let done = case.times.done_at;
    let was_done = done.is_some_and(|done| done < line.asked_at);
    let is_done = done.is_some_and(|done| done <= line.at);
    (page.is_done && !is_done || !page.is_done && was_done).then(|| {
        let (told, done) = (page.is_done, if was_done { "was" } else { "was not" });
        format!("was told that it is done: {told}; it {done} by then")
    })
}

/// What a status was when it was asked for, if it was never what was told, until that was told.
pub(super) fn was_status<'a>(case: &'a Case<'_>, line: &TellTale, told: &str) -> Option<&'a str> {
    let moves = &case.times.moves;
    let before = moves.iter().rposition(|(at, _)| *at <= line.asked_at)?;
    let mut meanwhile = moves[before..].iter().take_while(|(at, _)| *at <= line.at);
    (!meanwhile.any(|(_, status)| *status == told)).then(|| moves[before].1.as_str())
}

/// The time of a payment is the PSP's, to the second.
fn wrong_time(case: &Case<'_>, page: &Page) -> Option<String> {
    let mine = case.facts.book.iter().filter(|entry| entry.order_id == case.id());
    let taken = mine.filter(|e| e.kind == BookKind::Captured).map(|e| e.at).next()?;
    let told = page.approved_at.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    let right = told.is_some_and(|told| told.as_second() == taken.as_second());
    (!right).then(|| format!("was told that it was paid at {told:?}, it was at {taken}"))
}

/// Where the bank said no, the buyer is told the bank's reason; always in words.
fn wrong_reason(case: &Case<'_>, page: &Page) -> Option<String> {
    let Some((code, message)) = &page.failure else {
        return Some("was told FAILURE without a reason".to_owned());
    };
    if message.is_empty() || page.approved_at.is_some() {
        return Some(format!("was told FAILURE ({code}) without words, or with a time"));
    }
    let mut planted = Vec::new();
    for applied in case.struck.iter().filter(|a| a.endpoint == Endpoint::Confirm) {
        match &applied.verdict {
            Verdict::Decline { code } | Verdict::HoldThenDecline { code, .. } => planted.push(code),
            Verdict::Refuse { code, .. } | Verdict::ActThenError { code, .. }
                if codes::is_final(code) =>
            {
                planted.push(code);
            }
            _ => {}
        }
    }
    let bogus = case.asked(Asked::BogusKey).next().is_some();
    let by_itself = matches!(
        code.as_str(),
        "EXPIRED_PAYMENT" | "NOT_FOUND_PAYMENT_SESSION" | "CANCELED_AT_PSP"
    ) || (bogus && code == "NOT_FOUND_PAYMENT");
    let right = by_itself || planted.contains(&code);
    (!right).then(|| format!("was told FAILURE because of {code}; planted was {planted:?}"))
}

fn unknown_order(facts: &Facts, line: &TellTale) -> Option<String> {
    let clear = facts.is_clear(Way::SHOP, line.asked_at - CALM, line.at);
    match &line.told {
        Told::Refused(refusal) if is(refusal, 404, "not_found") => None,
        Told::Refused(Refusal { status: 503, .. }) | Told::Nothing(_) if !clear => None,
        other => Some(format!("asked for nobody's order, was told {}", brief(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::stories::{
        ORDER, assert_seen, at, cut_off, ended, judged, line, page, paid, refuse, strike, webhook,
    };

    fn refused(status: u16, kind: &str) -> Told {
        Told::Refused(Refusal { status, kind: kind.into(), retry_after: None })
    }

    /// A buyer who also asked this, and was told that.
    fn also(asked: Asked, told: Told) -> Facts {
        let mut facts = paid();
        facts.history.push(line(asked, 100_000, 100_100, told));
        facts
    }

    #[test]
    fn what_went_well_was_told_rightly() {
        assert_eq!(judged(judge, &paid()), [""; 0]);
    }

    #[test]
    fn a_webhook_is_acknowledged() {
        let mut facts = paid();
        facts.transmissions = vec![webhook(50_000, "DONE")];
        assert_eq!(judged(judge, &facts), [""; 0]);
        facts.transmissions[0].outcome = Ok(500);
        assert_seen(judge, &facts, "a webhook of DONE was answered Ok(500)");
        facts.transmissions[0].outcome = Err("timed out".into());
        assert_seen(judge, &facts, "a webhook of DONE was answered");
    }

    #[test]
    fn each_refusal_has_its_own_answer() {
        for (asked, status, kind) in [
            (Asked::Tampered, 422, "amount_changed"),
            (Asked::ForeignKey, 409, "conflict"),
            (Asked::UnknownOrder, 404, "not_found"),
        ] {
            assert_eq!(judged(judge, &also(asked, refused(status, kind))), [""; 0]);
            assert_eq!(judged(judge, &also(asked, refused(400, "invalid"))).len(), 1, "{asked:?}");
            assert_eq!(judged(judge, &also(asked, page("SUCCESS"))).len(), 1, "{asked:?}");
        }
    }

    #[test]
    fn a_true_request_is_not_refused() {
        for asked in [Asked::Confirm, Asked::Status, Asked::BogusKey] {
            let found = judged(judge, &also(asked, refused(409, "conflict")));
            assert_eq!(found.len(), 1, "{asked:?}");
            assert!(found[0].contains("should have been told the payment"), "{found:?}");
        }
    }

    #[test]
    fn silence_and_a_503_need_a_cause() {
        let silent = also(Asked::Status, Told::Nothing("timed out".into()));
        assert_seen(judge, &silent, "was not answered");
        let mut busy = also(Asked::Status, refused(503, "unavailable"));
        assert_seen(judge, &busy, "nothing was broken");
        cut_off(&mut busy, 99_000, 101_000);
        assert_seen(judge, &busy, "not when to ask again");
        for (retry_after, wrong) in [(Some(1), 0), (Some(1_000), 1)] {
            let refusal = Refusal { status: 503, kind: "unavailable".into(), retry_after };
            busy.history.last_mut().unwrap().told = Told::Refused(refusal);
            assert_eq!(judged(judge, &busy).len(), wrong);
        }
    }

    #[test]
    fn a_page_is_word_for_word_the_order() {
        let changes: [fn(&mut Page); 7] = [
            |p| p.amount = "5".into(),
            |p| p.http = 202,
            |p| p.buyer_id = "somebody".into(),
            |p| p.parts.clear(),
            |p| p.parts[0].2 = "EXECUTING".into(),
            |p| p.approved_at = Some(0),
            |p| p.approved_at = None,
        ];
        for change in changes {
            let mut facts = paid();
            let Told::Payment(page) = &mut facts.history[2].told else { panic!("a page") };
            change(page);
            assert_eq!(judged(judge, &facts).len(), 1, "{:?}", facts.history[2].told);
        }
    }

    #[test]
    fn what_is_not_paid_is_not_done() {
        let mut facts = ended("UNKNOWN", 1_380);
        let Told::Payment(page) = &mut facts.history[2].told else { panic!("a page") };
        page.is_done = true;
        facts.times.orders.get_mut(ORDER).expect("it is there").done_at = Some(at(1_390));
        assert_seen(judge, &facts, "is done which is UNKNOWN");
    }

    #[test]
    fn a_page_is_of_the_moment() {
        let asked = |from, to, status| {
            let mut facts = paid();
            facts.history.push(line(Asked::Status, from, to, page(status)));
            let Told::Payment(page) = &mut facts.history[3].told else { panic!("a page") };
            page.http = 200;
            facts
        };
        assert_seen(judge, &asked(1_500, 1_510, "EXECUTING"), "it was SUCCESS when that was asked");
        assert_seen(judge, &asked(1_220, 1_230, "SUCCESS"), "it was EXECUTING when that was asked");
        for status in ["EXECUTING", "SUCCESS"] {
            assert_eq!(judged(judge, &asked(1_370, 1_390, status)), [""; 0]);
        }
        assert_seen(
            judge,
            &asked(5_000, 5_010, "SUCCESS"),
            "that it is done: false; it was by then",
        );
    }

    #[test]
    fn a_failure_has_the_banks_reason() {
        let mut facts = ended("FAILURE", 1_380);
        facts.history[2] = line(Asked::Confirm, 1_200, 1_400, page("FAILURE"));
        assert_seen(judge, &facts, "because of CODE; planted was []");
        strike(&mut facts, Endpoint::Confirm, 1_300, Verdict::Decline { code: "CODE".into() });
        assert_eq!(judged(judge, &facts), [""; 0]);
        let Told::Payment(page) = &mut facts.history[2].told else { panic!("a page") };
        page.failure = Some(("CODE".into(), String::new()));
        assert_seen(judge, &facts, "without words");
    }

    #[test]
    fn a_code_that_passes_is_no_reason() {
        let mut facts = ended("FAILURE", 1_380);
        facts.history[2] = line(Asked::Confirm, 1_200, 1_400, page("FAILURE"));
        strike(&mut facts, Endpoint::Confirm, 1_300, refuse("CODE"));
        assert_seen(judge, &facts, "because of CODE");
    }

    fn keyed(status: u16, body: &str, retry_after: Option<u64>) -> Told {
        let Told::Keyed { key, request, .. } = paid().history[0].told.clone() else {
            panic!("keyed")
        };
        Told::Keyed { key, request, status, body: body.into(), retry_after }
    }

    #[test]
    fn a_checkout_is_opened_as_it_was_asked_for() {
        for told in [
            keyed(201, "{}", None),
            keyed(429, "", Some(1)),
            keyed(503, "", Some(1)),
            keyed(422, "", None),
            Told::Nothing("timed out".into()),
        ] {
            let mut facts = paid();
            facts.history[0].told = told.clone();
            assert_eq!(judged(judge, &facts).len(), 1, "{told:?}");
        }
    }

    #[test]
    fn the_same_key_with_another_body_is_refused() {
        let refusal = keyed(422, r#"{"type":"idempotency_key_reused"}"#, None);
        assert_eq!(judged(judge, &also(Asked::OtherBody, refusal)), [""; 0]);
        for told in [keyed(201, "{}", None), keyed(422, "{}", None), keyed(429, "", Some(1))] {
            let found = judged(judge, &also(Asked::OtherBody, told));
            assert!(found[0].contains("a key with another body was told"), "{found:?}");
        }
    }
}
