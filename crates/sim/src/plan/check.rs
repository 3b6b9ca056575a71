//! Whether what a plan breaks exists: plans and scenarios are edited by people.

use super::{Break, Plan};
use crate::{cast::hosts, scenario::Cluster};

/// Which service follows the feed of which.
pub(crate) const FOLLOWS: [(&str, &str); 5] = [
    ("payment", "executor"),
    ("payment", "wallet"),
    ("payment", "ledger"),
    ("wallet", "payment"),
    ("ledger", "payment"),
];

impl Plan {
    /// Whether every fault can be carried out.
    ///
    /// # Errors
    /// A sentence that names the fault, what is wrong with it, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        for (n, fault) in self.faults.iter().enumerate() {
            let checked = fault.what.check(&self.cluster);
            checked.map_err(|why| format!("faults, number {} of the plan: {why}", n + 1))?;
        }
        Ok(())
    }
}

impl Break {
    /// The hosts that it strikes: both ends of a link; a service by its name alone.
    pub(crate) fn hosts(&self) -> Vec<&str> {
        match self {
            Self::Partition(a, b)
            | Self::PartitionOneWay(a, b)
            | Self::SlowLink(a, b, _)
            | Self::Loss(a, b, _)
            | Self::Reset(a, b)
            | Self::SkewApart(a, b, _) => vec![a, b],
            Self::Refuse(host)
            | Self::Crash(host)
            | Self::MachineCrash(host)
            | Self::DatabaseSlow(host, _)
            | Self::DatabaseOutage(host)
            | Self::DatabaseCut(host, _)
            | Self::DatabaseNoCommit(host, _)
            | Self::DatabaseLostRequest(host, _)
            | Self::DatabaseLostAnswer(host, _)
            | Self::DatabaseStall(host, ..)
            | Self::Stall(host)
            | Self::ClockSkew(host, _) => vec![host],
            Self::Rewind { service, .. } => vec![service],
            Self::PspOutage => vec![hosts::PSP],
        }
    }

    /// Whether this can be done to a cluster.
    ///
    /// # Errors
    /// A sentence that names what is wrong, and what would be right.
    pub fn check(&self, cluster: &Cluster) -> Result<(), String> {
        let services = hosts::services(cluster);
        let mut machines = services.clone();
        machines.push(hosts::PSP.to_owned());
        let mut everyone = machines.clone();
        everyone.extend(hosts::buyers());
        match self {
            Self::Partition(a, b)
            | Self::PartitionOneWay(a, b)
            | Self::SlowLink(a, b, _)
            | Self::Reset(a, b)
            | Self::SkewApart(a, b, _) => among(&everyone, a).and(among(&everyone, b)),
            Self::Loss(a, b, part) => {
                among(&everyone, a).and(among(&everyone, b)).and(share(*part))
            }
            Self::Refuse(host) | Self::Stall(host) | Self::ClockSkew(host, _) => {
                among(&everyone, host)
            }
            // A buyer that starts again would buy everything once more.
            Self::Crash(host) | Self::MachineCrash(host) => among(&machines, host),
            Self::PspOutage => Ok(()),
            Self::DatabaseSlow(host, _) | Self::DatabaseOutage(host) => among(&services, host),
            Self::DatabaseCut(host, part)
            | Self::DatabaseNoCommit(host, part)
            | Self::DatabaseLostRequest(host, part)
            | Self::DatabaseLostAnswer(host, part)
            | Self::DatabaseStall(host, part, _) => among(&services, host).and(share(*part)),
            Self::Rewind { service, source, .. } => follows(service, source),
        }
    }
}

fn among(hosts: &[String], host: &String) -> Result<(), String> {
    match hosts.contains(host) {
        true => Ok(()),
        false => {
            Err(format!("there is no host `{host}` for this: name one of {}", hosts.join(", ")))
        }
    }
}

fn share(share: f64) -> Result<(), String> {
    match (0.0..=1.0).contains(&share) {
        true => Ok(()),
        false => Err(format!("a share lies within 0 to 1, and {share} does not")),
    }
}

fn follows(service: &str, source: &str) -> Result<(), String> {
    if FOLLOWS.contains(&(service, source)) {
        return Ok(());
    }
    let pairs = FOLLOWS.map(|(service, source)| format!("{service} follows {source}"));
    Err(format!("`{service}` keeps no cursor of the feed of `{source}`: {}", pairs.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(what: Break) -> String {
        what.check(&Cluster::default()).expect_err("refused")
    }

    #[test]
    fn what_does_not_exist_is_refused_with_what_does() {
        let no_host = refusal(Break::Crash("executor-2".into()));
        assert!(no_host.contains("executor-1") && no_host.contains("`executor-2`"), "{no_host}");
        let no_database = refusal(Break::DatabaseOutage("psp".into()));
        assert!(no_database.contains("payment-1"), "{no_database}");
        let rewind = |service: &str, source: &str| Break::Rewind {
            service: service.into(),
            source: source.into(),
            events: 3,
        };
        let no_feed = refusal(rewind("wallet", "ledger"));
        assert!(no_feed.contains("wallet follows payment"), "{no_feed}");
        assert!(refusal(Break::DatabaseStall("ledger-1".into(), 1.5, 9)).contains("1.5"));
        assert!(rewind("wallet", "payment").check(&Cluster::default()).is_ok());
        assert!(Break::Stall("buyers-1".into()).check(&Cluster::default()).is_ok());
    }
}
