//! The controllers of kube-controller-manager as pure functions: they look at the world and say what they would do.
//! They know no clock, no queue, and not each other; the engine puts their decisions into time.

pub mod daemonset;
pub mod garbage_collector;
pub mod namespace_deletion;
pub mod node_lifecycle;
pub mod pod_gc;
pub mod taint_eviction;
