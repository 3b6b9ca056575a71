//! The root package only carries `tests/`: the workspace judged from outside.
//!
//! This library is what those tests stand on: a temporary PostgreSQL ([`Postgres`]), the real
//! binaries as processes ([`System`]), buyers who talk HTTP to them ([`buyer`]), the browser of a
//! person ([`Browser`]), and the way from real databases to the judges of the simulation ([`books`]).

pub mod books;
pub mod browser;
pub mod buyer;
pub mod http;
mod port;
mod postgres;
mod process;
mod programs;
mod services;
mod wait;

pub use browser::Browser;
pub use postgres::{Postgres, Shutdown};
pub use programs::program;
pub use services::{Layout, System, TOKEN};
pub use wait::{eventually, pause};
