//! Makes the [`Scene`] from the World, and afterwards only what changed.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::dense::{CARDS_MAX, DenseBuilder};
use super::scene::{
    Absent, Chip, Counts, Group, NodeCard, NodeStatus, Parts, PodChip, PodLook, Ribbon, Role, SLOTS, Scene,
};
use crate::api::taint::{NOT_READY, UNREACHABLE, UNSCHEDULABLE};
use crate::api::{ConditionStatus, DaemonSet, Name, Node, Pod, PodPhase, Taint, Uid, UpdateStrategy};
use crate::controllers::daemonset::history;
use crate::controllers::daemonset::placement::{Obstacle, Placer};
use crate::store::{Delta, Object, World};

/// Keeps the scene and what is needed to follow the World cheaply.
#[derive(Default)]
pub struct SceneBuilder {
    scene: Rc<Scene>,
    cards: BTreeMap<NaturalName, Rc<NodeCard>>,
    /// In the place of cards when there are many nodes.
    dense: DenseBuilder,
    ribbons: Vec<Rc<Ribbon>>,
    /// Colours, kept as long as a DaemonSet or a pod of it exists.
    slots: Vec<(Uid, u8)>,
}

/// What one DaemonSet means for the cards.
pub(super) struct Set<'a> {
    pub daemonset: &'a Arc<DaemonSet>,
    pub slot: u8,
    pub placer: Placer<'a>,
    /// Its revisions' numbers by hash.
    revisions: Vec<(&'a str, i64)>,
    current: Name,
    current_number: i64,
}

/// What changed since the last scene.
#[derive(Default)]
struct Dirty {
    everything: bool,
    /// Some may be named twice.
    nodes: Vec<Name>,
    ribbons: bool,
}

impl SceneBuilder {
    pub fn scene(&self) -> Rc<Scene> {
        Rc::clone(&self.scene)
    }

    /// Builds everything anew, as for a jump to another moment; equal cards stay the same `Rc`.
    pub fn rebuild(&mut self, world: &World) {
        self.refresh(world, Dirty { everything: true, ribbons: true, nodes: Vec::new() });
    }

