//! The nodes of a DaemonSet sorted by whether a sync has to look at them. On most of them nothing is to do, and all that
//! a sync wants to know of those is how many they are.
//!
//! A tally is derived from the world, as the index of an informer is: whoever owns it tells it what has changed, and it
//! looks at those nodes anew. A plan made with a tally is the plan made without one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{DaemonSet, DaemonSetSpec, Name, ObjectKey, Pod, SimTime, Uid};
use crate::store::{Delta, Object, Rng, World};

use super::history;
use super::placement::Placer;
use super::pods::{Current, NodePods, counting_pods_on, is_available, pods_by_node, walk};
use super::sync::View;

/// The nodes that a DaemonSet has to do with. The others, which have no pod of it and should have none, are in no set.
#[derive(Clone, Default)]
pub struct Tally {
    basis: Option<Basis>,
    /// Nodes that should run the DaemonSet and do: their one pod is available and of the current template.
    updated: BTreeSet<Name>,
    /// The same, but the pod is of an old template.
    old: BTreeSet<Name>,
    /// All others: something is to do there, or to be waited for, or out of the ordinary.
    unsteady: BTreeSet<Name>,
    /// What has to be looked at anew.
    changed: BTreeSet<Name>,
}

/// What the sorting rests on beside nodes and pods. A change of it is a change of every node.
#[derive(Clone, PartialEq)]
struct Basis {
    uid: Uid,
    spec: Arc<DaemonSetSpec>,
    generation: Option<i64>,
    hash: String,
}

/// The nodes that were not visited: each has one pod, which is available, and should have it.
pub(super) struct Passed<'a> {
    pub updated: usize,
    /// Those whose pod is of an old template.
    pub old: &'a BTreeSet<Name>,
}

static NONE: BTreeSet<Name> = BTreeSet::new();

impl Passed<'_> {
    pub fn all(&self) -> usize {
        self.updated + self.old.len()
    }
}

/// Calls `visit` for the nodes at which a sync has to look, in the order of names, and tells how many others have a pod:
/// without a tally that is none.
pub(super) fn visit_nodes<'a>(
    view: &View<'a>,
    daemonset: &DaemonSet,
    visit: &mut dyn FnMut(NodePods<'_>),
) -> Passed<'a> {
    match view.tally {
        Some(tally) => tally.visit(view.world, daemonset, visit),
        None => {
            pods_by_node(view.world, daemonset, visit);
            Passed { updated: 0, old: &NONE }
        }
    }
}

/// Calls `visit` for every pod of a DaemonSet, by node; with a tally for those on nodes where something may be to do.
pub(super) fn visit_pods(view: &View, daemonset: &DaemonSet, visit: &mut dyn FnMut(&Arc<Pod>)) {
    let uid = daemonset.meta.uid;
    match view.tally {
        Some(tally) => tally.unsteady.iter().flat_map(|name| view.world.pods_of_on(uid, name)).for_each(visit),
        None => view.world.pods_of(uid).for_each(visit),
    }
}

impl Tally {
    /// Takes note of a change.
    fn note(&mut self, delta: &Delta) {
        let Some(basis) = &self.basis else { return };
        for object in [&delta.before, &delta.after] {
            match object {
                Some(Object::Node(node)) => drop(self.changed.insert(node.name().clone())),
                Some(Object::Pod(pod)) if pod.meta.controller().is_some_and(|owner| owner.uid == basis.uid) => {
                    self.changed.insert(pod.target_node().cloned().unwrap_or_else(|| "".into()));
                }
                _ => {}
            }
        }
    }

