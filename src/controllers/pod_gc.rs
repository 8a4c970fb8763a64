//! Pods whose node is gone (pkg/controller/podgc, `gcOrphaned`).

use std::sync::Arc;

use crate::api::{Name, Pod, SimDuration};
use crate::store::World;

/// How often the controller looks (`gcCheckPeriod`).
pub const PERIOD: SimDuration = SimDuration::from_secs(20);
/// How long a missing node is waited for before its pods are deleted (`quarantineTime`).
pub const QUARANTINE: SimDuration = SimDuration::from_secs(40);

/// Nodes that do not exist but still have pods bound to them.
pub fn missing_nodes(world: &World) -> Vec<Name> {
    world.nodes_with_pods().filter(|name| !world.nodes.contains_key(*name)).cloned().collect()
}

/// The pods bound to a missing node.
pub fn orphaned_pods(world: &World, node: &str) -> Vec<Arc<Pod>> {
    world.pods_on(node).cloned().collect()
}

/// Pods that are being deleted and were never bound: no kubelet will finish them (`gcUnscheduledTerminating`).
pub fn is_unscheduled_terminating(pod: &Pod) -> bool {
    pod.is_terminating() && pod.spec.node_name.is_none()
}
