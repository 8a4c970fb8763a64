//! The cluster's state: one persistent map per kind, and the indices that are derived from them.

use std::sync::Arc;

use imbl::OrdMap;

use crate::api::{
    ControllerRevision, DaemonSet, Event, Kind, Name, Namespace, Node, ObjectKey, ObjectMeta, Pod, PriorityClass, Uid,
    Value,
};

/// An object of any kind, shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    Namespace(Arc<Namespace>),
    Node(Arc<Node>),
    PriorityClass(Arc<PriorityClass>),
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
    pub fn object(&self) -> &Object {
        match (&self.after, &self.before) {
            (Some(object), _) | (None, Some(object)) => object,
            (None, None) => unreachable!("a delta has a before or an after"),
        }
    }
}

/// The pods of one owner, in the order of the nodes they are on or meant for, then by name.
pub type PodsByTarget = OrdMap<(Name, Name), Arc<Pod>>;

/// Everything that the API server stores. Cloning costs a few pointer copies.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub namespaces: OrdMap<Name, Arc<Namespace>>,
    pub nodes: OrdMap<Name, Arc<Node>>,
    pub priority_classes: OrdMap<Name, Arc<PriorityClass>>,
    pub daemonsets: OrdMap<ObjectKey, Arc<DaemonSet>>,
    pub revisions: OrdMap<ObjectKey, Arc<ControllerRevision>>,
    pub pods: OrdMap<ObjectKey, Arc<Pod>>,
    pub events: OrdMap<ObjectKey, Arc<Event>>,
    /// The last resourceVersion given out.
    pub resource_version: u64,
    /// How many nodes have joined: each gets the next free address range.
    pub nodes_registered: u64,
    /// Pods by their controller's uid.
    pods_by_controller: OrdMap<Uid, PodsByTarget>,
    /// Pods that have no controller.
    orphans: OrdMap<ObjectKey, Arc<Pod>>,
    /// Pods by the node they are bound to.
    pods_by_node: OrdMap<Name, OrdMap<ObjectKey, Arc<Pod>>>,
}

impl World {
    pub fn get(&self, kind: Kind, key: &ObjectKey) -> Option<Object> {
        match kind {
            Kind::Namespace => self.namespaces.get(&key.name).cloned().map(Object::Namespace),
            Kind::Node => self.nodes.get(&key.name).cloned().map(Object::Node),
            Kind::PriorityClass => self.priority_classes.get(&key.name).cloned().map(Object::PriorityClass),
            Kind::DaemonSet => self.daemonsets.get(key).cloned().map(Object::DaemonSet),
            Kind::ControllerRevision => self.revisions.get(key).cloned().map(Object::ControllerRevision),
            Kind::Pod => self.pods.get(key).cloned().map(Object::Pod),
            Kind::Event => self.events.get(key).cloned().map(Object::Event),
        }
    }

    /// The pods whose controller has this uid.
    pub fn pods_of(&self, controller: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_by_controller.get(&controller).into_iter().flat_map(OrdMap::values)
    }

    /// The pods of a controller on one node, or meant for it.
    pub fn pods_of_on<'a>(&'a self, controller: Uid, node: &Name) -> impl Iterator<Item = &'a Arc<Pod>> {
        let from = (node.clone(), Name::from(""));
        let node = node.clone();
        self.pods_by_controller
            .get(&controller)
            .into_iter()
            .flat_map(move |pods| pods.range(from.clone()..))
            .take_while(move |((target, _), _)| *target == node)
            .map(|(_, pod)| pod)
    }

    /// The pods of a namespace that no controller manages.
    pub fn orphans_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<Pod>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.orphans.range(from..).take_while(move |(key, _)| key.namespace == namespace).map(|(_, pod)| pod)
    }

    /// The pods bound to a node.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_by_node.get(node).into_iter().flat_map(OrdMap::values)
    }

    /// The names of nodes that have pods bound to them, whether or not the node exists.
    pub fn nodes_with_pods(&self) -> impl Iterator<Item = &Name> {
        self.pods_by_node.keys()
    }

    /// The revisions in a namespace.
    pub fn revisions_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<ControllerRevision>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.revisions.range(from..).take_while(move |(key, _)| key.namespace == namespace).map(|(_, object)| object)
    }

    /// The DaemonSets in a namespace.
    pub fn daemonsets_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<DaemonSet>> {
        let namespace = namespace.clone();
        let from = ObjectKey { namespace: namespace.clone(), name: "".into() };
        self.daemonsets.range(from..).take_while(move |(key, _)| key.namespace == namespace).map(|(_, object)| object)
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
            Object::Namespace(it) => drop(self.namespaces.insert(it.meta.name.clone(), it.clone())),
            Object::Node(it) => drop(self.nodes.insert(it.meta.name.clone(), it.clone())),
            Object::PriorityClass(it) => drop(self.priority_classes.insert(it.meta.name.clone(), it.clone())),
            Object::DaemonSet(it) => drop(self.daemonsets.insert(it.meta.key(), it.clone())),
            Object::ControllerRevision(it) => drop(self.revisions.insert(it.meta.key(), it.clone())),
            Object::Event(it) => drop(self.events.insert(it.meta.key(), it.clone())),
            Object::Pod(pod) => {
                let key = pod.meta.key();
                match pod.meta.controller() {
                    Some(owner) => {
                        let pods = self.pods_by_controller.entry(owner.uid).or_default();
                        pods.insert(target_key(pod), pod.clone());
                    }
                    None => drop(self.orphans.insert(key.clone(), pod.clone())),
                }
                if let Some(node) = &pod.spec.node_name {
                    self.pods_by_node.entry(node.clone()).or_default().insert(key.clone(), pod.clone());
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
            Object::DaemonSet(_) => drop(self.daemonsets.remove(&meta.key())),
            Object::ControllerRevision(_) => drop(self.revisions.remove(&meta.key())),
            Object::Pod(_) => drop(self.pods.remove(&meta.key())),
            Object::Event(_) => drop(self.events.remove(&meta.key())),
        }
    }

    fn unindex(&mut self, pod: &Pod) {
        match pod.meta.controller() {
            Some(owner) => {
                if let Some(pods) = self.pods_by_controller.get_mut(&owner.uid) {
                    pods.remove(&target_key(pod));
                    if pods.is_empty() {
                        self.pods_by_controller.remove(&owner.uid);
                    }
                }
            }
            None => drop(self.orphans.remove(&pod.meta.key())),
        }
        if let Some(node) = &pod.spec.node_name
            && let Some(pods) = self.pods_by_node.get_mut(node)
        {
            pods.remove(&pod.meta.key());
            if pods.is_empty() {
                self.pods_by_node.remove(node);
            }
        }
    }
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
            && self.daemonsets == other.daemonsets
            && self.revisions == other.revisions
            && self.pods == other.pods
            && self.events == other.events
    }
}
