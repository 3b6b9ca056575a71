//! The fake as its clients see it.

mod accounts;
mod api;
mod billing;
mod binary;
mod cash_receipts;
mod console;
mod data;
mod errors;
mod faults;
mod golden;
mod idempotency;
mod openapi;
mod payout_property;
mod payouts;
mod properties;
mod sellers;
mod settlement_property;
mod settlements;
mod settling;
mod shop;
mod sockets;
mod start;
mod vault;
mod webhooks;
mod window;
mod wire;
