//! The zoo: bugs that are planted into the services on purpose, one at a time, to see which judge
//! names them.
//!
//! A [`patch`] is a unified diff with a header that says what it takes away. Each is applied to a
//! [`scratch`] copy of the tree, built there, and [`hunt`]ed with seeds; the [`matrix`] keeps what
//! came of it.

pub mod hunt;
pub mod matrix;
pub mod patch;
pub mod scratch;
