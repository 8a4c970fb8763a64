//! Kubernetes objects as plain data, and the matching rules that belong to them.

pub mod hash;
pub mod quantity;
pub mod schema;
pub mod value;
