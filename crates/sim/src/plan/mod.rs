//! The plan: everything that shoppers will do and everything that will go wrong, as data.
//!
//! It is drawn from the seed before the run ([`generate`]), can be printed, saved, edited and cut
//! down, and is all that a run depends on besides the scenario and the seed.

mod check;
mod generate;
mod lasting;
mod lies;
mod nemesis;
mod psp;

use serde::{Deserialize, Serialize};

use fake_psp::Rule;

use crate::scenario::Cluster;

pub use generate::generate;

pub(crate) use check::FOLLOWS;

/// What will happen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The instant at which the run starts.
    pub start: jiff::Timestamp,
    /// The services, with as many replicas as the seed has drawn.
    pub cluster: Cluster,
    /// Kinds of faults that are on, for the reader.
    pub swarm: Vec<String>,
    #[serde(default)]
    pub purchases: Vec<Purchase>,
    /// The PSP's fault programme until everything heals.
    #[serde(default)]
    pub psp: Vec<Rule>,
    /// Rules of it that go on after that, and whose counting goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lasting: Vec<Rule>,
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// What one buyer will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purchase {
    /// Its name: the order's name, by which the PSP's rules find it.
    pub name: String,
    /// When, in milliseconds after the start.
    pub at_ms: u64,
    /// Seller and amount of each item, in the currency's smallest unit.
    pub items: Vec<(String, i64)>,
    #[serde(default = "won", skip_serializing_if = "is_won")]
    pub currency: String,
    /// What the buyer pays with, as the PSP's window calls it.
    #[serde(default = "card", skip_serializing_if = "is_card")]
    pub method: String,
    /// What is unusual about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub habits: Vec<Habit>,
}

/// What buyers pay with unless the scenario says otherwise.
pub const CARD: &str = "CARD";

/// What is paid in unless the scenario says otherwise.
pub const KRW: &str = "KRW";

/// Whose goods the shop's front page sells.
const SHOP_SELLER: &str = "seller-1";

fn won() -> String {
    KRW.to_owned()
}

fn is_won(currency: &str) -> bool {
    currency == KRW
}

fn card() -> String {
    CARD.to_owned()
}

fn is_card(method: &str) -> bool {
    method == CARD
}

/// Something unusual that a buyer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Habit {
    DoubleClickCheckout,
    DoubleClickConfirm,
    TwoTabs,
    WalkAwayEarly,
    CloseWindow,
    Declined,
    /// Comes back after this many seconds.
    LateReturn(u64),
    Impatient,
    Tampered,
    BuyAgain,
    KeyReused,
    /// Reuses the key while the first request is still on its way, at another replica.
    KeyRaced,
    /// Confirms first with the payment of somebody else's order, which was confirmed before.
    ForeignKey,
    /// Confirms with a payment that the PSP does not know, and with the right one later.
    BogusKey,
    /// Asks for an order that nobody opened.
    UnknownOrder,
    /// Tells the shop in the PSP's name that it is paid, before confirming and meanwhile.
    FalseWebhook,
    /// Looks at the status once more after this many minutes.
    LookLater(u64),
    /// Sends the same checkout once more, this many seconds after all else: a page that is loaded
    /// again.
    CheckoutAgain(u64),
    /// Uses the shop's pages, and not its API.
    Browser,
    /// Pays for the same order with another card after being told that it failed.
    SecondCard,
    /// The shop takes the order back this many seconds after it was opened, if it is unpaid then.
    Voided(u64),
}

impl Purchase {
    /// By card, with nothing unusual about it.
    pub fn of_card(name: &str, at_ms: u64, items: Vec<(String, i64)>) -> Self {
        Self {
            name: name.to_owned(),
            at_ms,
            items,
            currency: won(),
            method: card(),
            habits: Vec::new(),
        }
    }

    /// Whether the buyer has a habit.
    pub fn has(&self, habit: Habit) -> bool {
        self.habits.contains(&habit)
    }

    /// Whether it is ordered with the form of the shop's front page, which sells for one seller.
    /// Whoever has a key of its own to play with uses the API.
    pub fn is_from_the_front_page(&self) -> bool {
        let own_key = |habit: &Habit| {
            matches!(habit, Habit::KeyReused | Habit::KeyRaced | Habit::CheckoutAgain(_))
        };
        self.has(Habit::Browser)
            && !self.habits.iter().any(own_key)
            && is_won(&self.currency)
            && matches!(&self.items[..], [(seller, _)] if seller == SHOP_SELLER)
    }

