//! Verb: open a checkout. Writes a payment event and its payment orders once per idempotency key.

use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Row;

use super::{
    PaymentService, records,
    state::Status,
    wire::{Checkout, Payment, PaymentOrder},
};
use crate::{
    kernel::{Currency, Money, OrderId, PaymentOrderId},
    store::StoreError,
    transport::Problem,
};

/// The most items in one checkout.
const ITEMS_MAX: usize = 100;

/// No method of the PSP takes less won (cards; accounts take 200 and more).
const WON_MIN: i64 = 100;

/// How long a replica may work on a key before another may take it over.
const LEASE: Duration = Duration::from_secs(30);

/// What was answered, to be answered again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Why a checkout was not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckoutError {
    #[error("{field}: {detail}")]
    Invalid { field: String, detail: String },
    #[error("the key was used with another body")]
    OtherBody,
    #[error("the key is being worked on")]
    InFlight,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CheckoutError {
    fn from(error: sqlx::Error) -> Self {
        CheckoutError::Store(error.into())
    }
}

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Invalid { field, detail } => Problem::invalid(field, detail),
            CheckoutError::OtherBody => Problem::refused(
                "idempotency_key_reused",
                "The key belongs to another request",
                "this Idempotency-Key was used with another body; use a fresh key",
            ),
            CheckoutError::InFlight => Problem::in_flight(Duration::from_secs(1)),
            CheckoutError::Store(error) => error.into(),
        }
    }
}

impl PaymentService {
    /// Opens a checkout under the caller's `key`, or repeats the answer that it got before.
    ///
    /// The key is claimed first, in a transaction of its own, so that a second request that comes
    /// meanwhile can be told so. If we stop between claim and finish, the claim ends by itself.
    pub(super) async fn checkout(
        &self,
        key: &str,
        asked: &Checkout,
    ) -> Result<Answered, CheckoutError> {
        let money = validate(asked)?;
        let print = fingerprint(asked);
        let owner = OrderId::mint(&*self.clock, &self.entropy);
        if let Some(answered) = self.claim_key(key, &print, &owner).await? {
            return Ok(answered);
        }
        let payment = self.draft(&owner, asked, &money);
        let answered =
            Answered { status: 201, body: serde_json::to_string(&payment).expect("plain data") };
        let mut tx = self.store.begin().await?;
        let mine = sqlx::query(
            "UPDATE idempotency_key SET status = $1, body = $2 \
             WHERE key = $3 AND owner = $4 AND status IS NULL",
        )
        .bind(i64::from(answered.status))
        .bind(answered.body.as_str())
        .bind(key)
        .bind(owner.as_str())
        .execute(&mut *tx)
        .await?;
        if mine.rows_affected() == 0 {
            // We were so slow that another request took the key over: its answer is the answer.
            tx.rollback().await?;
            return Err(CheckoutError::InFlight);
        }
        records::insert(&mut tx, &payment, &money).await?;
        tx.commit().await?;
        tracing::info!(order = payment.order_id, amount = payment.amount, "checkout opened");
        Ok(answered)
    }

    /// Claims the key for `owner`; `Some` if it has an answer already.
    async fn claim_key(
        &self,
        key: &str,
        print: &str,
        owner: &OrderId,
    ) -> Result<Option<Answered>, CheckoutError> {
        let now = self.clock.micros();
        let mut connection = self.store.acquire().await?;
        // Taken over only after the lease, and only for the same body.
        let claimed = sqlx::query(
            "INSERT INTO idempotency_key (key, fingerprint, owner, locked_until, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO UPDATE \
             SET owner = excluded.owner, locked_until = excluded.locked_until \
             WHERE idempotency_key.status IS NULL AND idempotency_key.locked_until <= $5 \
             AND idempotency_key.fingerprint = excluded.fingerprint",
        )
        .bind(key)
        .bind(print)
        .bind(owner.as_str())
        .bind(now + LEASE.as_micros() as i64)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(None);
        }
        let row =
            sqlx::query("SELECT fingerprint, status, body FROM idempotency_key WHERE key = $1")
                .bind(key)
                .fetch_one(&mut *connection)
                .await?;
        if row.try_get::<String, _>(0)? != print {
            return Err(CheckoutError::OtherBody);
        }
        let Some(status) = row.try_get::<Option<i64>, _>(1)? else {
            return Err(CheckoutError::InFlight);
        };
        let status = u16::try_from(status).expect("we wrote an HTTP status");
        Ok(Some(Answered { status, body: row.try_get(2)? }))
    }

    fn draft(&self, order_id: &OrderId, asked: &Checkout, money: &[Money]) -> Payment {
        let total = total(money).expect("validated");
        let items = asked.items.iter().zip(money).enumerate();
        let now = self.clock.micros();
        Payment {
            order_id: order_id.to_string(),
            order_name: asked.order_name.clone(),
            buyer_id: asked.buyer_id.clone(),
            status: Status::NotStarted,
            is_payment_done: false,
            amount: total.amount(),
            currency: total.currency().code().to_owned(),
            failure: None,
            approved_at: None,
            created_at: now,
            expires_at: now + self.order_lifetime.as_micros() as i64,
            voided_at: None,
            checkout_url: format!("/checkout/{order_id}"),
            payment_orders: items
                .map(|(n, (item, money))| PaymentOrder {
                    id: PaymentOrderId::nth(order_id, n + 1).to_string(),
                    seller_id: item.seller_id.clone(),
                    amount: money.amount(),
                    status: Status::NotStarted,
                    ledger_updated: false,
                    wallet_updated: false,
                })
                .collect(),
        }
    }
}

