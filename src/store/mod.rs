//! The API server.

pub mod defaulting;
pub mod validation;