    /// How the shop calls the buyer.
    pub fn buyer(&self) -> &str {
        if self.is_from_the_front_page() { "guest" } else { &self.name }
    }

    /// An amount as people write it: won have no fraction, all else has two digits.
    pub fn spell(&self, amount: i64) -> String {
        match is_won(&self.currency) {
            true => amount.to_string(),
            false => format!("{}.{:02}", amount / 100, amount % 100),
        }
    }

    /// What it costs, in the currency's smallest unit.
    pub fn total(&self) -> i64 {
        self.items.iter().map(|(_, amount)| amount).sum()
    }
}

/// One thing that breaks at a time, and heals after a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When, in milliseconds after the start.
    pub at_ms: u64,
    /// For how long.
    pub for_ms: u64,
    pub what: Break,
}

/// What breaks. Hosts are called `payment-1`, `psp`, `buyers-1` and so on; databases like their
/// service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Break {
    /// Nothing passes between two hosts.
    Partition(String, String),
    /// Nothing passes from the first to the second host.
    PartitionOneWay(String, String),
    /// Packets between two hosts take this many milliseconds.
    SlowLink(String, String, u64),
    /// This share of packets between two hosts is lost (and sent again by TCP).
    Loss(String, String, f64),
    /// Every connection between two hosts is reset; once.
    Reset(String, String),
    /// A host refuses new connections.
    Refuse(String),
    /// A process dies, and is started again.
    Crash(String),
    /// A machine dies without a word, and is started again.
    MachineCrash(String),
    /// The PSP cannot be reached by anyone.
    PspOutage,
    /// Statements of a host on a database take this many milliseconds.
    DatabaseSlow(String, u64),
    /// No statement of a host reaches its database.
    DatabaseOutage(String),
    /// A host's connections to its database are cut; this share of statements.
    DatabaseCut(String, f64),
    /// This share of a host's transactions cannot be committed: the connection breaks instead, and
    /// all is rolled back. Single statements pass.
    DatabaseNoCommit(String, f64),
    /// This share of a host's statements is lost on the way.
    DatabaseLostRequest(String, f64),
    /// This share of the answers is lost on the way back; the commit may have happened.
    DatabaseLostAnswer(String, f64),
    /// This share of a host's statements stands still on its way, each for so many milliseconds.
    DatabaseStall(String, f64, u64),
    /// A host stands still, and then goes on.
    Stall(String),
    /// A host's clock is off by this many milliseconds.
    ClockSkew(String, i64),
    /// The first host's clock is ahead, and the second's behind, by this many milliseconds.
    SkewApart(String, String, i64),
    /// The cursor that `service` keeps of the feed of `source` is put back by so many events, or
    /// to the beginning if there were fewer; once.
    Rewind { service: String, source: String, events: u64 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_page_is_for_browsers_that_buy_one_thing_of_the_shop() {
        let of = |habits: &[Habit], items: &[(&str, i64)]| {
            let items = items.iter().map(|(seller, amount)| ((*seller).to_owned(), *amount));
            let mut purchase = Purchase::of_card("p", 0, items.collect());
            purchase.habits = habits.to_vec();
            purchase
        };
        let browser = [Habit::Browser];
        let one = of(&browser, &[("seller-1", 500)]);
        assert!(one.is_from_the_front_page() && one.buyer() == "guest");
        let dollars = Purchase { currency: "USD".to_owned(), ..one };
        let others = [
            dollars,
            of(&[], &[("seller-1", 500)]),
            of(&browser, &[("seller-2", 500)]),
            of(&browser, &[("seller-1", 500), ("seller-1", 700)]),
            of(&[Habit::Browser, Habit::KeyReused], &[("seller-1", 500)]),
            of(&[Habit::Browser, Habit::CheckoutAgain(3)], &[("seller-1", 500)]),
        ];
        for other in others {
            assert!(!other.is_from_the_front_page() && other.buyer() == "p", "{other:?}");
        }
    }
}
