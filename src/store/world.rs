//! The cluster's state: one persistent map per kind, and the indices that are derived from them.

use std::sync::Arc;

use crate::api::quota::{LimitRange, ResourceQuota};
use crate::api::{
    ControllerRevision, DaemonSet, Event, Kind, Name, Namespace, Node, ObjectKey, ObjectMeta, Pod, PriorityClass, Uid,
    Value,
};

use super::table::{Table, TableKey};

/// An object of any kind, shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    Namespace(Arc<Namespace>),
    Node(Arc<Node>),
    PriorityClass(Arc<PriorityClass>),
    ResourceQuota(Arc<ResourceQuota>),
    LimitRange(Arc<LimitRange>),
    DaemonSet(Arc<DaemonSet>),
    ControllerRevision(Arc<ControllerRevision>),
    Pod(Arc<Pod>),
    Event(Arc<Event>),
}

impl Object {
    pub fn kind(&self) -> Kind {
        match self {
            Object::Namespace(_) => Kind::Namespace,
            Object::Node(_) => Kind::Node,
            Object::PriorityClass(_) => Kind::PriorityClass,
            Object::ResourceQuota(_) => Kind::ResourceQuota,
            Object::LimitRange(_) => Kind::LimitRange,
            Object::DaemonSet(_) => Kind::DaemonSet,
            Object::ControllerRevision(_) => Kind::ControllerRevision,
            Object::Pod(_) => Kind::Pod,
            Object::Event(_) => Kind::Event,
        }
    }

    pub fn meta(&self) -> &ObjectMeta {
        match self {
            Object::Namespace(object) => &object.meta,
            Object::Node(object) => &object.meta,
            Object::PriorityClass(object) => &object.meta,
            Object::ResourceQuota(object) => &object.meta,
            Object::LimitRange(object) => &object.meta,
            Object::DaemonSet(object) => &object.meta,
            Object::ControllerRevision(object) => &object.meta,
            Object::Pod(object) => &object.meta,
            Object::Event(object) => &object.meta,
        }
    }

    /// The metadata for writing; the object is copied if anybody else holds it.
    pub fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Object::Namespace(object) => &mut Arc::make_mut(object).meta,
            Object::Node(object) => &mut Arc::make_mut(object).meta,
            Object::PriorityClass(object) => &mut Arc::make_mut(object).meta,
            Object::ResourceQuota(object) => &mut Arc::make_mut(object).meta,
            Object::LimitRange(object) => &mut Arc::make_mut(object).meta,
            Object::DaemonSet(object) => &mut Arc::make_mut(object).meta,
            Object::ControllerRevision(object) => &mut Arc::make_mut(object).meta,
            Object::Pod(object) => &mut Arc::make_mut(object).meta,
            Object::Event(object) => &mut Arc::make_mut(object).meta,
        }
    }

    pub fn key(&self) -> ObjectKey {
        self.meta().key()
    }

    pub fn to_value(&self) -> Value {
        match self {
            Object::Namespace(object) => object.to_value(),
            Object::Node(object) => object.to_value(),
            Object::PriorityClass(object) => object.to_value(),
            Object::ResourceQuota(object) => object.to_value(),
            Object::LimitRange(object) => object.to_value(),
            Object::DaemonSet(object) => object.to_value(),
            Object::ControllerRevision(object) => object.to_value(),
            Object::Pod(object) => object.to_value(),
            Object::Event(object) => object.to_value(),
        }
    }

    pub fn as_pod(&self) -> Option<&Arc<Pod>> {
        match self {
            Object::Pod(pod) => Some(pod),
            _ => None,
        }
    }
}

/// The unit of change: one object before and after one write. Applied backwards it undoes the write.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    pub before: Option<Object>,
    pub after: Option<Object>,
}

impl Delta {
    /// The object after the change, or the one that was removed.
    pub fn object(&self) -> Option<&Object> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// The pods of one owner, in the order of the nodes they are on or meant for, then by name.
pub type PodsByTarget = Table<(Name, Name), Arc<Pod>>;

/// Everything that the API server stores. Cloning costs a few pointer copies.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub namespaces: Table<Name, Arc<Namespace>>,
    pub nodes: Table<Name, Arc<Node>>,
    pub priority_classes: Table<Name, Arc<PriorityClass>>,
    pub quotas: Table<ObjectKey, Arc<ResourceQuota>>,
    pub limit_ranges: Table<ObjectKey, Arc<LimitRange>>,
    pub daemonsets: Table<ObjectKey, Arc<DaemonSet>>,
    pub revisions: Table<ObjectKey, Arc<ControllerRevision>>,
    pub pods: Table<ObjectKey, Arc<Pod>>,
    pub events: Table<ObjectKey, Arc<Event>>,
    /// The last resourceVersion given out.
    pub resource_version: u64,
    /// How many nodes have joined: each gets the next free address range.
    pub nodes_registered: u64,
    /// Pods by their controller's uid.
    pods_by_controller: Table<Uid, PodsByTarget>,
    /// Pods that have no controller.
    orphans: Table<ObjectKey, Arc<Pod>>,
    /// Pods by the node they are bound to.
    pods_by_node: Table<Name, Table<ObjectKey, Arc<Pod>>>,
    /// Bound pods that keep others away from their node.
    pods_with_anti_affinity: Table<ObjectKey, Arc<Pod>>,
}