    /// Follows the World through changes that were made to it.
    pub fn follow<'a>(&mut self, world: &World, deltas: impl Iterator<Item = &'a Delta>) {
        let mut dirty = Dirty::default();
        for delta in deltas {
            dirty.note(delta);
        }
        if dirty.everything || dirty.ribbons || !dirty.nodes.is_empty() {
            self.refresh(world, dirty);
        }
    }

    fn refresh(&mut self, world: &World, mut dirty: Dirty) {
        self.assign_slots(world);
        let sets = self.sets(world);
        let mut changed = false;
        let dense = world.nodes.len() > CARDS_MAX;
        let everything = dirty.everything || dense != self.scene.dense.is_some();
        if dense {
            self.cards.clear();
        } else if everything {
            dirty.nodes = world.nodes.keys().chain(world.nodes_with_pods()).cloned().collect();
            dirty.nodes.extend(self.cards.keys().map(|name| name.0.clone()));
            let pending = world.pods.values().filter(|pod| pod.spec.node_name.is_none());
            dirty.nodes.extend(pending.filter_map(|pod| pod.target_node().cloned()));
        }
        dirty.nodes.sort_unstable();
        dirty.nodes.dedup();
        if dense && everything {
            self.dense.rebuild(world, &sets);
            changed = true;
        } else if dense {
            changed = self.dense.follow(world, &sets, &dirty.nodes);
        } else {
            for name in &dirty.nodes {
                changed |= self.refresh_card(world, &sets, name);
            }
        }
        let ribbons = self.refresh_ribbons(world, &sets);
        if changed || ribbons || self.scene.pod_count != world.pods.len() {
            self.assemble(world, dense);
        }
    }

    fn sets<'a>(&self, world: &'a World) -> Vec<Set<'a>> {
        let slot = |daemonset: &DaemonSet| self.slot_of(daemonset.meta.uid).unwrap_or(0);
        world.daemonsets.values().map(|daemonset| Set::new(world, daemonset, slot(daemonset))).collect()
    }

    /// The card of a single node, also where the map has no room for cards.
    pub fn card_of(&self, world: &World, name: &Name) -> Option<NodeCard> {
        self.card_with(world, &self.sets(world), name)
    }

    /// Gives each DaemonSet the lowest free colour, and frees those that nothing wears any more.
    fn assign_slots(&mut self, world: &World) {
        let alive = |uid| world.daemonsets.values().any(|daemonset| daemonset.meta.uid == uid);
        self.slots.retain(|(uid, _)| alive(*uid) || world.pods_of(*uid).next().is_some());
        loop {
            let newcomers = world.daemonsets.values().filter(|daemonset| self.slot_of(daemonset.meta.uid).is_none());
            let oldest = newcomers.min_by_key(|daemonset| (daemonset.meta.created_at, daemonset.meta.resource_version));
            let Some(daemonset) = oldest else { break };
            let free = (0..SLOTS).find(|slot| self.slots.iter().all(|(_, taken)| taken != slot));
            let slot = free.unwrap_or((self.slots.len() % usize::from(SLOTS)) as u8);
            self.slots.push((daemonset.meta.uid, slot));
        }
    }

    fn slot_of(&self, uid: Uid) -> Option<u8> {
        self.slots.iter().find(|(known, _)| *known == uid).map(|(_, slot)| *slot)
    }

    /// Whether the card changed, came or went.
    fn refresh_card(&mut self, world: &World, sets: &[Set], name: &Name) -> bool {
        let card = self.card_with(world, sets, name);
        let key = NaturalName(name.clone());
        let Some(card) = card else { return self.cards.remove(&key).is_some() };
        match self.cards.get_mut(&key) {
            Some(old) if **old == card => false,
            Some(old) => {
                *old = Rc::new(card);
                true
            }
            None => {
                self.cards.insert(key, Rc::new(card));
                true
            }
        }
    }

    /// `None` where there is neither the node nor a pod of it.
    fn card_with(&self, world: &World, sets: &[Set], name: &Name) -> Option<NodeCard> {
        let node = world.nodes.get(name);
        let pods = self.chips_on(world, sets, name);
        if node.is_none() && pods.is_empty() {
            return None;
        }
        let absent = node.map(|node| absences(sets, node, &pods)).unwrap_or_default();
        Some(card(name, node, pods, absent))
    }

    /// The pods on a node, or on their way to it: by DaemonSet, then all others.
    fn chips_on(&self, world: &World, sets: &[Set], name: &Name) -> Vec<PodChip> {
        let mut chips = Vec::new();
        for set in sets {
            let uid = set.daemonset.meta.uid;
            chips.extend(world.pods_of_on(uid, name).map(|pod| chip(pod, name, Some(set), Some(set.slot))));
        }
        for pod in world.pods_on(name) {
            let owner = pod.meta.controller();
            if owner.is_none_or(|owner| !sets.iter().any(|set| set.daemonset.meta.uid == owner.uid)) {
                let slot = owner.and_then(|owner| self.slot_of(owner.uid));
                chips.push(chip(pod, name, None, slot));
            }
        }
        chips
    }

    fn refresh_ribbons(&mut self, world: &World, sets: &[Set]) -> bool {
        let mut ribbons: Vec<Rc<Ribbon>> = Vec::with_capacity(sets.len());
        for set in sets {
            let new = ribbon(world, set);
            let old = self.ribbons.iter().find(|old| ***old == new).cloned();
            let at = ribbons.iter().position(|other| other.slot > new.slot).unwrap_or(ribbons.len());
            ribbons.insert(at, old.unwrap_or_else(|| Rc::new(new)));
        }
        let same =
            ribbons.len() == self.ribbons.len() && ribbons.iter().zip(&self.ribbons).all(|(a, b)| Rc::ptr_eq(a, b));
        self.ribbons = ribbons;
        !same
    }

    /// Puts cards and ribbons together; a group of the same cards stays the same `Rc`.
    fn assemble(&mut self, world: &World, dense: bool) {
        let mut groups: Vec<Rc<Group>> = Vec::new();
        for role in Role::ALL {
            let cards: Vec<Rc<NodeCard>> = self.cards.values().filter(|card| card.role == role).cloned().collect();
            if cards.is_empty() {
                continue;
            }
            let old = self.scene.groups.iter().find(|group| group.role == role);
            let same = |group: &&Rc<Group>| {
                group.cards.len() == cards.len() && group.cards.iter().zip(&cards).all(|(a, b)| Rc::ptr_eq(a, b))
            };
            groups.push(old.filter(same).cloned().unwrap_or_else(|| Rc::new(Group { role, cards })));
        }
        let ribbons = self.ribbons.clone();
        let dense = dense.then(|| self.dense.map());
        let node_count = dense.as_ref().map_or(self.cards.len(), |map| map.cells.names.len());
        self.scene = Rc::new(Scene { groups, dense, ribbons, node_count, pod_count: world.pods.len() });
    }
}

