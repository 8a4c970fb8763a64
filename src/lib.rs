//! Everynode.

pub mod api;
pub mod controllers;
pub mod kubelet;
pub mod manifest;
pub mod scheduler;
pub mod store;
