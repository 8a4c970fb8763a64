//! Everynode.

pub mod api;
pub mod controllers;
pub mod engine;
pub mod kubelet;
pub mod manifest;
pub mod scheduler;
pub mod store;
