//! A deterministic world for services built on tokio, hyper and sqlx: the services run as they are,
//! on a simulated network, clock and database link, and a seed decides everything.
//!
//! ```no_run
//! use sim::engine::{Crash, HostOptions, World, WorldConfig, db};
//! use tokio::time::{Duration, sleep};
//!
//! db::install();
//! let config = WorldConfig::new(42, "2026-03-01T00:00:00Z".parse().unwrap());
//! let report = World::new(config).run(|ctl| async move {
//!     ctl.db().create("books");
//!     ctl.host("server", HostOptions::default(), |host| Box::pin(async move {
//!         let mut listener = host.listen(80).await;
//!         let pool = sqlx::AnyPool::connect("sim+sqlite://books?host=server").await.unwrap();
//!         let (stream, _peer) = axum::serve::Listener::accept(&mut listener).await;
//!         drop((stream, pool)); // or serve it with hyper
//!     }));
//!     ctl.start("server");
//!     sleep(Duration::from_secs(5)).await;
//!     assert_eq!(ctl.crash("server", Crash::Machine).await, 0, "a service owns its tasks");
//!     ctl.restart("server");
//! });
//! println!("{:032x}", report.trace.fingerprint);
//! report.unwrap();
//! ```
//!
//! # The determinism model
//!
//! 1. A world is one thread: one `current_thread` runtime with a paused clock, its hosts are tasks
//!    on it, and nothing runs beside it.
//! 2. Ready tasks run in the order in which they were woken, and tokio's own choices
//!    (`select!` without `biased`) come from the world's seed.
//! 3. Time moves only when every task sleeps, straight to the next timer or event.
//! 4. When every task sleeps, the packets that sockets want to send are taken, host by host and in
//!    the order of sending, and each is given its fate.
//! 5. Packet arrivals and database answers happen in the order of their exact times, then of their
//!    making; the clock that hosts see moves in whole milliseconds.
//! 6. Every random draw comes from a stream that is named after what it decides, so its value does
//!    not depend on what else happens. Faults draw from streams of their own.
//! 7. A statement runs on the real database from beginning to end while the world stands still.
//! 8. A database has one transaction at a time; calls get their turn in order of arrival.
//! 9. A host's life ends with its future: sockets and connections of a past life refuse everything.
//! 10. The trace holds nothing that another process would tell differently: no wall clock, no
//!     process-wide id, no address.
//!
//! What the model does not cover, services must avoid: the wall clock, randomness of the operating
//! system, threads, iteration over hash maps, SQL functions of time and chance, and the pool
//! options of sqlx that read the wall clock (`max_lifetime`, `idle_timeout`, and an
//! `acquire_timeout` that can really run out: set a long one and a tokio timeout around it).

#[cfg(not(tokio_unstable))]
compile_error!(
    "the simulation needs `--cfg tokio_unstable`, which .cargo/config.toml sets; a RUSTFLAGS \
     variable in the environment replaces .cargo/config.toml: unset it, or add `--cfg \
     tokio_unstable` to it"
);

mod clock;
mod ctl;
pub mod db;
mod fingerprint;
mod host;
pub mod net;
mod panics;
mod run;
mod stall;
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
pub use run::{Report, Stats, World, WorldConfig};
pub use streams::Streams;
pub use trace::{Keep, TraceConfig, TraceSummary};
