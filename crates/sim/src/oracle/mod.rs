//! The judges. Each keeps its own book and shares no code with what it judges.
//!
//! Watchers see every commit of a database as it happens; judges look at the facts of a finished
//! run. Each has an id and one sentence, the same as in `docs/invariants.md`.

mod apart;
mod append_only;
mod balances;
mod books;
mod case;
mod charging;
mod checkouts;
mod chronicle;
mod claims;
mod codes;
mod convergence;
mod facts;
mod feeds;
mod goodput;
mod honest;
mod idempotent;
mod left_open;
mod legal;
mod looked;
mod necessary;
mod nightly;
mod on_time;
mod operations;
mod outbox;
mod pages;
mod reconciled;
mod reported;
mod retries;
mod shown;
mod sold;
#[cfg(test)]
mod stories;
mod tasks;
mod times;
mod told;
mod trouble;
mod zero_sum;

pub use append_only::AppendOnly;
pub use balances::Balances;
pub use chronicle::Chronicle;
pub use claims::Claims;
pub use convergence::{korean_day, pending};
pub use facts::{
    Asked, DifferenceRow, Facts, Page, PaymentOrderRow, PaymentRow, Refusal, Sheet, TellTale, Told,
};
pub use feeds::Feeds;
pub use goodput::goodput;
pub use left_open::LeftOpen;
pub use legal::Legal;
pub use looked::{Looked, looked};
pub use on_time::{NIGHTS_WORK, is_too_late};
pub use operations::Operations;
pub use outbox::Outbox;
pub use reported::lists_lied;
pub use shown::{Question, dead_letters, questions, shown_wrongly};
pub use times::Times;
pub use zero_sum::ZeroSum;

/// An invariant: what must hold in every history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invariant {
    /// Its stable name.
    pub id: &'static str,
    /// What it says.
    pub sentence: &'static str,
}

/// All of them, most telling first: the first that is broken is the verdict.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "exactly-once",
        sentence: "The PSP charges a buyer at most once for an order, and exactly once for one that succeeded.",
    },
    Invariant {
        id: "zero-sum",
        sentence: "At every commit, the postings of every journal entry sum to zero.",
    },
    Invariant { id: "append-only", sentence: "What is in the ledger stays there, unchanged." },
    Invariant {
        id: "convergence",
        sentence: "When all is quiet, our books and the PSP's agree on every order.",
    },
    Invariant {
        id: "honest-answers",
        sentence: "Nobody is told success for what did not happen, or failure for what did and was not given back.",
    },
    Invariant {
        id: "legal-states",
        sentence: "Payment orders and operations at the PSP only ever move along their state machines; their history says so, booked is only what was paid, what is proven stays, and who holds something is its only writer.",
    },
    Invariant {
        id: "wallet-ledger",
        sentence: "At every commit a balance is the sum of its entries; when all is quiet, each seller has in the wallet what the ledger owes them, and what buyers paid.",
    },
    Invariant {
        id: "feed-order",
        sentence: "Places in a feed become visible in order and without gaps, the earlier before the later, and what has a place keeps it.",
    },
    Invariant {
        id: "outbox",
        sentence: "What happened and the event that tells of it are one commit, in every service.",
    },
    Invariant {
        id: "idempotent-answers",
        sentence: "The same request under the same key gets the same answer, byte for byte; another request is refused.",
    },
    Invariant {
        id: "reconciliation",
        sentence: "Every planted difference is reported under its right name, every repair ends, and nothing else is reported.",
    },
    Invariant {
        id: "reported-rightly",
        sentence: "What the PSP did of its own accord, and what differs between our books, is in the report of its day, under its right name.",
    },
    Invariant { id: "no-orphans", sentence: "No task outlives the crash of its host." },
    Invariant {
        id: "no-panics",
        sentence: "No service panics: a panic is a bug, whatever was done to it.",
    },
    Invariant {
        id: "retry-discipline",
        sentence: "The PSP is asked as often as is configured, ever more rarely but when its wait is over, one at a time, under its own key, read before it is asked again, and believed when it says no for good.",
    },
    Invariant {
        id: "told-rightly",
        sentence: "Every request of a buyer gets the answer that the API promises.",
    },
    Invariant {
        id: "shown-rightly",
        sentence: "Whoever works with the books is shown what they say, and nobody else is.",
    },
    Invariant {
        id: "necessary",
        sentence: "Nothing fails, waits, is given back or is repaired without a cause that was planted.",
    },
    Invariant {
        id: "on-time",
        sentence: "Every step ends within the time that the design promises, counted from its cause.",
    },
    Invariant {
        id: "goodput",
        sentence: "Of the buyers who approved, at least the scenario's share is paid, over all seeds of a sweep.",
    },
    Invariant {
        id: "liveness",
        sentence: "Once everything heals, every payment becomes final, every booking is made and every repair ends in time.",
    },
];

/// The sentence of an invariant; `None` if there is none of this id.
pub fn sentence(id: &str) -> Option<&'static str> {
    INVARIANTS.iter().find(|invariant| invariant.id == id).map(|invariant| invariant.sentence)
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// The order concerned, if one is.
    pub order_id: Option<String>,
    /// What was seen and what should have been.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(id: &'static str, order_id: Option<&str>, detail: impl Into<String>) -> Self {
        assert!(sentence(id).is_some(), "{id} is no invariant");
        Self { invariant: id, order_id: order_id.map(str::to_owned), detail: detail.into() }
    }

    /// The place of its invariant in [`INVARIANTS`].
    pub(crate) fn rank(&self) -> usize {
        INVARIANTS.iter().position(|i| i.id == self.invariant).unwrap_or(usize::MAX)
    }
}

/// What can be judged whatever state the run ended in.
pub fn judge_safety(facts: &Facts) -> Vec<Violation> {
    let mut found = charging::at_most_once(facts);
    found.extend(honest::success(facts));
    found.extend(idempotent::judge(facts));
    found.extend(tasks::judge(facts));
    found
}

/// What can be judged only by who knows what was planted: whether it had to be, and by when.
pub fn judge_causes(facts: &Facts) -> Vec<Violation> {
    let cases = case::all(facts);
    let mut found = retries::judge(facts, &cases);
    found.extend(told::judge(facts, &cases));
    found.extend(necessary::judge(facts, &cases));
    found.extend(on_time::judge(facts, &cases));
    found.extend(reported::judge(facts));
    found
}

/// What can be judged only once all is quiet.
pub fn judge_quiet(facts: &Facts) -> Vec<Violation> {
    let mut found = charging::exactly_once(facts);
    found.extend(convergence::judge(facts));
    found.extend(honest::failure(facts));
    found.extend(books::judge(facts));
    found.extend(reconciled::judge(facts));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_and_the_document_say_the_same() {
        let document = include_str!("../../../../docs/invariants.md");
        for invariant in INVARIANTS {
            let line = format!("| `{}` | {} |", invariant.id, invariant.sentence);
            assert!(document.contains(&line), "docs/invariants.md lacks the line {line}");
        }
        let (table, _) = document.split_once("\n## ").expect("the table comes first");
        let rows = table.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, INVARIANTS.len(), "docs/invariants.md has rows that are no invariants");
    }
}
