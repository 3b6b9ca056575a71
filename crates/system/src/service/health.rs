//! `/healthz`: the process lives. `/readyz`: its database answers too.

use axum::{Router, routing::get};
use sqlx::Executor;

use crate::{
    store::{Store, StoreError},
    transport::Problem,
};

/// The two probes.
pub fn health(store: &Store) -> Router {
    let store = store.clone();
    let ready = move || {
        let store = store.clone();
        async move {
            probe(&store).await.map(|()| "ready\n").map_err(|error| {
                tracing::warn!(%error, "not ready");
                Problem::unavailable("the database does not answer")
            })
        }
    };
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready))
}

async fn probe(store: &Store) -> Result<(), StoreError> {
    store.acquire().await?.execute("SELECT 1").await?;
    Ok(())
}
