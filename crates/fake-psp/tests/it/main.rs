//! The fake as its clients see it.

mod accounts;
mod api;
mod billing;
mod binary;
mod errors;
mod faults;
mod golden;
mod idempotency;
mod openapi;
mod properties;
mod settlements;
mod shop;
mod sockets;
mod start;
mod webhooks;
mod wire;
