//! What a load balancer asks of every replica: whether it is ready.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::{
    cast::{Office, hosts},
    engine::Ctl,
    oracle::{Violation, shown_wrongly},
    plan::{Break, Plan},
};

/// How often is asked for what is not answered when all is quiet, and after what time again: what
/// waited in a broken connection is over then.
pub(crate) const TRIES: usize = 4;
pub(crate) const REST: Duration = Duration::from_secs(45);

/// Asks all replicas in the middle of everything: none is ready whose database is away.
pub(crate) async fn while_all_breaks(ctl: &Ctl, office: &Office, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    for host in hosts::services(&plan.cluster) {
        let from = ctl.now();
        if is_ready(office, &host).await && is_away(plan, &host, from, ctl.now()) {
            found.push(shown_wrongly(format!("{host} says ready, and its database is away")));
        }
    }
    found
}

/// Asks all replicas when all is quiet: each is ready.
pub(crate) async fn when_all_is_quiet(office: &Office, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    for host in hosts::services(&plan.cluster) {
        let mut tries = 1;
        while !is_ready(office, &host).await {
            if tries == TRIES {
                found.push(shown_wrongly(format!("{host} is not ready, and all is quiet")));
                break;
            }
            tries += 1;
            sleep(REST).await;
        }
    }
    found
}

async fn is_ready(office: &Office, host: &str) -> bool {
    let url = format!("{}/readyz", hosts::url_of(host));
    matches!(office.ask(url, false).await, Some((200, _)))
}

/// Whether a host could not reach its database in the whole of a stretch.
fn is_away(plan: &Plan, host: &str, from: Timestamp, to: Timestamp) -> bool {
    let moment = |ms: u64| plan.start + SignedDuration::from_millis(ms as i64);
    plan.faults.iter().any(|fault| {
        matches!(&fault.what, Break::DatabaseOutage(theirs) if theirs == host)
            && moment(fault.at_ms) < from
            && moment(fault.at_ms.saturating_add(fault.for_ms)) > to
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Fault;

    #[test]
    fn a_database_is_away_from_its_own_host_for_as_long_as_planned() {
        let what = Break::DatabaseOutage("payment-1".to_owned());
        let fault = Fault { at_ms: 10_000, for_ms: 5_000, what };
        let plan = Plan { faults: vec![fault], ..Plan::default() };
        let at = |s| plan.start + SignedDuration::from_secs(s);
        assert!(is_away(&plan, "payment-1", at(11), at(14)));
        assert!(!is_away(&plan, "payment-2", at(11), at(14)));
        assert!(!is_away(&plan, "payment-1", at(9), at(14)));
        assert!(!is_away(&plan, "payment-1", at(11), at(16)));
    }
}
