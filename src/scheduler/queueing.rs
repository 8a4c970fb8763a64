//! Which change makes it worth to try a pod again that no node took: the plugins' queueing hints.

use crate::api::taint::{NO_SCHEDULE, UNSCHEDULABLE};
use crate::api::{Node, Pod, Taint};
use crate::store::{Delta, Object, World};

use super::{Obstacle, affinity, keeps_away, without_others};

/// The plugins that refused a pod on some node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusedBy(u8);

impl RefusedBy {
    pub const NODE_AFFINITY: RefusedBy = RefusedBy(1);
    const CORDON: RefusedBy = RefusedBy(2);
    const TAINT: RefusedBy = RefusedBy(4);
    const PORTS: RefusedBy = RefusedBy(8);
    const RESOURCES: RefusedBy = RefusedBy(16);
    const PODS: RefusedBy = RefusedBy(32);
    const SPREAD: RefusedBy = RefusedBy(64);

    pub fn and(self, other: RefusedBy) -> RefusedBy {
        RefusedBy(self.0 | other.0)
    }

    fn has(self, other: RefusedBy) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn of(obstacle: &Obstacle) -> RefusedBy {
        match obstacle {
            Obstacle::Cordoned => RefusedBy::CORDON,
            Obstacle::Taint(_) => RefusedBy::TAINT,
            Obstacle::Affinity { .. } => RefusedBy::NODE_AFFINITY,
            Obstacle::HostPort { .. } => RefusedBy::PORTS,
            Obstacle::TooManyPods { .. } | Obstacle::Insufficient { .. } => RefusedBy::RESOURCES,
            Obstacle::Spread { .. } => RefusedBy::SPREAD,
            Obstacle::PodAffinity | Obstacle::PodAntiAffinity { .. } | Obstacle::UnwantedByPod { .. } => {
                RefusedBy::PODS
            }
        }
    }
}

/// Whether a change may have made a place for a pod. The hints look at the changed object alone, not at whether it is on
/// the pod's own node: a pod may be tried again in vain.
pub fn is_worth_a_try(world: &World, pod: &Pod, refused_by: RefusedBy, change: &Delta) -> bool {
    match (&change.before, &change.after) {
        (before, Some(Object::Node(node))) => {
            let old = match before {
                Some(Object::Node(old)) => Some(&**old),
                _ => None,
            };
            node_helps(pod, refused_by, old, node)
        }
        // The scheduler does not see pods that have ended: for it they are gone.
        (Some(Object::Pod(old)), None) if !old.is_terminal() => pod_gone_helps(world, pod, refused_by, old),
        (Some(Object::Pod(old)), Some(Object::Pod(new))) if !old.is_terminal() && new.is_terminal() => {
            pod_gone_helps(world, pod, refused_by, old)
        }
        (old, Some(Object::Pod(new))) if new.spec.node_name.is_some() && refused_by.has(RefusedBy::PODS) => {
            let old = old.as_ref().and_then(Object::as_pod);
            let is_new = old.is_none_or(|old| old.spec.node_name.is_none() || old.meta.labels != new.meta.labels);
            is_new && affinity::concerns(world, pod, new)
        }
        _ => false,
    }
}

fn pod_gone_helps(world: &World, pod: &Pod, refused_by: RefusedBy, gone: &Pod) -> bool {
    let bound = gone.spec.node_name.is_some();
    let ports = || {
        let taken = &gone.spec.template.host_ports;
        pod.spec.template.host_ports.iter().any(|port| taken.iter().any(|it| it.conflicts_with(port)))
    };
    (refused_by.has(RefusedBy::RESOURCES) && (bound || gone.status.nominated_node.is_some()))
        || (refused_by.has(RefusedBy::PORTS) && bound && ports())
        || (refused_by.has(RefusedBy::PODS) && bound && affinity::concerns(world, pod, gone))
}

fn node_helps(pod: &Pod, refused_by: RefusedBy, old: Option<&Node>, new: &Node) -> bool {
    let turned = |holds: &dyn Fn(&Node) -> bool| holds(new) && !old.is_some_and(holds);
    let tolerates = |taint: &Taint| pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(taint));
    let cordon = Taint::new(UNSCHEDULABLE, "", NO_SCHEDULE);
    let is_open = |node: &Node| !node.unschedulable || tolerates(&cordon);
    let is_tolerated = |node: &Node| !node.taints.iter().any(|taint| keeps_away(pod, taint));
    let matches = |node: &Node| pod.affinity_matches(node.name(), node.labels());
    let fits = |node: &Node| without_others(pod, node).is_empty();
    let has_more = || {
        let amount = |node: &Node, name: &str| node.allocatable.get(name).copied().unwrap_or(0);
        let asked = pod.spec.template.requests.iter().filter(|(_, asked)| **asked > 0).map(|(name, _)| name.as_str());
        old.is_some_and(|old| asked.chain(["pods"]).any(|name| amount(new, name) > amount(old, name)))
    };
    (refused_by.has(RefusedBy::CORDON) && turned(&is_open))
        || (refused_by.has(RefusedBy::TAINT) && turned(&is_tolerated))
        || (refused_by.has(RefusedBy::NODE_AFFINITY) && turned(&matches))
        || (refused_by.has(RefusedBy::RESOURCES) && (turned(&fits) || (fits(new) && has_more())))
        || (refused_by.has(RefusedBy::PORTS) && old.is_none())
        || (refused_by.has(RefusedBy::PODS.and(RefusedBy::SPREAD))
            && old.is_none_or(|old| old.labels() != new.labels()))
}
