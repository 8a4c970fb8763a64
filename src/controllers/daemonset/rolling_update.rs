//! Replacing old pods (`rollingUpdate`).

use std::sync::Arc;

use crate::api::{DaemonSet, IntOrPercent, Name, Node, Pod, SimTime, UpdateStrategy};
use crate::store::{Rng, World};

use super::memory::Memory;
use super::placement::Placer;
use super::pods::{Current, NodePods, counting_pods_on, first_pod, is_available};
use super::reason::Reason;
use super::saw::{Holds, Rollout, Saw};
use super::sync::{Decision, Plan, View};
use super::tally::{Passed, visit_nodes};
use super::{BURST_REPLICAS, history};

/// The budget of a rollout (`updatedDesiredNodeCounts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolloutNumbers {
    pub desired: i64,
    pub max_unavailable: i64,
    pub max_surge: i64,
}

/// Percentages are of the desired number and round up; if both come out as zero, one pod may be unavailable.
pub fn rollout_numbers(
    world: &World,
    daemonset: &DaemonSet,
    max_unavailable: IntOrPercent,
    max_surge: IntOrPercent,
) -> RolloutNumbers {
    let view = View { world, memory: &Memory::default(), tally: None, now: SimTime::ZERO, seed: 0 };
    numbers(desired(&view, daemonset), max_unavailable, max_surge)
}

fn desired(view: &View, daemonset: &DaemonSet) -> i64 {
    let placer = Placer::new(&daemonset.spec);
    let mut desired = 0;
    let passed = visit_nodes(view, daemonset, &mut |here| {
        desired += i64::from(here.node.is_some_and(|node| placer.place(node).should_run));
    });
    desired + passed.all() as i64
}

fn numbers(desired: i64, max_unavailable: IntOrPercent, max_surge: IntOrPercent) -> RolloutNumbers {
    let max_surge = max_surge.scaled(desired);
    let mut max_unavailable = max_unavailable.scaled(desired);
    if desired > 0 && max_unavailable == 0 && max_surge == 0 {
        max_unavailable = 1;
    }
    RolloutNumbers { desired, max_unavailable, max_surge }
}

pub(super) fn plan(view: &View, daemonset: &DaemonSet, max_unavailable: IntOrPercent, max_surge: IntOrPercent) -> Plan {
    let current = Current::new(daemonset, &history::current_hash(view.world, daemonset));
    // Only a surge has to know the numbers before it looks at the nodes.
    if max_surge.scaled(1) > 0 {
        let RolloutNumbers { desired, max_unavailable, max_surge } =
            numbers(desired(view, daemonset), max_unavailable, max_surge);
        if max_surge > 0 {
            let rollout = Rollout { desired, max_unavailable, max_surge, ..Rollout::default() };
            return with_surge(view, daemonset, &current, rollout);
        }
    }
    without_surge(view, daemonset, &current, max_unavailable)
}

/// The budget of a rollout as `rollingUpdate` would see it now, and who holds it; `None` for OnDelete, which has none.
pub fn rollout(world: &World, daemonset: &DaemonSet, now: SimTime) -> Option<Rollout> {
    let UpdateStrategy::RollingUpdate { max_unavailable, max_surge } = daemonset.spec.update_strategy else {
        return None;
    };
    let view = View { world, memory: &Memory::default(), tally: None, now, seed: 0 };
    match plan(&view, daemonset, max_unavailable, max_surge).saw {
        Some(Saw::Rollout(rollout)) => Some(rollout),
        _ => None,
    }
}

/// Why a pod that is not available is not.
fn holds(daemonset: &DaemonSet, pod: &Pod) -> Holds {
    match pod.available_at(daemonset.spec.min_ready_seconds) {
        Some(until) => Holds::NotLongEnough { until },
        None => Holds::NotReady { waiting: pod.status.waiting },
    }
}

/// The new and the old pod of a node, terminating ones ignored; `None` if there are two of one kind
/// (`findUpdatedPodsOnNode`).
struct Generations<'a> {
    new: Option<&'a Arc<Pod>>,
    old: Option<&'a Arc<Pod>>,
}

fn find_updated_pods<'a>(here: &NodePods<'a>, current: &Current) -> Option<Generations<'a>> {
    let mut found = Generations { new: None, old: None };
    for pod in here.pods.iter().filter(|pod| !pod.is_terminating()) {
        let place = if current.is_updated(pod) { &mut found.new } else { &mut found.old };
        if place.replace(pod).is_some() {
            return None;
        }
    }
    Some(found)
}

