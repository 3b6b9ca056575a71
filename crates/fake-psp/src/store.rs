//! The payments, found by key, by order and by deadline without looking through all of them.

use std::{collections::BTreeSet, ops::Bound};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{data::Parts, model::Payment, table::Table};

/// The payments of one order: a buyer may open the window several times.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Order {
    keys: Vec<String>,
    approved: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    payments: Table<Payment>,
    orders: Table<Order>,
    deadlines: BTreeSet<(Timestamp, String)>,
}

impl Store {
    pub(crate) fn insert(&mut self, payment: Payment) {
        self.order_mut(&payment.order_id).keys.push(payment.key.clone());
        if let Some(deadline) = payment.deadline {
            self.deadlines.insert((deadline, payment.key.clone()));
        }
        self.payments.insert(payment.key.clone(), payment);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Payment> {
        self.payments.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Payment> {
        self.payments.get_mut(key)
    }

    /// The payment an order id stands for: the approved one, or else the latest.
    pub(crate) fn of_order(&self, order_id: &str) -> Option<&Payment> {
        let order = self.orders.get(order_id)?;
        self.get(order.approved.as_ref().or(order.keys.last())?)
    }

    /// The approved payment of an order.
    pub(crate) fn approved_of(&self, order_id: &str) -> Option<&str> {
        self.orders.get(order_id)?.approved.as_deref()
    }

    pub(crate) fn mark_approved(&mut self, order_id: &str, key: &str) {
        let order = self.orders.get_mut(order_id).expect("made with its first payment");
        order.approved = Some(key.to_owned());
    }

    fn order_mut(&mut self, order_id: &str) -> &mut Order {
        if self.orders.get(order_id).is_none() {
            self.orders.insert(order_id, Order::default());
        }
        self.orders.get_mut(order_id).expect("there by now")
    }

    /// Every payment, by key.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Payment> {
        self.payments.iter().map(|(_, payment)| payment)
    }

    /// How many payments were opened for an order.
    pub(crate) fn opened_for(&self, order_id: &str) -> usize {
        self.orders.get(order_id).map_or(0, |order| order.keys.len())
    }

    /// Gives a payment another deadline, or none. Yields it, if there is one of this key.
    pub(crate) fn set_deadline(
        &mut self,
        key: &str,
        deadline: Option<Timestamp>,
    ) -> Option<&mut Payment> {
        let payment = self.payments.get_mut(key)?;
        if let Some(old) = std::mem::replace(&mut payment.deadline, deadline) {
            self.deadlines.remove(&(old, key.to_owned()));
        }
        if let Some(new) = deadline {
            self.deadlines.insert((new, key.to_owned()));
        }
        Some(payment)
    }

    /// The next payment to expire.
    pub(crate) fn first_deadline(&self) -> Option<(Timestamp, &str)> {
        self.deadlines.first().map(|(at, key)| (*at, key.as_str()))
    }

    /// Some other payment, always the same one: the next by key, round the end.
    pub(crate) fn neighbour(&self, key: &str) -> Option<&Payment> {
        let after = (Bound::Excluded(key), Bound::Unbounded);
        let next = self.payments.range::<str, _>(after).next();
        next.or_else(|| self.payments.iter().next()).map(|(_, payment)| payment)
    }

    /// All other payments, in the order of their keys from this one on, round the end.
    pub(crate) fn others(&self, key: &str) -> impl Iterator<Item = &Payment> {
        let after = self.payments.range::<str, _>((Bound::Excluded(key), Bound::Unbounded));
        let before = self.payments.range::<str, _>((Bound::Unbounded, Bound::Excluded(key)));
        after.chain(before).map(|(_, payment)| payment)
    }

    /// Another number after every change that the console shows.
    pub(crate) fn revision(&self) -> u64 {
        self.payments.revision()
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self { payments, orders, deadlines: _ } = self;
        vec![("payment", payments), ("order", orders)]
    }

    pub(crate) fn rebuild(&mut self) {
        let deadlines =
            self.payments.iter().filter_map(|(key, payment)| Some((payment.deadline?, key)));
        self.deadlines = deadlines.map(|(at, key)| (at, key.clone())).collect();
    }
}
