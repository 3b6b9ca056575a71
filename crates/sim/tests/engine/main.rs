//! The engine judged from outside, with toy services that look like real ones.

mod crash;
mod database;
mod determinism;
mod faulty_database;
mod nemesis;
mod network;
mod observers;
mod panics;
mod stalls;
mod toy;
mod worlds;
