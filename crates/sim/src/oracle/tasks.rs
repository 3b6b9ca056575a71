//! No task outlives its crash.

use super::{Facts, Violation};

/// What the engine counted after each crash.
pub(super) fn judge(facts: &Facts) -> Vec<Violation> {
    let left = facts.orphans.iter().filter(|(_, left)| **left > 0);
    left.map(|(host, left)| {
        Violation::new("no-orphans", None, format!("{left} tasks of {host} outlived its crash"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_outlives_its_host_is_seen() {
        let orphans = |left| Facts { orphans: [("h".to_owned(), left)].into(), ..Facts::default() };
        assert_eq!(judge(&orphans(0)), []);
        assert_eq!(judge(&orphans(1)).len(), 1);
    }
}
