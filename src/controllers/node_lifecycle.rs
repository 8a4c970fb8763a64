//! Node conditions become taints (pkg/controller/nodelifecycle).
//!
//! Not modelled: zones and their eviction rates. NoExecute taints are set at once.

use std::sync::Arc;

use crate::api::taint::{
    DISK_PRESSURE, MEMORY_PRESSURE, NETWORK_UNAVAILABLE, NO_EXECUTE, NO_SCHEDULE, NOT_READY, PID_PRESSURE, UNREACHABLE,
    UNSCHEDULABLE,
};
use crate::api::{ConditionStatus, Node, SimDuration, Taint};

/// A node whose kubelet is silent for this long counts as unknown (`node-monitor-grace-period`), by default.
pub const GRACE_PERIOD: SimDuration = SimDuration::from_secs(50);
/// How often the controller looks (`node-monitor-period`).
pub const MONITOR_PERIOD: SimDuration = SimDuration::from_secs(5);

/// The taints that follow from the node's conditions and from cordoning: (key, effect, whether it is due).
fn due(node: &Node) -> [(&'static str, &'static str, bool); 9] {
    let is = |kind: &str, status| node.condition(kind).is_some_and(|condition| condition.status == status);
    let not_ready = is("Ready", ConditionStatus::False);
    let unreachable = is("Ready", ConditionStatus::Unknown);
    [
        (NOT_READY, NO_SCHEDULE, not_ready),
        (UNREACHABLE, NO_SCHEDULE, unreachable),
        (MEMORY_PRESSURE, NO_SCHEDULE, is("MemoryPressure", ConditionStatus::True)),
        (DISK_PRESSURE, NO_SCHEDULE, is("DiskPressure", ConditionStatus::True)),
        (PID_PRESSURE, NO_SCHEDULE, is("PIDPressure", ConditionStatus::True)),
        (NETWORK_UNAVAILABLE, NO_SCHEDULE, is("NetworkUnavailable", ConditionStatus::True)),
        (UNSCHEDULABLE, NO_SCHEDULE, node.unschedulable),
        (NOT_READY, NO_EXECUTE, not_ready),
        (UNREACHABLE, NO_EXECUTE, unreachable),
    ]
}

/// Models `doNoScheduleTaintingPass` and `processTaintBaseEviction`: the node's taints as they should be, or `None` if
/// they are. Taints of other keys and effects are left alone.
pub fn taints(node: &Node) -> Option<Arc<[Taint]>> {
    let due = due(node);
    let is_undue = |taint: &&Taint| {
        due.iter().any(|(key, effect, is_due)| taint.key == *key && taint.effect == *effect && !is_due)
    };
    let is_missing = |(key, effect, is_due): &&(&str, &str, bool)| {
        *is_due && !node.taints.iter().any(|taint| taint.key == *key && taint.effect == *effect)
    };
    let mut wanted: Vec<Taint> = node.taints.iter().filter(|taint| !is_undue(taint)).cloned().collect();
    wanted.extend(due.iter().filter(is_missing).map(|(key, effect, _)| Taint::new(key, "", effect)));
    (*wanted != *node.taints).then(|| wanted.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SimTime;

    #[test]
    fn taints_follow_the_conditions_and_leave_others_alone() {
        let mut node = Node::named("n");
        node.taints = Arc::from([Taint::new("dedicated", "gpu", NO_SCHEDULE), Taint::new(NOT_READY, "", NO_SCHEDULE)]);
        let texts = |node: &Node| taints(node).map(|taints| taints.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(texts(&node).unwrap(), ["dedicated=gpu:NoSchedule"]);
        node.taints = taints(&node).unwrap();
        assert_eq!(texts(&node), None);
        node.set_condition("Ready", ConditionStatus::False, SimTime::ZERO);
        node.unschedulable = true;
        assert_eq!(
            texts(&node).unwrap(),
            [
                "dedicated=gpu:NoSchedule",
                "node.kubernetes.io/not-ready:NoSchedule",
                "node.kubernetes.io/unschedulable:NoSchedule",
                "node.kubernetes.io/not-ready:NoExecute"
            ]
        );
        node.taints = taints(&node).unwrap();
        node.set_condition("Ready", ConditionStatus::Unknown, SimTime::ZERO);
        node.unschedulable = false;
        assert_eq!(
            texts(&node).unwrap(),
            [
                "dedicated=gpu:NoSchedule",
                "node.kubernetes.io/unreachable:NoSchedule",
                "node.kubernetes.io/unreachable:NoExecute"
            ]
        );
    }
}
