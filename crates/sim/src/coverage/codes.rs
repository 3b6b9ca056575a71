//! Which error code met which operation on which send.

use std::collections::BTreeMap;

use fake_psp::{Endpoint, Verdict};

use super::{Counts, add, strikes::word};
use crate::oracle::Facts;

/// Counts the codes of faults, and the refusals that the PSP gave by itself.
pub(super) fn of(counts: &mut Counts, facts: &Facts) {
    for applied in facts.applied.iter().filter(|applied| is_operation(applied.endpoint)) {
        if let Some((code, effect)) = code_of(&applied.verdict) {
            add(counts, name(applied.endpoint, code, applied.nth, effect), 1);
        }
    }
    let mut sends: BTreeMap<(Endpoint, &str), u32> = BTreeMap::new();
    for call in facts.calls.iter().filter(|call| is_operation(call.endpoint)) {
        let nth = sends.entry((call.endpoint, call.order_id.as_deref().unwrap_or(""))).or_default();
        *nth += 1;
        // The log of calls has no code, only its status.
        if let (None, Some(status @ 400..)) = (&call.fault, call.status) {
            add(counts, name(call.endpoint, &format!("HTTP {status}"), *nth, "by itself"), 1);
        }
    }
}

fn is_operation(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Confirm | Endpoint::Read | Endpoint::Cancel)
}

fn name(endpoint: Endpoint, code: &str, nth: u32, effect: &str) -> String {
    let nth = if nth < 3 { nth.to_string() } else { "3 or later".to_owned() };
    format!("{} {code} on send {nth} ({effect})", word(&endpoint))
}

/// The code that a verdict answers with, and whether the act happens.
fn code_of(verdict: &Verdict) -> Option<(&str, &'static str)> {
    Some(match verdict {
        Verdict::Refuse { code, .. } => (code, "without effect"),
        Verdict::Decline { code } => (code, "without effect"),
        Verdict::HoldThenDecline { code, .. } => (code, "held, then without effect"),
        Verdict::TooMany { .. } => ("HTTP 429", "without effect"),
        Verdict::Maintenance { code, .. } => {
            (code.as_deref().unwrap_or("MAINTAINED_METHOD"), "without effect")
        }
        Verdict::ActThenError { code, .. } => (code, "with effect"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn codes_are_counted_by_operation_send_and_effect() {
        let applied = |seq, nth, verdict| fake_psp::Applied {
            seq,
            at: Timestamp::UNIX_EPOCH,
            rule: "r".into(),
            endpoint: Endpoint::Confirm,
            order_id: Some("o".into()),
            payment_key: None,
            nth,
            verdict,
        };
        let error = |code: &str| Verdict::ActThenError { code: code.into(), status: None };
        let refuse = Verdict::Refuse { code: "A".into(), status: None };
        let verdicts = vec![
            applied(0, 1, refuse),
            applied(1, 4, error("B")),
            applied(2, 5, error("B")),
            applied(3, 1, Verdict::Reset),
        ];
        let mut counts = Counts::new();
        of(&mut counts, &Facts { applied: verdicts, ..Facts::default() });
        let expected = [
            ("confirm A on send 1 (without effect)".to_owned(), 1),
            ("confirm B on send 3 or later (with effect)".to_owned(), 2),
        ];
        assert_eq!(counts, expected.into());
    }
}