    /// Looks anew at what has changed; at everything, if the template has.
    fn catch_up(&mut self, world: &World, daemonset: &DaemonSet, now: SimTime) {
        let hash = history::current_hash(world, daemonset);
        let sorter =
            Sorter { daemonset, placer: Placer::new(&daemonset.spec), current: Current::new(daemonset, &hash), now };
        let is_same = |basis: &Basis| {
            Arc::ptr_eq(&basis.spec, &daemonset.spec)
                && (basis.uid, basis.generation) == (daemonset.meta.uid, daemonset.template_generation())
                && basis.hash == hash
        };
        if !self.basis.as_ref().is_some_and(is_same) {
            let (uid, spec) = (daemonset.meta.uid, daemonset.spec.clone());
            let basis = Some(Basis { uid, spec, generation: daemonset.template_generation(), hash });
            *self = Tally { basis, ..Tally::default() };
            walk(world, daemonset.meta.uid, &|_| true, &mut |here| self.put(&here, &sorter));
            // The walk does not come by pods that have no node to go to.
            self.changed.insert("".into());
        } else if daemonset.spec.min_ready_seconds > 0 {
            // Here time alone may change something.
            self.changed.extend(self.unsteady.iter().cloned());
        }
        for name in std::mem::take(&mut self.changed) {
            for set in [&mut self.updated, &mut self.old, &mut self.unsteady] {
                set.remove(&name);
            }
            let pods: Vec<&Arc<Pod>> = world.pods_of_on(daemonset.meta.uid, &name).collect();
            self.put(&NodePods { name: &name, node: world.nodes.get(&name), pods: &pods }, &sorter);
        }
    }

    fn put(&mut self, here: &NodePods, sorter: &Sorter) {
        let set = match sorter.sort(here) {
            State::Empty => return,
            State::Updated => &mut self.updated,
            State::Old => &mut self.old,
            State::Unsteady => &mut self.unsteady,
        };
        set.insert(here.name.clone());
    }

    fn visit(&self, world: &World, daemonset: &DaemonSet, visit: &mut dyn FnMut(NodePods<'_>)) -> Passed<'_> {
        let look_at = |name: &Name| {
            let node = world.nodes.get(name);
            let pods = counting_pods_on(world, daemonset, name);
            // Pods without a node to go to are neither counted nor deleted.
            if !name.is_empty() && (node.is_some() || !pods.is_empty()) {
                visit(NodePods { name, node, pods: &pods });
            }
        };
        if self.updated.len() + self.old.len() > Rng::SMALL_MAP {
            self.unsteady.iter().for_each(look_at);
            return Passed { updated: self.updated.len(), old: &self.old };
        }
        // So few that the order of each of them may matter.
        let all: BTreeSet<&Name> = self.updated.iter().chain(&self.old).chain(&self.unsteady).collect();
        all.into_iter().for_each(look_at);
        Passed { updated: 0, old: &NONE }
    }
}

enum State {
    Empty,
    Updated,
    Old,
    Unsteady,
}

struct Sorter<'a> {
    daemonset: &'a DaemonSet,
    placer: Placer<'a>,
    current: Current,
    now: SimTime,
}

impl Sorter<'_> {
    /// Where a node belongs, with all pods that the DaemonSet controls there.
    fn sort(&self, here: &NodePods) -> State {
        let should_run = here.node.is_some_and(|node| self.placer.place(node).should_run);
        match here.pods {
            [] if !should_run => State::Empty,
            [pod] if should_run && self.is_well(pod) => match self.current.is_updated(pod) {
                true => State::Updated,
                false => State::Old,
            },
            _ => State::Unsteady,
        }
    }

    /// Nothing about this pod changes by time alone.
    fn is_well(&self, pod: &Pod) -> bool {
        pod.is_ready()
            && is_available(self.daemonset, pod, self.now)
            && !pod.is_terminating()
            && !pod.is_terminal()
            && self.daemonset.spec.selector.matches(&pod.meta.labels)
    }
}

/// The tallies of all DaemonSets that have been worked on.
#[derive(Clone, Default)]
pub struct Tallies(Vec<(ObjectKey, Tally)>);

impl Tallies {
    /// Takes note of a change of the world.
    pub fn note(&mut self, delta: &Delta) {
        self.0.iter_mut().for_each(|(_, tally)| tally.note(delta));
    }

    /// The tally of a DaemonSet as the world is now; none if it is gone.
    pub fn of(&mut self, world: &World, key: &ObjectKey, now: SimTime) -> Option<&Tally> {
        let index = self.0.iter().position(|(known, _)| known == key);
        let Some(daemonset) = world.daemonsets.get(key) else {
            index.map(|index| self.0.swap_remove(index));
            return None;
        };
        let index = index.unwrap_or_else(|| {
            self.0.push((key.clone(), Tally::default()));
            self.0.len() - 1
        });
        let (_, tally) = self.0.get_mut(index)?;
        tally.catch_up(world, daemonset, now);
        Some(tally)
    }
}