impl Dirty {
    fn note(&mut self, delta: &Delta) {
        for object in delta.before.iter().chain(&delta.after) {
            match object {
                Object::Pod(pod) => {
                    self.ribbons = true;
                    self.nodes.extend(pod.target_node().cloned());
                }
                Object::Node(node) => {
                    self.nodes.push(node.meta.name.clone());
                }
                Object::ControllerRevision(_) => self.everything = true,
                Object::DaemonSet(_) => self.ribbons = true,
                Object::Namespace(_)
                | Object::PriorityClass(_)
                | Object::ResourceQuota(_)
                | Object::LimitRange(_)
                | Object::Event(_) => {}
            }
        }
        // The status changes often and moves no card; the rest of a DaemonSet may move all.
        match (&delta.before, &delta.after) {
            (Some(Object::DaemonSet(before)), Some(Object::DaemonSet(after))) => {
                self.everything |= before.meta.generation != after.meta.generation
                    || before.meta.is_terminating() != after.meta.is_terminating();
            }
            (None, Some(Object::DaemonSet(_))) | (Some(Object::DaemonSet(_)), None) => self.everything = true,
            _ => {}
        }
    }
}

impl<'a> Set<'a> {
    fn new(world: &'a World, daemonset: &'a Arc<DaemonSet>, slot: u8) -> Set<'a> {
        let revisions = history::revisions(world, daemonset)
            .filter_map(|revision| Some((revision.hash()?, revision.revision)))
            .collect();
        let current = history::current(world, daemonset);
        Set {
            daemonset,
            slot,
            placer: Placer::new(&daemonset.spec),
            revisions,
            current: current.and_then(|revision| revision.hash()).unwrap_or_default().into(),
            current_number: current.map_or(0, |revision| revision.revision),
        }
    }

    fn revision_of(&self, pod: &Pod) -> i64 {
        let hash = pod.hash().unwrap_or_default();
        self.revisions.iter().find(|(known, _)| *known == hash).map_or(0, |(_, number)| *number)
    }

    pub fn is_current(&self, pod: &Pod) -> bool {
        pod.hash() == Some(&*self.current)
    }
}

fn absences(sets: &[Set], node: &Node, pods: &[PodChip]) -> Vec<Absent> {
    let without = sets.iter().filter(|set| {
        let key = &set.daemonset.meta.name;
        !pods.iter().any(|pod| pod.daemonset == *key && pod.key.namespace == set.daemonset.meta.namespace)
    });
    without
        .filter(|set| !set.daemonset.meta.is_terminating())
        .map(|set| Absent {
            daemonset: set.daemonset.meta.name.clone(),
            slot: set.slot,
            reason: set.placer.obstacle(node).as_ref().map_or_else(String::new, short_reason),
        })
        .collect()
}

