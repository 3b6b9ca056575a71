//! x
pub(super) fn transitions() -> Vec<String> { Vec::new() }
