//! `/_fake/settlements`: what the merchant's settlement list will say.

use axum::{
    Json, Router,
    extract::{Query, State as Handle, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{ToSpan, civil::Date};
use serde::Deserialize;

use super::body::bad_query;
use crate::{
    FakePsp, SettlementPreview,
    clock::korean_day,
    settlement::{DateType, FileRequest},
};

/// So far back and ahead, if nobody says how far.
const USUAL_DAYS: i64 = 31;

pub(super) fn routes() -> Router<FakePsp> {
    Router::new().route("/_fake/settlements", get(preview))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretch {
    from: Option<Date>,
    to: Option<Date>,
    #[serde(default)]
    by: By,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Sold,
    PaidOut,
}

async fn preview(
    Handle(psp): Handle<FakePsp>,
    stretch: Result<Query<Stretch>, QueryRejection>,
) -> Response {
    let Stretch { from, to, by } = match stretch {
        Ok(Query(stretch)) => stretch,
        Err(error) => return bad_query(&error),
    };
    let today = korean_day(psp.now());
    let from = from.unwrap_or_else(|| today.saturating_sub(USUAL_DAYS.days()));
    let to = to.unwrap_or_else(|| today.saturating_add(USUAL_DAYS.days()));
    let by_pay_out = matches!(by, By::PaidOut);
    Json(psp.settlement_preview(from, to, by_pay_out)).into_response()
}

impl FakePsp {
    /// The settlement rows of a stretch of days as they truly are, those that the merchant cannot
    /// read yet too, and what the fault programme will make of each. By the days they count as
    /// sold, or, `by_pay_out`, are paid out. Looking changes nothing.
    pub fn settlement_preview(
        &self,
        from: Date,
        to: Date,
        by_pay_out: bool,
    ) -> Vec<SettlementPreview> {
        self.with(|core, world, now| {
            let ask = FileRequest {
                start: from,
                end: to,
                by: if by_pay_out { DateType::PaidOut } else { DateType::Sold },
                now,
                config: &core.config,
                entropy: &*core.entropy,
            };
            world.records.settlements.preview(&ask, &world.faults)
        })
    }
}