fn card(name: &Name, node: Option<&Arc<Node>>, pods: Vec<PodChip>, absent: Vec<Absent>) -> NodeCard {
    let Some(node) = node else {
        return NodeCard {
            name: name.clone(),
            role: Role::Removed,
            status: NodeStatus::Removed,
            cordoned: false,
            roles: String::new(),
            cidr: "".into(),
            chips: Vec::new(),
            pods,
            absent,
        };
    };
    let roles = node.roles();
    let role = if roles.iter().any(|role| matches!(*role, "control-plane" | "master")) {
        Role::ControlPlane
    } else if roles.iter().all(|role| *role == "worker") {
        Role::Worker
    } else {
        Role::Other
    };
    NodeCard {
        name: name.clone(),
        role,
        status: match node.ready() {
            ConditionStatus::True => NodeStatus::Ready,
            ConditionStatus::False => NodeStatus::NotReady,
            ConditionStatus::Unknown => NodeStatus::Unknown,
        },
        cordoned: node.unschedulable,
        roles: roles.join(", "),
        cidr: node.pod_cidr.clone().unwrap_or_else(|| "".into()),
        chips: node_chips(node),
        pods,
        absent,
    }
}

fn node_chips(node: &Node) -> Vec<Chip> {
    let mut chips = Vec::new();
    if node.unschedulable {
        let title = "cordoned: spec.unschedulable is set; the pods of a DaemonSet tolerate that".to_owned();
        chips.push(Chip { class: "cordoned", text: "cordoned".to_owned(), title });
    }
    // What cordoning and the status already say needs no chip of its own.
    let said = |taint: &&Taint| match taint.key.as_str() {
        UNSCHEDULABLE => !node.unschedulable,
        NOT_READY | UNREACHABLE => node.ready() == ConditionStatus::True,
        _ => true,
    };
    for taint in node.taints.iter().filter(said) {
        chips.push(Chip { class: "taint", text: short_taint(taint), title: ["taint ", &taint.to_string()].concat() });
    }
    chips
}

/// An obstacle in as few words as fit on a card; the inspector has all of them.
fn short_reason(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::NodeName { wanted } => ["pinned to ", wanted].concat(),
        Obstacle::NodeSelector { key, wanted, .. } => ["it wants ", key, "=", wanted].concat(),
        Obstacle::Affinity { .. } => "its node affinity does not match".to_owned(),
        Obstacle::Taint(taint) => ["taint ", &short_taint(taint), " not tolerated"].concat(),
    }
}

/// A taint without the prefixes that all clusters share.
fn short_taint(taint: &Taint) -> String {
    let full = taint.to_string();
    let short = ["node-role.kubernetes.io/", "node.kubernetes.io/"].iter().find_map(|prefix| full.strip_prefix(prefix));
    short.map_or_else(|| full.clone(), str::to_owned)
}

fn chip(pod: &Arc<Pod>, node: &Name, set: Option<&Set>, slot: Option<u8>) -> PodChip {
    let owner = pod.meta.controller().map(|owner| owner.name.clone());
    let name = &pod.meta.name;
    let short = match &owner {
        Some(owner) => {
            name.strip_prefix(&**owner).filter(|rest| rest.starts_with('-')).map_or_else(|| name.clone(), Name::from)
        }
        None => name.clone(),
    };
    let look = look(pod);
    PodChip {
        key: pod.meta.key(),
        short,
        node: node.clone(),
        daemonset: owner.unwrap_or_else(|| "".into()),
        slot,
        look,
        word: match (look, pod.status.waiting) {
            (PodLook::Starting | PodLook::Unready, Some(waiting)) if waiting != "ContainerCreating" => waiting,
            _ => look.word(),
        },
        phase: pod.status.phase.as_str(),
        ready: pod.is_ready(),
        revision: set.map_or(0, |set| set.revision_of(pod)),
        current: set.is_none_or(|set| set.is_current(pod)),
    }
}

pub(super) fn look(pod: &Pod) -> PodLook {
    match pod.status.phase {
        PodPhase::Failed => PodLook::Failed,
        PodPhase::Succeeded => PodLook::Succeeded,
        _ if pod.is_terminating() => PodLook::Terminating,
        PodPhase::Running if pod.is_ready() => PodLook::Running,
        PodPhase::Running => PodLook::Unready,
        PodPhase::Pending if pod.spec.node_name.is_none() => PodLook::Waiting,
        PodPhase::Pending => PodLook::Starting,
    }
}