/// The items' amounts, if everything about the request is as it must be.
fn validate(asked: &Checkout) -> Result<Vec<Money>, CheckoutError> {
    let invalid =
        |field: &str, detail: String| CheckoutError::Invalid { field: field.into(), detail };
    text("buyer_id", &asked.buyer_id, 64)?;
    text("order_name", &asked.order_name, 100)?;
    let currency: Currency = asked.currency.parse().map_err(|e| invalid("currency", e))?;
    if !(1..=ITEMS_MAX).contains(&asked.items.len()) {
        return Err(invalid("items", format!("must have 1 to {ITEMS_MAX} items")));
    }
    let mut money = Vec::with_capacity(asked.items.len());
    for (n, item) in asked.items.iter().enumerate() {
        text(&format!("items[{n}].seller_id"), &item.seller_id, 64)?;
        let amount = Money::parse(&item.amount, currency)
            .map_err(|e| invalid(&format!("items[{n}].amount"), e.to_string()))?;
        money.push(amount);
    }
    match total(&money) {
        Some(sum) if currency == Currency::Krw && sum.minor() < WON_MIN => {
            let least = format!("together they must cost at least {WON_MIN} won, as the PSP wants");
            Err(invalid("items", least))
        }
        Some(_) => Ok(money),
        None => Err(invalid("items", "together they cost more than one payment may".into())),
    }
}

pub(super) fn text(field: &str, value: &str, max: usize) -> Result<(), CheckoutError> {
    let length = value.chars().count();
    let blank = value.chars().all(char::is_whitespace);
    if length <= max && !blank && !value.chars().any(char::is_control) {
        return Ok(());
    }
    let detail =
        format!("must have 1 to {max} characters, not only spaces, and no control characters");
    Err(CheckoutError::Invalid { field: field.to_owned(), detail })
}

fn total(money: &[Money]) -> Option<Money> {
    let (first, rest) = money.split_first()?;
    rest.iter().try_fold(*first, |sum, next| sum.plus(*next))
}

/// The same request has the same fingerprint, however its JSON was spaced and ordered.
fn fingerprint(asked: &Checkout) -> String {
    let canonical: Value = serde_json::to_value(asked).expect("plain data");
    let digest = Sha256::digest(canonical.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::wire::Item;

    fn refused(order_name: &str, currency: &str, amounts: &[&str]) -> Option<String> {
        let item = |amount: &&str| Item { seller_id: "s".into(), amount: (*amount).into() };
        let asked = Checkout {
            buyer_id: "b".into(),
            order_name: order_name.into(),
            currency: currency.into(),
            items: amounts.iter().map(item).collect(),
        };
        match validate(&asked) {
            Err(CheckoutError::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn what_the_window_would_refuse_is_refused_at_once() {
        assert_eq!(refused("coffee", "KRW", &["99"]).as_deref(), Some("items"));
        assert_eq!(refused("coffee", "KRW", &["60", "39"]).as_deref(), Some("items"));
        assert_eq!(refused("coffee", "KRW", &["60", "40"]), None, "a part may cost less");
        assert_eq!(refused("coffee", "USD", &["0.99"]), None, "cents are no won");
    }

    #[test]
    fn a_name_of_spaces_is_no_name() {
        for (name, field) in [(" ", "order_name"), ("\u{3000}\t", "order_name"), ("", "order_name")]
        {
            assert_eq!(refused(name, "KRW", &["1000"]).as_deref(), Some(field), "{name:?}");
        }
        assert_eq!(refused(&"x".repeat(100), "KRW", &["1000"]), None);
        assert_eq!(refused(&"x".repeat(101), "KRW", &["1000"]).as_deref(), Some("order_name"));
    }
}
