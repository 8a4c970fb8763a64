//! The status numbers (`updateDaemonSetStatus`). Nodes are counted, not pods: by the first pod of each node.

use std::sync::Arc;

use crate::api::{DaemonSet, DaemonSetStatus, Name, Pod, SimDuration, SimTime};
use crate::store::World;

use super::history;
use super::placement::Placer;
use super::pods::{Current, first_pod, is_available, pods_by_node};
use super::reason::Reason;
use super::sync::{Act, Decision, Plan, View};

/// How one node counts.
pub struct Counted<'a> {
    pub node: &'a Name,
    /// It counts as desired.
    pub desired: bool,
    /// The first pod of the node, which decides all the rest; without one it counts as nothing more.
    pub first: Option<&'a Arc<Pod>>,
    pub ready: bool,
    pub available: bool,
    pub updated: bool,
}

impl Counted<'_> {
    pub fn current(&self) -> bool {
        self.desired && self.first.is_some()
    }

    pub fn misscheduled(&self) -> bool {
        !self.desired && self.first.is_some()
    }
}

/// Tells of every node how it counts.
pub fn each_node(world: &World, daemonset: &DaemonSet, hash: &str, now: SimTime, mut tell: impl FnMut(&Counted<'_>)) {
    let placer = Placer::new(&daemonset.spec);
    let current = Current::new(daemonset, hash);
    pods_by_node(world, daemonset, |here| {
        let Some(node) = here.node else { return };
        let desired = placer.place(node).should_run;
        let first = first_pod(here.pods);
        let counts = first.filter(|_| desired);
        let ready = counts.is_some_and(|pod| pod.is_ready());
        let available = ready && counts.is_some_and(|pod| is_available(daemonset, pod, now));
        let updated = counts.is_some_and(|pod| current.is_updated(pod));
        tell(&Counted { node: here.name, desired, first, ready, available, updated });
    });
}

/// Counts the nodes. `observedGeneration` and `collisionCount` are as they were.
pub fn count(world: &World, daemonset: &DaemonSet, hash: &str, now: SimTime) -> DaemonSetStatus {
    let mut counts = DaemonSetStatus {
        observed_generation: daemonset.status.observed_generation,
        collision_count: daemonset.status.collision_count,
        ..DaemonSetStatus::default()
    };
    each_node(world, daemonset, hash, now, |node| {
        counts.desired_number_scheduled += i64::from(node.desired);
        counts.current_number_scheduled += i64::from(node.current());
        counts.number_misscheduled += i64::from(node.misscheduled());
        counts.number_ready += i64::from(node.ready);
        counts.number_available += i64::from(node.available);
        counts.updated_number_scheduled += i64::from(node.updated);
    });
    counts.number_unavailable = counts.desired_number_scheduled - counts.number_available;
    counts
}

/// Writes the status if it says something else. The observed generation is raised only at the end of a whole sync.
pub(super) fn plan(view: &View, daemonset: &DaemonSet, raise_observed_generation: bool) -> Plan {
    let hash = history::current_hash(view, daemonset);
    let mut status = count(view.world, daemonset, &hash, view.now);
    let generation = daemonset.meta.generation;
    if raise_observed_generation {
        status.observed_generation = generation;
    }
    let mut plan = Plan::default();
    if status != daemonset.status || daemonset.status.observed_generation < generation {
        let reason = Reason::StatusChanged(Arc::new((daemonset.status, status)));
        plan.decisions.push(Decision { node: None, act: Act::WriteStatus(status), reason });
    }
    if daemonset.spec.min_ready_seconds > 0 && status.number_ready != status.number_available {
        plan.requeue_after = Some(SimDuration::from_secs(daemonset.spec.min_ready_seconds as u64));
    }
    plan
}