/// The nodes that a walk over the pods by node comes by, as far as they matter: a small map is walked in the order in which
/// it was filled, which is that of the nodes' age.
#[derive(Default)]
struct Walk {
    joined: Vec<(SimTime, usize)>,
    /// Nodes that were counted without a visit: only if there are too many for a small map.
    passed: usize,
}

impl Walk {
    /// The next node; the answer is its place.
    fn visit(&mut self, node: Option<&Arc<Node>>) -> usize {
        let place = self.joined.len();
        self.joined.push((node.and_then(|node| node.meta.created_at).unwrap_or_default(), place));
        place
    }

    /// What was found at some places, in the order in which the original comes by them.
    fn order<T>(mut self, view: &View, found: &mut [(usize, T)]) -> Self {
        let entries = self.joined.len() + self.passed;
        if entries <= Rng::SMALL_MAP {
            self.joined.sort();
            let rank = |place: usize| self.joined.iter().position(|(_, it)| *it == place).unwrap_or(place);
            found.iter_mut().for_each(|(place, _)| *place = rank(*place));
        }
        Rng::new(view.seed).walk_map(entries, found);
        self
    }

    /// Leaves the first `budget` of the candidates, those among the nodes that were passed included.
    fn choose(mut self, view: &View, passed: &Passed, candidates: &mut Vec<(usize, Name)>, budget: usize) {
        self.passed = passed.all();
        if budget > 0 {
            let visited = candidates.len();
            candidates.extend(passed.old.iter().map(|node| (0, node.clone())));
            if visited > 0 && self.passed > 0 {
                candidates.sort_by(|(_, one), (_, other)| one.cmp(other));
            }
            self.order(view, candidates);
        }
        candidates.truncate(budget);
    }
}

/// Old pods go, as many as the budget allows; `manage` makes their successors when they are gone.
fn without_surge(view: &View, daemonset: &DaemonSet, current: &Current, max_unavailable: IntOrPercent) -> Plan {
    let mut rollout = Rollout::default();
    let placer = Placer::new(&daemonset.spec);
    let mut decisions: Vec<Decision> = Vec::new();
    let mut candidates: Vec<(usize, Name)> = Vec::new();
    let mut walk = Walk::default();
    // An old pod that is not available is deleted beyond the budget, but counts against it.
    let passed = visit_nodes(view, daemonset, &mut |here| {
        let wanted = here.node.is_some_and(|node| placer.place(node).should_run);
        rollout.desired += i64::from(wanted);
        if here.pods.is_empty() {
            // Only nodes that should have a pod have an entry without one.
            if wanted {
                walk.visit(here.node);
                rollout.hold(here.name, None, Holds::NoPod);
            }
            return;
        }
        let place = walk.visit(here.node);
        rollout.count_updated(&here, wanted, current);
        match find_updated_pods(&here, current) {
            Some(Generations { new: None, old: Some(old) }) => {
                if is_available(daemonset, old, view.now) {
                    rollout.available += 1;
                    candidates.push((place, here.name.clone()));
                } else {
                    decisions.push(Decision::delete(old, here.name, Reason::OldAndUnavailable));
                    rollout.hold(here.name, Some(&old.meta.name), holds(daemonset, old));
                }
            }
            Some(Generations { new: Some(new), old: None }) => match is_available(daemonset, new, view.now) {
                true => rollout.available += 1,
                false => rollout.hold(here.name, Some(&new.meta.name), holds(daemonset, new)),
            },
            Some(Generations { new: None, old: None }) => {
                rollout.hold(here.name, here.pods.first().map(|pod| &pod.meta.name), Holds::Stopping);
            }
            // Two of a kind, or one of each.
            _ => rollout.hold(here.name, None, Holds::TwoPods),
        }
    });
    rollout.pass(&passed);
    rollout.desired += passed.all() as i64;
    rollout.max_unavailable = numbers(rollout.desired, max_unavailable, IntOrPercent::Int(0)).max_unavailable;
    rollout.waiting = (candidates.len() + passed.old.len()) as i64;
    let budget = usize::try_from(rollout.max_unavailable - rollout.holding).unwrap_or(0);
    walk.choose(view, &passed, &mut candidates, budget);
    for (nth, (_, node)) in candidates.iter().enumerate() {
        let reason =
            Reason::OldRevision { unavailable: rollout.holding + nth as i64, max_unavailable: rollout.max_unavailable };
        let pods = counting_pods_on(view.world, daemonset, node);
        let old = pods.into_iter().find(|pod| !pod.is_terminating());
        decisions.extend(old.map(|old| Decision::delete(old, node, reason)));
    }
    decisions.truncate(BURST_REPLICAS);
    Plan { decisions, expects: true, saw: Some(Saw::Rollout(rollout)), ..Plan::default() }
}

