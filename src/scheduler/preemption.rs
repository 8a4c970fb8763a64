//! A pod of higher priority may drive others away (the plugin DefaultPreemption). Not modelled: PodDisruptionBudgets.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Name, Node, Pod};

use super::{Sight, filter};

/// The node that a pod will get, and the pods that have to leave it.
pub(super) struct Candidate {
    pub node: Name,
    pub victims: Vec<Arc<Pod>>,
}

/// Models `PodEligibleToPreemptOthers`: why a pod may not even try.
pub(super) fn not_eligible(sight: &Sight, pod: &Pod) -> Option<&'static str> {
    if pod.spec.never_preempts {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let node = sight.world.nodes.get(pod.status.nominated_node.as_ref()?)?;
    let by_preemption = |other: &&Arc<Pod>| {
        let condition = other.status.condition("DisruptionTarget");
        other.is_terminating() && condition.is_some_and(|it| &*it.reason == "PreemptionByScheduler")
    };
    let waits = |other: &Arc<Pod>| other.spec.priority < pod.spec.priority && by_preemption(&other);
    let waits = sight.pods_on(node).any(waits);
    waits.then_some("not eligible due to a terminating pod on the nominated node.")
}

/// Models `findCandidates` and `pickOneNodeForPreemption`. Where no node helps, the answer is how many nodes gave which
/// reason.
pub(super) fn find(sight: &Sight, pod: &Pod, nodes: &[&Arc<Node>]) -> Result<Candidate, BTreeMap<String, usize>> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for node in nodes {
        match select_victims(sight, pod, node) {
            Ok(victims) => candidates.push(Candidate { node: node.name().clone(), victims }),
            Err(messages) => {
                for message in messages {
                    *reasons.entry(message).or_default() += 1;
                }
            }
        }
    }
    let cost = |candidate: &Candidate| {
        let priorities = || candidate.victims.iter().map(|victim| i64::from(victim.spec.priority));
        let highest = priorities().max();
        // Small numbers count too: the original lifts each above zero.
        let sum: i64 = priorities().map(|priority| priority - i64::from(i32::MIN)).sum();
        let of_highest = candidate.victims.iter().filter(|victim| Some(i64::from(victim.spec.priority)) == highest);
        let earliest_start = of_highest.filter_map(|victim| victim.status.started_at).min();
        (highest, sum, candidate.victims.len(), Reverse(earliest_start))
    };
    candidates.into_iter().min_by_key(cost).ok_or(reasons)
}

/// Models `SelectVictimsOnNode`: without all pods of lower priority the pod has to fit; then as many as possible are let
/// off again, the most important first.
fn select_victims(sight: &Sight, pod: &Pod, node: &Node) -> Result<Vec<Arc<Pod>>, Vec<String>> {
    let is_lower = |other: &&Arc<Pod>| other.spec.priority < pod.spec.priority;
    let mut lower: Vec<Arc<Pod>> = sight.pods_on(node).filter(is_lower).cloned().collect();
    if lower.is_empty() {
        return Err(vec!["No preemption victims found for incoming pod".to_owned()]);
    }
    let mut gone: Vec<_> = lower.iter().map(|victim| victim.meta.uid).collect();
    let left = filter(&Sight { without: &gone, ..*sight }, pod, node).found;
    if !left.is_empty() {
        return Err(left.iter().map(super::Obstacle::message).collect());
    }
    lower.sort_by_key(|victim| (Reverse(victim.spec.priority), victim.status.started_at.unwrap_or_default()));
    lower.retain(|victim| {
        let before = gone.clone();
        gone.retain(|uid| *uid != victim.meta.uid);
        let let_off = filter(&Sight { without: &gone, ..*sight }, pod, node).found.is_empty();
        if !let_off {
            gone = before;
        }
        !let_off
    });
    Ok(lower)
}