fn ribbon(world: &World, set: &Set) -> Ribbon {
    let daemonset = set.daemonset;
    let status = &daemonset.status;
    let mut parts = Parts::default();
    let mut all = 0;
    for pod in world.pods_of(daemonset.meta.uid) {
        all += 1;
        let part = match look(pod) {
            PodLook::Terminating | PodLook::Failed | PodLook::Succeeded => &mut parts.stopping,
            PodLook::Running if set.is_current(pod) => &mut parts.updated,
            PodLook::Running => &mut parts.old,
            _ if set.is_current(pod) => &mut parts.starting,
            _ => &mut parts.old,
        };
        *part += 1;
    }
    let desired = status.desired_number_scheduled;
    // Before the controller has written a status, nobody knows how many are wanted: what is there is not all of it.
    let unseen = i64::from(status.observed_generation == 0);
    parts.missing = u32::try_from((desired - all).max(unseen)).unwrap_or(0);
    Ribbon {
        key: daemonset.meta.key(),
        slot: set.slot,
        revision: set.current_number,
        hash: set.current.clone(),
        counts: Counts {
            desired,
            current: status.current_number_scheduled,
            ready: status.number_ready,
            updated: status.updated_number_scheduled,
            available: status.number_available,
        },
        parts,
        summary: summary(daemonset, all),
        deleting: daemonset.meta.is_terminating(),
    }
}

/// The state of a DaemonSet in a few words; the questions are those of `kubectl rollout status`.
fn summary(daemonset: &DaemonSet, pods: i64) -> String {
    let status = &daemonset.status;
    let (desired, updated, available) =
        (status.desired_number_scheduled, status.updated_number_scheduled, status.number_available);
    let of = |number: i64, word: &str| [&number.to_string(), " of ", &desired.to_string(), word].concat();
    if daemonset.meta.is_terminating() {
        "being deleted".to_owned()
    } else if status.observed_generation < daemonset.meta.generation {
        "not yet seen".to_owned()
    } else if updated < desired && daemonset.spec.update_strategy == UpdateStrategy::OnDelete {
        of(updated, " updated (OnDelete)")
    } else if updated < desired {
        of(updated, " updated")
    } else if available < desired {
        of(available, " available")
    } else if desired == 0 && pods == 0 {
        "no node is eligible".to_owned()
    } else {
        "rolled out".to_owned()
    }
}

/// Orders `worker-2` before `worker-10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NaturalName(pub Name);

impl Ord for NaturalName {
    fn cmp(&self, other: &Self) -> Ordering {
        natural_cmp(&self.0, &other.0)
    }
}

impl PartialOrd for NaturalName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts with their numbers as numbers.
fn natural_cmp(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (here, there) = (digits(left), digits(right));
        if here > 0 && there > 0 {
            let (x, y) = (&left[..here], &right[..there]);
            let bare = |number: &[u8]| number.iter().skip_while(|digit| **digit == b'0').count();
            let by_size = bare(x).cmp(&bare(y));
            let (x, y) = (&x[here - bare(x)..], &y[there - bare(y)..]);
            let order = by_size.then_with(|| x.cmp(y));
            if order != Ordering::Equal {
                return order;
            }
            (left, right) = (&left[here..], &right[there..]);
            continue;
        }
        match (left.split_first(), right.split_first()) {
            (Some((x, rest)), Some((y, other))) if x == y => (left, right) = (rest, other),
            (Some((x, _)), Some((y, _))) => return x.cmp(y),
            // The same but for zeros before a number: still two names.
            (None, None) => return a.cmp(b),
            (x, y) => return x.is_some().cmp(&y.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_count() {
        let mut names = ["worker-10", "worker-2", "a", "worker-02", "worker-1", "worker", "9", "10"];
        names.sort_by(|a, b| natural_cmp(a, b));
        assert_eq!(names, ["9", "10", "a", "worker", "worker-1", "worker-02", "worker-2", "worker-10"]);
    }
}
