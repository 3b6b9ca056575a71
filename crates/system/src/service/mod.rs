//! What every service is made of: its environment, its feed, its followers and workers, and who
//! may call it.

mod auth;
mod config;
mod deadline;
mod env;
mod feed;
mod follow;
mod health;
mod peer;
mod retry;
mod worker;

pub use auth::require_token;
pub use config::{Common, parse_millis};
pub use deadline::answer_within;
pub use env::{Env, ServeError};
pub use feed::{Event, Feed, NewEvent, SCHEMA as FEED_SCHEMA};
pub use follow::{Apply, follow};
pub use health::health;
pub use peer::{Peer, PeerError};
pub use retry::Backoff;
pub use worker::{Next, Wake, work, work_wide};
