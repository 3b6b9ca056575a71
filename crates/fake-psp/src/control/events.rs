//! Tells who listens that something has changed, by server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
    routing::get,
};
use futures::{Stream, stream};
use tokio::time;

use crate::{FakePsp, world::World};

/// How often the fake is looked at for a listener: all changes in between are told at once.
const PERIOD: Duration = Duration::from_millis(100);

/// What can change, with a number that is another one after every change.
type Pulse = [(&'static str, u64); 10];

pub(super) fn routes() -> Router<FakePsp> {
    Router::new().route("/_fake/events", get(events))
}

async fn events(State(psp): State<FakePsp>) -> impl IntoResponse {
    Sse::new(changes(psp)).keep_alive(KeepAlive::default())
}

/// One event per change, each with what kinds of things have changed; the first names them all.
fn changes(psp: FakePsp) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((psp, None), async |(psp, before)| {
        loop {
            if before.is_some() {
                time::sleep(PERIOD).await;
            }
            let pulse = psp.with(|core, world, _| world.pulse(core.revision));
            let is_new = |(n, (_, revision)): &(usize, &(&str, u64))| {
                before.is_none_or(|before: Pulse| before[*n].1 != *revision)
            };
            let changed = pulse.iter().enumerate().filter(is_new);
            let changed: Vec<_> = changed.map(|(_, (kind, _))| kind).collect();
            if changed.is_empty() {
                continue;
            }
            let data = serde_json::json!({ "kinds": changed });
            let event = Event::default().event("changed").data(data.to_string());
            return Some((Ok(event), (psp, Some(pulse))));
        }
    })
}

impl World {
    fn pulse(&self, config: u64) -> Pulse {
        [
            ("payments", self.store.revision()),
            ("calls", self.calls.revision()),
            ("book", self.records.revision()),
            ("webhooks", self.outbox.revision() + self.hooks.revision()),
            ("faults", self.faults.revision()),
            ("time", self.ahead_ms.revision()),
            ("billing_keys", self.billing_keys.revision()),
            ("sellers", self.sellers.revision()),
            ("payouts", self.payouts.revision()),
            ("config", config),
        ]
    }
}
