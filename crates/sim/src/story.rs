//! The story of one payment: what happened to it, across all services, in the order of time.
//!
//! A run is a pure function of (scenario, seed, plan), so the story is made by running it once
//! more with the trace kept, and picking the lines that speak of the order.

use crate::{
    engine::{Keep, TraceConfig},
    plan::Plan,
    run,
    scenario::Scenario,
};

/// The lines of the trace that speak of an order.
pub fn of(scenario: &Scenario, seed: u64, plan: &Plan, order_id: &str) -> Vec<String> {
    let trace = TraceConfig { keep: Keep::Memory, level: tracing::Level::INFO };
    let outcome = run::run(scenario, seed, plan, trace);
    let text = String::from_utf8_lossy(&outcome.trace);
    text.lines().filter(|line| line.contains(order_id)).map(str::to_owned).collect()
}
