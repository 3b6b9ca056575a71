//! No retry storm: the PSP is called a bounded number of times per order.

use std::collections::BTreeMap;

use fake_psp::Endpoint;

use super::{Facts, Violation};

/// A budget of tries is 3, each with at most a read and a call: 6. The buyer's confirm and each
/// nightly re-drive get one; a cancel gets one more. Crashes and lost commits may repeat a try.
const CALLS: usize = 30;

/// A webhook causes at most one read, tried a few times when something is down.
const PER_WEBHOOK: usize = 8;

/// Counts confirms, reads and cancels per order.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &facts.calls {
        let counts = matches!(call.endpoint, Endpoint::Confirm | Endpoint::Read | Endpoint::Cancel);
        if let (true, Some(order_id)) = (counts, &call.order_id) {
            *calls.entry(order_id).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for (order_id, calls) in calls {
        let webhooks = facts.webhooks.get(order_id).copied().unwrap_or(0);
        let bound = CALLS + PER_WEBHOOK * webhooks;
        if calls > bound {
            let detail = format!("{calls} calls to the PSP, more than {bound}");
            found.push(Violation::new("no-retry-storm", Some(order_id), detail));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(calls: usize) -> Facts {
        let call = |seq| fake_psp::Call {
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            method: "POST".into(),
            path: "/v1/payments/confirm".into(),
            endpoint: Endpoint::Confirm,
            order_id: Some("o".into()),
            payment_key: None,
            idempotency_key: None,
            status: None,
            code: None,
            answered_at: None,
            fault: None,
            replayed: false,
        };
        Facts { calls: (0..calls as u64).map(call).collect(), ..Facts::default() }
    }

    #[test]
    fn a_storm_is_seen() {
        assert_eq!(judge(&facts(CALLS)), []);
        assert_eq!(judge(&facts(CALLS + 1)).len(), 1);
    }
}
