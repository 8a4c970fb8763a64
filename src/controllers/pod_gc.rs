//! Pods that nobody else will ever finish (pkg/controller/podgc).
//!
//! Not modelled: the limit of 12,500 pods that have ended.

use std::sync::Arc;

use crate::api::taint::OUT_OF_SERVICE;
use crate::api::{ConditionStatus, Name, Node, Pod, SimDuration};
use crate::store::World;

/// How often the controller looks (`gcCheckPeriod`).
pub const PERIOD: SimDuration = SimDuration::from_secs(20);
/// How long a missing node is waited for before its pods are deleted (`quarantineTime`).
pub const QUARANTINE: SimDuration = SimDuration::from_secs(40);

/// Nodes that do not exist but still have pods bound to them that can be finished.
pub fn missing_nodes(world: &World) -> Vec<Name> {
    let missing = world.nodes_with_pods().filter(|name| !world.nodes.contains_key(*name));
    missing.filter(|name| world.pods_on(name).any(|pod| !is_finished(pod))).cloned().collect()
}

/// Ended, and deleted without any grace: only finalizers hold it, and nothing that is done here would change that.
fn is_finished(pod: &Pod) -> bool {
    pod.is_terminating() && pod.is_terminal() && pod.meta.deletion_grace_period_seconds == Some(0)
}

/// The pods bound to a missing node (`gcOrphaned`).
pub fn orphaned_pods(world: &World, node: &str) -> Vec<Arc<Pod>> {
    world.pods_on(node).filter(|pod| !is_finished(pod)).cloned().collect()
}

/// Whether somebody has said of a node that is not ready that it will not come back: what is being deleted there is gone
/// (`gcTerminating`).
pub fn is_out_of_service(node: &Node) -> bool {
    node.ready() != ConditionStatus::True && node.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE)
}

/// Pods that are being deleted on nodes that are out of service.
pub fn lost_pods(world: &World) -> Vec<Arc<Pod>> {
    let lost = world.nodes.values().filter(|node| is_out_of_service(node));
    lost.flat_map(|node| world.pods_on(node.name()))
        .filter(|pod| pod.is_terminating() && !is_finished(pod))
        .cloned()
        .collect()
}

/// Pods that are being deleted and were never bound: no kubelet will finish them (`gcUnscheduledTerminating`).
pub fn is_unscheduled_terminating(pod: &Pod) -> bool {
    pod.is_terminating() && pod.spec.node_name.is_none() && !is_finished(pod)
}
