//! Pages told rightly: what a browser is shown is what a program is told, in words.

use fake_psp::Endpoint;
use jiff::Timestamp;

use super::{
    Asked, Sheet, TellTale, Told,
    case::Case,
    necessary::brief,
    told::{unavailable, unbegun, unheard, was_status},
};
use crate::plan::Purchase;

/// How the order form, the way back and the status page may be answered. `None`: rightly.
pub(super) fn page(case: &Case<'_>, line: &TellTale) -> Option<String> {
    let purchase = case.purchase?;
    match &line.told {
        Told::Nothing(_) => unheard(case, line),
        Told::Refused(refusal) if refusal.status >= 500 => unavailable(case.facts, line, refusal),
        Told::Form(fields) => {
            unasked_form(case, line).or_else(|| wrong_form(case, purchase, fields))
        }
        Told::Shown(sheet) if line.asked == Asked::FailPage => wrong_way_back(case, sheet),
        Told::Shown(sheet) => wrong_sheet(case, purchase, line, sheet),
        // Who comes to pay again what was begun meanwhile is sent to its status.
        Told::Moved(to) if *to == format!("/status/{}", case.id()) => match line.asked {
            Asked::Confirm => unbegun(case, line),
            _ => case
                .was_payable(line.asked_at, line.at)
                .then(|| "wanted to pay, and was sent to the status".to_owned()),
        },
        other => Some(format!("asked for {:?}, was told {}", line.asked, brief(other))),
    }
}

/// What may have been paid already must not be paid again.
fn unasked_form(case: &Case<'_>, line: &TellTale) -> Option<String> {
    if let Some(why) = case.was_closed(line.asked_at) {
        return Some(format!("was sent to pay for what is {why}"));
    }
    let stood = case.whole.stood(line.asked_at, line.at)?;
    let open = matches!(stood, "EXECUTING" | "UNKNOWN" | "SUCCESS");
    open.then(|| format!("was sent to pay for what is {stood}"))
}

/// The form sends to the PSP what was ordered, and back to us.
fn wrong_form(case: &Case<'_>, purchase: &Purchase, fields: &[(String, String)]) -> Option<String> {
    let find = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let wanted = [
        ("orderId", case.id().to_owned()),
        ("orderName", purchase.name.clone()),
        ("amount", purchase.spell(purchase.total())),
        ("currency", purchase.currency.clone()),
    ];
    let right = wanted.iter().all(|(name, value)| find(name) == value)
        && find("successUrl").ends_with("/success")
        && find("failUrl").ends_with(&format!("/fail?order={}", case.id()));
    (!right).then(|| format!("the order form has {fields:?}"))
}

/// Who did not pay is told so, and can pay this order still.
fn wrong_way_back(case: &Case<'_>, sheet: &Sheet) -> Option<String> {
    let again = format!("href=\"/checkout/{}\"", case.id());
    let wanted = [again.as_str(), "결제하지 않았습니다"];
    let missing = wanted.into_iter().find(|text| !sheet.text.contains(text));
    missing.map(|text| format!("the page for who did not pay does not say {text}"))
}

fn wrong_sheet(
    case: &Case<'_>,
    purchase: &Purchase,
    line: &TellTale,
    sheet: &Sheet,
) -> Option<String> {
    let status = sheet.status.as_str();
    if let Some(was) = was_status(case, line, status) {
        return Some(format!("a page said {status}, and it was {was} when that was asked"));
    }
    // A page that may change by itself is loaded again by itself.
    let follows = matches!(status, "EXECUTING" | "UNKNOWN");
    if sheet.follows != follows {
        let does = if sheet.follows { "is" } else { "is not" };
        return Some(format!("the page of a payment that is {status} {does} loaded again"));
    }
    let whole = grouped(&purchase.spell(purchase.total()));
    let again = format!("href=\"/checkout/{}\"", case.id());
    // What failed can be paid otherwise, unless the PSP has taken money for it before.
    let unpaid = matches!(status, "NOT_STARTED" | "FAILURE");
    let payable = unpaid && case.was_payable(line.asked_at, line.at);
    let closed = unpaid && case.was_closed(line.asked_at).is_some();
    // At the moment of closing, or where only the PSP knows: either is right.
    let unclear = unpaid && !payable && !closed;
    let next = if payable || unclear && sheet.text.contains(&again) { &again } else { "href=/" };
    let said = if closed && status == "NOT_STARTED" {
        "청구된 금액이 없습니다"
    } else {
        words(status)
    };
    let said = if unclear && status == "NOT_STARTED" { "주문입니다" } else { said };
    if closed && sheet.text.contains(&again) {
        return Some("the page of an order that is closed leads to the payment".to_owned());
    }
    let mut missing = vec![case.id(), purchase.name.as_str(), whole.as_str(), said, next];
    if status == "FAILURE" {
        missing.extend(where_the_money_is(case, line.at));
    }
    let missing = missing.iter().find(|text| !sheet.text.contains(**text));
    missing.map(|text| format!("the page of a payment that is {status} does not say {text}"))
}

/// What the page of a failure has to say of the money; nothing, if the PSP itself lied about it.
fn where_the_money_is(case: &Case<'_>, at: Timestamp) -> Option<&'static str> {
    if !case.was_taken_by(at) {
        return Some("청구된 금액이 없습니다");
    }
    // Who pays again is told by the PSP that it had taken it; else its own lie is all that we have.
    let mut confirms = case.calls.iter().filter(|call| call.endpoint == Endpoint::Confirm);
    let told = confirms.any(|call| call.code.as_deref() == Some("DUPLICATED_ORDER_ID"));
    let lied = case.was_lied_to() || case.was_taken_otherwise();
    (!lied || told).then_some("환불됩니다")
}

/// What every page of a status has to say.
fn words(status: &str) -> &'static str {
    match status {
        "NOT_STARTED" => "아직 결제하지 않은",
        "EXECUTING" | "UNKNOWN" => "다시 결제하지 마세요",
        "SUCCESS" => "결제가 완료되었습니다",
        _ => "결제되지 않았습니다",
    }
}

