//! Everynode.

pub mod api;
pub mod manifest;
#[cfg(target_arch = "wasm32")]
pub mod platform;
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod ui;
pub mod view;
