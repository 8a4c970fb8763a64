//! The status numbers (`updateDaemonSetStatus`). Nodes are counted, not pods: by the first pod of each node.

use std::sync::Arc;

use crate::api::{DaemonSet, DaemonSetStatus, Name, Pod, SimDuration, SimTime};
use crate::store::World;

use super::history;
use super::memory::Memory;
use super::placement::Placer;
use super::pods::{Current, first_pod, is_available};
use super::reason::Reason;
use super::sync::{Act, Decision, Plan, View};
use super::tally::{Passed, visit_nodes};

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
pub fn each_node(world: &World, daemonset: &DaemonSet, now: SimTime, tell: &mut dyn FnMut(&Counted<'_>)) {
    count_nodes(&View { world, memory: &Memory::default(), tally: None, now, seed: 0 }, daemonset, tell);
}

fn count_nodes<'a>(view: &View<'a>, daemonset: &DaemonSet, tell: &mut dyn FnMut(&Counted<'_>)) -> Passed<'a> {
    let placer = Placer::new(&daemonset.spec);
    let current = Current::new(daemonset, &history::current_hash(view.world, daemonset));
    visit_nodes(view, daemonset, &mut |here| {
        let Some(node) = here.node else { return };
        let desired = placer.place(node).should_run;
        let first = first_pod(here.pods);
        let counts = first.filter(|_| desired);
        let ready = counts.is_some_and(|pod| pod.is_ready());
        let available = ready && counts.is_some_and(|pod| is_available(daemonset, pod, view.now));
        let updated = counts.is_some_and(|pod| current.is_updated(pod));
        tell(&Counted { node: here.name, desired, first, ready, available, updated });
    })
}

/// Counts the nodes. `observedGeneration` and `collisionCount` are as they were.
fn count(view: &View, daemonset: &DaemonSet) -> DaemonSetStatus {
    let mut counts = DaemonSetStatus {
        observed_generation: daemonset.status.observed_generation,
        collision_count: daemonset.status.collision_count,
        ..DaemonSetStatus::default()
    };
    let passed = count_nodes(view, daemonset, &mut |node| {
        counts.desired_number_scheduled += i64::from(node.desired);
        counts.current_number_scheduled += i64::from(node.current());
        counts.number_misscheduled += i64::from(node.misscheduled());
        counts.number_ready += i64::from(node.ready);
        counts.number_available += i64::from(node.available);
        counts.updated_number_scheduled += i64::from(node.updated);
    });
    for number in [
        &mut counts.desired_number_scheduled,
        &mut counts.current_number_scheduled,
        &mut counts.number_ready,
        &mut counts.number_available,
    ] {
        *number += passed.all() as i64;
    }
    counts.updated_number_scheduled += passed.updated as i64;
    counts.number_unavailable = counts.desired_number_scheduled - counts.number_available;
    counts
}

/// Writes the status if it says something else. The observed generation is raised only at the end of a whole sync.
pub(super) fn plan(view: &View, daemonset: &DaemonSet, raise_observed_generation: bool) -> Plan {
    let mut status = count(view, daemonset);
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
