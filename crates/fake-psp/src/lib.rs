//! A fake Toss Payments that can be programmed to misbehave.
//!
//! It speaks the API as Toss's real clients see it, keeps an append-only [book](FakePsp::book) of
//! what was really taken and given back, and runs a [fault programme](Programme) over every
//! request, webhook and settlement row. It reads neither the clock nor chance by itself
//! ([`Clock`], [`Entropy`]) and waits only by `tokio::time`, so that a simulation owns its time.
//!
//! [`FakePsp::router`] answers requests, [`FakePsp::serve`] also runs the connections (where
//! faults like resets live) and delivers webhooks. [`FakePsp::start`] is all of that for a test
//! on a real machine.

mod api;
mod book;
mod buyer;
mod cash_receipt;
mod clock;
mod config;
mod console;
mod control;
mod data;
mod fault;
mod hint;
mod idempotency;
mod jwe;
mod log;
mod model;
mod payout;
mod promotion;
mod psp;
mod recorder;
mod records;
mod sdk;
mod security;
mod serve;
mod settlement;
mod start;
mod store;
mod table;
mod test_means;
mod view;
mod webhook;
mod window;
mod wire;
mod world;

pub use api::error::{ErrorCode, error_codes};
pub use book::{BookEntry, BookKind, Cause};
pub use buyer::{Approval, Approved, BuyerError, NewPayment, Review};
pub use clock::{Clock, Entropy, SeededEntropy};
pub use config::Config;
pub use control::{Moment, MomentKind};
pub use data::DataError;
pub use fault::{
    Between, Echo, Endpoint, Field, Match, Place, Preset, Programme, ProgrammeError, Rule,
    UnknownPreset, Verdict, Vocabulary, Word,
};
pub use log::{Applied, Call, Transmission};
pub use model::{Currency, State};
pub use payout::{
    Payout, PayoutError, PayoutStatus, ScheduleType, SellerStatus, SellerStatusError,
};
pub use promotion::{CardDiscount, CardInterestFree, Promotions};
pub use psp::{ConfigError, ConsoleError, FakePsp, HookError, KnownPayment};
pub use security::{SecurityKey, SecurityKeyError};
pub use settlement::{
    HolidaysError, SettlementCycle, SettlementPreview, korean_holidays, read_holidays,
};
pub use start::{Builder, Opened, Running, StartError};
pub use webhook::{Deliver, DeliverError, EventType, Hook};
pub use wire::Fate;
pub use world::NoCancelInProgress;
