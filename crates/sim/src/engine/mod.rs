//! A deterministic world for services built on tokio, hyper and sqlx.

#[cfg(not(tokio_unstable))]
compile_error!(
    "the simulation needs `--cfg tokio_unstable`, which .cargo/config.toml sets; a RUSTFLAGS \
     variable in the environment replaces .cargo/config.toml: unset it, or add `--cfg \
     tokio_unstable` to it"
);

mod clock;
mod cpu;
mod ctl;
pub mod db;
mod fingerprint;
mod host;
pub mod net;
mod panics;
mod streams;
mod subscriber;
mod timeline;
mod trace;
mod world;

pub use clock::HostClock;
pub use ctl::Ctl;
pub use db::{Change, Commit, Op, Row, Value};
pub use host::{Crash, HostHandle, HostOptions};
pub use panics::HostPanic;
pub use streams::Streams;
pub use trace::{Keep, TraceConfig, TraceSummary};
pub use world::{Report, Stats, World, WorldConfig};
