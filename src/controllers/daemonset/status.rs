//! The status numbers (`updateDaemonSetStatus`). Nodes are counted, not pods: by the first pod of each node.

use crate::api::SimTime;
use crate::api::{DaemonSet, DaemonSetStatus, SimDuration};
use crate::store::World;

use super::history;
use super::placement::Placer;
use super::pods::{Current, first_pod, is_available, pods_by_node};
use super::reason::Reason;
use super::sync::{Act, Decision, Plan, View};

/// Counts the nodes. `observedGeneration` and `collisionCount` are as they were.
pub fn count(world: &World, daemonset: &DaemonSet, hash: &str, now: SimTime) -> DaemonSetStatus {
    let placer = Placer::new(&daemonset.spec);
    let current = Current::new(daemonset, hash);
    let mut counts = DaemonSetStatus {
        observed_generation: daemonset.status.observed_generation,
        collision_count: daemonset.status.collision_count,
        ..DaemonSetStatus::default()
    };
    pods_by_node(world, daemonset, |here| {
        let Some(node) = here.node else { return };
        let should_run = placer.place(node).should_run;
        counts.desired_number_scheduled += i64::from(should_run);
        let Some(first) = first_pod(here.pods) else { return };
        if !should_run {
            counts.number_misscheduled += 1;
            return;
        }
        counts.current_number_scheduled += 1;
        if first.is_ready() {
            counts.number_ready += 1;
            counts.number_available += i64::from(is_available(daemonset, first, now));
        }
        counts.updated_number_scheduled += i64::from(current.is_updated(first));
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
        plan.decisions.push(Decision { node: None, act: Act::WriteStatus(status), reason: Reason::StatusChanged });
    }
    if daemonset.spec.min_ready_seconds > 0 && status.number_ready != status.number_available {
        plan.requeue_after = Some(SimDuration::from_secs(daemonset.spec.min_ready_seconds as u64));
    }
    plan
}
