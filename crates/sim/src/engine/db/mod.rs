//! Databases of the world, and the driver that takes a service's statements to them.
//!
//! A service connects with sqlx's `Any` driver to `sim+sqlite://NAME?host=HOST`. The statement
//! travels a simulated link ([`Db`] has its faults), runs to its end on a real in-memory SQLite
//! while nothing else runs, and the answer travels back. All logical connections of a database
//! share one real one, in turn: an open transaction holds it from BEGIN to COMMIT or ROLLBACK, others
//! that write wait in the order of their arrival, for five seconds at most. Who only reads does not wait, and sees nothing of a
//! transaction that is open.
//!
//! What SQLite itself would take from the outside (`random()`, `datetime('now')`) is not
//! simulated: services pass times and ids as parameters.

mod control;
mod driver;
mod faults;
mod link;
mod observe;
mod plumbing;
mod sqlite;
mod store;
mod value;

pub use control::Db;
pub use driver::install;
pub use observe::{Change, Commit, Op};
pub use value::{Row, Value};

pub(crate) use store::Databases;
