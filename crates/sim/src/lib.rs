//! The stage: real services, a fake PSP and simulated buyers in a deterministic world.
//!
//! [`engine`] is a general tool and knows nothing of payments. On it stand the [`cast`] and the
//! judges ([`oracle`]); a [`scenario`] says what may happen, a [`plan`] what will, and
//! [`run::run`] reads: build the world, safety phase, heal, liveness phase, judge.

pub mod engine;

pub mod plan;
pub mod scenario;
pub mod scenarios;

pub mod cast;
pub mod collect;
pub mod oracle;
mod probes;
pub mod run;
pub mod snapshot;
mod visits;
mod watchers;

pub mod coverage;
pub mod keep;
pub mod look;
pub mod report;
pub mod story;
pub mod sweep;

pub mod zoo;
