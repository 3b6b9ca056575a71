//! The cast: the services on their hosts, the PSP, the buyers, and the nemesis.

mod asking;
mod browsing;
mod buyer;
mod clerk;
mod env;
pub mod hosts;
mod nemesis;
mod office;
mod window;

pub use buyer::{History, Shop, buyer};
pub use nemesis::{Orphans, heal, run_faults};
pub use office::Office;
