//! Everynode.

pub mod api;
pub mod manifest;
pub mod store;
