//! The fake as its clients see it.

mod api;
mod faults;
mod golden;
mod properties;
mod settlements;
mod shop;
mod sockets;
mod webhooks;
