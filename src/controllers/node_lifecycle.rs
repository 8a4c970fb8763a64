//! Node conditions become taints (pkg/controller/nodelifecycle).
//!
//! Taints with effect NoSchedule follow at once. Those with effect NoExecute are set by a loop that looks every 5 s, and
//! no faster than a rate that depends on how many nodes of the zone are well: where a whole zone seems to be broken, the
//! fault is more likely on the controller's side.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::taint::{
    DISK_PRESSURE, MEMORY_PRESSURE, NETWORK_UNAVAILABLE, NO_EXECUTE, NO_SCHEDULE, NOT_READY, PID_PRESSURE, UNREACHABLE,
    UNSCHEDULABLE,
};
use crate::api::{ConditionStatus, Name, Node, SimDuration, Taint};
use crate::store::World;

/// A node whose kubelet is silent for this long counts as unknown (`node-monitor-grace-period`), by default.
pub const GRACE_PERIOD: SimDuration = SimDuration::from_secs(50);
/// How often the controller looks (`node-monitor-period`).
pub const MONITOR_PERIOD: SimDuration = SimDuration::from_secs(5);
/// How often the queue of nodes that are to get a NoExecute taint is looked at.
pub const TAINT_PERIOD: SimDuration = SimDuration::from_millis(100);
/// The conditions that become Unknown when a kubelet is silent. NetworkUnavailable is not a kubelet's to report.
pub const KUBELET_CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// One node per 10 s (`node-eviction-rate`), one per 100 s (`secondary-node-eviction-rate`).
const EVICTION_INTERVAL: SimDuration = SimDuration::from_secs(10);
const SECONDARY_EVICTION_INTERVAL: SimDuration = SimDuration::from_secs(100);
/// `unhealthy-zone-threshold`, in percent.
const UNHEALTHY_ZONE_PERCENT: usize = 55;
/// `large-cluster-size-threshold`
const LARGE_CLUSTER_SIZE: usize = 50;

/// The NoSchedule taints that follow from the node's conditions and from cordoning: (key, whether it is due).
fn due(node: &Node) -> [(&'static str, bool); 7] {
    let is = |kind: &str, status| node.condition(kind).is_some_and(|condition| condition.status == status);
    [
        (NOT_READY, is("Ready", ConditionStatus::False)),
        (UNREACHABLE, is("Ready", ConditionStatus::Unknown)),
        (MEMORY_PRESSURE, is("MemoryPressure", ConditionStatus::True)),
        (DISK_PRESSURE, is("DiskPressure", ConditionStatus::True)),
        (PID_PRESSURE, is("PIDPressure", ConditionStatus::True)),
        (NETWORK_UNAVAILABLE, is("NetworkUnavailable", ConditionStatus::True)),
        (UNSCHEDULABLE, node.unschedulable),
    ]
}

/// Models `doNoScheduleTaintingPass`: the node's taints as they should be, or `None` if they are. Taints of other keys
/// and effects are left alone.
pub fn no_schedule_taints(node: &Node) -> Option<Arc<[Taint]>> {
    let due = due(node);
    let is_of = |taint: &Taint, key: &str| taint.key == key && taint.effect == NO_SCHEDULE;
    let is_undue = |taint: &&Taint| due.iter().any(|(key, is_due)| is_of(taint, key) && !is_due);
    let is_missing = |(key, is_due): &&(&str, bool)| *is_due && !node.taints.iter().any(|taint| is_of(taint, key));
    let mut wanted: Vec<Taint> = node.taints.iter().filter(|taint| !is_undue(taint)).cloned().collect();
    wanted.extend(due.iter().filter(is_missing).map(|(key, _)| Taint::new(key, "", NO_SCHEDULE)));
    (*wanted != *node.taints).then(|| wanted.into())
}

/// The key of the NoExecute taint that the node's Ready condition asks for. A node without one is left alone.
pub fn no_execute_due(node: &Node) -> Option<&'static str> {
    match node.condition("Ready")?.status {
        ConditionStatus::True => None,
        ConditionStatus::False => Some(NOT_READY),
        ConditionStatus::Unknown => Some(UNREACHABLE),
    }
}

/// Whether the node has one of the two NoExecute taints that follow from Ready.
pub fn has_no_execute(node: &Node) -> bool {
    node.taints.iter().any(is_no_execute)
}

fn is_no_execute(taint: &Taint) -> bool {
    taint.effect == NO_EXECUTE && [NOT_READY, UNREACHABLE].contains(&taint.key.as_str())
}

/// Models `SwapNodeControllerTaint` and `markNodeAsReachable`: of the two NoExecute taints the node has the one named, or
/// none. `None` if that is so.
pub fn no_execute_taints(node: &Node, due: Option<&str>) -> Option<Arc<[Taint]>> {
    let is_right = |taint: &Taint| Some(taint.key.as_str()) == due;
    let mut wanted: Vec<Taint> =
        node.taints.iter().filter(|taint| !is_no_execute(taint) || is_right(taint)).cloned().collect();
    if let Some(key) = due.filter(|_| !wanted.iter().any(is_no_execute)) {
        wanted.push(Taint::new(key, "", NO_EXECUTE));
    }
    (*wanted != *node.taints).then(|| wanted.into())
}

/// How a zone is, seen from the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneState {
    Normal,
    /// More than two nodes, and more than half of all, are not ready.
    PartialDisruption,
    /// No node is ready.
    FullDisruption,
}

