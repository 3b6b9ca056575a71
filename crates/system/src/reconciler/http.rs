//! The reconciler's endpoints. All of them are internal.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};

use super::{
    Reconciler,
    run::RunError,
    wire::{Report, Reports},
};
use crate::{
    kernel::KoreanDay,
    transport::{Json, Path, Problem},
};

pub(super) fn router(reconciler: Reconciler) -> Router {
    Router::new()
        .route("/v1/reports", get(list))
        .route("/v1/reports/{day}", get(show))
        .route("/v1/reports/{day}/run", post(run))
        .with_state(reconciler)
}

async fn list(State(reconciler): State<Reconciler>) -> Result<Json<Reports>, Problem> {
    let days = reconciler.days().await?;
    Ok(Json(Reports { days: days.into_iter().map(|known| known.day).collect() }))
}

async fn show(
    State(reconciler): State<Reconciler>,
    Path(day): Path<String>,
) -> Result<Json<Report>, Problem> {
    let day = parse(&day)?;
    let report = reconciler.report(day).await?;
    report.map(Json).ok_or_else(|| Problem::not_found(format!("there is no report of {day} yet")))
}

/// Makes the report of a past day now, whatever the hour.
async fn run(
    State(reconciler): State<Reconciler>,
    Path(day): Path<String>,
) -> Result<Json<Report>, Problem> {
    let day = parse(&day)?;
    if day >= KoreanDay::of(reconciler.clock.now()) {
        return Err(Problem::conflict(format!("{day} is not over in Korea yet")));
    }
    if !reconciler.run(day).await? {
        return Err(Problem::conflict(format!("the report of {day} is being made; look again")));
    }
    let report = reconciler.report(day).await?;
    report.map(Json).ok_or_else(|| Problem::not_found(format!("there is no report of {day} yet")))
}

fn parse(day: &str) -> Result<KoreanDay, Problem> {
    day.parse().map_err(|e: String| Problem::invalid("day", e))
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            RunError::Peer(error) => Problem::unavailable(error.to_string()),
        }
    }
}
