//! A payment system for online shops on Toss Payments.
//!
//! # Life of a payment
//!
//! 1. [`payment`]: `POST /v1/checkouts` writes a *payment event* with one *payment order* per
//!    seller (`payment/checkout.rs`). Nothing has been paid.
//! 2. The buyer pays in the PSP's window and comes back with a payment key. `payment/confirm.rs`
//!    refuses a changed amount, commits `EXECUTING`, and asks the executor. Each payment that is
//!    to pay for an order is an *attempt* (`payment/attempt.rs`); a proven failure frees the order
//!    for the next one.
//! 3. [`executor`]: accepts the operation in its own database; its worker commits `SENDING`,
//!    *then* calls the PSP (`executor/execute.rs`). What the answer proves is judged in
//!    `executor/psp/judge.rs`. No proof is `UNKNOWN`, and the same path tries again.
//! 4. The outcome and its feed event are one commit. `payment/settle.rs` takes it over, as an
//!    answer or from the feed, and publishes `payment_order.succeeded`.
//! 5. [`wallet`] credits the seller (`wallet/apply.rs`); [`ledger`] writes the journal entry
//!    (`ledger/post.rs`). Each says so in its own feed, and `payment/booked.rs` marks the order;
//!    when both have booked everything, the payment is done.
//! 6. [`reconciler`]: at night, our books against the PSP's (`reconciler/run.rs`).
//!
//! # The seams
//!
//! A service is a function of a listener, its configuration, an environment ([`service::Env`]:
//! clock, entropy, dialler, database URL) and a stop signal. Nothing here asks what stands behind
//! them. Dropping a service's future ends everything that it started.

// Money is decimal; nothing else here needs fractions.
#![deny(clippy::float_arithmetic)]

pub mod kernel;
pub mod store;
pub mod transport;

pub mod service;

pub mod executor;
pub mod ledger;
pub mod payment;
pub mod reconciler;
pub mod wallet;

pub mod process;
