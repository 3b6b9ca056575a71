//! The final ledger as text that a person can review and a diff can show.

use std::fmt::{self, Write};

use crate::{
    collect,
    engine::{Ctl, db::Row},
    plan::KRW,
};

/// Accounts with balances, and entries with postings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    accounts: Vec<(String, i64)>,
    entries: Vec<(String, Vec<(String, i64)>)>,
}

impl Books {
    /// Reads them from the ledger's database.
    pub(crate) fn read(ctl: &Ctl) -> Self {
        let mut books = Self::default();
        let mut balances = std::collections::BTreeMap::new();
        let names = purchases(ctl);
        for row in collect::rows_by_id(ctl, "ledger", "posting").into_values() {
            let (entry, mut account) = (text(&row, "entry_id"), text(&row, "account"));
            let currency = text(&row, "currency");
            if currency != KRW {
                account = format!("{account} {currency}");
            }
            let amount = row["amount"].as_i64().unwrap_or(0);
            *balances.entry(account.clone()).or_default() += amount;
            let shown = names.iter().find(|(id, _)| entry.contains(id.as_str()));
            let shown = shown.map_or_else(|| entry.clone(), |(id, name)| entry.replace(id, name));
            match books.entries.last_mut().filter(|(last, _)| *last == shown) {
                Some((_, postings)) => postings.push((account, amount)),
                None => books.entries.push((shown, vec![(account, amount)])),
            }
        }
        books.accounts = balances.into_iter().collect();
        books
    }
}

/// Order id → the purchase's name: names stay the same when ids change.
fn purchases(ctl: &Ctl) -> Vec<(String, String)> {
    let rows = collect::rows_by_id(ctl, "payment", "payment_event");
    rows.values().map(|row| (text(row, "order_id"), text(row, "order_name"))).collect()
}

fn text(row: &Row, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "accounts (debits less credits)")?;
        for (account, balance) in &self.accounts {
            writeln!(f, "  {account:<28} {balance:>12}")?;
        }
        writeln!(f, "entries")?;
        for (entry, postings) in &self.entries {
            let mut line = String::new();
            for (account, amount) in postings {
                write!(line, "  {account} {amount:+}")?;
            }
            writeln!(f, "  {entry}:{line}")?;
        }
        Ok(())
    }
}
