//! The API server: the only owner of the cluster's state. Knows no controller.

pub mod defaulting;
mod limits;
pub mod pod_security;
pub mod quota;
mod request;
mod rng;
mod server;
mod table;
pub mod validation;
mod world;

pub use request::{ApiError, ErrorReason, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Patch, Propagation, Request};
pub use rng::Rng;
pub use server::{NAMESPACES, PRIORITY_CLASSES};
pub use table::{Table, TableKey};
pub use world::{Delta, Object, PodsByTarget, World};
