//! Every transition of every state machine that the design allows. The table is written from the
//! design, not from what runs did; one that is missing here is reported, too.

/// Machine → its transitions.
const MACHINES: &[(&str, &[&str])] = &[
    (
        "payment order",
        &[
            "new → NOT_STARTED",
            "NOT_STARTED → EXECUTING",
            "EXECUTING → UNKNOWN",
            "EXECUTING → SUCCESS",
            "EXECUTING → FAILURE",
            "UNKNOWN → SUCCESS",
            "UNKNOWN → FAILURE",
            // By another payment.
            "FAILURE → EXECUTING",
            "booked in the ledger",
            "booked in the wallet",
        ],
    ),
    ("operation CONFIRM", OPERATION),
    // A webhook or a buyer who looks has only the confirmation read.
    (
        "operation CONFIRM",
        &[
            "UNKNOWN → APPROVED",
            "UNKNOWN → DECLINED",
            "UNKNOWN (dead) → APPROVED",
            "UNKNOWN (dead) → DECLINED",
        ],
    ),
    ("operation CANCEL", OPERATION),
    ("difference unknown_but_taken", REPAIRED),
    ("difference failed_but_taken", REPAIRED),
    ("difference unresolved", REPAIRED),
    // Never repaired by hand: the feeds deliver it, and the next night does not find it.
    ("difference not_booked", &["new → PENDING", "PENDING → REPAIRED"]),
    ("difference amount_mismatch", TOLD),
    ("difference charged_twice", TOLD),
    ("difference missing_at_psp", TOLD),
    ("difference canceled_at_psp", TOLD),
    ("difference settlement_missing", TOLD),
    ("difference settlement_duplicated", TOLD),
    ("difference settlement_amount", TOLD),
    ("difference settlement_late", TOLD),
    ("difference wallet_ledger_mismatch", &["new → NONE", "NONE → GONE"]),
    ("difference unknown_order", TOLD),
    ("difference taken_but_not_started", &["new → NONE", "NONE → GONE"]),
    ("difference settlement_unknown", &["new → NONE", "NONE → GONE"]),
    ("idempotency key", &["new → in flight", "in flight → in flight", "in flight → answered"]),
    ("webhook", &["new → due", "new → not due", "due → due", "due → not due"]),
    (
        "report",
        &[
            "new → being made",
            "being made → being made",
            "being made → not made",
            "not made → being made",
            "being made → made, open",
            "being made → made, closed",
            "made, open → being made",
            "made, closed → being made",
        ],
    ),
];

const OPERATION: &[&str] = &[
    "new → PENDING",
    "PENDING → SENDING",
    // Its lease ended while it was being sent.
    "SENDING → SENDING",
    "SENDING → UNKNOWN",
    "SENDING → UNKNOWN (dead)",
    "SENDING → APPROVED",
    "SENDING → DECLINED",
    "UNKNOWN → SENDING",
    // Driven again.
    "UNKNOWN (dead) → UNKNOWN",
];

/// Of a difference that the system repairs.
const REPAIRED: &[&str] = &["new → REPAIRED", "new → PENDING", "PENDING → REPAIRED"];

/// Of a difference that is only told: a list of the PSP's that broke off may make it, or hide it.
const TOLD: &[&str] = &["new → NONE", "NONE → GONE", "GONE → NONE"];

/// All transitions, by name.
pub(super) fn transitions() -> Vec<String> {
    let of = |(machine, steps): &(&str, &[&str])| -> Vec<String> {
        steps.iter().map(|step| format!("{machine}: {step}")).collect()
    };
    MACHINES.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_transition_is_listed_twice() {
        let all = transitions();
        let once: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len());
    }
}
