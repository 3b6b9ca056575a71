//! Keeping the reports: claimed by one replica at a time, made as often as needed.

use std::time::Duration;

use sqlx::Row;

use super::{
    Reconciler,
    wire::{Difference, Repair, Report, Summary},
};
use crate::{
    kernel::{KoreanDay, OrderId},
    store::{StoreError, Tx},
};

/// How long a replica may take for one report before another takes it over.
const LEASE: Duration = Duration::from_secs(1800);

/// What is known of a day's report without reading it.
pub(super) struct Known {
    pub(super) day: String,
    pub(super) is_open: bool,
    pub(super) finished_at: Option<i64>,
    /// How often it was made.
    pub(super) runs: i64,
    /// Whether a repair of it had not come through when it was made.
    pub(super) is_pending: bool,
}

impl Reconciler {
    /// Takes a day's report to make it. `None` if another replica is at it.
    pub(super) async fn claim(&self, day: KoreanDay) -> Result<Option<String>, StoreError> {
        let now = self.clock.micros();
        let owner = OrderId::mint(&*self.clock, &self.entropy).to_string();
        let claimed = sqlx::query(
            "INSERT INTO report (day, owner, locked_until, started_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (day) DO UPDATE SET owner = excluded.owner, \
             locked_until = excluded.locked_until, started_at = excluded.started_at \
             WHERE report.locked_until <= $4",
        )
        .bind(day.to_string())
        .bind(owner.as_str())
        .bind(now + LEASE.as_micros() as i64)
        .bind(now)
        .execute(&mut *self.store.acquire().await?)
        .await?;
        Ok((claimed.rows_affected() == 1).then_some(owner))
    }

    /// Gives a claim up, so that the report can be made again at once.
    pub(super) async fn release(&self, day: KoreanDay, owner: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE report SET locked_until = 0 WHERE day = $1 AND owner = $2")
            .bind(day.to_string())
            .bind(owner)
            .execute(&mut *self.store.acquire().await?)
            .await?;
        Ok(())
    }

    /// Writes what was found. What was seen earlier and is not there any more is gone, or was
    /// repaired by us. Returns `false` if another replica has taken the report over.
    pub(super) async fn write(
        &self,
        day: KoreanDay,
        owner: &str,
        summary: &Summary,
        found: &[Difference],
    ) -> Result<bool, StoreError> {
        let now = self.clock.micros();
        let is_open = found.iter().any(is_open);
        let mut tx = self.store.begin().await?;
        let mine = sqlx::query(
            "UPDATE report SET finished_at = $1, runs = runs + 1, is_open = $2, summary = $3, \
             locked_until = 0 WHERE day = $4 AND owner = $5",
        )
        .bind(now)
        .bind(i64::from(is_open))
        .bind(serde_json::to_string(summary).expect("plain data"))
        .bind(day.to_string())
        .bind(owner)
        .execute(&mut *tx)
        .await?;
        if mine.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        for difference in found {
            sqlx::query(
                "INSERT INTO difference (day, kind, subject, class, detail, repair, first_seen, \
                 last_seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
                 ON CONFLICT (day, kind, subject) DO UPDATE SET detail = excluded.detail, \
                 repair = excluded.repair, last_seen = excluded.last_seen",
            )
            .bind(day.to_string())
            .bind(word(&difference.kind))
            .bind(difference.subject.as_str())
            .bind(word(&difference.class))
            .bind(difference.detail.as_str())
            .bind(word(&difference.repair))
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
        self.close(&mut tx, day, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What an earlier run found and this one did not: a repair has come through, or it is gone. That
    /// is looked at once more, because what hid it may be a list that broke off.
    async fn close(&self, tx: &mut Tx, day: KoreanDay, now: i64) -> Result<(), StoreError> {
        let closed = sqlx::query(
            "UPDATE difference SET repair = CASE WHEN repair = 'PENDING' THEN 'REPAIRED' \
             ELSE 'GONE' END WHERE day = $1 AND last_seen < $2 AND repair IN ('PENDING', 'NONE')",
        )
        .bind(day.to_string())
        .bind(now)
        .execute(&mut **tx)
        .await?;
        if closed.rows_affected() > 0 {
            sqlx::query("UPDATE report SET is_open = 1 WHERE day = $1")
                .bind(day.to_string())
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    /// The report of a day, if there is one.
    pub(super) async fn report(&self, day: KoreanDay) -> Result<Option<Report>, StoreError> {
        let mut connection = self.store.acquire().await?;
        let row = sqlx::query(
            "SELECT finished_at, runs, is_open, COALESCE(summary, '') FROM report WHERE day = $1",
        )
        .bind(day.to_string())
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
            "SELECT kind, class, subject, detail, repair FROM difference WHERE day = $1 \
             ORDER BY kind, subject",
        )
        .bind(day.to_string())
        .fetch_all(&mut *connection)
        .await?;
        let differences =
            rows.into_iter().map(|(kind, class, subject, detail, repair)| Difference {
                kind: read(&kind),
                class: read(&class),
                subject,
                detail,
                repair: read(&repair),
            });
        Ok(Some(Report {
            day: day.to_string(),
            finished_at: row.try_get(0)?,
            runs: row.try_get(1)?,
            is_open: row.try_get::<i64, _>(2)? == 1,
            summary: serde_json::from_str(&row.try_get::<String, _>(3)?).unwrap_or_default(),
            differences: differences.collect(),
        }))
    }

    /// The days that have a report, latest first.
    pub(super) async fn days(&self) -> Result<Vec<Known>, StoreError> {
        let rows: Vec<(String, i64, Option<i64>, i64, i64)> = sqlx::query_as(
            "SELECT day, is_open, finished_at, runs, (SELECT COUNT(*) FROM difference d \
             WHERE d.day = report.day AND d.repair = 'PENDING') FROM report ORDER BY day DESC LIMIT 400",
        )
        .fetch_all(&mut *self.store.acquire().await?)
        .await?;
        let known = |(day, is_open, finished_at, runs, pending)| {
            let (is_open, is_pending) = (is_open == 1, pending > 0);
            Known { day, is_open, finished_at, runs, is_pending }
        };
        Ok(rows.into_iter().map(known).collect())
    }
}

/// Whether a difference may look otherwise the next night.
fn is_open(difference: &Difference) -> bool {
    use super::wire::Kind;
    difference.repair == Repair::Pending
        // A line may come late, and so may a booking; a list of the PSP's may have broken off.
        || matches!(
            difference.kind,
            Kind::SettlementMissing
                | Kind::SettlementUnknown
                | Kind::MissingAtPsp
                | Kind::WalletLedgerMismatch
        )
}

fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a word, not {other:?}"),
    }
}

fn read<T: serde::de::DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(word.into()).expect("we wrote it")
}
