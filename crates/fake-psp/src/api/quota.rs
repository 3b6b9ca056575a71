//! The limit of test keys: so many requests a minute to each API.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::route::Route;
use crate::Config;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Who asked what, how often, and since when.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    counted: BTreeMap<(String, &'static str), (Timestamp, u32)>,
}

impl Quota {
    /// Counts a request of a key to an API. Above the limit: in how many seconds it may ask again.
    pub(super) fn exceeded(
        &mut self,
        config: &Config,
        key: &str,
        route: Option<&Route>,
        now: Timestamp,
    ) -> Option<u64> {
        let limit = config.test_requests_per_minute.filter(|_| key.starts_with("test_"))?;
        let api = route.map_or("", |route| route.name);
        let (since, count) = self.counted.entry((key.to_owned(), api)).or_insert((now, 0));
        if now.duration_since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        let left = (*count > limit).then(|| MINUTE - now.duration_since(*since))?;
        // Rounded up: whoever waits so long may ask again.
        u64::try_from(left.as_millis()).ok().map(|ms| ms.div_ceil(1000))
    }
}
