//! Everynode.

pub mod api;
pub mod controllers;
pub mod engine;
pub mod kubelet;
pub mod manifest;
#[cfg(target_arch = "wasm32")]
pub mod platform;
pub mod scheduler;
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod ui;
pub mod view;
