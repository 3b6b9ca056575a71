//! Named points: every `tracing` call site of the services and of the fake PSP.

/// A call site, found in the sources when this crate was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Point {
    /// From the root of the repository.
    pub file: &'static str,
    pub line: usize,
    /// `info`, `warn` and so on.
    pub level: &'static str,
    /// What it says: with the file, its name. Lines move.
    pub message: &'static str,
}

/// All of them, by file and line.
pub const POINTS: &[Point] = include!(concat!(env!("OUT_DIR"), "/points.rs"));

impl Point {
    /// `crates/…/settle.rs: payment settled`, the name under which it may be accepted.
    pub fn name(&self) -> String {
        format!("{}: {}", self.file, self.message)
    }
}

/// The point at a call site as `tracing` names it (`event FILE:LINE`); `None` for call sites of
/// other crates.
pub(super) fn at(callsite: &str) -> Option<&'static Point> {
    let (file, line) = callsite.strip_prefix("event ")?.rsplit_once(':')?;
    let line: usize = line.parse().ok()?;
    POINTS.iter().find(|point| point.file == file && point.line == line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_are_those_of_the_sources_and_have_names_of_their_own() {
        let settled = POINTS.iter().find(|point| point.message == "payment settled");
        let settled = settled.expect("the payment service says so");
        assert_eq!(settled.file, "crates/system/src/payment/settle.rs");
        assert_eq!(at(&format!("event {}:{}", settled.file, settled.line)), Some(settled));
        assert_eq!(at("event crates/sim/src/cast/nemesis.rs:1"), None);
        let names: std::collections::BTreeSet<_> = POINTS.iter().map(Point::name).collect();
        assert_eq!(names.len(), POINTS.len(), "two points of a file say the same: reword one");
    }
}