/// 15000 → 15,000; what stands after a point stays.
fn grouped(amount: &str) -> String {
    let whole = amount.split('.').next().unwrap_or_default();
    let digits: Vec<char> = whole.chars().rev().collect();
    let groups: Vec<String> = digits.chunks(3).map(|c| c.iter().collect()).collect();
    let whole: String = groups.join(",").chars().rev().collect();
    match amount.split_once('.') {
        Some((_, cents)) => format!("{whole}.{cents}"),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{
        Facts, Refusal,
        facts::tests::{booked, capture, give_back},
        stories::{ORDER, assert_seen, ended, judged, line, paid},
        told::judge,
    };

    fn also(asked: Asked, told: Told) -> Facts {
        let mut facts = paid();
        facts.history.push(line(asked, 100_000, 100_100, told));
        facts
    }

    fn sheet(status: &str, follows: &str, words: &str) -> Told {
        let next = if status == "FAILURE" { "<a href=\"/checkout/o\">" } else { "<a href=/>" };
        Told::Shown(Sheet::read(&format!(
            "{follows}<p class=status data-status={status}>{words}</p><p>purchase of o</p>\
             <p class=sum>500원</p><p class=id>{ORDER}</p>{next}"
        )))
    }

    #[test]
    fn a_status_page_says_what_is_and_follows_what_may_change() {
        let shown = |told| also(Asked::StatusPage, told);
        let refresh = "<meta http-equiv=refresh content=2>";
        let right = sheet("SUCCESS", "", "결제가 완료되었습니다.");
        assert_eq!(judged(judge, &shown(right.clone())), [""; 0]);
        let early = sheet("UNKNOWN", refresh, "다시 결제하지 마세요");
        assert_seen(judge, &shown(early), "said UNKNOWN, and it was SUCCESS");
        let restless = sheet("SUCCESS", refresh, "결제가 완료되었습니다.");
        assert_seen(judge, &shown(restless), "is SUCCESS is loaded again");
        let wrong = sheet("SUCCESS", "", "결제되지 않았습니다");
        assert_seen(judge, &shown(wrong), "does not say 결제가 완료되었습니다");
        let mut dear = paid();
        dear.plan.purchases[0].items[0].1 = 1_500;
        dear.history = vec![line(Asked::StatusPage, 100_000, 100_100, right)];
        assert!(judged(judge, &dear).iter().any(|why| why.contains("does not say 1,500")));
    }

    #[test]
    fn the_page_of_a_failure_says_where_the_money_is() {
        let shown = |said: &str, book: Vec<fake_psp::BookEntry>| {
            let words = format!("결제되지 않았습니다. {said}");
            let told = sheet("FAILURE", "", &words);
            let mut facts = ended("FAILURE", 11_000);
            facts.history.push(line(Asked::StatusPage, 100_000, 100_100, told));
            facts.book = book;
            judged(judge, &facts).into_iter().filter(|why| why.contains("does not say")).count()
        };
        let (nothing, back) = ("청구된 금액이 없습니다", "전액 환불됩니다");
        let taken = || booked([capture(ORDER, 500), give_back(ORDER, 500)]);
        assert_eq!([shown(nothing, booked([])), shown(back, taken())], [0, 0]);
        assert_eq!([shown(back, booked([])), shown(nothing, taken())], [1, 1]);
    }

    #[test]
    fn the_order_form_and_the_way_back_are_this_orders() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![
            field("orderId", ORDER),
            field("orderName", "purchase of o"),
            field("amount", "500"),
            field("currency", "KRW"),
            field("successUrl", "http://shop/success"),
            field("failUrl", "http://shop/fail?order=o"),
        ];
        let form = |fields: &[_]| {
            let mut facts = paid();
            let told = Told::Form(fields.to_vec());
            facts.history.push(line(Asked::CheckoutPage, 60, 90, told));
            facts
        };
        assert_eq!(judged(judge, &form(&fields)), [""; 0]);
        let late = also(Asked::CheckoutPage, Told::Form(fields.clone()));
        assert_seen(judge, &late, "was sent to pay for what is SUCCESS");
        let mut away = form(&fields);
        away.history[3].told = Told::Moved("/status/o".to_owned());
        assert_seen(judge, &away, "wanted to pay, and was sent to the status");
        fields[2].1 = "5".to_owned();
        assert_seen(judge, &form(&fields), "the order form has");
        let moved = |to: &str| also(Asked::Confirm, Told::Moved(to.to_owned()));
        assert_eq!(judged(judge, &moved("/status/o")), [""; 0]);
        assert_seen(judge, &moved("/status/p"), "look at /status/p");
        let back = |html: &str| also(Asked::FailPage, Told::Shown(Sheet::read(html)));
        let whole = r#"<h1>결제하지 않았습니다</h1><a href="/checkout/o">"#;
        assert_eq!(judged(judge, &back(whole)), [""; 0]);
        assert_seen(judge, &back("<h1>결제하지 않았습니다</h1>"), "does not say href");
        let lost = Refusal { status: 404, kind: "not_found".into(), retry_after: None };
        let lost = also(Asked::StatusPage, Told::Refused(lost));
        assert_seen(judge, &lost, "404 not_found");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            ["7", "700", "15000", "1234567.80"].map(grouped),
            ["7", "700", "15,000", "1,234,567.80"]
        );
    }
}