impl World {
    pub fn get(&self, kind: Kind, key: &ObjectKey) -> Option<Object> {
        match kind {
            Kind::Namespace => self.namespaces.get(&key.name).cloned().map(Object::Namespace),
            Kind::Node => self.nodes.get(&key.name).cloned().map(Object::Node),
            Kind::PriorityClass => self.priority_classes.get(&key.name).cloned().map(Object::PriorityClass),
            Kind::LimitRange => self.limit_ranges.get(key).cloned().map(Object::LimitRange),
            Kind::ResourceQuota => self.quotas.get(key).cloned().map(Object::ResourceQuota),
            Kind::DaemonSet => self.daemonsets.get(key).cloned().map(Object::DaemonSet),
            Kind::ControllerRevision => self.revisions.get(key).cloned().map(Object::ControllerRevision),
            Kind::Pod => self.pods.get(key).cloned().map(Object::Pod),
            Kind::Event => self.events.get(key).cloned().map(Object::Event),
        }
    }

    /// The pods whose controller has this uid.
    pub fn pods_of(&self, controller: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_by_controller.get(&controller).into_iter().flat_map(Table::values)
    }

    /// The pods of a controller on one node, or meant for it.
    pub fn pods_of_on<'a>(&'a self, controller: Uid, node: &Name) -> impl Iterator<Item = &'a Arc<Pod>> {
        let from = (node.clone(), Name::from(""));
        let node = node.clone();
        self.pods_by_controller
            .get(&controller)
            .into_iter()
            .flat_map(move |pods| pods.iter_from(&from))
            .take_while(move |((target, _), _)| *target == node)
            .map(|(_, pod)| pod)
    }

    /// The pods of a namespace that no controller manages.
    pub fn orphans_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<Pod>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.orphans.iter_from(&from).take_while(move |(key, _)| key.namespace == namespace).map(|(_, pod)| pod)
    }

    /// The pods bound to a node.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_by_node.get(node).into_iter().flat_map(Table::values)
    }

    /// Bound pods that have a required pod anti-affinity.
    pub fn pods_with_anti_affinity(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_with_anti_affinity.values()
    }

    /// The names of nodes that have pods bound to them, whether or not the node exists.
    pub fn nodes_with_pods(&self) -> impl Iterator<Item = &Name> {
        self.pods_by_node.keys()
    }

    /// The pods in a namespace.
    pub fn pods_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<Pod>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.pods.iter_from(&from).take_while(move |(key, _)| key.namespace == namespace).map(|(_, pod)| pod)
    }

    /// The revisions in a namespace.
    pub fn revisions_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<ControllerRevision>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.revisions.iter_from(&from).take_while(move |(key, _)| key.namespace == namespace).map(|(_, object)| object)
    }

    /// The DaemonSets in a namespace.
    pub fn daemonsets_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<DaemonSet>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.daemonsets
            .iter_from(&from)
            .take_while(move |(key, _)| key.namespace == namespace)
            .map(|(_, object)| object)
    }

    /// Makes a change.
    pub fn apply(&mut self, delta: &Delta) {
        self.replace(delta.before.as_ref(), delta.after.as_ref());
    }

    /// Undoes a change.
    pub fn revert(&mut self, delta: &Delta) {
        self.replace(delta.after.as_ref(), delta.before.as_ref());
    }

    fn replace(&mut self, old: Option<&Object>, new: Option<&Object>) {
        if let Some(Object::Pod(old_pod)) = old {
            let moved = match new {
                Some(Object::Pod(new_pod)) => index_keys(old_pod) != index_keys(new_pod),
                _ => true,
            };
            if moved {
                self.unindex(old_pod);
            }
        }
        match (old, new) {
            (_, Some(object)) => self.insert(object),
            (Some(object), None) => self.remove(object),
            (None, None) => {}
        }
    }

    fn insert(&mut self, object: &Object) {
        self.resource_version = self.resource_version.max(object.meta().resource_version);
        match object {
            Object::Namespace(it) => self.namespaces.insert(it.meta.name.clone(), it.clone()),
            Object::Node(it) => self.nodes.insert(it.meta.name.clone(), it.clone()),
            Object::PriorityClass(it) => self.priority_classes.insert(it.meta.name.clone(), it.clone()),
            Object::LimitRange(it) => self.limit_ranges.insert(it.meta.key(), it.clone()),
            Object::ResourceQuota(it) => self.quotas.insert(it.meta.key(), it.clone()),
            Object::DaemonSet(it) => self.daemonsets.insert(it.meta.key(), it.clone()),
            Object::ControllerRevision(it) => self.revisions.insert(it.meta.key(), it.clone()),
            Object::Event(it) => self.events.insert(it.meta.key(), it.clone()),
            Object::Pod(pod) => {
                let key = pod.meta.key();
                match pod.meta.controller() {
                    Some(owner) => {
                        self.pods_by_controller.update(owner.uid, |pods| with(pods, target_key(pod), pod));
                    }
                    None => self.orphans.insert(key.clone(), pod.clone()),
                }
                if let Some(node) = &pod.spec.node_name {
                    self.pods_by_node.update(node.clone(), |pods| with(pods, key.clone(), pod));
                    if !pod.spec.template.pod_anti_affinity.is_empty() {
                        self.pods_with_anti_affinity.insert(key.clone(), pod.clone());
                    }
                }
                self.pods.insert(key, pod.clone());
            }
        }
    }

    fn remove(&mut self, object: &Object) {
        let meta = object.meta();
        match object {
            Object::Namespace(_) => drop(self.namespaces.remove(&meta.name)),
            Object::Node(_) => drop(self.nodes.remove(&meta.name)),
            Object::PriorityClass(_) => drop(self.priority_classes.remove(&meta.name)),
            Object::LimitRange(_) => drop(self.limit_ranges.remove(&meta.key())),
            Object::ResourceQuota(_) => drop(self.quotas.remove(&meta.key())),
            Object::DaemonSet(_) => drop(self.daemonsets.remove(&meta.key())),
            Object::ControllerRevision(_) => drop(self.revisions.remove(&meta.key())),
            Object::Pod(_) => drop(self.pods.remove(&meta.key())),
            Object::Event(_) => drop(self.events.remove(&meta.key())),
        }
    }

    fn unindex(&mut self, pod: &Pod) {
        match pod.meta.controller() {
            Some(owner) => {
                self.pods_by_controller.update(owner.uid, |pods| without(pods, &target_key(pod)));
            }
            None => drop(self.orphans.remove(&pod.meta.key())),
        }
        if let Some(node) = &pod.spec.node_name {
            self.pods_by_node.update(node.clone(), |pods| without(pods, &pod.meta.key()));
            if !pod.spec.template.pod_anti_affinity.is_empty() {
                self.pods_with_anti_affinity.remove(&pod.meta.key());
            }
        }
    }
}

