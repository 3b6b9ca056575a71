//! Balances, watched at every commit of the wallet: each is the sum of what made it so.

use std::collections::BTreeMap;

use super::Violation;
use crate::engine::db::{Commit, Op, Row};

/// Seller and currency.
type Wallet = (String, String);

/// Keeps every wallet's sum of entries.
#[derive(Debug, Default)]
pub struct Balances {
    /// Row → wallet and amount, as last seen.
    entries: BTreeMap<i64, (Wallet, i64)>,
    sums: BTreeMap<Wallet, i64>,
    /// Row → wallet and balance, as last seen.
    wallets: BTreeMap<i64, (Wallet, i64)>,
    found: Vec<Violation>,
}

impl Balances {
    /// The tables to watch.
    pub const TABLES: &'static [&'static str] = &["wallet", "wallet_entry"];

    /// Takes a commit into the book; the wallets that it touched must have their sums now.
    pub fn observe(&mut self, commit: &Commit) {
        let mut touched = Vec::new();
        for change in &commit.changes {
            let row = change.row.as_ref().filter(|_| change.op != Op::Delete);
            let (rows, column) = match change.table.as_str() {
                "wallet" => (&mut self.wallets, "balance"),
                _ => (&mut self.entries, "amount"),
            };
            let before = rows.remove(&change.rowid);
            let now = row.map(|row| (wallet(row), row[column].as_i64().unwrap_or(0)));
            rows.extend(now.clone().map(|now| (change.rowid, now)));
            if change.table == "wallet_entry" {
                for ((wallet, amount), sign) in before.iter().zip([-1]).chain(now.iter().zip([1])) {
                    *self.sums.entry(wallet.clone()).or_default() += sign * amount;
                }
            }
            touched.extend(before.into_iter().chain(now).map(|(wallet, _)| wallet));
        }
        touched.sort();
        touched.dedup();
        for wallet in touched {
            let sum = self.sums.get(&wallet).copied().unwrap_or(0);
            let mut mine = self.wallets.values().filter(|(whose, _)| *whose == wallet);
            let balance = mine.next().map_or(0, |(_, balance)| *balance);
            if sum != balance {
                let (seller, currency) = &wallet;
                let detail = format!(
                    "{seller} has {balance} {currency}, and entries of {sum}, at {}",
                    commit.at
                );
                self.found.push(Violation::new("wallet-ledger", None, detail));
            }
        }
    }

    /// How many wallets it has summed.
    pub fn looked(&self) -> usize {
        self.sums.len()
    }

    /// What was seen so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

fn wallet(row: &Row) -> Wallet {
    let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
    (text("seller_id"), text("currency"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::db::{Change, Value},
        oracle::legal::tests::{commit, row},
    };

    fn change(table: &str, op: Op, rowid: i64, currency: &str, minor: i64) -> Change {
        let column = if table == "wallet" { "balance" } else { "amount" };
        let values: [(&str, Value); 3] =
            [("seller_id", "s".into()), ("currency", currency.into()), (column, minor.into())];
        row(table, op, rowid, &values)
    }

    #[test]
    fn a_balance_is_the_sum_of_its_entries_in_its_currency() {
        let mut oracle = Balances::default();
        oracle.observe(&commit(vec![
            change("wallet_entry", Op::Insert, 1, "KRW", 500),
            change("wallet", Op::Insert, 1, "KRW", 500),
        ]));
        oracle.observe(&commit(vec![
            change("wallet_entry", Op::Insert, 2, "KRW", 70),
            change("wallet", Op::Update, 1, "KRW", 570),
        ]));
        assert_eq!((oracle.found(), oracle.looked()), (&[][..], 1));
        oracle.observe(&commit(vec![change("wallet_entry", Op::Insert, 3, "USD", 9)]));
        assert!(oracle.found()[0].detail.contains("s has 0 USD, and entries of 9"));
        oracle.observe(&commit(vec![change("wallet", Op::Update, 1, "KRW", 571)]));
        assert!(oracle.found()[1].detail.contains("s has 571 KRW, and entries of 570"));
        oracle.observe(&commit(vec![change("wallet_entry", Op::Delete, 2, "KRW", 70)]));
        assert!(oracle.found()[2].detail.contains("s has 571 KRW, and entries of 500"));
    }
}
