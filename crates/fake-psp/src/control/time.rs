//! `/_fake/time`: the fake's clock, so that what takes days can be tested in seconds. And
//! `/_fake/reset`: a new beginning.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State as Handle,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::body::{read, refuse};
use crate::{FakePsp, api::transactions::moment, clock::iso};

/// Nobody tests more than this at once; a typing error does.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366 * 10);

/// 2200-01-01: ten years more are still within what every calendar can say.
const LATEST: Timestamp = Timestamp::constant(7_258_118_400, 0);

pub(super) fn routes() -> Router<FakePsp> {
    Router::new().route("/_fake/time", get(show).post(advance)).route("/_fake/reset", post(reset))
}

#[derive(Serialize)]
struct Time {
    now: String,
    /// Of the machine's clock.
    ahead_ms: i64,
}

async fn show(Handle(psp): Handle<FakePsp>) -> Json<Time> {
    Json(psp.with(|_, world, now| Time { now: iso(now), ahead_ms: *world.ahead_ms }))
}

/// One of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// `90s`, `30m`, `36h`, `7d`, `1d 2h`, …
    advance: Option<String>,
    /// A moment with an offset, or in Korean time without one.
    to: Option<String>,
}

/// Answers when everything that fell due on the way has happened.
async fn advance(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    let wish: Advance = match read(&body) {
        Ok(wish) => wish,
        Err(refused) => return refused.into_response(),
    };
    match wish.target(psp.now()) {
        Ok(Target::By(by)) => psp.advance_by(by).await,
        Ok(Target::To(moment)) => psp.advance_to(moment).await,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &message),
    }
    show(Handle(psp)).await.into_response()
}

/// Where the clock shall go.
enum Target {
    By(SignedDuration),
    To(Timestamp),
}

impl Advance {
    fn target(&self, now: Timestamp) -> Result<Target, String> {
        let (target, by) = match (&self.advance, &self.to) {
            (Some(by), None) => {
                let by = duration(by)?;
                (Target::By(by), by)
            }
            (None, Some(to)) => {
                let moment = moment(Some(to)).map_err(|_| {
                    format!("`{to}` is no moment; write 2026-12-01T09:00:00+09:00, or without the offset")
                })?;
                (Target::To(moment), moment.duration_since(now))
            }
            _ => return Err("say either `advance`, like \"36h\", or `to`, a moment".to_owned()),
        };
        if by > LONGEST {
            return Err("the clock goes at most ten years ahead at once".to_owned());
        }
        if now.saturating_add(by).is_ok_and(|target| target > LATEST) {
            return Err(
                "the clock goes no further than the year 2200; `POST /_fake/reset` begins anew"
                    .to_owned(),
            );
        }
        if by.is_negative() {
            return Err(format!(
                "it is {} already and the clock only goes forward; `POST /_fake/reset` begins anew",
                iso(now)
            ));
        }
        Ok(target)
    }
}

/// Days are 24 hours: Korea has no summer time.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let wrong = |why: String| format!("`advance`: {why}; write 90s, 30m, 36h or 7d");
    let span: jiff::Span = text.parse().map_err(|error: jiff::Error| wrong(error.to_string()))?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(relative).map_err(|error| wrong(error.to_string()))?;
    if duration.is_negative() {
        return Err(wrong("the clock only goes forward".to_owned()));
    }
    Ok(duration)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(default)]
    keep: Vec<Part>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Part {
    Faults,
}

async fn reset(Handle(psp): Handle<FakePsp>, body: Bytes) -> Response {
    let Reset { keep } = match read(&body) {
        Ok(reset) => reset,
        Err(refused) => return refused.into_response(),
    };
    psp.reset(keep.contains(&Part::Faults));
    StatusCode::NO_CONTENT.into_response()
}
