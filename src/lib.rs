//! Everynode.

pub mod api;
pub mod engine;
pub mod manifest;
pub mod store;