/// New pods come first; an old one goes when its successor is available.
fn with_surge(view: &View, daemonset: &DaemonSet, current: &Current, mut rollout: Rollout) -> Plan {
    let placer = Placer::new(&daemonset.spec);
    let mut creates: Vec<Decision> = Vec::new();
    let mut deletes: Vec<Decision> = Vec::new();
    let mut candidates: Vec<(usize, Name)> = Vec::new();
    let mut no_longer_wanted: Vec<(usize, (Arc<Pod>, Name))> = Vec::new();
    let mut walk = Walk::default();
    let mut error = None;
    let passed = visit_nodes(view, daemonset, &mut |here| {
        let wanted = here.node.is_some_and(|node| placer.place(node).should_run);
        if here.pods.is_empty() {
            if wanted {
                walk.visit(here.node);
            }
            return;
        }
        let place = walk.visit(here.node);
        rollout.count_updated(&here, wanted, current);
        let Some(Generations { new, old }) = find_updated_pods(&here, current) else {
            rollout.hold(here.name, None, Holds::TwoPods);
            return;
        };
        let is_available = |pod: &Pod| is_available(daemonset, pod, view.now);
        rollout.available += i64::from(old.or(new).is_some_and(|pod| is_available(pod)));
        let Some(old) = old else { return };
        match new {
            Some(new) if is_available(new) => {
                let reason = Reason::SuccessorAvailable { successor: new.meta.name.clone() };
                deletes.push(Decision::delete(old, here.name, reason));
            }
            Some(new) => rollout.hold(here.name, Some(&new.meta.name), holds(daemonset, new)),
            None => {
                if here.node.is_none() {
                    error = Some(format!(
                        "couldn't get node for nodeName {:?}: node {:?} not found",
                        &**here.name, &**here.name
                    ));
                    return;
                }
                match (is_available(old), wanted) {
                    (false, false) => deletes.push(Decision::delete(old, here.name, Reason::OldAndUnavailable)),
                    (false, true) => creates.push(Decision {
                        reason: Reason::SurgeForUnavailable,
                        ..Decision::create(daemonset, here.name)
                    }),
                    (true, false) => no_longer_wanted.push((place, (old.clone(), here.name.clone()))),
                    (true, true) => candidates.push((place, here.name.clone())),
                }
            }
        }
    });
    if error.is_some() {
        return Plan { error, ..Plan::default() };
    }
    rollout.pass(&passed);
    rollout.waiting = (candidates.len() + passed.old.len()) as i64;
    walk.passed = passed.all();
    let walk = walk.order(view, &mut no_longer_wanted);
    let surplus = usize::try_from(rollout.available - rollout.desired).unwrap_or(0);
    for (_, (pod, node)) in no_longer_wanted.iter().take(surplus) {
        deletes.push(Decision::delete(pod, node, Reason::NoLongerWanted { node: node.clone() }));
    }
    let budget = usize::try_from(rollout.max_surge - rollout.holding).unwrap_or(0);
    walk.choose(view, &passed, &mut candidates, budget);
    for (nth, (_, node)) in candidates.iter().enumerate() {
        let reason = Reason::SurgeFirst { surging: rollout.holding + nth as i64, max_surge: rollout.max_surge };
        creates.push(Decision { reason, ..Decision::create(daemonset, node) });
    }
    creates.truncate(BURST_REPLICAS);
    deletes.truncate(BURST_REPLICAS);
    creates.extend(deletes);
    Plan { decisions: creates, expects: true, saw: Some(Saw::Rollout(rollout)), ..Plan::default() }
}

impl Rollout {
    /// Counts as the status does: by the first pod of a node that should run the DaemonSet.
    fn count_updated(&mut self, here: &NodePods, wanted: bool, current: &Current) {
        let updated = first_pod(here.pods).is_some_and(|pod| current.is_updated(pod));
        self.updated += i64::from(wanted && updated);
    }

    /// Counts the nodes that were not visited.
    fn pass(&mut self, passed: &Passed) {
        self.updated += passed.updated as i64;
        self.available += passed.all() as i64;
    }
}
