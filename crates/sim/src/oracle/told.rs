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
        let begun = begun_too_late(case).or_else(|| voided_though_paid(case));
        found.extend(begun.map(|detail| Violation::new(ID, Some(case.id()), detail)));
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
        (Asked::Confirm | Asked::BogusKey | Asked::ForeignKey, Told::Refused(r))
            if is(r, 409, "order_expired") =>
        {
            let early = !case.may_have_expired(line.at);
            return early.then(|| "was told that the order had expired, and it had not".to_owned());
        }
        (Asked::Confirm | Asked::BogusKey | Asked::ForeignKey, Told::Refused(r))
            if is(r, 409, "order_voided") =>
        {
            let not_so = !case.was_voided(line.at);
            return not_so.then(|| "was told that the order was voided, and it was not".to_owned());
        }
        // A payment that belongs to an order which is being paid.
        (Asked::ForeignKey, Told::Refused(r)) if is(r, 409, "conflict") => return None,
        (Asked::ForeignKey, _) => "409 conflict: it was somebody else's payment",
        (Asked::Void, Told::Refused(_)) if case.was_voided(line.asked_at) => "that it is voided",
        (Asked::Void, Told::Refused(r)) if is(r, 409, "conflict") => {
            let free = case.was_payable(line.asked_at, line.at);
            return free.then(|| "an unpaid order could not be voided".to_owned());
        }
        (Asked::Void, Told::Payment(page)) if !page.is_voided => "that it is voided, or 409",
        (Asked::Void, Told::Refused(_)) => "that it is voided, or 409 conflict",
        (Asked::Confirm, Told::Refused(r)) if is(r, 409, "conflict") && was_second(case, line) => {
            let free = case.was_payable(line.asked_at, line.at);
            return free.then(|| "was refused, and no other payment was in its way".to_owned());
        }
        (Asked::Confirm, Told::Refused(_)) => "the payment: it was its own, and the first",
        (Asked::BogusKey, Told::Refused(_)) => "the payment: its key has the form of one",
        (Asked::Status, Told::Refused(_)) => "the payment: there is such an order",
        (_, Told::Payment(page)) => {
            return unbegun(case, line).or_else(|| wrong_page(case, line, page));
        }
        _ => return Some(format!("was told {}", brief(&line.told))),
    };
    let told = brief(&line.told);
    Some(format!("asked {:?}, was told {told}, should have been told {wanted}", line.asked))
}

fn is(refusal: &Refusal, status: u16, kind: &str) -> bool {
    refusal.status == status && refusal.kind == kind
}

/// Whether another payment of the order was first: a second tab's, a second card's, one that does not
/// exist, or a thief's.
fn was_second(case: &Case<'_>, line: &TellTale) -> bool {
    let mut begun = case.whole.attempts.iter().filter(|(at, _)| *at <= line.at);
    begun.any(|(_, key)| line.payment_key.as_ref().is_some_and(|mine| mine != key))
}

/// Nobody begins to pay for what has expired, or what the shop has taken back.
fn begun_too_late(case: &Case<'_>) -> Option<String> {
    let (began, _) = case.times.attempts.first()?;
    let why = case.was_closed(*began)?;
    Some(format!("was begun to be paid, though the order was {why}"))
}

/// The shop takes back only what is not being paid and was not.
fn voided_though_paid(case: &Case<'_>) -> Option<String> {
    let at = case.whole.voided_at?;
    let stood = case.whole.stood(at, at)?;
    let unpaid = matches!(stood, "NOT_STARTED" | "FAILURE");
    (!unpaid).then(|| format!("was voided while it was {stood}"))
}

/// Whoever is told how the order stands has had the payment begun by which it is to be paid.
pub(super) fn unbegun(case: &Case<'_>, line: &TellTale) -> Option<String> {
    let key = line.payment_key.as_ref().filter(|_| line.asked == Asked::Confirm)?;
    let mut begun = case.whole.attempts.iter().filter(|(at, _)| *at <= line.at);
    let never = !begun.any(|(_, begun)| begun == key);
    never.then(|| format!("was told {}, and its payment was not begun", brief(&line.told)))
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
        Asked::Status | Asked::Void => 200,
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
    let voided = case.whole.voided_at;
    if page.is_voided && voided.is_none_or(|at| at > line.at)
        || !page.is_voided && voided.is_some_and(|at| at < line.asked_at)
    {
        return Some(format!("was told that it is voided: {}; it was {voided:?}", page.is_voided));
    }
    let done = case.whole.done_at;
    let was_done = done.is_some_and(|done| done < line.asked_at);
    let is_done = done.is_some_and(|done| done <= line.at);
    (page.is_done && !is_done || !page.is_done && was_done).then(|| {
        let (told, done) = (page.is_done, if was_done { "was" } else { "was not" });
        format!("was told that it is done: {told}; it {done} by then")
    })
}

/// What a status was when it was asked for, if it was never what was told, until that was told.
pub(super) fn was_status<'a>(case: &'a Case<'_>, line: &TellTale, told: &str) -> Option<&'a str> {
    let moves = &case.whole.moves;
    let before = moves.iter().rposition(|(at, _)| *at <= line.asked_at)?;
    let mut meanwhile = moves[before..].iter().take_while(|(at, _)| *at <= line.at);
    (!meanwhile.any(|(_, status)| *status == told)).then(|| moves[before].1.as_str())
}

/// The time of a payment is the PSP's, to the second.
fn wrong_time(case: &Case<'_>, page: &Page) -> Option<String> {
    let mut mine = case.book().filter(|e| e.kind == BookKind::Captured);
    let taken = mine.next()?.at;
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
    ) || (bogus && code == "NOT_FOUND_PAYMENT")
        || (case.was_taken_otherwise() && code == "DUPLICATED_ORDER_ID");
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
mod tests;
