//! wip
pub mod kernel;
pub mod store;
pub mod transport;
pub mod service;
pub mod executor;
pub mod payment;
pub mod ledger;
pub mod wallet;
