//! Brings a schema up to date, once, however many replicas start at the same time.
//!
//! Our own forty lines rather than sqlx's migrator, because one text serves both engines but for
//! the lines in [`engine_sql`], and because sqlx takes no lock on SQLite.

use sqlx::{AssertSqlSafe, Executor, Row};

use super::{Engine, Store, StoreError};

/// One step of a schema's history. Steps are only ever appended.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name, unique within the database; also the order is by position, not by name.
    pub name: &'static str,
    /// SQL that both engines understand, but for blocks that [`engine_sql`] picks.
    pub sql: &'static str,
}

/// Keeps the lines of a script that are for `engine`: those between `-- only sqlite` or
/// `-- only postgres` and `-- end` are dropped when they are for the other one.
pub fn engine_sql(script: &str, engine: Engine) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut other = false;
    for line in script.lines() {
        match line.trim() {
            "-- only sqlite" => other = engine != Engine::Sqlite,
            "-- only postgres" => other = engine != Engine::Postgres,
            "-- end" => other = false,
            _ if other => {}
            _ => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

/// Applies what is missing, in one transaction that excludes every other replica.
pub(super) async fn run(store: &Store, migrations: &[Migration]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    if store.engine() == Engine::Postgres {
        // SQLite's BEGIN IMMEDIATE excludes others by itself.
        tx.execute("SELECT CAST(pg_advisory_xact_lock(20260101) AS TEXT)").await?;
    }
    tx.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (position BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    )
    .await?;
    let applied: i64 =
        tx.fetch_one("SELECT CAST(COUNT(*) AS BIGINT) FROM schema_migration").await?.try_get(0)?;
    for (position, migration) in migrations.iter().enumerate().skip(applied as usize) {
        let script = engine_sql(migration.sql, store.engine());
        tx.execute(sqlx::raw_sql(AssertSqlSafe(script))).await?;
        sqlx::query("INSERT INTO schema_migration (position, name) VALUES ($1, $2)")
            .bind(position as i64)
            .bind(migration.name)
            .execute(&mut *tx)
            .await?;
        tracing::info!(migration = migration.name, "schema migrated");
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_gets_its_own_lines_and_the_common_ones() {
        let script = "a\n-- only sqlite\nb\n-- end\n-- only postgres\nc\n-- end\nd\n";
        assert_eq!(engine_sql(script, Engine::Sqlite), "a\nb\nd\n");
        assert_eq!(engine_sql(script, Engine::Postgres), "a\nc\nd\n");
    }
}