/// Models `GetZoneKey`: region and zone of a node; empty where it has neither label.
pub fn zone_of(node: &Node) -> Name {
    let label = |keys: [&str; 2]| keys.iter().find_map(|key| node.labels().get(*key)).map_or("", String::as_str);
    let zone = label(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]);
    let region = label(["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"]);
    if zone.is_empty() && region.is_empty() { "".into() } else { format!("{region}:{zone}").into() }
}

/// Models `ComputeZoneState` for every zone: its state and how many nodes it has.
pub fn zone_states(world: &World) -> BTreeMap<Name, (ZoneState, usize)> {
    let mut counts: BTreeMap<Name, (usize, usize)> = BTreeMap::new();
    for node in world.nodes.values() {
        if node.labels().contains_key("node.kubernetes.io/exclude-disruption") {
            continue;
        }
        let (not_ready, all) = counts.entry(zone_of(node)).or_default();
        *not_ready += usize::from(node.ready() != ConditionStatus::True);
        *all += 1;
    }
    let state = |(not_ready, all): (usize, usize)| match not_ready {
        _ if not_ready == all => ZoneState::FullDisruption,
        3.. if not_ready * 100 >= all * UNHEALTHY_ZONE_PERCENT => ZoneState::PartialDisruption,
        _ => ZoneState::Normal,
    };
    counts.into_iter().map(|(zone, counts)| (zone, (state(counts), counts.1))).collect()
}

/// The time between two NoExecute taints in a zone; `None` where none is set at all (`ReducedQPSFunc`,
/// `HealthyQPSFunc`).
pub fn tainting_interval(state: ZoneState, zone_size: usize) -> Option<SimDuration> {
    match state {
        ZoneState::Normal | ZoneState::FullDisruption => Some(EVICTION_INTERVAL),
        ZoneState::PartialDisruption if zone_size > LARGE_CLUSTER_SIZE => Some(SECONDARY_EVICTION_INTERVAL),
        ZoneState::PartialDisruption => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SimTime;

    fn texts(taints: Option<Arc<[Taint]>>) -> Option<Vec<String>> {
        taints.map(|taints| taints.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn taints_follow_the_conditions_and_leave_others_alone() {
        let mut node = Node::named("n");
        node.taints = Arc::from([Taint::new("dedicated", "gpu", NO_SCHEDULE), Taint::new(NOT_READY, "", NO_SCHEDULE)]);
        assert_eq!(texts(no_schedule_taints(&node)).unwrap(), ["dedicated=gpu:NoSchedule"]);
        node.taints = no_schedule_taints(&node).unwrap();
        assert_eq!(texts(no_schedule_taints(&node)), None);
        assert_eq!((no_execute_due(&node), texts(no_execute_taints(&node, None))), (None, None));
        node.set_condition("Ready", ConditionStatus::False, SimTime::ZERO);
        node.unschedulable = true;
        let mut wanted = vec![
            "dedicated=gpu:NoSchedule",
            "node.kubernetes.io/not-ready:NoSchedule",
            "node.kubernetes.io/unschedulable:NoSchedule",
        ];
        assert_eq!(texts(no_schedule_taints(&node)).unwrap(), wanted);
        node.taints = no_schedule_taints(&node).unwrap();
        wanted.push("node.kubernetes.io/not-ready:NoExecute");
        let due = no_execute_due(&node);
        assert_eq!(texts(no_execute_taints(&node, due)).unwrap(), wanted);
        node.taints = no_execute_taints(&node, due).unwrap();
        assert_eq!(texts(no_execute_taints(&node, due)), None);
        node.set_condition("Ready", ConditionStatus::Unknown, SimTime::ZERO);
        node.unschedulable = false;
        node.taints = no_schedule_taints(&node).unwrap();
        let swapped = no_execute_taints(&node, no_execute_due(&node));
        assert_eq!(
            texts(swapped).unwrap(),
            [
                "dedicated=gpu:NoSchedule",
                "node.kubernetes.io/unreachable:NoSchedule",
                "node.kubernetes.io/unreachable:NoExecute"
            ]
        );
        assert!(!texts(no_execute_taints(&node, None)).unwrap().contains(&wanted[3].to_owned()));
    }

    #[test]
    fn a_zone_is_as_its_nodes_are() {
        let world = |ready: usize, not_ready: usize| {
            let mut world = World::default();
            for index in 0..ready + not_ready {
                let mut node = Node::named(&format!("n-{index}"));
                if index >= ready {
                    node.set_condition("Ready", ConditionStatus::False, SimTime::ZERO);
                }
                world.nodes.insert(node.name().clone(), Arc::new(node));
            }
            zone_states(&world).into_values().next().map(|(state, _)| state)
        };
        assert_eq!(world(3, 0), Some(ZoneState::Normal));
        assert_eq!(world(1, 2), Some(ZoneState::Normal));
        assert_eq!(world(3, 3), Some(ZoneState::Normal));
        assert_eq!(world(2, 3), Some(ZoneState::PartialDisruption));
        assert_eq!(world(0, 1), Some(ZoneState::FullDisruption));
        assert_eq!(tainting_interval(ZoneState::PartialDisruption, 50), None);
        assert!(tainting_interval(ZoneState::PartialDisruption, 51) > tainting_interval(ZoneState::Normal, 51));
    }
}
