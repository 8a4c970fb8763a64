//! Kubernetes objects as plain data, and the matching rules that belong to them.

pub mod value;
