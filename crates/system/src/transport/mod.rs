//! The one door to the network: serving HTTP, dialling, and the one error body.

mod client;
mod dial;
mod json;
mod problem;
mod server;

pub use client::{Answer, CallError, HttpClient};
pub use dial::{Dial, Stream, TokioDial};
pub use json::{Json, Path, Query, Raw, did_you_mean};
pub use problem::Problem;
pub use server::serve_http;
