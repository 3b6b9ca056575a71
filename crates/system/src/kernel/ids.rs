//! Typed identifiers. Ids are text in the databases and on the wire.

use std::fmt;

use super::{Clock, Entropy};

/// The id of a payment event: what the buyer's order is called by us *and* by the PSP
/// (Toss: `orderId`, 6–64 characters of letters, digits, `-`, `_`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId(String);

impl OrderId {
    /// A fresh id: time-ordered, so that neighbours in time are neighbours in the index.
    pub fn mint(clock: &dyn Clock, entropy: &Entropy) -> Self {
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        Self(format!("ord-{}", uuid.simple()))
    }

    /// Reads an id that came from outside; `None` if no order can have this id.
    pub fn parse(text: &str) -> Option<Self> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=');
        ((6..=64).contains(&text.len()) && text.chars().all(legal)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of one payment order: the part of a payment event that belongs to one seller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaymentOrderId(String);

impl PaymentOrderId {
    /// The `n`-th payment order of an event, counted from 1.
    pub fn nth(order: &OrderId, n: usize) -> Self {
        Self(format!("{order}-{n}"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PaymentOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