/// A group of an index with one more pod.
fn with<K: TableKey + Clone + Send + Sync + 'static>(
    pods: Option<Table<K, Arc<Pod>>>,
    key: K,
    pod: &Arc<Pod>,
) -> Option<Table<K, Arc<Pod>>> {
    let mut pods = pods.unwrap_or_default();
    pods.insert(key, pod.clone());
    Some(pods)
}

/// A group of an index with one pod less; empty groups go.
fn without<K: TableKey + Clone + Send + Sync + 'static>(
    pods: Option<Table<K, Arc<Pod>>>,
    key: &K,
) -> Option<Table<K, Arc<Pod>>> {
    let mut pods = pods?;
    pods.remove(key);
    (!pods.is_empty()).then_some(pods)
}

/// Where a pod stands in the indices; as long as this stays, a write replaces it in place.
fn index_keys(pod: &Pod) -> (Option<Uid>, Option<&Name>, Option<&Name>) {
    (pod.meta.controller().map(|owner| owner.uid), pod.target_node(), pod.spec.node_name.as_ref())
}

fn target_key(pod: &Pod) -> (Name, Name) {
    (pod.target_node().cloned().unwrap_or_else(|| "".into()), pod.meta.name.clone())
}

/// Two worlds are equal when they hold the same objects; the indices follow from them.
impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.namespaces == other.namespaces
            && self.nodes == other.nodes
            && self.priority_classes == other.priority_classes
            && self.quotas == other.quotas
            && self.limit_ranges == other.limit_ranges
            && self.daemonsets == other.daemonsets
            && self.revisions == other.revisions
            && self.pods == other.pods
            && self.events == other.events
    }
}
