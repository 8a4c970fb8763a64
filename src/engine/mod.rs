//! The parts in time.

pub mod check;
